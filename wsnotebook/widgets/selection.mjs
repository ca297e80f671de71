// Selection: the row that the keys act on, and the rows that are selected, which the kernel has as their numbers.

/** Rows by place and by `seq`. `filter()` returns the filter that places count in, `rowAt(place)` a row; `onChange()` is called when other rows
 *  are selected, `onSelected(answer)` with what the kernel says of them, `onError(error)` where it refuses. */
export class Selection {
  cursor = -1; // place of the row that keys act on; -1 for none
  #row; // the last one that was selected alone, as it was shown; undefined until it has come
  #rowPlace = -1; // where it stands
  #anchor = -1; // place where a range begins
  #seqs = new Set();
  #alone = null; // place of the row that is selected alone, until the kernel has answered
  #asked = 0; // the newest question: of an older one the answer is not shown

  constructor(requests, hooks) { Object.assign(this, { requests, ...hooks }); }

  /** Whether a row is selected. */
  has(row, place) { return this.#alone === null ? this.#seqs.has(row.seq) : place === this.#alone; }

  /** The last row that was selected alone; undefined where none was, or it has not come yet. */
  get row() { return this.#row ??= this.rowAt(this.#rowPlace); }

  /** Show the rows that the model says are selected. */
  show(seqs) {
    this.#seqs = new Set(seqs);
    this.onChange();
  }

  /** Places are those of another filter from now on; the rows stay selected. */
  restart(cursor = -1) {
    if (!this.row) this.#rowPlace = cursor;
    this.cursor = this.#anchor = cursor;
    if (this.#alone !== null) this.#alone = cursor;
  }

  /** A click: alone it selects one row, with Shift those up to it, with Control or Command one more or less. */
  click(place, { shiftKey, ctrlKey, metaKey }) {
    if (shiftKey) this.#extend(place);
    else if (ctrlKey || metaKey) this.#toggle(place);
    else this.#only(place);
  }

  /** A key has moved the cursor: with Shift the rows up to it are selected, without only its own. */
  move(place, { shiftKey }) {
    if (shiftKey) this.#extend(place);
    else this.#only(place);
  }

  #only(place) {
    this.cursor = this.#anchor = this.#rowPlace = place;
    this.#row = undefined;
    this.#ask({ start: place, stop: place + 1 }, place);
  }

  #extend(place) {
    if (this.#anchor < 0) this.#anchor = this.cursor < 0 ? place : this.cursor;
    this.cursor = place;
    this.#ask({ start: Math.min(this.#anchor, place), stop: Math.max(this.#anchor, place) + 1 });
  }

  #toggle(place) {
    this.cursor = this.#anchor = place;
    this.#ask({ start: place, stop: place + 1, toggles: true }); // the kernel has the others, also those that are not shown
  }

  #ask(what, alone = null) {
    const mine = ++this.#asked;
    this.#alone = alone;
    const settle = () => {
      if (mine !== this.#asked || this.#alone === null) return;
      this.#alone = null;
      this.onChange();
    };
    this.requests.ask("select", { ...what, filter: this.filter() }).then(
      (answer) => { settle(); if (mine === this.#asked) this.onSelected(answer); },
      (error) => { settle(); this.onError(error); });
  }
}
