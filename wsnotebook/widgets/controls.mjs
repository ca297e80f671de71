// The head of the panel: what a session is and counts, and the verbs that a click asks for.
// A verb is a message {id, verb, …} with all it needs, so that nothing typed can arrive after the click.

import { button, make } from "./elements.mjs";
import { bytes, whole } from "./format.mjs";
import { keepKeys } from "./keys.mjs";
import { Requests } from "./requests.mjs";

const KINDS = [
  ["text", "Text", "Type a message. Enter sends, Shift+Enter starts a new line."],
  ["json", "JSON", "Type JSON, such as {\"action\": \"subscribe\"}. It is checked, then sent as typed."],
  ["hex", "Hex", "Type bytes as hex digits, such as 48 65 6c 6c 6f."],
];
const CODES = [["1000", "normal"], ["1001", "going away"], ["1002", "protocol error"], ["1003", "cannot accept"],
  ["1007", "not consistent"], ["1008", "policy violated"], ["1009", "too big"], ["1011", "internal error"],
  ["1012", "service restart"], ["1013", "try again later"], ["3000", "registered: 3000 to 3999"], ["4000", "your own: 4000 to 4999"]];
const PATIENCE = 1000; // ms until a person is told that the kernel has not answered

class ControlsView {
  #kind = "text";
  #last = 0; // the newest verb: an older one's answer does not overwrite it
  #typed = []; // texts and kinds of what was sent, for arrow up
  #recalled = 0;

