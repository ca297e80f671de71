// Search: which filter the rows of a table are matches of, and the requests that keep its matches up to date.

/** Asks for the matches of one filter at a time, again until the kernel has looked at all rows.
 *  `onMatches(answer, text, isNew)` is called with each answer; `onError(error)` where the kernel refuses a filter, and
 *  the rows stay matches of the filter before. */
export class Search {
  filter = ""; // the rows are matches of it; "" for all rows
  isRunning = false; // the kernel has not looked at all rows yet
  #asked = ""; // the filter that the kernel was asked about; "" for none. An answer about another one is stale
  #again = false; // rows have come or changed since it was asked

  constructor(requests, { onMatches, onError }) {
    Object.assign(this, { requests, onMatches, onError });
  }

  find(text) {
    if (this.#asked === text) return;
    this.#asked = text;
    this.requests.ask("find", { filter: text }).then(
      (answer) => { if (this.#asked === text) this.#arrive(text, answer); },
      (error) => { if (this.#asked === text) this.#fail(text, error); });
  }

  /** Rows have come or changed: look for matches among them too. */
  update() {
    if (this.#asked) this.#again = true; // the answer may be from before
    else if (this.filter) this.find(this.filter);
  }

  /** All rows are the table's again. */
  stop() { this.filter = this.#asked = ""; }

  #arrive(text, answer) {
    const isNew = this.filter !== text;
    this.#asked = "";
    this.filter = text;
    this.isRunning = answer.more;
    this.onMatches(answer, text, isNew);
    const again = answer.more || this.#again;
    this.#again = false;
    if (again) this.find(text);
  }

  #fail(text, error) {
    this.#asked = "";
    this.onError(error);
    if (this.filter !== text) this.update();
  }
}
