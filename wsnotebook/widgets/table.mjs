// The table of frames: a window over the log, or over the matches of a filter, and the inspector of one frame.
// The kernel sends the length; this asks for the rows in sight. A peer's text goes into textContent, never into markup.

import { apart, COLUMNS, shownColumns, template } from "./columns.mjs";
import { CopyMenu } from "./copymenu.mjs";
import { button, make } from "./elements.mjs";
import { FilterBox } from "./filterbox.mjs";
import { whole } from "./format.mjs";
import { Inspector } from "./inspector.mjs";
import { keepKeys } from "./keys.mjs";
import { LatestEvent } from "./latestevent.mjs";
import { Requests } from "./requests.mjs";
import { RowWindow } from "./rowwindow.mjs";
import { Search } from "./search.mjs";
import { Selection } from "./selection.mjs";
import { ROW } from "./viewport.mjs";

const NO_MATCH = "No frame matches this filter. Empty the box to see all frames.";
let views = 0;

class TableView {
  #wrong = ""; // why the filter in the box cannot be used: then no rows are shown
  #paused = null; // the end of the log when the view was paused
  #left = null; // the same when it stopped following
  #isOpen = false; // a row is inspected, or asked for to be

  constructor(model, el) {
    this.model = model;
    this.id = `wsn-table-${++views}`;
    this.requests = new Requests(model);
    this.search = new Search(this.requests, {
      onMatches: (answer, isNew) => this.#showMatches(answer, isNew),
      onError: (error) => this.#report(error),
    });
    this.window = new RowWindow(this.requests, {
      filter: () => this.search.filter,
      around: () => this.#around(),
      isSelected: (row, place) => this.selection.has(row, place),
      onError: (error) => this.#report(error),
      onPainted: () => this.#painted(),
    });
    this.selection = new Selection(this.requests, {
      filter: () => this.search.filter,
      rowAt: (place) => this.window.rowAt(place),
      onChange: () => this.window.refresh(),
      onError: (error) => this.#report(error),
      onSelected: ({ count, apart: ms }) => { this.selected.textContent = count > 1 ? `${whole(count)} selected${ms === null ? "" : `, Δ ${apart(ms)}`}` : ""; },
    });
    this.#build(el);
    this.#listen();
    this.requests.ask("hello").catch((error) => this.#report(error));
    this.on["change:event"]();
    this.on["change:line"]();
    this.on["change:highlight"]();
    this.#apply(model.get("query"));
  }

  remove() {
    this.box.close();
    this.window.close();
    for (const [name, callback] of Object.entries(this.on)) this.model.off(name, callback);
    this.observer.disconnect();
    this.requests.close();
  }

  #build(el) {
    el.classList.add("wsn-table");
    keepKeys(el);
    this.el = el;
    this.follow = button("Following", "Keep the newest frame in sight", () => this.window.go((view) => view.setFollow(!view.follow)), "wsn-chip wsn-follow");
    this.pause = button("Pause", "Leave the rows as they are; frames are recorded all the same", () => this.#togglePause(), "wsn-chip wsn-pause");
    this.box = new FilterBox(this.model.get("language"), (text) => this.#typed(text), () => { this.window.element.focus(); });
    this.selected = make("span", { className: "wsn-selected", role: "status" });
    this.empty = make("div", { className: "wsn-empty" });
    this.inspector = new Inspector(this.requests, {
      onClose: () => { this.#isOpen = false; this.window.refresh(); this.window.element.focus(); },
      onError: (error) => this.#report(error),
    });
    this.copies = new CopyMenu(this.requests, this.model.get("formats"), (error) => this.#report(error));
    this.note = make("div", { className: "wsn-note", role: "status" });
    this.latest = new LatestEvent();
    this.head = make("div", { className: "wsn-row wsn-head" });
    const tools = make("div", { className: "wsn-tools" }, this.box.input, ...this.box.chips, this.box.count, this.selected, this.copies.element,
      make("span", { className: "wsn-gap" }), this.pause, this.follow);
    const frame = make("div", { className: "wsn-frame" }, this.head, this.box.complaint, this.window.element, this.window.where, this.empty);
    el.append(tools, this.box.line, frame, this.latest.element, this.inspector.element, this.note);
  }

  #listen() {
    const { model, window: rows } = this, scroller = rows.element;
    this.#layout();
    this.on = {
      "change:span": () => this.#grown(),
      "change:event": () => this.latest.show(...model.get("event")),
      "change:edition": () => { rows.forget(); rows.refresh(); this.search.update(); },
      "change:query": () => { if (model.get("query") !== (this.search.filter ?? "")) this.#apply(model.get("query")); },
      "change:is_part": () => { this.search.stop(); this.#apply(model.get("query")); },
      "change:line": () => this.box.showLine(model.get("line")),
      "change:highlight": () => { this.highlight = pattern(model.get("highlight")); rows.refresh(); },
      "change:selection": () => { this.selection.show(model.get("selection")); },
      "change:columns": () => { this.#layout(); rows.refresh(); },
      "change:sessions": () => this.#layout(),
    };
    for (const [name, callback] of Object.entries(this.on)) model.on(name, callback);
    this.selection.show(model.get("selection") ?? []);
    this.observer = new ResizeObserver(() => { this.#layout(); rows.resize(); });
    this.observer.observe(scroller);
    scroller.addEventListener("keydown", (event) => this.#key(event));
    // The row under the pointer is noted when it goes down: by the click, new frames may have moved it.
    rows.rows.addEventListener("pointerdown", (event) => { this.pointed = event.target.closest(".wsn-row")?.dataset.place; });
    rows.rows.addEventListener("click", (event) => { if (this.pointed !== undefined) this.#click(Number(this.pointed), event); });
  }

  /** Columns, and their widths: those of numbers as wide as the largest. */
  #layout() {
    const { model } = this, [, end] = model.get("span");
    const sizes = { digits: Math.max(5, whole(end).length), bytes: 10 };
    this.columns = shownColumns(model.get("columns"), { sessions: model.get("sessions") ?? [], width: this.el.clientWidth });
    const shown = `${this.columns} ${sizes.digits}`;
    if (this.shown === shown) return;
    this.shown = shown;
    this.el.style.setProperty("--wsn-columns", template(this.columns, sizes));
    this.head.replaceChildren(...this.columns.map((name) => make("span", { className: `wsn-h-${name}` }, COLUMNS[name].title)));
  }

  #around() {
    const { model } = this;
    return { id: this.id, columns: this.columns, cursor: this.selection.cursor, selected: this.selection.row,
      sessions: model.get("sessions") ?? [], ofServer: model.get("of_server"), highlight: this.highlight };
  }

  #grown() {
    this.#layout();
    if (this.#paused !== null || this.#wrong) this.#painted();
    else if (this.search.filter !== null) this.search.update();
    else this.window.go((view) => view.setSpan(...this.model.get("span")));
  }

  async #typed(text) {
    try {
      await this.requests.ask("query", { filter: text });
      if (this.box.text === text) this.#apply(text);
    } catch (error) {
      if (this.box.text === text) this.#refuse(error.message);
    }
  }

  /** Show no rows: those of the filter before would look like an answer. */
  #refuse(sentence) {
    this.#wrong = sentence;
    this.box.complain(sentence);
    this.search.stop();
    this.#restart();
    this.window.go((view) => view.setSpan(0, 0));
  }

  #apply(query) {
    this.box.show(query);
    this.box.complain("");
    this.box.showLine(this.model.get("line"));
    const wasWrong = this.#wrong !== "";
    this.#wrong = "";
    if (query || this.model.get("is_part")) this.search.find(query);
    else this.#showAll(wasWrong || this.search.filter !== null);
  }

  #showMatches(answer, isNew) {
    if (isNew) this.#restart();
    if (this.search.filter) this.box.showCount(answer);
    this.window.go((view) => view.setSpan(answer.first, answer.end));
  }

  /** The box was emptied. The rows that were in sight stay there, among their neighbours. */
  #showAll(wasFiltered) {
    const { viewport } = this.window, isOpen = this.inspector.seq !== undefined;
    const seen = this.inspector.seq ?? (viewport.follow ? undefined : this.window.rowAt(viewport.first)?.seq);
    this.search.stop();
    if (wasFiltered) this.#restart();
    this.window.go((view) => {
      view.setSpan(...this.model.get("span"));
      if (!wasFiltered || seen === undefined) return;
      view.setFollow(false);
      view.moveTo((seen - view.origin) * ROW - (isOpen ? view.height / 2 : 0));
    });
    if (wasFiltered && isOpen) this.selection.restart(this.inspector.seq);
    this.window.refresh();
  }

  #restart() {
    this.selection.restart();
    this.window.restart();
    this.box.clearCount();
  }

  #togglePause() {
    this.#paused = this.#paused === null ? this.model.get("span")[1] : null;
    this.#grown();
    this.#painted();
  }

  #click(place, event) {
    this.selection.click(place, event);
    if (event.shiftKey || event.ctrlKey || event.metaKey) this.window.refresh();
    else this.#inspect(place);
  }

  #key(event) {
    const { viewport } = this.window, page = Math.max(1, Math.floor(viewport.height / ROW) - 1);
    const first = viewport.origin, last = viewport.end - 1, { cursor } = this.selection;
    const from = cursor < 0 ? viewport.first - 1 : cursor;
    const target = { ArrowDown: from + 1, ArrowUp: from - 1, PageDown: from + page, PageUp: from - page, Home: first, End: last }[event.key];
    if (event.key === "Escape") { this.#isOpen = false; this.inspector.close(); }
    else if (event.key === "c" && (event.ctrlKey || event.metaKey)) this.copies.copy("text");
    else if (event.key === "/") this.box.input.focus();
    else if (event.key === "Enter" && cursor >= 0) this.#inspect(cursor);
    else if (target === undefined || last < first) return;
    else this.#walk(Math.min(last, Math.max(first, target)), event);
    event.preventDefault();
  }

  #walk(place, event) {
    this.selection.move(place, event);
    if (this.#isOpen) this.#inspect(place);
    else this.#reveal(place);
  }

  #reveal(place) {
    this.window.go((view) => {
      if (place < view.end - 1) view.setFollow(false); // or the row runs away
      view.reveal(place);
    });
  }

