// The table of frames: a window over the log or over what a filter matches of it, and the inspector of one frame.
// The kernel tells a length; this asks for the rows it shows. What a peer sent goes into textContent, never into markup.
// The place of a row is its seq in the log, or while there is a filter its position among the matches.

export const ROW = 22; // px, the height of a row; table.css has the same
export const TALLEST = 8_000_000; // px; Firefox caps an element near 17.8 million, Chromium near 33.5
export const MOST_ROWS = 300; // in one request; table.py gives no more

const PAUSE = 250; // ms without a key until what was typed is looked for
const FILTER_HINT = "Filter: text, dir:out, op:ping, status:violation";
const FILTER_HELP = `Show only frames whose payload holds this text; ASCII letters match in either case.
dir:in, dir:out: received or sent
op:text, op:binary, op:ping, op:pong, op:close, op:cont
status:ok, status:violation, status:unsent, status:truncated, status:oversized
All must be true; the same word twice is either. After text: everything is text.`;

const OPCODES = new Map([[0, "cont"], [1, "text"], [2, "binary"], [8, "close"], [9, "ping"], [10, "pong"]]);
const STATUS = 0xb0;
const STATUSES = { 0x00: "ok", 0x10: "violation", 0x20: "unsent", 0x30: "truncated", 0x80: "oversized" };
// A frame's first byte, and the flags of wire/batch.py. RSV1 is no mark: it is on every compressed frame.
const FIN = 0x80, RSV = [[0x20, "rsv2"], [0x10, "rsv3"]], OPCODE = 0x0f, MASKED = 0x01;

/** Where a view stands in a table of any length, measured in px as if it could be that tall. */
export class Viewport {
  height = 0; // px that are seen
  origin = 0; // place of the oldest row there is, which is at 0 px
  told = 0; // place of the next row to come
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

  resize(height) {
    this.height = height;
    if (this.follow) this.top = this.bottom;
    else this.moveTo(this.top);
  }

  /** The log now has the rows `first` to `end`; rows that it dropped at the top do not move what is seen. */
  hear(first, end) {
    const gone = first - this.origin;
    this.origin = first;
    this.rows = Math.min(Math.max(0, this.rows - gone), end - first);
    this.top = Math.max(0, this.top - gone * ROW);
    this.told = end;
    if (!this.follow) this.rows = end - first;
    this.top = Math.min(this.top, this.bottom); // matches get fewer when they are looked for anew
  }

  /** Other rows are shown from now on: forget where this one stood among the last. */
  restart() { this.origin = this.told = this.rows = this.top = 0; }

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
    if (!on) this.rows = this.told - this.origin;
    else this.top = this.bottom;
  }

  /** Move as little as needed to see the row at `place`. */
  reveal(place) {
    const above = (place - this.origin) * ROW, below = above + ROW - this.height;
    if (above < this.top || this.top < below) this.moveTo(above < this.top ? above : below);
  }

  /** The rows to ask for, or null if those in `have` ({start, stop}) will do. */
  wanted(have) {
    const end = this.follow ? this.told : this.origin + this.rows;
    const lines = Math.min(MOST_ROWS, Math.ceil(this.height / ROW) + 1);
    const start = this.follow ? Math.max(this.origin, end - lines) : this.first;
    const stop = Math.min(end, start + lines);
    if (start >= stop || (have.start <= start && stop <= have.stop)) return null;
    const spare = Math.min(lines, (MOST_ROWS - lines) >> 1); // a screenful on each side, for smooth scrolling
    return { start: Math.max(this.origin, start - spare), stop: Math.min(end, stop + spare) };
  }
}

/** Asks the kernel and finds the answer among the messages; one for each view. */
export class Requests {
  #waiting = new Map();
  #prefix = Math.random().toString(36).slice(2);
  #count = 0;

  constructor(model) {
    this.model = model;
    this.receive = (message, buffers) => {
      const waiting = this.#waiting.get(message?.id);
      if (!waiting) return; // meant for another view
      this.#waiting.delete(message.id);
      if (message.ok) waiting.resolve({ ...message, buffers });
      else waiting.reject(new Error(message.error));
    };
    model.on("msg:custom", this.receive);
  }

  ask(verb, fields = {}) {
    const id = `${this.#prefix}:${++this.#count}`;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.model.send({ id, verb, ...fields });
    });
  }

  close() {
    this.model.off("msg:custom", this.receive);
    this.#waiting.clear();
  }
}

