// FilterBox: where a filter is typed, with the count of its matches and the complaint about a wrong one.

import { make } from "./elements.mjs";
import { whole } from "./format.mjs";

const PAUSE = 250; // ms without a key until the kernel is asked
const HINT = "Filter: text, dir:out, op:ping, status:violation";
const HELP = `Show only frames whose payload holds this text; ASCII letters match in either case.
dir:in, dir:out: received or sent
op:text, op:binary, op:ping, op:pong, op:close, op:cont
status:ok, status:violation, status:unsent, status:truncated, status:oversized
All must be true; the same word twice is either. After text: everything is text.`;

/** Calls `onTyped` with the filter once typing pauses, and at once on Enter and Escape. */
export class FilterBox {
  #pause; // timer, while a filter is being typed

  constructor(onTyped) {
    this.onTyped = onTyped;
    this.input = make("input", { className: "wsn-filter", type: "search", spellcheck: false, placeholder: HINT, title: HELP,
      "aria-label": "filter" });
    this.count = make("span", { className: "wsn-found", role: "status" });
    this.complaint = make("div", { className: "wsn-complaint", role: "status" });
    this.input.addEventListener("input", () => {
      clearTimeout(this.#pause);
      this.#pause = setTimeout(() => this.#typed(), PAUSE);
    });
    this.input.addEventListener("keydown", (event) => this.#key(event));
  }

  get text() { return this.input.value.trim(); }

  close() { clearTimeout(this.#pause); }

  /** Show how many rows match, and how far the search is while it goes on. */
  showCount({ first, end, looked, of, more }) {
    const searching = more ? `, searched ${Math.floor(100 * looked / Math.max(1, of))} %` : "";
    this.count.textContent = `${whole(end - first)} of ${whole(of)} frames${searching}`;
  }

  clearCount() { this.count.textContent = ""; }

  /** Show what is wrong with the filter; "" where nothing is. */
  complain(sentence) {
    this.complaint.textContent = sentence;
    this.input.setAttribute("aria-invalid", String(sentence !== ""));
  }

  #key(event) {
    if (event.key === "Escape") this.input.value = "";
    else if (event.key !== "Enter") return;
    event.preventDefault();
    this.#typed();
  }

  #typed() {
    clearTimeout(this.#pause);
    this.onTyped(this.text);
  }
}
