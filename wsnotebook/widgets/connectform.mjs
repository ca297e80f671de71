// ConnectForm: an address and the options of a new session, typed, clicked, or pasted as cURL.

import { Actions } from "./actions.mjs";
import { button, line, make } from "./elements.mjs";
import { keepKeys } from "./keys.mjs";
import { GONE, Pulse, WORDS } from "./pulse.mjs";
import { Refusal } from "./refusal.mjs";
import { Requests } from "./requests.mjs";

const words = (name) => name.replaceAll("_", " ");
/** By kind of a field: its control, the value of it, and how a value is put into it. */
const KINDS = {
  text: { make: () => make("input", { className: "wsn-input" }), get: (control) => control.value, set: (control, value) => { control.value = value ?? ""; } },
  lines: { make: () => make("textarea", { className: "wsn-input wsn-text", rows: 1, placeholder: "one a line" }),
    get: (control) => control.value.split("\n"), set: (control, value) => { control.value = (value ?? []).join("\n"); control.rows = Math.max(1, (value ?? []).length); } },
  switch: { make: () => make("input", { type: "checkbox" }), get: (control) => control.checked, set: (control, value) => { control.checked = value === true; } },
};

class ConnectFormView {
  constructor(model, el) {
    Object.assign(this, { model, requests: new Requests(model) });
    this.actions = new Actions(this.requests);
    el.classList.add("wsn-controls", "wsn-connect");
    keepKeys(el);
    const recent = `wsn-recent-${Math.random().toString(36).slice(2)}`;
    this.recent = make("datalist", { id: recent });
    this.url = make("input", { className: "wsn-input wsn-address", type: "text", placeholder: "ws://127.0.0.1:8765/ or wss://host/path", "aria-label": "address", spellcheck: false });
    this.url.setAttribute("list", recent); // as a property it is read-only
    this.url.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.isComposing) this.#connect(); });
    this.connecting = button("Connect", "Open a session", () => this.#connect(), "wsn-button wsn-primary");
    this.fields = model.get("rows").map((row) => ({ ...row, control: this.#control(row) }));
    this.curl = make("textarea", { className: "wsn-input wsn-text", rows: 1, "aria-label": "cURL line", placeholder: "curl 'wss://…' -H … as a browser copies it", spellcheck: false });
    this.python = make("pre", { className: "wsn-body", tabIndex: 0, "aria-label": "Python", hidden: true });
    this.refusal = new Refusal(this.requests);
    this.problem = make("div", { className: "wsn-note wsn-error", role: "alert" });
    el.append(line(this.url, this.recent, this.connecting),
      make("div", { className: "wsn-fields" }, ...this.#labels(true)),
      make("details", {}, make("summary", {}, "More options"), make("div", { className: "wsn-fields" }, ...this.#labels(false))),
      make("details", {}, make("summary", {}, "Paste a cURL line"),
        line(this.curl, button("Fill in", "Put what the line says into the fields", () => this.#paste()))),
      line(button("Copy as Python", "Show and copy the lines that do the same", () => this.#copy())),
      this.python, this.problem, this.actions.element, this.refusal.element);
    this.show = () => this.recent.replaceChildren(...this.model.get("recent").map((value) => make("option", { value })));
    model.on("change:recent", this.show);
    this.show();
    let isKnown = false; // to the kernel
    this.pulse = new Pulse(model, { mustSpeak: () => !isKnown, onChange: (state) => {
      this.problem.textContent = WORDS[state];
      this.refusal.enable(state === GONE ? WORDS[GONE] : "");
    } });
    this.requests.read("hello").then(() => { isKnown = true; }, (error) => this.actions.say(error.message, true));
  }

  remove() {
    this.model.off("change:recent", this.show);
    this.pulse.close();
    this.requests.close();
  }

  #control({ name, kind, help }) {
    const control = KINDS[kind].make();
    control.title = help;
    control.setAttribute("aria-label", words(name));
    return control;
  }

  #labels(isFirst) {
    return this.fields.filter(({ first }) => first === isFirst).map(({ name, help, kind, control }) =>
      make("label", { className: `wsn-field wsn-field-${kind}`, title: help }, make("span", {}, kind === "switch" ? help : words(name)), control));
  }

  get #values() {
    return Object.fromEntries([["url", this.url.value], ...this.fields.map(({ name, kind, control }) => [name, KINDS[kind].get(control)])]);
  }

  async #connect() {
    if (this.connecting.disabled) return; // one gesture, one session
    this.connecting.disabled = true;
    this.refusal.show("");
    this.actions.say("connecting…");
    try {
      const { note, error, refusal } = await this.requests.ask("connect", { fields: this.#values });
      this.actions.say(error ?? note, Boolean(error));
      this.refusal.show(refusal ?? "");
    } catch (error) {
      this.actions.say(error.message, true);
    } finally {
      this.connecting.disabled = false;
    }
  }

  async #paste() {
    const text = this.curl.value, before = this.#values;
    try {
      const { fields } = await this.requests.ask("paste", { text }), now = this.#values;
      const isKept = (name) => String(now[name]) !== String(before[name]); // typed while the kernel was busy
      if (!isKept("url")) this.url.value = fields.url;
      for (const { name, kind, control } of this.fields) if (!isKept(name)) KINDS[kind].set(control, fields[name]);
      if (this.curl.value === text) this.curl.value = "";
      this.actions.say("");
    } catch (error) {
      this.actions.say(error.message, true);
    }
  }

  async #copy() {
    try {
      const { text } = await this.requests.read("python", { fields: this.#values });
      this.python.textContent = text;
      this.python.hidden = false;
      await navigator.clipboard?.writeText(text);
      this.actions.say("");
    } catch (error) {
      this.actions.say(error.message, true);
    }
  }
}

export default {
  render({ model, el }) {
    const view = new ConnectFormView(model, el);
    return () => view.remove();
  },
};
