// LatestEvent: the line below the rows that says what happened last, also after the last frame.

import { make } from "./elements.mjs";
import { clock, whole } from "./format.mjs";

/** Shows the newest event of the log and how many there are; hidden while there is none. */
export class LatestEvent {
  constructor() {
    this.time = make("span", { className: "wsn-time" });
    this.text = make("span", { className: "wsn-event-text" });
    this.count = make("span", { className: "wsn-event-count", title: "session.log.events is the DataFrame of them" });
    this.element = make("div", { className: "wsn-latest" }, this.time, this.text, this.count);
  }

  show(time, text, count) {
    this.element.hidden = count === 0;
    this.time.textContent = clock(time);
    this.text.textContent = this.text.title = text;
    this.count.textContent = `${whole(count)} ${count === 1 ? "event" : "events"}`;
  }
}
