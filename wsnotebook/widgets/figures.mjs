// Figures: the line of the panel with what a session measures; what is nothing is not shown. At its end, the sparkline.

import { make, put } from "./elements.mjs";
import { bytes, duration, whole } from "./format.mjs";
import { Sparkline } from "./sparkline.mjs";

const count = (value, one, many) => (value ? `${whole(value)} ${value === 1 ? one : many}` : "");

/** By name: the text of a trait, and what it means. */
const FIGURES = [
  ["elapsed", (get) => (get("elapsed") ? `${get("state") === "closed" ? "lasted" : "for"} ${duration(get("elapsed"))}` : ""), "since the handshake"],
  ["latency", (get) => (get("latency") === null ? "" : `latency ${(get("latency") * 1000).toFixed(1)} ms`), "of the last ping"],
  ["silence", (get) => (get("silence") >= 5 && get("state") !== "closed" ? `silent for ${duration(get("silence"))}` : ""), "since the last frame of either direction"],
  ["queued", (get) => count(get("queued"), "frame queued", "frames queued"), "frames that wait to be written: the peer does not read as fast as they are sent"],
  ["unread", (get) => (get("state") === "closed" ? "" : count(get("unread"), "message unread", "messages unread")), "received, recorded, and not yet asked for by receive() or incoming"],
  ["memory", (get) => (get("memory") ? `log ${bytes(get("memory"))}` : ""), "memory of the log; beyond session.log.retention it spills to disk"],
  ["stalls", (get) => (get("stalls") ? `${count(get("stalls"), "stall", "stalls")}, ${get("stalled").toFixed(1)} s` : ""), "how often nothing was received for 50 ms or more, because the session's event loop was busy; df.ws.stalls() lists them"],
  ["oversized", (get) => count(get("oversized"), "frame over the limit", "frames over the limit"), "frames larger than the size limit", true],
  ["truncated", (get) => (get("truncated") ? `${bytes(get("truncated"))} truncated` : ""), "bytes of frames over the size limit, which are in no row", true],
  ["dropped", (get) => count(get("dropped"), "row dropped", "rows dropped"), "the oldest rows, to stay within session.log.retention", true],
];

export class Figures {
  constructor() {
    this.parts = FIGURES.map(([name, , title, isLoss]) => make("span", { className: `wsn-figure wsn-${name}${isLoss ? " wsn-lost" : ""}`, title }));
    this.sparkline = new Sparkline();
    this.element = make("div", { className: "wsn-line wsn-figures" }, make("span", { className: "wsn-line" }, ...this.parts), this.sparkline.element);
  }

  show(get) {
    this.sparkline.show(get);
    FIGURES.forEach(([, text], place) => put(this.parts[place], text(get)));
  }
}
