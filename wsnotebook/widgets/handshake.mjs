// Handshake: the request and the response that opened a session, redacted until a person asks for the secrets.

import { button, make } from "./elements.mjs";

export class Handshake {
  #newest = 0; // of the requests: an older one's answer shows nothing

  constructor(requests) {
    this.requests = requests;
    this.text = make("pre", { className: "wsn-body", tabIndex: 0, "aria-label": "handshake" });
    this.reveal = button("Show secrets", "Show header values, cookies and tokens that are redacted here and in every file", () => this.#ask(true));
    this.element = make("details", { className: "wsn-handshake" }, make("summary", {}, "Handshake"), this.text, this.reveal);
    this.element.addEventListener("toggle", () => this.#ask(false)); // also when it is closed: the secrets go
  }

  enable(why) {
    this.reveal.disabled = why !== "";
    this.reveal.title = why || "Show header values, cookies and tokens that are redacted here and in every file";
  }

  async #ask(secrets) {
    const mine = ++this.#newest;
    if (!this.element.open) {
      this.text.textContent = "";
      return;
    }
    const words = await this.requests.read("handshake", { secrets }).then(({ text }) => text, (error) => error.message);
    if (mine === this.#newest) this.text.textContent = words;
  }
}
