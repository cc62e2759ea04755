// An authenticator app: that of the test which serves this page. Each of its codes is shown once.
import { told } from "./outbox.mjs";

export class App {
  #secret;

  constructor(secret) {
    this.#secret = secret;
  }

  code() {
    return told("app", this.#secret);
  }
}
