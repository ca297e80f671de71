// Actions: what a click asks of the kernel, and the line that says how it went.
// A verb is a message {id, verb, …} with all it needs, so that nothing typed can arrive after the click.

import { make } from "./elements.mjs";

const PATIENCE = 1000; // ms until a person is told that the kernel has not answered

export class Actions {
  #last = 0; // the newest verb: an older one's answer does not overwrite it

  constructor(requests) {
    this.requests = requests;
    this.element = make("div", { className: "wsn-note", role: "status" });
  }

  /** Ask for a verb, say how it went, and return whether it went well. */
  async run(verb, fields) {
    return await this.failure(verb, fields) === null;
  }

  /** The same; returns the sentence of its error, or null. */
  async failure(verb, fields) {
    const mine = ++this.#last;
    const say = (words, isWrong) => { if (mine === this.#last) this.say(words, isWrong); };
    const waiting = setTimeout(() => say(`${verb}: waiting for the kernel or the peer…`), PATIENCE);
    try {
      const answer = await this.requests.ask(verb, fields);
      say(answer.note ?? "");
      return null;
    } catch (error) {
      say(error.message, true);
      return error.message;
    } finally {
      clearTimeout(waiting);
    }
  }

  say(words, isWrong = false) {
    this.element.textContent = words;
    this.element.classList.toggle("wsn-error", isWrong);
  }
}
