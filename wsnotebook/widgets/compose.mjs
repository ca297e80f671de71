// Compose: the box for a payload, what kind it is, and Send; further ways of sending are in sendoptions.mjs.

import { button, line, make } from "./elements.mjs";
import { FileChoice } from "./filechoice.mjs";
import { laidOut, placeOf } from "./jsontext.mjs";
import { SendOptions } from "./sendoptions.mjs";

const KINDS = [
  ["text", "Text", "Type a message. Enter sends, Shift+Enter starts a new line."],
  ["json", "JSON", "Type JSON, such as {\"action\": \"subscribe\"}. It is checked, then sent as typed."],
  ["hex", "Hex", "Type bytes as hex digits, such as 48 65 6c 6c 6f."],
  ["base64", "Base64", "Type bytes as base64, such as SGVsbG8=."],
];
const MIXED = "What was put into the box has line ends of several kinds, and the box would make each LF: send it as it was, or empty the box and type it.";
const EMPTY = "The box is empty. Shift and a click on Send send an empty frame.";

export class Compose {
  #kind = "text";
  #filled = ""; // what was put into the box before it was edited, with its own line ends
  #typed; // texts and kinds of what was sent, for arrow up
  #recalled; // place in it of what is in the box; its length for what was not sent yet
  #edited = new Map(); // by place: what a person has made of it, or typed, before going on to another

