// GoTo: where a person types the number or the time of the frame to go to, and the two ends of the rows.

import { button, make } from "./elements.mjs";

/** `shown()` is the filter that places count in, null for all rows; `ends()` the places of the first and the last row. `onGo(place)` is called with the row to show,
 *  `onLeave()` when a person goes back to the rows, `onError(error)`, without one when all is well. */
export class GoTo {
  constructor(requests, hooks) {
    Object.assign(this, { requests, ...hooks });
    this.input = make("input", { className: "wsn-goto", spellcheck: false, placeholder: "# or time", title: "Number of a frame, or a time in UTC: 5000, 10:05:30.5, 2026-01-31T10:05. Key: g", "aria-label": "go to number or time" });
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.#go();
      else if (event.key === "Escape") this.onLeave();
      else return;
      event.preventDefault();
    });
    const end = (sign, title, which) => Object.assign(button(sign, title, () => this.#goToEnd(which), "wsn-chip"), { ariaLabel: title });
    this.element = make("span", { className: "wsn-goto-place" }, make("label", {}, "Go to ", this.input),
      end("⤒", "First frame (Home)", 0), end("⤓", "Last frame (End)", 1));
  }

  /** Let a person type: over what was typed before. */
  begin() {
    this.input.focus();
    this.input.select();
  }

  #goToEnd(which) {
    const ends = this.ends();
    if (ends[0] <= ends[1]) this.onGo(ends[which]);
  }

  async #go() {
    const to = this.input.value.trim();
    if (!to) return;
    try {
      const { place } = await this.requests.read("goto", { to, filter: this.shown() });
      this.onError();
      this.onGo(place);
      this.onLeave();
    } catch (error) {
      this.onError(error);
    }
  }
}