/** Turn the four buffers of table.py's pack_rows() into rows. */
export function unpackRows(buffers) {
  // Copied: a buffer may start at any byte of the message, typed arrays need their own alignment.
  const [numbers, codes, ends, text] = [Float64Array, Uint8Array, Uint32Array, Uint8Array].map(
    (Kind, place) => {
      const { buffer, byteOffset, byteLength } = buffers[place];
      return new Kind(buffer.slice(byteOffset, byteOffset + byteLength));
    });
  const decoder = new TextDecoder();
  const rows = [];
  for (let i = 0, from = 0; i * 3 < numbers.length; i++) {
    const [previewEnd, detailEnd] = [ends[2 * i], ends[2 * i + 1]];
    const [head, flags, sent] = codes.subarray(3 * i, 3 * i + 3);
    rows.push({
      seq: numbers[3 * i], time: numbers[3 * i + 1], length: numbers[3 * i + 2],
      opcode: head & OPCODE, head, out: Boolean(sent), masked: Boolean(flags & MASKED), status: STATUSES[flags & STATUS],
      preview: decoder.decode(text.subarray(from, previewEnd)),
      detail: decoder.decode(text.subarray(previewEnd, detailEnd)),
    });
    from = detailEnd;
  }
  return rows;
}

/** What is unusual about a row, in words: [word, kind of mark]. */
export function marksOf(row, ofServer = false) {
  const marks = row.status === "ok" ? [] : [[row.detail ? `${row.status}: ${row.detail}` : row.status, "bad"]];
  if (!(row.head & FIN)) marks.push([row.opcode === 0 ? "part" : "first part", "plain"]);
  else if (row.opcode === 0) marks.push(["last part", "plain"]);
  for (const [bit, name] of RSV) if (row.head & bit) marks.push([name, "plain"]);
  // A client masks what it sends, a server does not.
  if (row.masked !== (row.out !== ofServer)) marks.push([row.masked ? "masked" : "unmasked", "warn"]);
  return marks;
}

