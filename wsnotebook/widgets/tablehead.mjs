// TableHead: the titles of the columns, and their widths, which a person drags.

import { COLUMNS, template, widthOf } from "./columns.mjs";
import { drag } from "./drag.mjs";
import { make } from "./elements.mjs";

const NARROWEST = 20, WIDEST = 2000; // px
const KEY_STEP = 8; // px of an arrow key

/** `root` is the element whose rows have the columns; `onWidths(widths)` is called with px by name when a person has changed one. */
export class TableHead {
  #names = [];
  #widths = {};

  constructor(root, onWidths) {
    Object.assign(this, { root, onWidths });
    this.element = make("div", { className: "wsn-row wsn-head" });
  }

  show(names, sizes, widths) {
    this.#widths = widths;
    this.sizes = sizes;
    if (`${this.#names}` !== `${names}`) {
      this.#names = names;
      this.grips = names.map((name) => this.#grip(name));
      this.element.replaceChildren(...names.map((name, place) => cell(name, this.grips[place])));
    }
    this.#lay(widths);
    names.forEach((name, place) => this.grips[place].setAttribute("aria-valuenow", clamped(this.#now(name, this.grips[place]))));
  }

  #lay(widths) { this.root.style.setProperty("--wsn-columns", template(this.#names, this.sizes, widths)); }

  /** The edge of a column: dragged, or moved by arrow keys; a double click or Delete gives the width back to the table. */
  #grip(name) {
    const grip = make("span", { className: "wsn-grip", role: "separator", tabIndex: 0, title: "Drag: width of the column. Double click: as it was",
      "aria-orientation": "vertical", "aria-label": `width of ${COLUMNS[name].name ?? COLUMNS[name].title}`, "aria-valuemin": NARROWEST, "aria-valuemax": WIDEST });
    grip.dataset.column = name;
    grip.addEventListener("pointerdown", (event) => this.#drag(name, grip, event));
    grip.addEventListener("dblclick", () => this.#reset(name));
    grip.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -KEY_STEP, ArrowRight: KEY_STEP }[event.key];
      if (step) this.onWidths({ ...this.#widths, [name]: clamped(this.#now(name, grip) + step) });
      else if (event.key === "Delete") this.#reset(name);
      else return;
      event.preventDefault();
    });
    return grip;
  }

  #now(name, grip) { return widthOf(name, this.sizes, this.#widths) ?? grip.parentElement.clientWidth; }

  #drag(name, grip, event) {
    const before = this.#now(name, grip);
    let widths = null; // until it has moved
    drag(grip, event, ({ clientX }) => {
      widths = { ...this.#widths, [name]: clamped(before + clientX - event.clientX) };
      this.#lay(widths);
    }, () => { if (widths) this.onWidths(widths); });
  }

  #reset(name) {
    const { [name]: gone, ...others } = this.#widths;
    this.onWidths(others);
  }
}

function cell(name, grip) {
  const { title, isNumber } = COLUMNS[name];
  return make("span", { className: "wsn-h" }, make("span", { className: `wsn-h-${name}${isNumber ? " wsn-digits" : ""}` }, title), grip);
}

const clamped = (width) => Math.round(Math.min(WIDEST, Math.max(NARROWEST, width)));
