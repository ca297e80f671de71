// Reconnecting: below a session that has ended, or was not opened, the button that dials it again, what is being done, and why it failed.

import { button, line, make, put } from "./elements.mjs";
import { GONE } from "./pulse.mjs";
import { Refusal } from "./refusal.mjs";

const HINT = "Reconnect dials with the same arguments; the log goes on.";

export class Reconnecting {
  constructor(actions, requests, hint = HINT) {
    Object.assign(this, { actions, hint, refusal: new Refusal(requests) });
    this.button = button("Reconnect", "", () => this.#dial());
    this.status = make("span", { className: "wsn-status", role: "status" });
    this.failure = make("div", { className: "wsn-note wsn-error", role: "alert" });
    this.element = make("div", { className: "wsn-again" }, line(this.button, this.status), this.failure, this.refusal.element);
  }

  show(get, why, pulse) {
    const failure = get("failure"), gone = pulse === GONE ? why : "";
    this.element.hidden = !get("can_reconnect") && !failure;
    this.button.hidden = !get("can_reconnect");
    this.button.disabled = gone !== "";
    this.button.title = gone || this.hint;
    put(this.status, gone ? "" : get("reconnecting") || (failure ? "" : this.hint));
    put(this.failure, failure);
    this.refusal.show(get("refusal"));
    this.refusal.enable(gone);
  }

  async #dial() {
    const error = await this.actions.failure("reconnect");
    if (error === this.failure.textContent) this.actions.say(""); // it stands here, with the answer of the server
  }
}
