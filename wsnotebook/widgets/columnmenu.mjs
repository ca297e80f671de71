// ColumnMenu: the choice of the columns, as a list that a button opens.

import { COLUMNS, toggled } from "./columns.mjs";
import { button, make } from "./elements.mjs";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/** `chosen()` returns the names of the columns; `onChosen(names)` is called with others, `onReset()` when all is to be as at first. */
export class ColumnMenu {
  constructor({ chosen, onChosen, onReset }) {
    Object.assign(this, { chosen, onChosen });
    this.button = button("Columns", "Choose the columns", () => this.#toggle(), "wsn-chip");
    this.boxes = Object.entries(COLUMNS).map(([name, { title, name: words = title }]) => {
      const box = make("input", { type: "checkbox", value: name });
      box.addEventListener("change", () => this.onChosen(toggled(this.chosen(), name)));
      return { box, label: make("label", {}, box, ` ${words}`) };
    });
    const reset = button("As at first", "The columns and widths of a new table", onReset, "wsn-chip");
    this.list = make("div", { className: "wsn-menu", role: "group", "aria-label": "columns", hidden: true }, ...this.boxes.map(({ label }) => label), reset);
    this.element = make("span", { className: "wsn-menu-place" }, this.button, this.list);
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.element.addEventListener("focusout", ({ relatedTarget }) => { if (relatedTarget && !this.element.contains(relatedTarget)) this.#close(); });
    this.#close();
  }

  show() { for (const { box } of this.boxes) box.checked = this.chosen().includes(box.value); }

  #toggle() {
    if (!this.list.hidden) { this.#close(); return; }
    this.show();
    this.list.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.boxes[0].box.focus();
  }

  #close() {
    this.list.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
  }

  #key(event) {
    if (this.list.hidden) return;
    if (event.key === "Escape") { this.#close(); this.button.focus(); }
    else if (STEPS[event.key]) {
      const from = this.boxes.findIndex(({ box }) => box === event.target), { length } = this.boxes;
      this.boxes[(from + STEPS[event.key] + length) % length].box.focus();
    } else return;
    event.preventDefault();
  }
}
