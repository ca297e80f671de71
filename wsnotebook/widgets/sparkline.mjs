// Sparkline: the frames per second of the last minute as two small lines, what was received filled and what was sent dashed.

import { draw } from "./elements.mjs";
import { whole } from "./format.mjs";
import { Rates, SECONDS } from "./rates.mjs";

const WIDTH = 120, HEIGHT = 18; // px

const y = (value, most) => (HEIGHT - 1 - (value / most) * (HEIGHT - 2)).toFixed(1);
const points = (counts, most) => counts.map((value, place) => `${(place * WIDTH / (SECONDS - 1)).toFixed(1)},${y(value, most)}`).join(" ");
const told = (counts) => `${whole(counts.at(-2))}, at most ${whole(Math.max(...counts))}`; // the last second is not over

export class Sparkline {
  #rates = new Rates();
  #drawn = "";

  constructor(now = Date.now) {
    this.now = now;
    this.received = draw("polygon", { class: "wsn-received" });
    this.sent = draw("polyline", { class: "wsn-sent" });
    this.title = draw("title");
    this.element = draw("svg", { class: "wsn-sparkline", role: "img", width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}` }, this.title, this.received, this.sent);
  }

  /** Draw the traits of a session anew, if that changes anything. */
  show(get) {
    this.#rates.add(this.now(), get("received"), get("sent"));
    const received = this.#rates.of("received"), sent = this.#rates.of("sent"), most = Math.max(1, ...received, ...sent);
    const line = points(sent, most), area = `0,${HEIGHT} ${points(received, most)} ${WIDTH},${HEIGHT}`;
    if (`${area}|${line}` === this.#drawn) return;
    this.#drawn = `${area}|${line}`;
    this.received.setAttribute("points", area);
    this.sent.setAttribute("points", line);
    const words = `frames per second of the last minute: in ${told(received)}; out ${told(sent)}`;
    this.title.textContent = words;
    this.element.setAttribute("aria-label", words);
  }
}
