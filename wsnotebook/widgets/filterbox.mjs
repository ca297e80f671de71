// FilterBox: where a filter is typed, its chips, and below it a line with the count of its matches, its line of pandas, the complaint about a wrong one.

import { button, make } from "./elements.mjs";
import { whole } from "./format.mjs";

const PAUSE = 250; // ms without a key until the kernel is asked
const HINT = "Filter: text, /regex/, dir:in, -op:ping, size>100, $.price>100";
export const MESSAGES = "per:message";
const CHIPS = [["↓", "dir:in", "Only received frames"], ["↑", "dir:out", "Only sent frames"], ["text", "op:text", "Only text frames"],
  ["binary", "op:binary", "Only binary frames"], ["no control", "-op:control", "Without ping, pong and close"],
  ["messages", MESSAGES, "One row a message, with all of its frames folded into it; text, JSON, type and size in the filter are those of all of them"]];

const STRING = String.raw`"(?:[^"\\]|\\.)*"`, SINGLE = String.raw`'[^']*'(?=\s|$)`, VALUE = String.raw`(?:${STRING}(?=\s|$)|${SINGLE}|\S*)`;
/** A term, as filtering/parser.py reads it: quotes, regular expressions and paths may have spaces. */
const TERM = new RegExp(String.raw`(?:-(?=\S))?(?:${[
  String.raw`${STRING}(?=\s|$)`,
  String.raw`/(?:[^/\\]|\\.)+/[a-z]*(?=\s|$)`,
  String.raw`\$(?=[.\[])(?:\.\*|\.[^\s.\[\]=!<>~:]+|\[\*\]|\[\d+\]|\[${STRING}\])*(?:(?:[=!<>]=|[=<>~:])${VALUE})?(?=\s|$)`,
  String.raw`[A-Za-z_]+(?:[<>=!]=|[:<>=])(?!//)${VALUE}`,
  String.raw`(?<=-)${SINGLE}`,
  String.raw`\S+`,
].join("|")})`, "g");

/** The terms of a filter, as they were typed. */
export const termsOf = (text) => text.match(TERM) ?? [];

/** A filter without the terms for which `isOut(term)`, and with another one at its end; all else stays as it was typed. */
export function changed(text, isOut, term = "") {
  const parts = [];
  let from = 0;
  for (const { 0: each, index } of text.matchAll(TERM)) {
    if (!isOut(each)) continue;
    parts.push(text.slice(from, index));
    from = index + each.length;
  }
  return [...parts, text.slice(from), term].map((part) => part.trim()).filter(Boolean).join(" ");
}

/** Calls `onTyped` with the filter once typing pauses, and at once on Enter, Escape and a chip; `onLeave` on ArrowDown. */
export class FilterBox {
  #pause; // timer, while a filter is being typed
  #asked = new Set(); // filters that were typed, until the kernel has answered to the last of them

  constructor(help, onTyped, onLeave) {
    Object.assign(this, { onTyped, onLeave });
    this.input = make("input", { className: "wsn-filter", type: "search", spellcheck: false, placeholder: HINT, title: help, "aria-label": "filter" });
    this.count = make("span", { className: "wsn-found", role: "status" });
    this.progress = make("progress", { className: "wsn-progress", hidden: true, "aria-label": "searched" });
    this.chips = CHIPS.map(([label, term, title]) => button(label, `${title}: ${term}`, () => this.#toggle(term), "wsn-chip"));
    this.complaint = make("div", { className: "wsn-complaint", role: "status" });
    this.code = make("code", { className: "wsn-code-text" });
    this.line = make("div", { className: "wsn-pandas", hidden: true, title: "the line of pandas that gives these rows; df is the log's DataFrame" }, this.count, this.progress, this.code,
      button("Copy", "Copy this line", () => navigator.clipboard?.writeText(this.code.textContent), "wsn-chip"));
    this.input.addEventListener("input", () => {
      clearTimeout(this.#pause);
      this.#pause = setTimeout(() => this.#typed(), PAUSE);
    });
    this.input.addEventListener("keydown", (event) => this.#key(event));
  }

  get text() { return this.input.value.trim(); }

  /** Whether a term is one of those in the box. */
  has(term) { return this.#terms.includes(term); }

  /** Put a term into the box in the place of those of the same word; "" takes them out. */
  replace(word, term) {
    const isOne = new RegExp(`^${word}(?::|==?)`, "i"); // the signs and letters that are the same to the parser
    this.input.value = changed(this.text, (each) => isOne.test(each), term);
    this.#typed();
  }

  close() { clearTimeout(this.#pause); }

  /** The kernel has answered to what was typed. */
  settle() { this.#asked.clear(); }

  /** Show a filter that was set elsewhere, or was typed; where a person has typed on since, that stays. */
  show(text) {
    if (this.#pause || (text !== this.text && this.#asked.has(text))) return;
    if (this.text !== text) this.input.value = text;
    this.#press();
  }

  showLine(line) {
    this.line.hidden = line === "df";
    this.code.textContent = line;
  }

  /** Show how many rows match, how far the search is while it goes on, and a hint at its end. */
  showCount({ first, end, looked, of, more, hint }) {
    const searching = more ? `, searched ${Math.floor(100 * looked / Math.max(1, of))} %` : "";
    this.#showProgress(more ? looked / Math.max(1, of) : null);
    this.count.textContent = `${whole(end - first)} of ${whole(of)} frames${searching}${hint ? `; ${hint}` : ""}`;
  }

  /** A search has begun, and has found nothing yet; the rows of before stay until it has. */
  showSearching() {
    this.#showProgress(null); // of the search before
    this.count.textContent = "searching…";
  }

  clearCount() {
    this.#showProgress(null);
    this.count.textContent = "";
  }

  /** Show what is wrong with the filter; "" where nothing is. */
  complain(sentence) {
    if (sentence) this.line.hidden = true;
    this.complaint.textContent = sentence;
    this.input.setAttribute("aria-invalid", String(sentence !== ""));
  }

  /** Show which part of the rows is searched; null once all are. */
  #showProgress(part) {
    this.progress.hidden = part === null;
    this.progress.value = part ?? 0;
  }

  get #terms() { return termsOf(this.text); }

  #toggle(term) {
    this.input.value = changed(this.text, (each) => each === term, this.has(term) ? "" : term);
    this.#typed();
  }

  #press() {
    const terms = this.#terms;
    CHIPS.forEach(([, term], n) => this.chips[n].setAttribute("aria-pressed", String(terms.includes(term))));
  }

  #key(event) {
    if (event.key === "ArrowDown") this.onLeave();
    else if (event.key === "Escape") this.input.value = "";
    else if (event.key !== "Enter") return;
    event.preventDefault();
    if (event.key !== "ArrowDown") this.#typed();
  }

  #typed() {
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#asked.add(this.text);
    this.#press();
    this.onTyped(this.text);
  }
}
