// Strip: the time of the log above the table: how dense the frames are, by direction, what happened there, and a range that a person selects.

import { drag } from "./drag.mjs";
import { button, make } from "./elements.mjs";
import { clock, duration, whole } from "./format.mjs";

const PAUSE = 500; // ms between two questions for the bins while frames come
const GAP = 10; // bins without a frame that are marked
const SIGNS = { closes: ["×", "bad"], stalls: ["◆", "warn"], events: ["⚑", "event"] };
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity };

/** `range()` returns the begin and end that the filter has in ms, [] for none; `onTerm(term)` is called with the term that a person has chosen for the filter,
 *  "" to take it out; `onError(error)` where that is refused, `onMiss(error)` where the bins are. */
export class Strip {
  #bins = null; // { first, width, kinds, counts: an array a kind, length }
  #asking = false;
  #again = false; // rows have come since
  #pause; // timer
  #drag = null; // [from, to] in bins, while it goes on
  #chosen = null; // the same, until the filter has it

  constructor(requests, hooks) {
    Object.assign(this, { requests, ...hooks });
    this.bars = make("div", { className: "wsn-bars" });
    this.band = make("div", { className: "wsn-band", hidden: true });
    this.ends = ["begin", "end"].map((name, which) => this.#end(name, which));
    this.field = make("div", { className: "wsn-strip-field" }, this.bars, this.band, ...this.ends);
    this.words = make("span", { className: "wsn-strip-words" });
    this.clear = button("All times", "Show the rows of all times again", () => this.onTerm(""), "wsn-chip");
    this.line = make("div", { className: "wsn-strip-line" }, this.words, this.clear);
    this.element = make("div", { className: "wsn-strip", role: "group", "aria-label": "timeline", hidden: true },
      this.field, this.line);
    this.field.addEventListener("pointerdown", (event) => this.#begin(event));
  }

  close() { clearTimeout(this.#pause); }

  /** Rows have come, or were dropped. */
  update() {
    if (this.#asking || this.#pause) { this.#again = true; return; }
    this.#asking = true;
    this.#again = false;
    this.requests.read("bins").then(({ buffers: [buffer], more, ...bins }) => {
      this.#asking = false;
      this.#take(bins, buffer);
      this.#pause = setTimeout(() => { this.#pause = undefined; if (this.#again) this.update(); }, more ? 0 : PAUSE);
      if (more) this.#again = true;
    }, (error) => { this.#asking = false; this.onMiss(error); });
  }

  /** The filter is about another time. */
  follow() {
    this.#chosen = null;
    this.show();
  }

  #take({ first, width, kinds }, buffer) {
    const all = new Float64Array(buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength)), length = all.length / kinds.length;
    this.#bins = { first, width, length, counts: Object.fromEntries(kinds.map((kind, n) => [kind, all.subarray(n * length, (n + 1) * length)])) };
    this.#chosen = null;
    this.element.hidden = length === 0;
    this.#paint();
  }

  #paint() {
    const { counts, length } = this.#bins;
    const most = Math.max(1, ...counts.received, ...counts.sent), isGap = gaps(counts, length);
    this.bars.replaceChildren(...Array.from({ length }, (_, n) => make("span", { className: isGap[n] ? "wsn-bin wsn-silent" : "wsn-bin", title: this.#told(n) },
      bar("sent", counts.sent[n] / most), bar("received", counts.received[n] / most),
      ...Object.entries(SIGNS).filter(([kind]) => counts[kind][n]).map(([, [sign, mark]]) => make("b", { className: `wsn-strip-sign wsn-${mark}` }, sign)))));
    this.element.setAttribute("aria-label", `timeline, ${this.#span(0, length)} UTC: ${this.#sum(0, length)}`);
    this.show();
  }

  /** Show the range that the filter has, or that a person drags. */
  show() {
    if (!this.#bins) return;
    const range = this.range(), { length } = this.#bins;
    const [from, to] = this.#drag ?? [this.#place(range[0]) ?? 0, this.#place(range[1]) ?? length];
    const percent = (place) => `${100 * Math.min(1, Math.max(0, place / length))}%`;
    this.band.hidden = this.#drag === null && range.length === 0;
    this.clear.hidden = range.length === 0;
    Object.assign(this.band.style, { left: percent(from), width: `calc(${percent(to)} - ${percent(from)})` });
    [from, to].forEach((place, which) => {
      const end = this.ends[which];
      end.style.left = percent(place);
      for (const [name, value] of [["valuemin", 0], ["valuemax", length], ["valuenow", Math.round(place)], ["valuetext", `${this.#clock(place)} UTC`]]) end.setAttribute(`aria-${name}`, value);
    });
    const [low, high] = [from, to].map((place) => Math.round(Math.min(length, Math.max(0, place))));
    this.words.textContent = `${this.#span(from, to)} UTC, ${duration((to - from) * this.#bins.width / 1e9)}: ${this.#sum(low, high)}`;
  }

  #ms(place) { return (this.#bins.first + place) * (this.#bins.width / 1e6); } // ns would be too large to be exact

  #place(ms) { return ms === null || ms === undefined ? undefined : ms * 1e6 / this.#bins.width - this.#bins.first; }

  #clock(place) { return clock(this.#ms(place)); }

  #span(from, to) { return `${this.#clock(from)} – ${this.#clock(to)}`; }

  #sum(from, to) {
    return Object.entries(this.#bins.counts).map(([kind, counts]) => [kind, counts.subarray(from, to).reduce((a, b) => a + b, 0)])
      .filter(([kind, count]) => count || kind === "received" || kind === "sent").map(([kind, count]) => `${whole(count)} ${count === 1 ? kind.replace(/(close|stall|event)s$/, "$1") : kind}`).join(", ");
  }

  #told(n) { return `${this.#span(n, n + 1)} UTC\n${this.#sum(n, n + 1)}`; }

  async #choose(from, to) {
    const { first, width } = this.#bins;
    this.#chosen = [from, to];
    try {
      this.onTerm((await this.requests.ask("term", { width, start: first + from, stop: first + to })).term);
    } catch (error) {
      this.onError(error);
    }
  }

  #begin(event) {
    if (!this.#bins || event.button !== 0 || this.ends.includes(event.target)) return;
    const at = ({ clientX }) => { const { left, width } = this.field.getBoundingClientRect(); return Math.min(this.#bins.length - 1, Math.max(0, Math.floor((clientX - left) / width * this.#bins.length))); };
    const begin = at(event);
    this.#follow(this.field, event, (each) => { const place = at(each); return [Math.min(begin, place), Math.max(begin, place) + 1]; });
  }

  /** Follow the pointer to the end of a drag; `over` returns the bins that it goes over. */
  #follow(element, event, over) {
    drag(element, event, (each) => { this.#drag = over(each); this.show(); }, () => {
      const chosen = this.#drag;
      this.#drag = null;
      if (chosen) this.#choose(...chosen);
      this.show();
    });
  }

  /** One end of the range: a slider, dragged or moved by keys. */
  #end(name, which) {
    const end = make("div", { className: "wsn-end", role: "slider", tabIndex: 0, "aria-label": `${name} of the time range`, title: "Drag, or move by arrow keys; Escape: all times" });
    end.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.onTerm("");
      else if (STEPS[event.key] && this.#bins) this.#choose(...this.#moved(which, STEPS[event.key]));
      else return;
      event.preventDefault();
    });
    end.addEventListener("pointerdown", (event) => {
      const { width } = this.field.getBoundingClientRect(), { clientX: begin } = event;
      if (this.#bins) this.#follow(end, event, ({ clientX }) => this.#moved(which, Math.round((clientX - begin) / width * this.#bins.length)));
    });
    return end;
  }

  /** The range in bins with one end moved; it keeps a bin. */
  #moved(which, step) {
    const { length } = this.#bins, [low, high] = this.range();
    const ends = this.#chosen?.slice() ?? [Math.floor(this.#place(low) ?? 0), Math.ceil(this.#place(high) ?? length)].map((place) => Math.min(length, Math.max(0, place)));
    const [least, most] = which === 0 ? [0, ends[1] - 1] : [ends[0] + 1, length];
    ends[which] = Math.min(most, Math.max(least, ends[which] + step));
    return ends;
  }
}

/** A bar as high as the root of its share: one burst leaves the ordinary traffic in sight. */
const bar = (direction, share) => make("i", { className: `wsn-bar-${direction}`, style: `height: ${share ? Math.max(2, Math.round(50 * Math.sqrt(share))) : 0}%` });

/** Which bins are in a run of GAP or more without a frame. */
export function gaps({ received, sent }, length) {
  const marked = new Array(length).fill(false);
  for (let start = 0, n = 0; n <= length; n++) {
    if (n < length && !received[n] && !sent[n]) continue;
    if (n - start >= GAP) marked.fill(true, start, n);
    start = n + 1;
  }
  return marked;
}
