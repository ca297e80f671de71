// Viewport: which rows of a table of any length are in sight, and which rows to ask for.
// The place of a row is its seq in the log, or its position among the matches while there is a filter.

export const ROW = 22; // px, the height of a row; table.css has the same
export const TALLEST = 8_000_000; // px; Firefox caps an element near 17.8 million, Chromium near 33.5
export const MOST_ROWS = 300; // in one request; table.py gives no more

/** Where a view stands in a table of any length, measured in px as if it could be that tall. */
export class Viewport {
  height = 0; // px that are seen
  origin = 0; // place of the oldest row there is, which is at 0 px
  end = 0; // place of the next row to come
  rows = 0; // rows in the table: fewer than there are while following, until the newest are here to be shown
  top = 0; // px
  follow = true;

  get bottom() { return Math.max(0, this.rows * ROW - this.height); }
  get scrollHeight() { return Math.min(this.rows * ROW, TALLEST); }
  get scrollTop() { return this.top / this.#ratio; }
  get first() { return this.origin + Math.floor(this.top / ROW); }
  get last() { return this.origin + Math.min(this.rows, Math.ceil((this.top + this.height) / ROW)); }
  get #ratio() {
    const room = this.scrollHeight - this.height;
    return room > 0 ? this.bottom / room : 1;
  }

  /** It is as high as this from now on; it follows afterwards if it did. */
  resize(height) {
    this.height = height;
    this.top = this.follow ? this.bottom : Math.min(this.top, this.bottom);
  }

  /** The log now has the rows `first` to `end`; rows that it dropped at the top do not move what is seen. */
  setSpan(first, end) {
    const gone = first - this.origin;
    this.origin = first;
    this.rows = Math.min(Math.max(0, this.rows - gone), end - first);
    this.top = Math.max(0, this.top - gone * ROW);
    this.end = end;
    if (!this.follow) this.rows = end - first;
    this.top = Math.min(this.top, this.bottom); // matches get fewer when they are looked for anew
  }

  /** Other rows are shown from now on: forget where this one stood among the last. */
  restart() { this.origin = this.end = this.rows = this.top = 0; }

  /** Rows up to `stop` have arrived: a following view goes to the end of them. */
  arrive(stop) {
    if (!this.follow) return;
    this.rows = Math.max(this.rows, stop - this.origin);
    this.top = this.bottom;
  }

  /** The scroll bar was moved by a person. */
  scrollTo(scrollTop) { this.moveTo(scrollTop * this.#ratio); }

  /** Going up stops following, reaching the end starts it. */
  moveTo(top) {
    this.top = Math.min(Math.max(0, top), this.bottom);
    this.setFollow(this.top >= this.bottom - 1);
  }

  setFollow(on) {
    this.follow = on;
    if (!on) this.rows = this.end - this.origin;
    else this.top = this.bottom;
  }

  /** Move as little as needed to see the row at `place`. */
  reveal(place) {
    const above = (place - this.origin) * ROW, below = above + ROW - this.height;
    if (above < this.top || this.top < below) this.moveTo(above < this.top ? above : below);
  }

  /** The rows to ask for, or null if those in `have` ({start, stop}) will do. */
  wanted(have) {
    const limit = this.follow ? this.end : this.origin + this.rows;
    const lines = Math.min(MOST_ROWS - 2, Math.ceil(this.height / ROW) + 1);
    const start = this.follow ? Math.max(this.origin, limit - lines) : this.first;
    const stop = Math.min(limit, start + lines);
    const before = Math.max(this.origin, start - 1); // the first row in sight tells how long after this one it came
    if (start >= stop || (have.start <= before && stop <= have.stop)) return null;
    const spare = Math.min(lines, (MOST_ROWS - lines) >> 1); // a screenful on each side, for smooth scrolling
    return { start: Math.max(this.origin, start - spare), stop: Math.min(limit, stop + spare) };
  }
}
