// Selection: the row that the keys act on, and the rows that are selected, which the kernel has as their numbers.

/** Rows by place and by `seq`. `filter()` returns the filter that places count in, `rowAt(place)` a row; `onChange()` is called when other rows
 *  are selected, `onSelected(answer)` with what the kernel says of them, `onError(error)` where it refuses. */
export class Selection {
  cursor = -1; // place of the row that keys act on; -1 for none
  row; // the last one that was selected alone, as it was shown
  #anchor = -1; // place where a range begins
  #seqs = new Set();
  #ranges = []; // [start, stop] by place, of the gesture that goes on

  constructor(requests, hooks) { Object.assign(this, { requests, ...hooks }); }

  /** Whether a row is selected; the cursor is, until the kernel has answered. */
  has(row, place) {
    return this.#seqs.has(row.seq) || (place === this.cursor && this.#seqs.size === 0);
  }

  /** Show the rows that the model says are selected. */
  show(seqs) {
    this.#seqs = new Set(seqs);
    this.onChange();
  }

  /** Places are those of another filter from now on; the rows stay selected. */
  restart(cursor = -1) {
    this.cursor = this.#anchor = cursor;
    this.#ranges = [];
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
    this.cursor = this.#anchor = place;
    this.row = this.rowAt(place);
    this.#seqs.clear();
    this.#ask([[place, place + 1]]);
  }

  #extend(place) {
    if (this.#anchor < 0) this.#anchor = this.cursor < 0 ? place : this.cursor;
    this.cursor = place;
    this.#ask([[Math.min(this.#anchor, place), Math.max(this.#anchor, place) + 1]]);
  }

  #toggle(place) {
    const others = this.#ranges.filter(([start, stop]) => place < start || stop <= place);
    const parts = this.#ranges.filter((range) => !others.includes(range)).flatMap(([start, stop]) => [[start, place], [place + 1, stop]]);
    const isNew = parts.length === 0;
    this.cursor = this.#anchor = place;
    this.#ask([...others, ...parts.filter(([start, stop]) => start < stop), ...(isNew ? [[place, place + 1]] : [])]);
  }

  #ask(ranges) {
    this.#ranges = ranges;
    this.requests.ask("select", { ranges, filter: this.filter() }).then(
      (answer) => { if (this.#ranges === ranges) this.onSelected(answer); }, this.onError);
  }
}