  #inspect(place) {
    this.#isOpen = true;
    this.#reveal(place);
    const { filter } = this.search;
    const isWanted = () => this.selection.cursor === place && this.search.filter === filter;
    this.requests.ask("inspect", { place, filter }).then(
      (frame) => { if (isWanted()) { this.inspector.show(frame, this.highlight); this.#report(); } },
      (error) => this.#report(error));
  }

  /** What the rows do, in words: they follow, stand, or are paused; and how many frames came since. */
  #painted() {
    const { viewport } = this.window, [, end] = this.model.get("span");
    if (viewport.follow) this.#left = null;
    else this.#left ??= end;
    const since = (start) => (start === null || end === start ? "" : ` · ${whole(end - start)} new`);
    this.follow.setAttribute("aria-pressed", String(viewport.follow));
    this.follow.textContent = viewport.follow ? "Following" : `Follow${since(this.#left)}`;
    this.pause.setAttribute("aria-pressed", String(this.#paused !== null));
    this.pause.textContent = this.#paused === null ? "Pause" : `Paused${since(this.#paused)}`;
    this.empty.hidden = viewport.end > viewport.origin;
    this.empty.textContent = this.#wrong ? "No rows: the filter above cannot be read." : !this.box.text ? this.model.get("placeholder") : this.search.isRunning ? "Searching…" : NO_MATCH;
  }

  #report(error) { this.note.textContent = error ? error.message : ""; }
}

/** The regular expression of a trait, or null where the browser knows no such one. */
function pattern(source) {
  try {
    return source ? new RegExp(source, "gu") : null;
  } catch {
    return null;
  }
}

export default {
  render({ model, el }) {
    const view = new TableView(model, el);
    return () => view.remove();
  },
};
