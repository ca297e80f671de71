// Inspector: everything that there is to see of one frame, below the table.

import { button, make } from "./elements.mjs";
import { jsonTree } from "./jsontree.mjs";
import { highlighted } from "./rows.mjs";

/** Shows the facts of one frame, and its payload in tabs; `onClose` is called when a person closes it, `onError` with errors. */
export class Inspector {
  #tab = "";
  seq; // of the frame that is shown

  constructor(requests, { onClose, onError }) {
    Object.assign(this, { requests, onClose, onError });
    this.element = make("div", { className: "wsn-inspector", role: "region", "aria-label": "frame", hidden: true });
    this.element.addEventListener("keydown", (event) => { if (event.key === "Escape") this.close(); });
  }

  close() {
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.seq = undefined;
    this.onClose();
  }

  show({ seq, fields, views }, highlight = null) {
    this.seq = seq;
    this.highlight = highlight;
    const facts = make("dl", { className: "wsn-facts" });
    for (const [name, value] of fields) facts.append(make("dt", {}, name), make("dd", {}, value));
    const tabs = make("div", { className: "wsn-tabs", role: "tablist" }), body = make("div", { className: "wsn-view", role: "tabpanel" });
    for (const view of views) {
      const onclick = () => { this.#tab = view.name; this.#open(view, tabs, body); };
      tabs.append(make("button", { type: "button", className: "wsn-tab", role: "tab", onclick }, view.name));
    }
    tabs.append(make("span", { className: "wsn-title" }, `frame ${seq}`),
      button("Save", "Save the whole payload as a file", () => this.#save(seq), "wsn-chip"),
      button("×", "Close the inspector (Escape)", () => this.close(), "wsn-x"));
    const named = (name) => views.find((view) => view.name === name && view.body !== "");
    this.#open(named(this.#tab) ?? named("Message") ?? named("JSON") ?? views[0], tabs, body);
    this.element.replaceChildren(facts, make("div", { className: "wsn-views" }, tabs, body));
    this.element.hidden = false;
  }

  #open(view, tabs, panel) {
    for (const tab of tabs.children) if (tab.getAttribute("role") === "tab") tab.setAttribute("aria-selected", String(tab.textContent === view.name));
    const isTree = view.name === "JSON" && view.body !== "";
    const body = make(isTree ? "div" : "pre", { className: `wsn-body wsn-as-${view.name.toLowerCase()}`, tabIndex: 0 });
    body.append(...(isTree ? [jsonTree(view.body, (text) => this.#copy(text))] : highlighted(view.body, this.highlight)));
    const note = make("div", { className: "wsn-cut", role: "status" });
    this.#note(view, body, note);
    panel.replaceChildren(body, note);
  }

  /** Say how much of a view is shown, with a button for the next part. */
  #note(view, body, note) {
    note.replaceChildren(...(view.note ? [view.note] : []));
    if (view.next === null || view.next === undefined) return;
    const { seq } = this;
    const more = button("Show more", "Append the next part", async () => {
      try {
        const { view: part } = await this.requests.ask("part", { seq, view: view.name, start: view.next });
        body.append(...highlighted((view.name === "Hex" ? "\n" : "") + part.body, this.highlight));
        this.#note(part, body, note);
      } catch (error) {
        this.onError(error);
      }
    }, "wsn-chip");
    note.append(" ", more);
  }

  #copy(text) { navigator.clipboard?.writeText(text).catch((error) => this.onError(error)); }

  async #save(seq) {
    try {
      const { buffers: [buffer] } = await this.requests.ask("payload", { seq });
      const link = make("a", { href: URL.createObjectURL(new Blob([buffer])), download: `frame-${seq}.bin` });
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (error) {
      this.onError(error);
    }
  }
}
