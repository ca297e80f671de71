// RowWindow: the rows in sight. It asks the kernel for them, and paints whole screens: while a far place is on its way the
// rows before stay, and the place is said beside them.

import { make } from "./elements.mjs";
import { clock, whole } from "./format.mjs";
import { rowElement, unpackRows, waitingElement } from "./rows.mjs";
import { ROW, Viewport } from "./viewport.mjs";

const NOTHING = { start: 0, stop: 0, rows: [] };
const PATIENCE = 400; // ms that the rows of the place before stay, where the kernel does not answer

/** Shows rows of a source: `filter()` returns the filter that places count in, null where a place is a seq; `wants()` what else is asked of them;
 *  `around()` what cells need; `isSelected(row, place)`. `onError(error)` and `onPainted()` are called. */
export class RowWindow {
  viewport = new Viewport();
  #have = NOTHING;
  #isOld = false; // the rows are shown until they have come anew
  #asking = false;
  #expected = 0; // the scrollTop that we set: a scroll event with another one, in a table of the same height, comes from a person
  #painted = []; // what the painted rows were made of; empty where they have to be made anew
  #isStirred = false; // there is another scrollTop, and its event has not come
  #missing; // timer, while what is painted is another place than the one scrolled to
  #samples = []; // [seq, time] spread over the log

