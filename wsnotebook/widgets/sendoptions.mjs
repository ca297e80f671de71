// SendOptions: as what a payload is sent, in how many fragments, how often, and the messages that have a name.

import { button, group, handOn, line, make } from "./elements.mjs";

const AS = [["", "as its kind says"], ["text", "as text"], ["binary", "as binary"], ["ping", "as ping"], ["pong", "as pong"]];
const FILLS = "Put the values of the notebook's variables into {name} or {name:.2f}; {{name}} stands for {name}. A missing one is told, and nothing is sent.";

export class SendOptions {
  /** `typed()` returns what is to be sent as fields of the verb, or null where it has said why not; `fill(text, kind)` puts a message into the box. */
  constructor(actions, { typed, fill }) {
    Object.assign(this, { actions, typed, fill, named: new Map() });
    this.as = make("select", { className: "wsn-input", "aria-label": "type of frame" }, ...AS.map(([value, label]) => make("option", { value }, label)));
    this.fragments = make("input", { className: "wsn-input", size: 3, inputMode: "numeric", placeholder: "1", "aria-label": "fragments", title: "Split the message into so many fragments" });
    this.fills = make("input", { type: "checkbox" });
    this.every = make("input", { className: "wsn-input", size: 4, inputMode: "decimal", value: "5", "aria-label": "seconds between two" });
    this.repeat = button("Repeat", "", () => this.#repeat());
    this.stop = button("Stop", "Stop what is sent again and again", () => actions.run("stop"), "wsn-button wsn-danger wsn-stop");
    this.messages = make("select", { className: "wsn-input", "aria-label": "named messages", title: "Messages of ws-messages.toml, the file beside the notebook" });
    this.messages.addEventListener("change", () => this.#recall());
    this.name = make("input", { className: "wsn-input", size: 12, placeholder: "name", "aria-label": "name of the message" });
    this.keep = button("Keep", "Keep what is in the box under this name, in ws-messages.toml beside the notebook", () => this.#keep());
    this.forget = button("Forget", "Remove the message of this name from the file", () => this.#change("forget", {}));
    this.element = make("details", { className: "wsn-more" }, make("summary", {}, "More ways to send"),
      line(group(this.as, make("label", { className: "wsn-label" }, "in fragments ", this.fragments),
        make("label", { className: "wsn-label", title: FILLS }, this.fills, " {variables}"),
        make("label", { className: "wsn-label" }, "every ", this.every, " s"), this.repeat),
      group(this.messages, this.name, this.keep, this.forget)));
    this.element.addEventListener("toggle", () => { if (this.element.open) this.#load(); });
  }

  /** What the options say, as fields of the verb send. */
  get fields() {
    const fragments = this.fragments.value.trim(); // the kernel refuses what is no number of them
    return { ...(this.fills.checked && { fills: true }), ...(this.as.value && { opcode: this.as.value }), ...(fragments && fragments !== "1" && { fragments }) };
  }

  show(why, repeating) {
    for (const control of [this.repeat, this.stop]) control.disabled = why !== "";
    this.repeat.title = why || "Send this payload now, and again every so many seconds";
    this.stop.hidden = !repeating;
    handOn(this.stop, this.repeat);
    this.stop.textContent = repeating ? `Stop: ${repeating}` : "Stop";
  }

  #repeat() {
    const typed = this.typed();
    if (!typed) return;
    const { text, kind } = typed;
    if (text) this.actions.run("send", { text, kind, ...this.fields, every: this.every.value.trim() });
    else this.actions.say("The box is empty: type what is to be sent again and again.");
  }

  async #load() {
    try {
      const { messages } = await this.actions.requests.read("named"), chosen = this.messages.value;
      this.named = new Map(messages.map(([name, kind, text, fills]) => [name, { kind, text, fills }]));
      this.messages.replaceChildren(make("option", { value: "" }, messages.length ? "Messages…" : "no messages yet"),
        ...messages.map(([name]) => make("option", { value: name }, name)));
      this.messages.value = this.named.has(chosen) ? chosen : "";
    } catch (error) {
      this.actions.say(error.message, true);
    }
  }

  #recall() {
    const name = this.messages.value, message = this.named.get(name);
    if (!message) return;
    this.name.value = name;
    this.fills.checked = message.fills;
    this.fill(message.text, message.kind);
  }

  #keep() {
    const typed = this.typed();
    if (typed) this.#change("keep", { ...typed, fills: this.fills.checked });
  }

  async #change(verb, { text = "", kind = "text", fills = false }) {
    if (await this.actions.run(verb, { message: this.name.value.trim(), text, kind, ...(fills && { fills }) })) this.#load();
  }
}
