// Inspector: everything that there is to see of one frame, below the table.

import { button, make } from "./elements.mjs";
import { jsonTree } from "./jsontree.mjs";
import { highlighted } from "./rows.mjs";

const DECODED = "Decoded"; // its text is asked for when it is opened
const IMAGE = "Image"; // its body is a media type, and its bytes are asked for when it is opened
const DIFFERENCES = ["Changes", "Lines", "Bytes"]; // each line begins with what has become of it
const SIGNS = { "+": "added", "-": "removed", "~": "changed", "@": "place" };

/** By how much of its message there is of a fragment: buttons, each a label, a hint, and whether all of the message is saved. */
const SAVES = {
  "": [["Save", "Save the whole payload as a file", false]],
  whole: [["Save message", "Save the payload of all fragments as a file", true], ["Save fragment", "Save the payload of this frame alone as a file", false]],
  part: [["Save part", "Save the fragments that there are as a file: not all of the message is here", true], ["Save fragment", "Save the payload of this frame alone as a file", false]],
};

/** Shows the facts of one frame, and its payload in tabs; `onClose` is called when a person closes it, `onError` with errors, and without one where all went well; `canSend()` tells
 *  whether a frame can be sent again. */
export class Inspector {
  #tab = "";
  #decoder = ""; // that a person has chosen; empty for a guess
  seq; // of the frame that is shown

  constructor(requests, { onClose, onError, canSend = () => false }) {
    Object.assign(this, { requests, onClose, onError, canSend });
    this.element = make("div", { className: "wsn-inspector", role: "region", "aria-label": "frame", hidden: true });
    this.element.addEventListener("keydown", (event) => { if (event.key === "Escape") this.close(); });
  }

  close() {
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.seq = undefined;
    this.onClose();
  }

