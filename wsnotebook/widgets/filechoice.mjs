// FileChoice: a file of the person's computer that is to be sent in the place of a typed payload.

import { button, make } from "./elements.mjs";
import { bytes } from "./format.mjs";

const MOST = 8 * 2 ** 20; // bytes: Jupyter's server closes the connection of a larger message than 10 MiB, and base64 has a third more
const LARGER = "send it from a cell, with %ws send --file.";
const STEP = 0x8000; // bytes of one call, whose arguments are on the stack

export class FileChoice {
  chosen = null; // fields of the verb send
  #labels = new WeakMap(); // by what was chosen

  constructor(onError) {
    this.onError = onError;
    this.input = make("input", { type: "file", hidden: true, "aria-label": "file to send", tabIndex: -1 });
    this.input.addEventListener("change", () => this.#read());
    this.pick = button("File…", "Send a file of this computer as one binary message", () => this.input.click());
    this.name = make("span", { className: "wsn-file" });
    this.drop = button("×", "Do not send the file", () => this.clear(), "wsn-x");
    this.element = make("span", { className: "wsn-choice" }, this.pick, this.input, this.name, this.drop);
    this.clear();
  }

  clear() {
    this.#choose(null);
    this.input.value = ""; // so that the same file can be chosen again
  }

  /** Choose what was chosen before, after an error, unless another file was chosen since. */
  restore(chosen) {
    if (!this.chosen) this.#choose(chosen);
  }

  #choose(chosen) {
    this.chosen = chosen;
    this.name.textContent = this.#labels.get(chosen) ?? "";
    this.drop.hidden = !chosen;
  }

  async #read() {
    const [file] = this.input.files;
    if (!file) return;
    if (file.size > MOST) {
      this.onError(`${file.name} has ${bytes(file.size)}, and a page can hand over ${bytes(MOST)}: ${LARGER}`);
      this.clear();
      return;
    }
    const data = new Uint8Array(await file.arrayBuffer());
    if (this.input.files[0] !== file) return; // another one was chosen while this was read
    let text = "";
    for (let start = 0; start < data.length; start += STEP) text += String.fromCharCode(...data.subarray(start, start + STEP));
    const chosen = { text: btoa(text), kind: "base64" };
    this.#labels.set(chosen, `${file.name}, ${bytes(file.size)}`);
    this.#choose(chosen);
  }
}
