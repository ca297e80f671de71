// Inspector: everything that there is to see of one frame, below the table.

import { button, make } from "./elements.mjs";

/** Shows the facts of one frame, and its payload in tabs; `onClose` is called when a person closes it. */
export class Inspector {
  #tab = "";
  seq; // of the frame that is shown

  constructor(onClose) {
    this.onClose = onClose;
    this.element = make("div", { className: "wsn-inspector", hidden: true });
  }

  close() {
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.seq = undefined;
    this.onClose();
  }

  show({ seq, fields, views }) {
    this.seq = seq;
    const facts = make("dl", { className: "wsn-facts" });
    for (const [name, value] of fields) facts.append(make("dt", {}, name), make("dd", {}, value));
    const tabs = make("div", { className: "wsn-tabs", role: "tablist" });
    const body = make("pre", { className: "wsn-body", tabIndex: 0 }), note = make("div", { className: "wsn-cut" });
    for (const view of views) {
      const onclick = () => { this.#tab = view.name; this.#open(view, tabs, body, note); };
      tabs.append(make("button", { type: "button", className: "wsn-tab", role: "tab", onclick }, view.name));
    }
    tabs.append(make("span", { className: "wsn-title" }, `frame ${seq}`),
      button("×", "Close the inspector (Escape)", () => this.close(), "wsn-x"));
    const named = (name) => views.find((view) => view.name === name);
    this.#open(named(this.#tab) ?? named("JSON") ?? views[0], tabs, body, note);
    this.element.replaceChildren(facts, make("div", { className: "wsn-views" }, tabs, body, note));
    this.element.hidden = false;
  }

  #open(view, tabs, body, note) {
    for (const tab of tabs.children) tab.setAttribute("aria-selected", String(tab.textContent === view.name));
    body.className = `wsn-body wsn-as-${view.name.toLowerCase()}`;
    body.textContent = view.body;
    note.textContent = view.note;
  }
}
