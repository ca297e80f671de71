// Head: the first line of the panel, with state and address of a session, how it ended, and what it counts.

import { make } from "./elements.mjs";
import { bytes, whole } from "./format.mjs";
import { GONE, QUIET } from "./pulse.mjs";

const STATES = { [QUIET]: "no answer", [GONE]: "kernel gone" }; // in the place of a state that is not known any more

export class Head {
  constructor() {
    this.state = make("span", { className: "wsn-state", role: "status" });
    this.name = make("span", { className: "wsn-name" });
    this.url = make("span", { className: "wsn-url" });
    this.ending = make("span", { className: "wsn-ending" });
    this.received = make("span", { className: "wsn-count", title: "received" });
    this.sent = make("span", { className: "wsn-count", title: "sent" });
    this.rate = make("span", { className: "wsn-count wsn-rate", title: "frames per second, both directions" });
    this.counts = make("span", { className: "wsn-counts" }, this.received, this.sent, this.rate);
    this.element = make("div", { className: "wsn-line wsn-top" }, this.state, this.name, this.url, this.ending, this.counts);
  }

  /** Show the traits of a session, of a kernel in some state of its pulse. */
  show(get, pulse) {
    const isRefused = get("state") === "refused", isOver = get("state") === "closed" || isRefused;
    const isDialled = isOver && pulse !== GONE && get("reconnecting");
    this.#showState(isDialled ? "reconnecting" : isOver ? get("state") : STATES[pulse] ?? get("state"));
    this.name.textContent = get("name");
    this.url.textContent = this.url.title = get("url");
    this.counts.hidden = isRefused; // there are no frames
    if (isRefused) return;
    this.ending.textContent = this.ending.title = get("ending");
    this.received.textContent = `↓ ${whole(get("received"))} · ${bytes(get("received_bytes"))}`;
    this.sent.textContent = `↑ ${whole(get("sent"))} · ${bytes(get("sent_bytes"))}`;
    this.rate.textContent = isOver ? "" : `${whole(get("rate"))}/s`;
  }

  #showState(state) {
    if (this.state.textContent === state) return; // or a screen reader says it twice a second
    this.state.textContent = state;
    this.state.dataset.state = state;
  }
}