  /** What is typed and what was sent goes on from, and into, `kept`: another view may come after this one. */
  constructor(actions, kept = {}) {
    const { text = "", kind = "text", typed = [], filled = text } = kept;
    Object.assign(this, { actions, kept });
    this.#typed = kept.typed = typed;
    this.#recalled = typed.length;
    this.kinds = KINDS.map(([kind, label, title]) => button(label, title, () => this.#choose(kind), "wsn-segment"));
    this.text = make("textarea", { className: "wsn-input wsn-text", rows: 1, spellcheck: false, "aria-label": "payload to send" });
    this.text.addEventListener("keydown", (event) => this.#key(event));
    this.text.addEventListener("input", () => this.#grow());
    this.layout = button("Lay out", "Lay the JSON out, an entry a line; no value is changed", () => this.#layOut());
    this.file = new FileChoice((sentence) => actions.say(sentence, true));
    this.sending = button("Send", "", (event) => this.#send(event?.shiftKey), "wsn-button wsn-primary");
    this.options = new SendOptions(actions, { typed: () => this.#taken(), fill: (text, kind) => this.#fill(text, kind) });
    this.parts = [make("span", { className: "wsn-segments", role: "group", "aria-label": "kind of payload" }, ...this.kinds),
      this.file.element, make("span", { className: "wsn-typed" }, this.text, this.layout, this.sending)];
    this.#fill(text, kind, filled);
  }

  /** The lines of the page: the box, and below it the further ways to send, with `toggles` at their right. */
  lines(...toggles) {
    return [line(...this.parts),
      make("div", { className: "wsn-sending" }, make("div", { className: "wsn-beside" }, this.options.stop, ...toggles), this.options.element)];
  }

  /** Let it be clicked, or say `why` not; `repeating` says what is sent again and again. */
  show(why, repeating) {
    this.sending.disabled = why !== "";
    this.sending.title = why || "Send this payload as one message";
    this.options.show(why, repeating);
  }

  #choose(kind) {
    this.#kind = this.kept.kind = kind;
    KINDS.forEach(([name], place) => this.kinds[place].setAttribute("aria-pressed", String(name === kind)));
    this.text.placeholder = KINDS.find(([name]) => name === kind)[2];
    this.layout.hidden = kind !== "json";
  }

  #key(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.#send();
      return;
    }
    if (event.shiftKey || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return; // they select, or choose a letter
    // From the first line up and from the last one down; between the lines of a text the keys move the cursor.
    const { value, selectionStart, selectionEnd } = this.text;
    if (event.key === "ArrowUp" && this.#recalled > 0 && !value.slice(0, selectionStart).includes("\n")) this.#recall(-1, event);
    else if (event.key === "ArrowDown" && this.#recalled < this.#typed.length && !value.slice(selectionEnd).includes("\n")) this.#recall(1, event);
  }

  #recall(step, event) {
    event.preventDefault();
    const { value } = this.text, kind = this.#kind, entry = this.#typed[this.#recalled];
    if (value !== lineFeeds(entry?.text ?? "") || kind !== entry?.kind) this.#edited.set(this.#recalled, { text: value, kind, filled: this.#filled });
    this.#recalled += step;
    const next = this.#edited.get(this.#recalled) ?? this.#typed[this.#recalled] ?? { text: "", kind };
    this.#fill(next.text, next.kind, next.filled);
    const [first] = this.text.value.split("\n"), place = step < 0 ? first.length : this.text.value.length; // where the same key goes on
    this.text.setSelectionRange(place, place);
  }

  /** Put a text into the box; `filled` is what it was before somebody edited it. */
  #fill(text, kind, filled = text) {
    this.text.value = text;
    this.#filled = filled;
    this.#choose(kind);
    this.#grow();
  }

  #grow() {
    if (!this.text.value) this.#filled = "";
    Object.assign(this.kept, { text: this.text.value, filled: this.#filled });
    this.text.rows = Math.min(8, this.text.value.split("\n").length);
  }

  #layOut() {
    try {
      this.#fill(laidOut(this.text.value), "json");
      this.actions.say("");
    } catch (error) {
      this.#blame(error.message);
    }
  }

  /** Say what is wrong with the text that was sent, and put the cursor there, unless the focus has gone on from where it `was`:
   *  keys meant for another box must not come into this one. */
  #blame(sentence, { was = this.#focused(), text = this.text.value } = {}) {
    this.actions.say(sentence, true);
    const found = placeOf(sentence, text);
    if (found === null || this.#focused() !== was) return;
    const place = lineFeeds(text.slice(0, found)).length;
    this.text.focus();
    this.text.setSelectionRange(place, place + (this.text.value.codePointAt(place) > 0xffff ? 2 : 1)); // no half of an emoji
  }

  /** What has the focus: in the page, or in the shadow tree that some front ends give a view. */
  #focused() {
    return this.text.getRootNode().activeElement;
  }

  /** What there is to send, as fields of the verb; null where the line ends of it are not known, which is said. */
  #taken() {
    if (this.file.chosen) return this.file.chosen;
    const text = withEndsOf(this.#filled, this.text.value);
    if (text === null) this.actions.say(MIXED, true);
    return text === null ? null : { text, kind: this.#kind };
  }

  /** Send what is in the box, or the file. It is taken at once, so that a second Enter sends nothing, and given back after
   *  an error. An empty frame is sent only on purpose. */
  async #send(isEmptyMeant = false) {
    const { file } = this, { chosen } = file, taken = this.#taken(), was = this.#focused();
    if (!taken) return;
    if (!taken.text && !isEmptyMeant) {
      this.actions.say(EMPTY);
      return;
    }
    if (chosen) file.clear();
    else this.#take(taken);
    const error = await this.actions.failure("send", { ...taken, ...this.options.fields });
    if (error === null) return;
    if (chosen) file.restore(chosen);
    else if (!this.text.value) {
      this.#fill(taken.text, taken.kind);
      this.#blame(error, { was, text: taken.text });
    }
  }

  #take({ text, kind }) {
    this.#fill("", kind);
    const last = this.#typed.at(-1);
    if (text && !(last?.text === text && last.kind === kind)) this.#typed.push({ text, kind });
    this.#recalled = this.#typed.length;
    this.#edited.clear();
  }
}

const lineFeeds = (text) => text.replace(/\r\n?/g, "\n"); // as a textarea has them

/** A text of the box with the line ends of what it was `filled` with; null where that has several kinds of them. */
function withEndsOf(filled, text) {
  if (text === lineFeeds(filled)) return filled;
  const [end = "\n", ...others] = new Set(filled.match(/\r\n|\r|\n/g));
  return others.length ? null : text.replaceAll("\n", end);
}
