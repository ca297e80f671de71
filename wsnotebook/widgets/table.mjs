// The table of frames: a window over the log, or over the matches of a filter, and the inspector of one frame.
// The kernel sends the length; this asks for the rows in sight. A peer's text goes into textContent, never into markup.

import { apart, shownColumns } from "./columns.mjs";
import { ColumnMenu } from "./columnmenu.mjs";
import { CopyMenu } from "./copymenu.mjs";
import { button, group, make, put } from "./elements.mjs";
import { Filtering } from "./filtering.mjs";
import { FollowButtons } from "./followbuttons.mjs";
import { whole } from "./format.mjs";
import { GoTo } from "./goto.mjs";
import { Inspector } from "./inspector.mjs";
import { keepKeys } from "./keys.mjs";
import { LatestEvent } from "./latestevent.mjs";
import { ALIVE, Pulse, WORDS } from "./pulse.mjs";
import { Requests } from "./requests.mjs";
import { RowWindow } from "./rowwindow.mjs";
import { Selection } from "./selection.mjs";
import { hideStill } from "./still.mjs";
import { Strip } from "./strip.mjs";
import { TableHead } from "./tablehead.mjs";
import { ROW } from "./viewport.mjs";

const NO_MATCH = "No frame matches this filter. Empty the box to see all frames.";
const CLEAR = "Hide the frames so far, by a term in the filter: nothing that is recorded goes";
let views = 0;

class TableView {
  #isOpen = false; // a row is inspected, or asked for to be
  #refusal = ""; // of what a person did last
  #lack = ""; // why what is shown could not be asked for

