// Refusal: the call of a session that was not opened: request, response and body, redacted until a person asks for the secrets.

import { button, line, make } from "./elements.mjs";

const SHOW = "Show header values, cookies and tokens that are redacted here and in every file";

export class Refusal {
  #text = ""; // what the kernel said last, redacted
  #reveals = false;

  constructor(requests) {
    this.requests = requests;
    this.text = make("pre", { className: "wsn-body wsn-refusal", tabIndex: 0, "aria-label": "answer of the server" });
    this.reveal = button("Show secrets", SHOW, () => this.#turn());
    this.element = make("div", { className: "wsn-refused", hidden: true }, this.text, line(this.reveal));
  }

  /** Let the secrets be asked for, or say `why` not. */
  enable(why) {
    this.reveal.disabled = why !== "";
    this.reveal.title = why || SHOW;
  }

  /** Show the text of a call, or nothing where it is empty. */
  show(text) {
    if (text !== this.#text) this.#put(this.#text = text, false); // or it loses its scroll position
  }

  #put(text, reveals) {
    this.#reveals = reveals;
    this.element.hidden = text === "";
    this.text.textContent = text;
    this.reveal.textContent = reveals ? "Hide secrets" : "Show secrets";
  }

  async #turn() {
    const before = this.#text;
    if (this.#reveals) return this.#put(before, false);
    try {
      const { text } = await this.requests.read("refusal");
      if (this.#text === before) this.#put(text, true); // else another call stands here now
    } catch (error) {
      this.reveal.title = error.message;
    }
  }
}