  /** Show a frame; without `seq` it is something else of that kind, with a title of its own. */
  show({ seq, title = `frame ${seq}`, fields, views, message = "" }, highlight = null) {
    this.seq = seq;
    this.highlight = highlight;
    const facts = make("dl", { className: "wsn-facts" });
    for (const [name, value] of fields) facts.append(make("dt", {}, name), make("dd", {}, value));
    const tabs = make("div", { className: "wsn-tablist", role: "tablist" }), body = make("div", { className: "wsn-view", role: "tabpanel" });
    for (const view of views) {
      const onclick = () => { this.#tab = view.name; this.#open(view, tabs, body); };
      tabs.append(make("button", { type: "button", className: "wsn-view-tab", role: "tab", onclick }, view.name));
    }
    const bar = make("div", { className: "wsn-views-line" }, tabs, make("span", { className: "wsn-views-verbs" }, make("span", { className: "wsn-title" }, title),
      ...(seq !== undefined && this.canSend() ? [button("Send again", "Send this payload again, as a message of its own", () => this.#again(seq), "wsn-chip")] : []),
      ...(seq === undefined ? [] : SAVES[message].map(([label, hint, whole]) => button(label, hint, () => this.#save(seq, whole), "wsn-chip"))),
      button("×", "Close the inspector (Escape)", () => this.close(), "wsn-x")));
    const named = (name) => views.find((view) => view.name === name && (view.body !== "" || name === DECODED));
    this.#open(named(this.#tab) ?? named("JSON") ?? named("Message") ?? views[0], tabs, body);
    this.element.replaceChildren(facts, make("div", { className: "wsn-views" }, bar, body));
    this.element.hidden = false;
  }

  async #again(seq) {
    try {
      await this.requests.ask("again", { seq });
      this.onError();
    } catch (error) {
      this.onError(error);
    }
  }

  #open(view, tabs, panel) {
    for (const tab of tabs.children) tab.setAttribute("aria-selected", String(tab.textContent === view.name));
    if (view.name === DECODED) { this.#openDecoded(panel); return; }
    if (view.name === IMAGE && view.body) { this.#openImage(view.body, panel); return; }
    const isTree = view.name === "JSON" && view.body !== "";
    const body = make(isTree ? "div" : "pre", { className: `wsn-body wsn-as-${view.name.toLowerCase()}`, tabIndex: 0 });
    if (isTree) body.append(jsonTree(view.body, (text) => this.#copy(text)));
    else if (DIFFERENCES.includes(view.name)) body.append(...view.body.split("\n").map(changedLine));
    else body.append(...highlighted(view.body, this.highlight));
    const note = make("div", { className: "wsn-cut", role: "status" });
    this.#note(view, body, note);
    panel.replaceChildren(body, note);
  }

  /** Show the message as a decoder reads it, which a person may choose. */
  async #openDecoded(panel) {
    const { seq } = this, chosen = this.#decoder;
    const body = make("pre", { className: "wsn-body wsn-as-decoded", tabIndex: 0 }), note = make("div", { className: "wsn-cut", role: "status" });
    const choice = make("select", { className: "wsn-chip", title: "Choose a decoder", "aria-label": "decoder" }, make("option", { value: "" }, "guess the protocol"));
    choice.addEventListener("change", () => { this.#decoder = choice.value; this.#openDecoded(panel); });
    panel.replaceChildren(make("div", { className: "wsn-decoder" }, choice), body, note);
    try {
      const answer = await this.requests.read("decoded", { seq, name: chosen });
      if (seq !== this.seq || chosen !== this.#decoder) return;
      for (const name of answer.names) choice.append(make("option", { value: name }, name));
      choice.value = chosen;
      body.append(...highlighted(answer.body, this.highlight));
      note.replaceChildren(answer.note);
    } catch (error) {
      note.replaceChildren(error.message);
      choice.append(...(chosen ? [make("option", { value: chosen, selected: true }, chosen)] : []));
    }
  }

  /** Show a picture: an img element decodes it, and runs nothing. */
  async #openImage(kind, panel) {
    const { seq } = this, note = make("div", { className: "wsn-cut", role: "status" });
    const image = make("img", { className: "wsn-image", alt: `picture of frame ${seq}`, decoding: "async" });
    image.addEventListener("load", () => { note.textContent = `${kind}, ${image.naturalWidth} × ${image.naturalHeight} px`; });
    image.addEventListener("error", () => { note.textContent = `The browser cannot show it as ${kind}: Hex has its bytes.`; });
    panel.replaceChildren(make("div", { className: "wsn-body", tabIndex: 0 }, image), note);
    try {
      const { buffers: [buffer] } = await this.requests.ask("payload", { seq, whole: true });
      if (seq === this.seq) image.src = `data:${kind};base64,${base64(buffer)}`;
    } catch (error) {
      note.textContent = error.message;
    }
  }

  /** Say how much of a view is shown, with a button for the next part. */
  #note(view, body, note) {
    note.replaceChildren(...(view.note ? [view.note] : []));
    if (view.next === null || view.next === undefined) return;
    const { seq } = this;
    const more = button("Show more", "Append the next part", async () => {
      try {
        const { view: part } = await this.requests.read("part", { seq, view: view.name, start: view.next });
        body.append(...highlighted(part.body, this.highlight));
        this.#note(part, body, note);
        this.onError();
      } catch (error) {
        this.onError(error);
      }
    }, "wsn-chip");
    note.append(" ", more);
  }

  #copy(text) { navigator.clipboard?.writeText(text).then(() => this.onError(), (error) => this.onError(error)); }

  async #save(seq, whole) {
    try {
      const { first, is_cut: isCut, buffers: [buffer] } = await this.requests.ask("payload", { seq, whole });
      const name = `${whole ? "message" : "frame"}-${first}${isCut ? "-part" : ""}.bin`;
      const link = make("a", { href: URL.createObjectURL(new Blob([buffer])), download: name });
      link.click();
      URL.revokeObjectURL(link.href);
      this.onError();
    } catch (error) {
      this.onError(error);
    }
  }
}

const changedLine = (line) => make("span", { className: `wsn-changed wsn-${SIGNS[line[0]] ?? "same"}` }, `${line}\n`);

/** The bytes of a buffer as base64, in pieces: a function takes only so many arguments. */
function base64({ buffer, byteOffset, byteLength }) {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength), pieces = [];
  for (let start = 0; start < byteLength; start += 0x8000) pieces.push(String.fromCharCode(...bytes.subarray(start, start + 0x8000)));
  return btoa(pieces.join(""));
}