  constructor(requests, source) {
    Object.assign(this, { requests, source });
    this.rows = make("div", { className: "wsn-rows" });
    this.spacer = make("div", { className: "wsn-spacer" });
    this.where = make("div", { className: "wsn-where", hidden: true });
    this.element = make("div", { className: "wsn-scroller", tabIndex: 0, role: "grid", "aria-label": "frames", "aria-multiselectable": "true" }, this.rows, this.spacer);
    this.element.addEventListener("scroll", () => this.#scrolled());
    this.element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  close() { clearTimeout(this.#missing); }

  /** Move by a function of the viewport, and show what is there. */
  go(move) {
    if (!this.#measure()) this.#stir(); // of another height the other scrollTop is the browser's
    move(this.viewport);
    this.#show();
  }

  /** Forget the rows: they have changed. */
  forget() { this.#have = NOTHING; }

  /** Ask for the rows again, and leave them until then: their marks have changed. */
  renew() { this.#isOld = true; this.refresh(); }

  /** Places are those of another filter from now on. */
  restart() { this.forget(); this.#samples = []; this.viewport.restart(); }

  rowAt(place) { return this.#have.rows[place - this.#have.start]; }

  /** A message among the rows has not ended yet. */
  get hasOpen() { return this.#have.rows.some(({ frames, isWhole }) => frames && !isWhole); }

  /** Ask again for the rows whose decoded type was not known, where the kernel has read up to `seq`. */
  decoded(seq) { if (this.#have.rows.some((row) => row.extra.decoded === null && row.seq < seq)) this.renew(); }

  /** Paint anew, and ask for the rows that are missing. */
  refresh() {
    this.#painted = [];
    this.go(() => {});
  }

  #show() {
    this.#paint();
    const wanted = this.viewport.wanted(this.#isOld ? NOTHING : this.#have);
    if (!wanted || this.#asking) return; // one request at a time; the answer looks again, so stale ones are never sent
    this.#asking = true;
    this.#isOld = false;
    const filter = this.source.filter(), { top } = this.viewport;
    this.requests.read("rows", { ...wanted, filter, ...this.source.wants() }).then((answer) => {
      this.#asking = false;
      if (this.source.filter() === filter) this.#arrive(answer, top);
      this.refresh();
    }, (error) => { this.#asking = false; this.source.onError(error); });
  }

  #arrive({ start, stop, events, matches = [], cells = {}, folded = [], buffers }, top) {
    const rows = unpackRows(buffers);
    rows.forEach((row, n) => { row.extra = Object.fromEntries(Object.entries(cells).map(([name, texts]) => [name, texts[n]])); });
    for (const n of matches) rows[n].isMatch = true;
    for (const [n, frames, isWhole, length, wire, preview] of folded) Object.assign(rows[n], { frames, isWhole, length, wire: wire ?? NaN, preview });
    for (const [n, label, title] of events) rows[n].before = { label, title };
    this.#have = { start, stop, rows };
    this.viewport.arrive(stop);
    this.source.onError();
    // Scrolled on meanwhile: the rows that came are painted all the same, so that a person sees where a drag goes.
    if (!this.#isHere()) this.#paintRows(top);
  }

  #isHere() {
    const { first, last } = this.viewport;
    return first >= last || (this.#have.start <= first && last <= this.#have.stop);
  }

  #paint() {
    const view = this.viewport;
    this.spacer.style.height = `${Math.max(0, view.scrollHeight - view.height)}px`;
    this.rows.style.height = `${view.height}px`;
    if (!this.#isStirred) {
      if (Math.abs(this.element.scrollTop - view.scrollTop) > 1) this.element.scrollTop = view.scrollTop;
      this.#expected = this.element.scrollTop;
    }
    this.element.setAttribute("aria-rowcount", String(view.end - view.origin));
    if (this.#isHere() || this.#have === NOTHING) this.#settle();
    else this.#hold();
    this.source.onPainted();
  }

  #settle() {
    clearTimeout(this.#missing);
    this.#missing = undefined;
    this.where.hidden = true;
    const { top, height, first, last, origin } = this.viewport;
    const parts = [this.#have, this.source.filter(), top, height, first, last, origin, ...Object.values(this.source.around())];
    if (parts.length === this.#painted.length && parts.every((part, n) => part === this.#painted[n])) return;
    this.#paintRows(top);
    this.#painted = parts;
  }

  /** Leave the rows as they are, and say the place that was scrolled to. */
  #hold() {
    this.#missing ??= setTimeout(() => { this.#missing = undefined; this.forget(); this.#paintRows(this.viewport.top); }, PATIENCE);
    const { first, origin, end } = this.viewport, isSeq = this.source.filter() === null;
    this.where.hidden = false;
    this.where.textContent = isSeq ? `# ${whole(first)}${this.#timeNear(first)}` : `match ${whole(first - origin + 1)} of ${whole(end - origin)}`;
    if (isSeq && !this.#samples.length) this.#sample();
  }

  #sample() {
    this.#samples = [[0, NaN]]; // asked for
    this.requests.read("times").then(({ buffers: [buffer] }) => {
      const numbers = new Float64Array(buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength));
      this.#samples = Array.from({ length: numbers.length / 2 }, (_, n) => [numbers[2 * n], numbers[2 * n + 1]]);
    }, (error) => this.source.onError(error));
  }

  #timeNear(seq) {
    const time = this.#samples.findLast(([each]) => each <= seq)?.[1];
    return time ? `  ≈ ${clock(time).slice(0, 8)}` : "";
  }

  #paintRows(top) {
    this.#painted = [];
    const view = this.viewport, isSeq = this.source.filter() === null, around = this.source.around();
    const first = view.origin + Math.floor(top / ROW);
    const last = view.origin + Math.min(view.rows, Math.ceil((top + view.height) / ROW));
    const shown = [];
    for (let place = first; place < last; place++) {
      const row = this.rowAt(place);
      const element = row ? rowElement(row, this.source.isSelected(row, place), { ...around, before: this.rowAt(place - 1) })
        : waitingElement(place, isSeq, around.columns);
      element.id = `${around.id}-${place}`;
      element.dataset.place = String(place);
      element.setAttribute("aria-rowindex", String(place - view.origin + 1));
      element.style.top = `${(place - view.origin) * ROW - top}px`;
      if (place === around.cursor) element.classList.add("wsn-cursor");
      shown.push(element);
    }
    this.rows.replaceChildren(...shown);
    const active = around.cursor >= first && around.cursor < last ? `${around.id}-${around.cursor}` : "";
    this.element.setAttribute("aria-activedescendant", active);
  }

  #scrolled() {
    this.#isStirred = false;
    const isOurs = this.#measure() || !this.#isElsewhere(); // the browser scrolls too, where the height changes
    if (!isOurs) {
      this.#expected = this.element.scrollTop;
      this.viewport.scrollTo(this.element.scrollTop);
    }
    this.#show();
  }

  #isElsewhere() { return Math.abs(this.element.scrollTop - this.#expected) >= 1.5; }

  /** Adopt the height of the element; return whether it is another. */
  #measure() {
    const { clientHeight } = this.element;
    if (clientHeight === this.viewport.height) return false;
    this.viewport.resize(clientHeight);
    return true;
  }

  /** Leave another scrollTop for a frame: a person's has its event until then, and is not scrolled back. Without one it is
   *  the browser's, which forgets it of a cell that is moved. */
  #stir() {
    if (this.#isStirred || !this.#isElsewhere()) return;
    this.#isStirred = true;
    requestAnimationFrame(() => { if (this.#isStirred) { this.#isStirred = false; this.#show(); } });
  }

  #wheel(event) {
    // By ourselves: in a scaled table one px of the scroll bar is many rows.
    if (event.ctrlKey || event.deltaY === 0) return;
    const view = this.viewport, before = view.top;
    this.go(() => view.moveTo(before + event.deltaY * [1, ROW, view.height][event.deltaMode]));
    if (view.top !== before) event.preventDefault(); // at either end the page scrolls on
  }
}