  constructor(model, el) {
    this.model = model;
    this.id = `wsn-table-${++views}`;
    this.requests = new Requests(model);
    const onError = (error) => this.#report(error), onMiss = (error) => this.#miss(error);
    this.window = new RowWindow(this.requests, {
      filter: () => this.filtering.filter,
      wants: () => ({ find: this.filtering.finder.marked, folds: this.filtering.folds, columns: this.columns }),
      around: () => this.#around(),
      isSelected: (row, place) => this.selection.has(row, place),
      onError: onMiss,
      onPainted: () => this.#painted(),
    });
    this.selection = new Selection(this.requests, {
      filter: () => this.filtering.filter,
      rowAt: (place) => this.window.rowAt(place),
      onChange: () => this.window.refresh(),
      onError,
      onSelected: (answer) => this.#showSelected(answer),
    });
    this.filtering = new Filtering(model, this.requests, this.window, {
      cursor: () => this.selection.cursor,
      inspected: () => this.inspector.seq,
      onLeave: () => this.window.element.focus(),
      onGo: (place) => this.#walk(place, {}),
      onRestart: (place) => this.selection.restart(place),
      onError, onMiss,
    });
    this.strip = new Strip(this.requests, {
      range: () => this.model.get("range") ?? [],
      onTerm: (term) => this.filtering.box.replace("time", term),
      onError, onMiss,
    });
    this.goTo = new GoTo(this.requests, {
      shown: () => this.filtering.filter,
      ends: () => [this.window.viewport.origin, this.window.viewport.end - 1],
      onGo: (place) => this.#goTo(place, {}),
      onLeave: () => this.window.element.focus(),
      onError,
    });
    this.#build(el);
    this.#listen();
    let isKnown = false; // to the kernel
    this.pulse = new Pulse(model, { mustSpeak: () => !isKnown, onChange: (state) => this.#showPulse(state) });
    this.requests.read("hello").then(() => { isKnown = true; }, (error) => this.#report(error));
    this.on["change:event"]();
    this.on["change:line"]();
    this.on["change:highlight"]();
    this.filtering.apply();
    this.strip.update();
  }

  remove() {
    this.filtering.box.close();
    this.strip.close();
    this.window.close();
    for (const [name, callback] of Object.entries(this.on)) this.model.off(name, callback);
    this.observer.disconnect();
    this.pulse.close();
    this.requests.close();
  }

  #build(el) {
    el.classList.add("wsn-table");
    keepKeys(el);
    this.el = el;
    this.following = new FollowButtons({
      toggle: () => this.window.go((view) => view.setFollow(!view.follow)),
      onPaused: () => { this.#grown(); this.#painted(); },
    });
    this.selected = make("span", { className: "wsn-selected", role: "status" });
    this.compare = button("Compare", "What differs between the two selected frames", () => this.#compare(), "wsn-chip");
    this.compare.hidden = true;
    this.empty = make("div", { className: "wsn-empty" });
    this.inspector = new Inspector(this.requests, {
      canSend: () => this.model.get("can_send"),
      onClose: () => { this.#isOpen = false; this.window.refresh(); this.window.element.focus(); },
      onError: (error) => this.#report(error),
    });
    this.copies = new CopyMenu(this.requests, this.model.get("formats"), { folds: () => this.filtering.folds, onError: (error) => this.#report(error) });
    this.note = make("div", { className: "wsn-note", role: "status" });
    this.latest = new LatestEvent();
    this.head = new TableHead(el, (widths) => this.#set({ widths }));
    this.menu = new ColumnMenu({
      chosen: () => this.model.get("columns"),
      onChosen: (columns) => this.#set({ columns }),
      onReset: () => this.#set({ columns: this.model.get("first_columns"), widths: {} }),
    });
    const { box } = this.filtering;
    const clear = button("Clear", CLEAR, () => box.replace("seq", `seq:${this.model.get("span")[1]}..`), "wsn-chip");
    const tools = make("div", { className: "wsn-tools" }, group(box.input, ...box.chips),
      group(this.copies.element, this.compare, this.selected, make("span", { className: "wsn-gap" }), clear, this.menu.element, this.following.pause, this.following.follow));
    this.strip.line.append(this.goTo.element);
    const frame = make("div", { className: "wsn-frame" }, this.head.element, box.complaint, this.window.element, this.window.where, this.empty);
    hideStill(el, this.model.get("still"));
    el.append(tools, box.line, this.strip.element, frame, this.latest.element, this.inspector.element, this.note);
  }

  #listen() {
    const { model, window: rows } = this, scroller = rows.element;
    this.width = this.el.clientWidth;
    this.#layout();
    this.on = {
      "change:span": () => this.#grown(),
      "change:event": () => this.latest.show(...model.get("event")),
      "change:edition": () => { rows.forget(); rows.refresh(); this.filtering.renew(); },
      "change:query": () => this.filtering.follow(),
      "change:only_matches": () => this.filtering.apply(),
      "change:is_part": () => this.filtering.restart(),
      "change:decoded_to": () => rows.decoded(model.get("decoded_to")),
      "change:range": () => this.strip.follow(),
      "change:line": () => this.filtering.box.showLine(model.get("line")),
      "change:highlight": () => { this.highlight = pattern(model.get("highlight")); rows.refresh(); },
      "change:selection": () => { this.selection.show(model.get("selection")); },
      "change:columns": () => { this.#layout(); this.menu.show(); rows.renew(); },
      "change:widths": () => this.#layout(),
      "change:sessions": () => this.#layout(),
    };
    for (const [name, callback] of Object.entries(this.on)) model.on(name, callback);
    this.selection.show(model.get("selection") ?? []);
    this.observer = new ResizeObserver(() => { this.width = this.el.clientWidth; this.#layout(); rows.refresh(); });
    this.observer.observe(scroller);
    scroller.addEventListener("keydown", (event) => this.#key(event));
    // The row under the pointer is noted when it goes down: by the click, new frames may have moved it.
    rows.rows.addEventListener("pointerdown", (event) => { this.pointed = event.target.closest(".wsn-row")?.dataset.place; });
    rows.rows.addEventListener("click", (event) => { if (this.pointed !== undefined) this.#click(Number(this.pointed), event); });
  }

  /** Columns, and their widths: those of numbers as wide as the largest. Nothing is done, nor measured, where all is as it was. */
  #layout() {
    const { model } = this, [, end] = model.get("span"), sessions = model.get("sessions") ?? [], widths = model.get("widths") ?? {};
    const sizes = { digits: Math.max(5, whole(end).length), bytes: 10 };
    const state = JSON.stringify([model.get("columns"), sessions, widths, sizes, this.width]);
    if (state === this.laid) return;
    this.laid = state;
    this.columns = shownColumns(model.get("columns"), { sessions, width: this.width });
    this.head.show(this.columns, sizes, widths);
  }

  #set(traits) {
    for (const [name, value] of Object.entries(traits)) this.model.set(name, value);
    this.model.save_changes();
  }

  #around() {
    const { model } = this;
    return { id: this.id, columns: this.columns, cursor: this.selection.cursor, selected: this.selection.row,
      sessions: model.get("sessions") ?? [], ofServer: model.get("of_server"), highlight: this.highlight };
  }

  #grown() {
    this.#layout();
    this.strip.update();
    if (!this.following.isPaused) this.filtering.grow(this.model.get("span"));
    this.#painted();
  }

  #click(place, event) {
    this.filtering.finder.leave();
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
    else if (event.key === "/") this.filtering.box.input.focus();
    else if (event.key === "g") this.goTo.begin();
    else if (event.key === "n" || event.key === "N") this.filtering.finder.step(event.key === "n" ? 1 : -1);
    else if (event.key === "Enter" && cursor >= 0) this.#inspect(cursor);
    else if (target === undefined || last < first) return;
    else this.#goTo(Math.min(last, Math.max(first, target)), event);
    event.preventDefault();
  }

  #goTo(place, event) {
    this.filtering.finder.leave();
    this.#walk(place, event);
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
    const { filter } = this.filtering;
    const isWanted = () => this.selection.cursor === place && this.filtering.filter === filter;
    this.requests.read("inspect", { place, filter }).then(
      (frame) => { if (isWanted()) { this.inspector.show(frame, this.highlight); this.#report(); } },
      (error) => this.#report(error));
  }

  #showSelected({ count, apart: ms, longer }) {
    const sign = longer < 0 ? "−" : "+";
    const delta = (ms === null ? "" : `, Δ ${apart(ms)}`) + (longer === null ? "" : `, ${sign}${whole(Math.abs(longer))} ${Math.abs(longer) === 1 ? "byte" : "bytes"}`);
    this.selected.textContent = count > 1 ? `${whole(count)} selected${delta}` : "";
    this.compare.hidden = longer === null;
    this.#report();
  }

  async #compare() {
    try {
      this.inspector.show(await this.requests.read("compare"), this.highlight);
      this.#report();
    } catch (error) {
      this.#report(error);
    }
  }

  /** Say what the rows do, and why there are none. */
  #painted() {
    const { viewport } = this.window, [, end] = this.model.get("span");
    this.following.show(viewport.follow, end);
    this.empty.hidden = viewport.end > viewport.origin;
    const { wrong, box, search } = this.filtering;
    put(this.empty, wrong ? "No rows: the filter above cannot be read." : !box.text ? this.model.get("placeholder") : search.isRunning ? "Searching…" : NO_MATCH);
  }

  #showPulse(state) {
    this.el.classList.toggle("wsn-gone", state !== ALIVE);
    put(this.note, WORDS[state]);
  }

  /** Say why something that a person did was refused; without an error it went well, and what was said before goes. */
  #report(error) {
    this.#refusal = error?.message ?? "";
    put(this.note, this.#refusal || this.#lack);
  }

  /** Say why what is shown could not be asked for; without an error it has come. A refusal stays meanwhile: rows come all the time. */
  #miss(error) {
    this.#lack = error?.message ?? "";
    put(this.note, this.#refusal || this.#lack);
  }
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
