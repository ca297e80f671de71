// CopyMenu: the selected rows to the clipboard, in a form that a person chooses.

import { make } from "./elements.mjs";

const PROMPT = "Copy as…";

/** A list of forms; `folds()` tells whether the first frame of a message stands for all of it; `onError(error)` is called where the kernel or the browser refuses, or rows lack. */
export class CopyMenu {
  constructor(requests, formats, { folds, onError }) {
    Object.assign(this, { requests, folds, onError });
    this.element = make("select", { className: "wsn-chip wsn-copy-menu", "aria-label": "copy selected rows as", title: "Copy the selected rows; Ctrl+C copies them as text" },
      make("option", { value: "" }, PROMPT), ...formats.map((form) => make("option", { value: form }, form)));
    this.element.addEventListener("change", () => {
      const form = this.element.value;
      this.element.value = "";
      if (form) this.copy(form);
    });
  }

  async copy(form) {
    try {
      const { text, lack } = await this.requests.ask("copy", { format: form, folds: this.folds() });
      await navigator.clipboard.writeText(text);
      this.onError(lack ? { message: lack } : undefined);
    } catch (error) {
      this.onError(error);
    }
  }
}
