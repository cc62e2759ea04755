// What the server wrote to its outbox file: one JSON line for each message.
import { readFileSync } from "node:fs";

/** The code in the last message to this address. */
export function codeFor(address) {
  const lines = readFileSync(process.env.OUTBOX, "utf8").split("\n").slice(0, -1);
  const messages = lines.map((line) => JSON.parse(line)).filter((message) => message.to === address);
  return messages.at(-1).code;
}