  constructor(model, el) {
    this.model = model;
    this.requests = new Requests(model);
    el.classList.add("wsn-controls");
    keepKeys(el);
    el.append(this.#head(), this.#sendRow(), this.#closeRow(), this.#notes());
    this.show = () => this.#show();
    model.on("change", this.show);
    this.#choose("text");
    this.#show();
    this.requests.ask("hello").catch((error) => this.#say(error.message, true));
  }

  remove() {
    this.model.off("change", this.show);
    this.requests.close();
  }

  #head() {
    this.state = make("span", { className: "wsn-state", role: "status" });
    this.name = make("span", { className: "wsn-name" });
    this.url = make("span", { className: "wsn-url" });
    this.ending = make("span", { className: "wsn-ending" });
    this.received = make("span", { className: "wsn-count", title: "received" });
    this.sent = make("span", { className: "wsn-count", title: "sent" });
    this.rate = make("span", { className: "wsn-count wsn-rate", title: "frames per second, both directions" });
    this.lost = make("span", { className: "wsn-count wsn-lost",
      title: "dropped: the oldest rows, to stay within session.log.retention; truncated: bytes of frames over the size limit" });
    return make("div", { className: "wsn-line wsn-top" }, this.state, this.name, this.url, this.ending,
      make("span", { className: "wsn-counts" }, this.lost, this.received, this.sent, this.rate));
  }

  #sendRow() {
    this.kinds = KINDS.map(([kind, label, title]) => button(label, title, () => this.#choose(kind), "wsn-segment"));
    this.text = make("textarea", { className: "wsn-input wsn-text", rows: 1, spellcheck: false, "aria-label": "payload to send" });
    this.text.addEventListener("keydown", (event) => this.#key(event));
    this.text.addEventListener("input", () => this.#grow());
    this.sending = button("Send", "", (event) => this.#send(event?.shiftKey), "wsn-button wsn-primary");
    this.masking = button("Masked", "", () => this.#verb("mask", { on: !this.model.get("masking") }));
    return make("div", { className: "wsn-line" },
      make("span", { className: "wsn-segments", role: "group", "aria-label": "kind of payload" }, ...this.kinds), this.text,
      this.sending, this.masking);
  }

  #closeRow() {
    const codes = `wsn-codes-${Math.random().toString(36).slice(2)}`;
    this.code = make("input", { className: "wsn-input wsn-code", value: "1000", inputMode: "numeric", "aria-label": "close code" });
    this.code.setAttribute("list", codes); // as a property it is read-only
    this.message = make("input", { className: "wsn-input wsn-message", placeholder: "reason, at most 123 bytes", "aria-label": "close reason" });
    const close = () => this.#verb("close", { code: this.code.value, message: this.message.value });
    for (const input of [this.code, this.message])
      input.addEventListener("keydown", (event) => { if (event.key === "Enter") close(); });
    this.ping = button("Ping", "", () => this.#verb("ping"));
    this.closing = button("Close", "", close);
    this.terminating = button("Terminate", "", () => this.#verb("terminate"), "wsn-button wsn-danger");
    this.latency = make("span", { className: "wsn-latency", title: "latency of the last ping" });
    return make("div", { className: "wsn-line" }, this.ping, this.latency, make("span", { className: "wsn-gap" }),
      this.code, make("datalist", { id: codes }, ...CODES.map(([value, label]) => make("option", { value, label }))), this.message,
      this.closing, this.terminating);
  }

  #notes() {
    this.problem = make("div", { className: "wsn-note wsn-error", role: "alert" });
    this.note = make("div", { className: "wsn-note", role: "status" });
    return make("div", {}, this.problem, this.note);
  }

  #choose(kind) {
    this.#kind = kind;
    KINDS.forEach(([name], place) => this.kinds[place].setAttribute("aria-pressed", String(name === kind)));
    this.text.placeholder = KINDS.find(([name]) => name === kind)[2];
  }

  #key(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.#send();
    } else if (event.key === "ArrowUp" && this.#recalled > 0 && !this.text.value.includes("\n")) this.#recall(-1, event);
    else if (event.key === "ArrowDown" && this.#recalled < this.#typed.length && !this.text.value.includes("\n")) this.#recall(1, event);
  }

  #recall(step, event) {
    event.preventDefault();
    this.#recalled += step;
    const { text, kind } = this.#typed[this.#recalled] ?? { text: "", kind: this.#kind };
    this.text.value = text;
    this.#choose(kind);
    this.#grow();
  }

  #grow() {
    this.text.rows = Math.min(8, this.text.value.split("\n").length);
  }

  /** Send what is in the box. It is taken at once, so that a second Enter sends nothing, and given back after an error.
   *  An empty frame is sent only on purpose. */
  async #send(isEmptyMeant = false) {
    const text = this.text.value, kind = this.#kind;
    if (!text && !isEmptyMeant) {
      this.#say("The box is empty. Shift and a click on Send send an empty frame.");
      return;
    }
    this.text.value = "";
    this.#grow();
    const last = this.#typed.at(-1);
    if (text && !(last?.text === text && last.kind === kind)) this.#typed.push({ text, kind });
    this.#recalled = this.#typed.length;
    if (await this.#verb("send", { text, kind }) || this.text.value) return;
    this.text.value = text;
    this.#choose(kind);
    this.#grow();
  }

  /** Ask for a verb, say how it went, and return whether it went well. */
  async #verb(verb, fields) {
    const mine = ++this.#last;
    const say = (words, wrong) => { if (mine === this.#last) this.#say(words, wrong); };
    const waiting = setTimeout(() => say(`${verb}: waiting for the kernel or the peer…`), PATIENCE);
    try {
      const answer = await this.requests.ask(verb, fields);
      say(answer.note ?? "");
      return true;
    } catch (error) {
      say(error.message, true);
      return false;
    } finally {
      clearTimeout(waiting);
    }
  }

  #say(words, wrong = false) {
    this.note.textContent = words;
    this.note.classList.toggle("wsn-error", wrong);
  }

  #show() {
    const get = (name) => this.model.get(name);
    const state = get("state"), lost = [];
    this.state.textContent = state;
    this.state.dataset.state = state;
    this.name.textContent = get("name");
    this.url.textContent = this.url.title = get("url");
    this.ending.textContent = this.ending.title = get("ending");
    this.received.textContent = `↓ ${whole(get("frames_in"))} · ${bytes(get("bytes_in"))}`;
    this.sent.textContent = `↑ ${whole(get("frames_out"))} · ${bytes(get("bytes_out"))}`;
    this.rate.textContent = state === "closed" ? "" : `${whole(get("rate"))}/s`;
    if (get("dropped")) lost.push(`${whole(get("dropped"))} rows dropped`);
    if (get("truncated")) lost.push(`${bytes(get("truncated"))} truncated`);
    this.lost.textContent = lost.join(", ");
    const isOver = state === "closed";
    for (const [control, title] of [[this.sending, "Send this payload as one message"],
      [this.ping, "Send a ping and measure the time to its pong"],
      [this.closing, "Send a close frame with this code and reason, and wait for the peer's"],
      [this.terminating, "Cut the connection now, without a close frame"], [this.masking, ""]]) {
      control.disabled = isOver;
      control.title = isOver ? "The session has ended; its frames stay. connect() opens a new one." : title;
    }
    this.masking.setAttribute("aria-pressed", String(get("masking")));
    this.masking.textContent = get("masking") ? "Masked" : "Unmasked";
    if (!isOver) this.masking.title = get("masking") ? "Frames are sent masked, as a client must. Click to send them unmasked." :
      "Frames are sent unmasked: a correct server answers with close 1002. Click to mask again.";
    this.latency.textContent = get("latency") === null ? "" : `${(get("latency") * 1000).toFixed(1)} ms`;
    this.problem.textContent = get("problem");
    this.state.closest(".wsn-controls")?.classList.toggle("wsn-ended", state === "closed");
  }
}

export default {
  render({ model, el }) {
    const view = new ControlsView(model, el);
    return () => view.remove();
  },
};
