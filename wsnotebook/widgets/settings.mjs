// Settings: the size limit and the ping interval of a session, shown as they are and changed by typing.

import { make } from "./elements.mjs";

/** 67108864 as "64MiB": the shortest form that is exact, and that can be typed. */
export function size(count) {
  const unit = [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]].find(([, bytes]) => count % bytes === 0);
  return unit ? `${count / unit[1]}${unit[0]}` : String(count);
}

const FIELDS = [
  { trait: "max_frame_size", text: size, verb: "limit", field: "size", label: "size limit", chars: 9,
    title: "Largest frame that is received: 65536, 64KiB, 1MiB, or off. A larger one ends the session with 1009." },
  { trait: "ping_interval", text: String, verb: "pings", field: "interval", label: "ping every", unit: "s", chars: 5, notRaw: true,
    title: "Seconds between pings of its own, or off. An unanswered one ends the session." },
];

export class Settings {
  constructor(actions) {
    this.actions = actions;
    this.inputs = FIELDS.map(({ label, title, verb, field, chars }) => {
      const input = make("input", { className: "wsn-input wsn-setting", size: chars, title, "aria-label": label });
      input.addEventListener("change", () => this.#set(input, verb, field));
      return input;
    });
    this.parts = FIELDS.map(({ label, unit }, place) => make("label", { className: "wsn-label" }, `${label} `, this.inputs[place], unit ? ` ${unit}` : ""));
  }

  #shown = new Map(); // by input, the text of its trait
  #left = new Map(); // by input, what it had when it was written last, or asked for: anything else is being typed

  /** Show the traits; what is being typed stays. */
  show(get, why) {
    FIELDS.forEach(({ trait, text, notRaw, title }, place) => {
      const input = this.inputs[place], value = get(trait) === null ? "off" : text(get(trait));
      this.parts[place].hidden = Boolean(notRaw && get("raw"));
      input.disabled = why !== "";
      input.title = why || title;
      if (this.#shown.get(input) === value) return;
      this.#shown.set(input, value);
      this.#write(input);
    });
  }

  #write(input) {
    if (input.value !== (this.#left.get(input) ?? "")) return;
    input.value = this.#shown.get(input);
    this.#left.set(input, input.value);
  }

  /** Ask for what was typed; a refused value is taken back: what stands there is what holds, or what is typed since. */
  async #set(input, verb, field) {
    const value = input.value.trim() || "off";
    this.#left.set(input, input.value);
    if (value !== this.#shown.get(input)) await this.actions.run(verb, { [field]: value });
    this.#write(input);
  }
}
