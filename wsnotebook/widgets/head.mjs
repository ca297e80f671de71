// Head: the first line of the panel, with state and address of a session, how it ended, and what it counts.

import { make, put } from "./elements.mjs";
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
    put(this.name, get("name"));
    this.#showTitled(this.url, get("url"));
    this.counts.hidden = isRefused; // there are no frames
    if (isRefused) return;
    this.#showTitled(this.ending, get("ending"));
    put(this.received, `↓ ${whole(get("received"))} · ${bytes(get("received_bytes"))}`);
    put(this.sent, `↑ ${whole(get("sent"))} · ${bytes(get("sent_bytes"))}`);
    put(this.rate, isOver ? "" : `${whole(get("rate"))}/s`);
  }

  #showState(state) {
    put(this.state, state);
    this.state.dataset.state = state;
  }

  #showTitled(element, text) {
    put(element, text);
    element.title = text;
  }
}