export function clock(time) {
  const date = new Date(time), two = (n) => String(n).padStart(2, "0");
  const milliseconds = String(date.getMilliseconds()).padStart(3, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${milliseconds}`;
}

export const opcodeName = (opcode) => OPCODES.get(opcode) ?? `0x${opcode.toString(16)}`;

/** Make an element; strings become text, never markup. */
export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

export function rowElement(row, selected, ofServer = false) {
  const marks = marksOf(row, ofServer).map(([word, mark]) => make("span", `wsn-mark wsn-${mark}`, word));
  if (row.before) {
    marks.unshift(make("span", "wsn-mark wsn-event", row.before.label));
    marks[0].title = `before this frame:\n${row.before.title}`;
  }
  const kind = make("span", `wsn-kind wsn-op${row.opcode}`, opcodeName(row.opcode));
  const payload = make("span", "wsn-payload", ...marks, make("bdi", "", row.preview));
  const arrow = make("span", "wsn-arrow", row.out ? "↑" : "↓");
  arrow.title = row.out ? "sent" : "received";
  const classes = ["wsn-row", row.out ? "wsn-out" : "wsn-in"];
  if (row.status !== "ok") classes.push("wsn-odd");
  if (row.before) classes.push("wsn-eventful");
  const element = make("div", classes.join(" "),
    make("span", "wsn-seq", row.seq.toLocaleString("en")), make("span", "wsn-time", clock(row.time)),
    arrow, kind, make("span", "wsn-size", row.length.toLocaleString("en")), payload);
  element.setAttribute("role", "row");
  element.setAttribute("aria-selected", String(selected));
  for (const cell of element.children) cell.setAttribute("role", "gridcell");
  return element;
}

const NOTHING = { start: 0, stop: 0, rows: [] };
const NO_FRAMES = "No frames yet. Type something above and press Send, or wait for the peer.";
const NO_MATCH = "No frame matches this filter. Empty the box to see all frames.";

class TableView {
  #viewport = new Viewport();
  #have = NOTHING;
  #asking = false;
  #filter = ""; // what the rows are matches of; "" for all rows
  #finding = ""; // the filter that the kernel was asked about; "" for none
  #again = false; // rows have come or changed since it was asked
  #isSearching = false; // the kernel has not looked at all rows yet
  #pause; // timer, while a filter is being typed
  #selected = -1; // place of a row
  #pointed; // place of the row where the pointer went down
  #expected = 0; // the scrollTop that we set: a scroll event with another one comes from a person

  constructor(model, el) {
    this.model = model;
    this.requests = new Requests(model);
    this.#build(el);
    this.hear = () => {
      if (this.#filter) this.#lookOn();
      else this.#go(() => this.#viewport.hear(...model.get("span")));
    };
    this.forget = () => { this.#have = NOTHING; this.#refresh(); this.#lookOn(); };
    this.showEvent = () => this.latest.show(...model.get("event"));
    model.on("change:span", this.hear);
    model.on("change:event", this.showEvent);
    model.on("change:edition", this.forget);
    this.observer = new ResizeObserver(() => { this.#viewport.resize(this.scroller.clientHeight); this.#refresh(); });
    this.observer.observe(this.scroller);
    this.requests.ask("hello").catch((error) => this.#tell(error));
    this.showEvent();
    this.hear();
  }

  remove() {
    clearTimeout(this.#pause);
    this.model.off("change:span", this.hear);
    this.model.off("change:event", this.showEvent);
    this.model.off("change:edition", this.forget);
    this.observer.disconnect();
    this.requests.close();
  }

  #build(el) {
    el.classList.add("wsn-table");
    el.dataset.lmSuppressShortcuts = "true"; // or JupyterLab moves to the next cell on an arrow key
    this.follow = make("button", "wsn-follow", "Follow");
    this.follow.type = "button";
    this.follow.title = "Keep the newest frame in sight";
    this.follow.onclick = () => this.#go(() => this.#viewport.setFollow(!this.#viewport.follow));
    this.#buildFilter();
    const head = make("div", "wsn-row wsn-head",
      ...["#", "time", "", "type", "bytes"].map((word) => make("span", `wsn-h-${word || "arrow"}`, word)),
      make("span", "wsn-payload", make("span", "wsn-h-payload", "payload"), this.filter, this.count, this.follow));
    this.rows = make("div", "wsn-rows");
    this.empty = make("div", "wsn-empty");
    this.spacer = make("div", "wsn-spacer");
    this.scroller = make("div", "wsn-scroller", this.rows, this.spacer);
    this.scroller.tabIndex = 0;
    this.scroller.setAttribute("role", "grid");
    this.scroller.setAttribute("aria-label", "frames");
    this.scroller.addEventListener("scroll", () => this.#scrolled());
    this.scroller.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.scroller.addEventListener("keydown", (event) => this.#key(event));
    // The row under the pointer is taken when it goes down: by the click, new frames may have moved it.
    this.rows.addEventListener("pointerdown", (event) => { this.#pointed = event.target.closest(".wsn-row")?.dataset.place; });
    this.rows.addEventListener("click", () => { if (this.#pointed !== undefined) this.#select(Number(this.#pointed)); });
    this.inspector = new Inspector(() => { this.#selected = -1; this.#draw(); this.scroller.focus(); });
    this.note = make("div", "wsn-note");
    this.note.setAttribute("role", "status");
    this.latest = new LatestEvent();
    el.append(head, this.complaint, this.scroller, this.empty, this.latest.element, this.inspector.element, this.note);
  }

  #buildFilter() {
    this.filter = make("input", "wsn-filter");
    this.filter.type = "search";
    this.filter.spellcheck = false;
    this.filter.placeholder = FILTER_HINT;
    this.filter.title = FILTER_HELP;
    this.filter.setAttribute("aria-label", "filter");
    this.filter.addEventListener("input", () => {
      clearTimeout(this.#pause);
      this.#pause = setTimeout(() => this.#typed(), PAUSE);
    });
    this.filter.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.filter.value = "";
      else if (event.key !== "Enter") return;
      event.preventDefault();
      this.#typed();
    });
    this.count = make("span", "wsn-found");
    this.complaint = make("div", "wsn-complaint");
    for (const element of [this.count, this.complaint]) element.setAttribute("role", "status");
  }

  /** A filter was typed: it is the table's when the kernel has understood it. */
  #typed() {
    clearTimeout(this.#pause);
    const text = this.filter.value.trim();
    if (text) this.#find(text);
    else this.#showAll();
  }

  /** Ask for the matches of a filter, again until the kernel has looked at all rows; what it was asked before is stale. */
  #find(text) {
    if (this.#finding === text) return;
    this.#finding = text;
    this.requests.ask("find", { filter: text }).then((answer) => {
      if (this.#finding !== text) return;
      this.#finding = "";
      if (this.filter.value.trim() === text) this.#complain("");
      if (this.#filter !== text) this.#restart(text);
      this.#viewport.hear(answer.first, answer.end);
      this.#isSearching = answer.more;
      this.#count(answer);
      this.#refresh();
      const again = answer.more || this.#again;
      this.#again = false;
      if (again) this.#find(text);
    }, (error) => {
      if (this.#finding !== text) return;
      this.#finding = "";
      this.#complain(error.message);
      if (this.#filter !== text) this.#lookOn(); // the one before goes on being the table's
    });
  }

  /** Rows have come or changed: what the table's filter matches of them. */
  #lookOn() {
    if (this.#finding) this.#again = true; // the answer may be from before
    else if (this.#filter) this.#find(this.#filter);
  }

  /** The box was emptied. What was seen of the matches stays in sight, among its neighbours. */
  #showAll() {
    this.#finding = "";
    this.#complain("");
    if (!this.#filter) return;
    const seen = this.inspector.seq ?? (this.#viewport.follow ? undefined : this.#rowAt(this.#viewport.first)?.seq);
    this.#restart("");
    this.#viewport.hear(...this.model.get("span"));
    this.#selected = this.inspector.seq ?? -1;
    if (seen !== undefined) {
      this.#viewport.setFollow(false);
      this.#viewport.moveTo((seen - this.#viewport.origin) * ROW - (this.inspector.seq === undefined ? 0 : this.#viewport.height / 2));
    }
    this.#refresh();
  }

  #restart(filter) {
    this.#filter = filter;
    this.#have = NOTHING;
    this.#selected = -1;
    this.#viewport.restart();
    this.count.textContent = "";
  }

  #count({ first, end, looked, of, more }) {
    const searching = more ? `, searched ${Math.floor(100 * looked / Math.max(1, of))} %` : "";
    this.count.textContent = `${(end - first).toLocaleString("en")} of ${of.toLocaleString("en")} frames${searching}`;
  }

  #complain(sentence) {
    this.complaint.textContent = sentence;
    this.filter.setAttribute("aria-invalid", String(sentence !== ""));
  }

  #rowAt(place) { return this.#have.rows[place - this.#have.start]; }

  #go(move) { move(); this.#refresh(); }

  #scrolled() {
    if (Math.abs(this.scroller.scrollTop - this.#expected) < 1.5) return;
    this.#expected = this.scroller.scrollTop;
    this.#go(() => this.#viewport.scrollTo(this.scroller.scrollTop));
  }

  #wheel(event) {
    // By ourselves: in a scaled table one px of the scroll bar is many rows.
    if (event.ctrlKey || event.deltaY === 0) return;
    const before = this.#viewport.top;
    const step = [1, ROW, this.#viewport.height][event.deltaMode];
    this.#viewport.moveTo(before + event.deltaY * step);
    if (this.#viewport.top !== before) event.preventDefault(); // at either end the page scrolls on
    this.#refresh();
  }

  #key(event) {
    const page = Math.max(1, Math.floor(this.#viewport.height / ROW) - 1), first = this.#viewport.origin, last = this.#viewport.told - 1;
    const from = this.#selected < 0 ? this.#viewport.first - 1 : this.#selected;
    const target = { ArrowDown: from + 1, ArrowUp: from - 1, PageDown: from + page, PageUp: from - page,
      Home: first, End: last }[event.key];
    if (event.key === "Escape") this.inspector.close();
    else if (target === undefined || last < first) return;
    else this.#select(Math.min(last, Math.max(first, target)));
    event.preventDefault();
  }

  #select(place) {
    this.#selected = place;
    if (place < this.#viewport.told - 1) this.#viewport.setFollow(false); // or the row runs away
    this.#viewport.reveal(place);
    this.#refresh();
    const filter = this.#filter;
    const isWanted = () => this.#selected === place && this.#filter === filter;
    this.requests.ask("inspect", { seq: place, filter }).then(
      (frame) => { if (isWanted()) { this.inspector.show(frame); this.#tell(); } },
      (error) => this.#tell(error));
  }

  #refresh() {
    this.#draw();
    const wanted = this.#viewport.wanted(this.#have);
    if (!wanted || this.#asking) return; // one request at a time; the answer looks again
    this.#asking = true;
    const filter = this.#filter;
    this.requests.ask("rows", { ...wanted, filter }).then((answer) => {
      if (this.#filter === filter) this.#arrive(answer);
      this.#asking = false;
      this.#refresh();
    }, (error) => { this.#asking = false; this.#tell(error); });
  }

  #arrive({ start, stop, events, buffers }) {
    const rows = unpackRows(buffers);
    for (const [n, label, title] of events) rows[n].before = { label, title };
    this.#have = { start, stop, rows };
    this.#viewport.arrive(stop);
    this.#tell();
  }

  #draw() {
    const view = this.#viewport;
    this.spacer.style.height = `${Math.max(0, view.scrollHeight - view.height)}px`;
    this.rows.style.height = `${view.height}px`;
    if (Math.abs(this.scroller.scrollTop - view.scrollTop) > 1) this.scroller.scrollTop = view.scrollTop;
    this.#expected = this.scroller.scrollTop;
    const shown = [];
    for (let place = view.first; place < view.last; place++) {
      const row = this.#rowAt(place);
      const element = row ? rowElement(row, place === this.#selected, this.model.get("of_server")) : make("div", "wsn-row wsn-waiting", "…");
      element.dataset.place = String(place);
      element.style.top = `${(place - view.origin) * ROW - view.top}px`;
      shown.push(element);
    }
    this.rows.replaceChildren(...shown);
    this.scroller.setAttribute("aria-rowcount", String(view.told - view.origin));
    this.follow.setAttribute("aria-pressed", String(view.follow));
    this.empty.hidden = view.told > view.origin;
    this.empty.textContent = !this.#filter ? NO_FRAMES : this.#isSearching ? "Searching…" : NO_MATCH;
  }

  #tell(error) { this.note.textContent = error ? error.message : ""; }
}

/** The line below the rows: what happened last, also after the last frame. */
class LatestEvent {
  constructor() {
    this.time = make("span", "wsn-time");
    this.text = make("span", "wsn-event-text");
    this.count = make("span", "wsn-event-count");
    this.count.title = "session.log.events is the DataFrame of them";
    this.element = make("div", "wsn-latest", this.time, this.text, this.count);
  }

  show(time, text, count) {
    this.element.hidden = count === 0;
    this.time.textContent = clock(time);
    this.text.textContent = this.text.title = text;
    this.count.textContent = `${count.toLocaleString("en")} ${count === 1 ? "event" : "events"}`;
  }
}

/** All there is to see of one frame, below the table. */
export class Inspector {
  #tab = "";
  seq; // of the frame that is shown

  constructor(onClose) {
    this.onClose = onClose;
    this.element = make("div", "wsn-inspector");
    this.element.hidden = true;
  }

  close() {
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.seq = undefined;
    this.onClose();
  }

  show({ seq, fields, views }) {
    this.seq = seq;
    const close = make("button", "wsn-x", "×");
    close.type = "button";
    close.title = "Close the inspector (Escape)";
    close.onclick = () => this.close();
    const facts = make("dl", "wsn-facts");
    for (const [name, value] of fields) facts.append(make("dt", "", name), make("dd", "", value));
    const tabs = make("div", "wsn-tabs"), body = make("pre", "wsn-body"), note = make("div", "wsn-cut");
    tabs.setAttribute("role", "tablist");
    body.tabIndex = 0;
    for (const view of views) {
      const tab = make("button", "wsn-tab", view.name);
      tab.type = "button";
      tab.setAttribute("role", "tab");
      tab.onclick = () => { this.#tab = view.name; this.#open(view, tabs, body, note); };
      tabs.append(tab);
    }
    tabs.append(make("span", "wsn-title", `frame ${seq}`), close);
    this.#open(views.find((view) => view.name === this.#tab) ?? views.find((view) => view.name === "JSON") ?? views[0],
      tabs, body, note);
    this.element.replaceChildren(facts, make("div", "wsn-views", tabs, body, note));
    this.element.hidden = false;
  }

  #open(view, tabs, body, note) {
    for (const tab of tabs.children) tab.setAttribute("aria-selected", String(tab.textContent === view.name));
    body.className = `wsn-body wsn-as-${view.name.toLowerCase()}`;
    body.textContent = view.body;
    note.textContent = view.note;
  }
}

export default {
  render({ model, el }) {
    const view = new TableView(model, el);
    return () => view.remove();
  },
};
