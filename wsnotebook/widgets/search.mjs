// Search: which filter the rows of a table are matches of, and the requests that keep its matches up to date.

/** Asks for the matches of one filter at a time, again until the kernel has looked at all rows.
 *  `onMatches(answer, isNew)` is called with each answer, `onError(error)` where the kernel cannot answer. */
export class Search {
  filter = null; // the rows are matches of it; null for all rows of the log
  isRunning = false; // the kernel has not looked at all rows yet
  #asked = null; // the filter that the kernel was asked about; null for none. An answer about another one is stale
  #again = false; // rows have come or changed since it was asked

  constructor(requests, { onMatches, onError }) {
    Object.assign(this, { requests, onMatches, onError });
  }

  find(text) {
    if (this.#asked === text) return;
    this.#asked = text;
    this.requests.read("find", { filter: text }).then(
      (answer) => { if (this.#asked === text) this.#arrive(text, answer); },
      (error) => { if (this.#asked === text) { this.#asked = null; this.onError(error); } });
  }

  /** Rows have come or changed: look for matches among them too. */
  update() {
    if (this.#asked !== null) this.#again = true; // the answer may be from before
    else if (this.filter !== null) this.find(this.filter);
  }

  /** All rows of the log are the table's again. */
  stop() { this.filter = this.#asked = null; this.isRunning = false; }

  #arrive(text, answer) {
    const isNew = this.filter !== text;
    this.#asked = null;
    this.filter = text;
    this.isRunning = answer.more;
    this.onMatches(answer, isNew);
    const again = answer.more || this.#again;
    this.#again = false;
    if (again) this.find(text);
  }
}
