// Toggle: a button that shows whether something is done with what is sent, and changes it.

import { button } from "./elements.mjs";

class Toggle {
  #isOn = true;

  /** `trait` holds the state, or null where there is nothing to change; `verb` sets it; `on` and `off` are label and title. */
  constructor(actions, { trait, verb, on, off }) {
    Object.assign(this, { trait, on, off });
    this.element = button(on[0], "", () => actions.run(verb, { on: !this.#isOn }));
  }

  show(get, why) {
    this.#isOn = get(this.trait) === true;
    const [label, title] = this.#isOn ? this.on : this.off;
    this.element.hidden = get(this.trait) === null;
    this.element.disabled = why !== "";
    this.element.setAttribute("aria-pressed", String(this.#isOn));
    this.element.textContent = label;
    this.element.title = why || title;
  }
}

export const masking = (actions) => new Toggle(actions, {
  trait: "masking", verb: "mask",
  on: ["Masked", "Frames are sent masked, as a client must. Click to send them unmasked."],
  off: ["Unmasked", "Frames are sent unmasked: a correct server answers with close 1002. Click to mask again."],
});

export const answering = (actions) => new Toggle(actions, {
  trait: "answers_pings", verb: "pongs",
  on: ["Pongs", "Pings of the peer are answered at once. Click to leave them without answer."],
  off: ["No pongs", "Pings of the peer are not answered: it may end the session. Click to answer again."],
});

export const compressing = (actions) => new Toggle(actions, {
  trait: "compresses", verb: "compress",
  on: ["Compressed", "Messages are sent compressed, by permessage-deflate. Click to send them as they are."],
  off: ["Uncompressed", "Messages are sent as they are; those of the peer may be compressed. Click to compress again."],
});
