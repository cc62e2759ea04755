// An authenticator app: RFC 6238 by what Node brings.
import { createHmac } from "node:crypto";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function bytesOf(secret) {
  const bits = [...secret.replaceAll("=", "")].map((letter) => LETTERS.indexOf(letter).toString(2).padStart(5, "0"));
  return Buffer.from(bits.join("").match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

function totp(secret, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", bytesOf(secret)).update(counter).digest();
  const start = mac.at(-1) & 15;
  return String((mac.readUInt32BE(start) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Each of its codes is shown once: the real clock is not waited for, but looked ahead. There are three within a step. */
export class App {
  #secret;
  #shown = 0;

  constructor(secret) {
    this.#secret = secret;
  }

  code() {
    this.#shown = Math.max(this.#shown + 1, Math.floor(Date.now() / 30_000) - 1);
    return totp(this.#secret, this.#shown);
  }
}
