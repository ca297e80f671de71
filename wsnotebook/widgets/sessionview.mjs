// SessionView: what every view of a session's widget does: it follows the traits and the kernel, and says what went wrong.

import { Actions } from "./actions.mjs";
import { make, put } from "./elements.mjs";
import { keepKeys } from "./keys.mjs";
import { ALIVE, GONE, Pulse, WORDS } from "./pulse.mjs";
import { Requests } from "./requests.mjs";

/** What there is to say of a session that lives no more, by its state; the kernel need not speak of it. */
const OVER = {
  closed: "The session has ended; its frames stay. Reconnect, or connect(), opens a new one.",
  refused: "No session was opened. Reconnect, or connect(), tries it again.",
};

class SessionView {
  #isKnown = false; // to the kernel

  constructor(model, el, build, kept) {
    Object.assign(this, { model, el, requests: new Requests(model) });
    this.actions = new Actions(this.requests);
    this.problem = make("div", { className: "wsn-note wsn-error", role: "alert" });
    this.parts = build(this.actions, this.requests, { model, el, kept });
    el.classList.add("wsn-controls");
    keepKeys(el);
    const notes = make("div", { className: "wsn-notes" }, this.problem, this.actions.element);
    el.append(...this.parts.elements, make("div", { className: "wsn-foot" }, ...(this.parts.foot ?? []), notes));
    this.show = () => this.#show();
    this.pulse = new Pulse(model, { mustSpeak: () => !this.#isKnown || !(model.get("state") in OVER), onChange: this.show });
    model.on("change", this.show);
    this.#show();
    this.requests.read("hello").then(() => { this.#isKnown = true; }, (error) => this.actions.say(error.message, true));
  }

  remove() {
    this.model.off("change", this.show);
    this.pulse.close();
    this.requests.close();
  }

  #show() {
    const get = (name) => this.model.get(name), pulse = this.pulse.state, over = OVER[get("state")] ?? "";
    const why = pulse === GONE ? WORDS[GONE] : over; // nothing can be clicked
    this.parts.show(get, why, pulse);
    put(this.problem, WORDS[pulse] || get("problem"));
    this.el.classList.toggle("wsn-ended", over !== "");
    this.el.classList.toggle("wsn-gone", pulse !== ALIVE);
  }
}

/** The widget of a session whose parts `build(actions, requests, { model, el, kept })` makes: `elements`, those of the `foot`, which stand
 *  beside the notes so that an empty note takes no line, and `show(get, why, pulse)`, which is called when a trait has changed; `why` says why nothing can be clicked, or is empty. What is put into `kept` is there
 *  for the next view of the same model, as when a person comes back to its tab; it is in no trait, and so in no saved notebook. */
export const widgetOf = (build) => () => {
  const kept = {};
  return {
    render({ model, el }) {
      const view = new SessionView(model, el, build, kept);
      return () => view.remove();
    },
  };
};
