// The table of frames: a window over the log, or over the matches of a filter, and the inspector of one frame.
// The kernel sends the length; this asks for the rows in sight. A peer's text goes into textContent, never into markup.

import { button, make } from "./elements.mjs";
import { FilterBox } from "./filterbox.mjs";
import { Inspector } from "./inspector.mjs";
import { LatestEvent } from "./latestevent.mjs";
import { Requests } from "./requests.mjs";
import { rowElement, unpackRows } from "./rows.mjs";
import { Search } from "./search.mjs";
import { ROW, Viewport } from "./viewport.mjs";

const NOTHING = { start: 0, stop: 0, rows: [] };
const NO_FRAMES = "No frames yet. Type something above and press Send, or wait for the peer.";
const NO_MATCH = "No frame matches this filter. Empty the box to see all frames.";

class TableView {
  #viewport = new Viewport();
  #have = NOTHING;
  #asking = false;
  #selected = -1; // place of a row
  #pointed; // place of the row where the pointer went down
  #expected = 0; // the scrollTop that we set: a scroll event with another one comes from a person

  constructor(model, el) {
    this.model = model;
    this.requests = new Requests(model);
    this.search = new Search(this.requests, {
      onMatches: (answer, text, isNew) => this.#showMatches(answer, text, isNew),
      onError: (error) => this.box.complain(error.message),
    });
    this.#build(el);
    this.onSpan = () => {
      if (this.search.filter) this.search.update();
      else this.#go(() => this.#viewport.setSpan(...model.get("span")));
    };
    this.onEdition = () => { this.#have = NOTHING; this.#refresh(); this.search.update(); };
    this.onEvent = () => this.latest.show(...model.get("event"));
    model.on("change:span", this.onSpan);
    model.on("change:event", this.onEvent);
    model.on("change:edition", this.onEdition);
    this.observer = new ResizeObserver(() => { this.#viewport.resize(this.scroller.clientHeight); this.#refresh(); });
    this.observer.observe(this.scroller);
    this.requests.ask("hello").catch((error) => this.#report(error));
    this.onEvent();
    this.onSpan();
  }

  remove() {
    this.box.close();
    this.model.off("change:span", this.onSpan);
    this.model.off("change:event", this.onEvent);
    this.model.off("change:edition", this.onEdition);
    this.observer.disconnect();
    this.requests.close();
  }

  #build(el) {
    el.classList.add("wsn-table");
    el.dataset.lmSuppressShortcuts = "true"; // or JupyterLab moves to the next cell on an arrow key
    this.follow = button("Follow", "Keep the newest frame in sight",
      () => this.#go(() => this.#viewport.setFollow(!this.#viewport.follow)), "wsn-follow");
    this.box = new FilterBox((text) => { if (text) this.search.find(text); else this.#showAll(); });
    this.rows = make("div", { className: "wsn-rows" });
    this.empty = make("div", { className: "wsn-empty" });
    this.spacer = make("div", { className: "wsn-spacer" });
    this.scroller = make("div", { className: "wsn-scroller", tabIndex: 0, role: "grid", "aria-label": "frames" }, this.rows, this.spacer);
    this.inspector = new Inspector(() => { this.#selected = -1; this.#draw(); this.scroller.focus(); });
    this.note = make("div", { className: "wsn-note", role: "status" });
    this.latest = new LatestEvent();
    this.#listen();
    el.append(this.#head(), this.box.complaint, this.scroller, this.empty, this.latest.element, this.inspector.element, this.note);
  }

  #head() {
    const title = (word) => make("span", { className: `wsn-h-${word || "arrow"}` }, word);
    return make("div", { className: "wsn-row wsn-head" }, ...["#", "time", "", "type", "bytes"].map(title),
      make("span", { className: "wsn-payload" }, title("payload"), this.box.input, this.box.count, this.follow));
  }

  #listen() {
    this.scroller.addEventListener("scroll", () => this.#scrolled());
    this.scroller.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.scroller.addEventListener("keydown", (event) => this.#key(event));
    // The row under the pointer is noted when it goes down: by the click, new frames may have moved it.
    this.rows.addEventListener("pointerdown", (event) => { this.#pointed = event.target.closest(".wsn-row")?.dataset.place; });
    this.rows.addEventListener("click", () => { if (this.#pointed !== undefined) this.#select(Number(this.#pointed)); });
  }

  #showMatches(answer, text, isNew) {
    if (this.box.text === text) this.box.complain("");
    if (isNew) this.#restart();
    this.#viewport.setSpan(answer.first, answer.end);
    this.box.showCount(answer);
    this.#refresh();
  }

  /** The box was emptied. The rows that were in sight stay there, among their neighbours. */
  #showAll() {
    const wasFiltered = this.search.filter !== "";
    this.search.stop();
    this.box.complain("");
    if (!wasFiltered) return;
    const seen = this.inspector.seq ?? (this.#viewport.follow ? undefined : this.#rowAt(this.#viewport.first)?.seq);
    this.#restart();
    this.#viewport.setSpan(...this.model.get("span"));
    this.#selected = this.inspector.seq ?? -1;
    if (seen !== undefined) {
      this.#viewport.setFollow(false);
      this.#viewport.moveTo((seen - this.#viewport.origin) * ROW - (this.inspector.seq === undefined ? 0 : this.#viewport.height / 2));
    }
    this.#refresh();
  }

  /** Places are those of another filter from now on. */
  #restart() {
    this.#have = NOTHING;
    this.#selected = -1;
    this.#viewport.restart();
    this.box.clearCount();
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
    const page = Math.max(1, Math.floor(this.#viewport.height / ROW) - 1), first = this.#viewport.origin, last = this.#viewport.end - 1;
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
    if (place < this.#viewport.end - 1) this.#viewport.setFollow(false); // or the row runs away
    this.#viewport.reveal(place);
    this.#refresh();
    const filter = this.search.filter;
    const isWanted = () => this.#selected === place && this.search.filter === filter;
    this.requests.ask("inspect", { seq: place, filter }).then(
      (frame) => { if (isWanted()) { this.inspector.show(frame); this.#report(); } },
      (error) => this.#report(error));
  }

  #refresh() {
    this.#draw();
    const wanted = this.#viewport.wanted(this.#have);
    if (!wanted || this.#asking) return; // one request at a time; the answer looks again
    this.#asking = true;
    const filter = this.search.filter;
    this.requests.ask("rows", { ...wanted, filter }).then((answer) => {
      if (this.search.filter === filter) this.#arrive(answer);
      this.#asking = false;
      this.#refresh();
    }, (error) => { this.#asking = false; this.#report(error); });
  }

  #arrive({ start, stop, events, buffers }) {
    const rows = unpackRows(buffers);
    for (const [n, label, title] of events) rows[n].before = { label, title };
    this.#have = { start, stop, rows };
    this.#viewport.arrive(stop);
    this.#report();
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
      const element = row ? rowElement(row, place === this.#selected, this.model.get("of_server")) : make("div", { className: "wsn-row wsn-waiting" }, "…");
      element.dataset.place = String(place);
      element.style.top = `${(place - view.origin) * ROW - view.top}px`;
      shown.push(element);
    }
    this.rows.replaceChildren(...shown);
    this.scroller.setAttribute("aria-rowcount", String(view.end - view.origin));
    this.follow.setAttribute("aria-pressed", String(view.follow));
    this.empty.hidden = view.end > view.origin;
    this.empty.textContent = !this.search.filter ? NO_FRAMES : this.search.isRunning ? "Searching…" : NO_MATCH;
  }

  #report(error) { this.note.textContent = error ? error.message : ""; }
}

export default {
  render({ model, el }) {
    const view = new TableView(model, el);
    return () => view.remove();
  },
};
