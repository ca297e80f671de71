// Inspector as a widget of its own: it shows the frame of a trait.

import { make } from "./elements.mjs";
import { Inspector } from "./inspector.mjs";
import { keepKeys } from "./keys.mjs";
import { Pulse, WORDS } from "./pulse.mjs";
import { Requests } from "./requests.mjs";

class InspectorView {
  constructor(model, el) {
    Object.assign(this, { model, requests: new Requests(model) });
    this.note = make("div", { className: "wsn-note", role: "status" });
    this.inspector = new Inspector(this.requests, {
      onClose: () => { model.set("seq", null); model.save_changes(); },
      onError: (error) => { this.note.textContent = error ? error.message : ""; },
    });
    el.classList.add("wsn-widget");
    keepKeys(el);
    el.append(this.inspector.element, this.note);
    this.show = () => this.#show();
    model.on("change:seq", this.show);
    let isKnown = false; // to the kernel
    this.pulse = new Pulse(model, { mustSpeak: () => !isKnown, onChange: (state) => { this.note.textContent = WORDS[state]; } });
    this.requests.read("hello").then(() => { isKnown = true; }, (error) => { this.note.textContent = error.message; });
    this.#show();
  }

  remove() {
    this.model.off("change:seq", this.show);
    this.pulse.close();
    this.requests.close();
  }

  async #show() {
    const seq = this.model.get("seq");
    if (seq === null) {
      this.inspector.element.hidden = true;
      return;
    }
    try {
      const frame = await this.requests.read("inspect", { seq });
      if (this.model.get("seq") !== seq) return;
      this.inspector.show(frame);
      this.note.textContent = "";
    } catch (error) {
      this.note.textContent = error.message;
    }
  }
}

export default {
  render({ model, el }) {
    const view = new InspectorView(model, el);
    return () => view.remove();
  },
};
