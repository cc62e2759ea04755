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

const STEP = 30_000;
const asleep = new Int32Array(new SharedArrayBuffer(4));

/**
 * Each of its codes is shown once. The server takes those of the step before, of this one and of the next, so the clock
 * is looked ahead rather than waited for, but for a few seconds where a step is nearly over.
 */
export class App {
  #secret;
  #shown = 0;

  constructor(secret) {
    this.#secret = secret;
  }

  code() {
    const now = Date.now();
    const isYoung = now % STEP < 20_000;
    this.#shown = Math.max(this.#shown + 1, Math.floor(now / STEP) - (isYoung ? 1 : 0));
    const early = (this.#shown - 1) * STEP - now;
    if (early > 0) Atomics.wait(asleep, 0, 0, early);
    return totp(this.#secret, this.#shown);
  }
}
