// Finder: the walk from match to match, and whether the rows that do not match are hidden.

import { button, make } from "./elements.mjs";
import { whole } from "./format.mjs";
import { Search } from "./search.mjs";

/** `hooks`: `shown()` is the filter that places count in, null for all rows; `query()` the filter that a person typed, `place()` where to go on
 *  from for a step. `onGo(place)` is called with the match to show, `onToggle()`, `onMatches(answer)` where all rows are shown,
 *  `onError(error)` where a step is refused, `onMiss(error)` where the search is. */
export class Finder {
  #search; // for matches that are only marked
  #steps = 0; // the newest step: an older one's answer moves nothing

  constructor(requests, hooks) {
    Object.assign(this, { requests, ...hooks });
    this.#search = new Search(requests, { onMatches: (answer) => this.onMatches(answer), onError: (error) => this.onMiss(error) });
    this.only = button("Only matches", "Hide the rows that do not match; otherwise they are shown, and matches are marked", () => this.onToggle(), "wsn-chip");
    this.previous = button("‹", "Previous match (N)", () => this.step(-1), "wsn-chip");
    this.next = button("›", "Next match (n)", () => this.step(1), "wsn-chip");
    for (const [element, name] of [[this.previous, "previous match"], [this.next, "next match"]]) element.setAttribute("aria-label", name);
    this.where = make("span", { className: "wsn-position", role: "status" });
    this.element = make("span", { className: "wsn-finder", hidden: true }, this.only, this.previous, this.next, this.where);
  }

  /** The filter whose matches are marked; null where no others are shown. */
  get marked() { return this.#search.filter; }

  /** A filter holds from now on; with `isOnly` its matches are the rows that are shown, and somebody else searches for them. */
  find(query, isOnly) {
    this.element.hidden = query === "";
    this.only.setAttribute("aria-pressed", String(isOnly));
    this.leave();
    this.#search.stop();
    if (query !== "" && !isOnly) this.#search.find(query);
  }

  /** Rows have come or changed. */
  update() { this.#search.update(); }

  /** A person has gone somewhere else. */
  leave() {
    this.#steps += 1;
    this.where.textContent = "";
  }

  async step(step) {
    if (this.element.hidden) return;
    const mine = ++this.#steps;
    try {
      const found = await this.requests.read("match", { place: this.place(step), step, find: this.query(), filter: this.shown() });
      if (mine !== this.#steps) return;
      if (found.place !== undefined) this.onGo(found.place);
      this.onError();
      this.where.textContent = found.place === undefined ? "no match" : `match ${whole(found.number)} of ${whole(found.total)}`;
    } catch (error) {
      this.onError(error);
    }
  }
}
