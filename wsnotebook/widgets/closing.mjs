// Closing: the code and reason of a close frame, Close and Terminate.

import { button, make } from "./elements.mjs";
import { GONE } from "./pulse.mjs";

/** Codes that may be sent, and what they say (RFC 6455 §7.4); those of a range by their first one. */
const CODES = [["1000", "normal"], ["1001", "going away"], ["1002", "protocol error"], ["1003", "cannot accept"],
  ["1007", "not consistent"], ["1008", "policy violated"], ["1009", "too big"], ["1011", "internal error"],
  ["1012", "service restart"], ["1013", "try again later"], ["3000", "registered, 3000–3999"], ["4000", "your own, 4000–4999"], ["", "not defined"]];

/** The row of CODES that says what a typed code means. */
export function rowOf(code) {
  const text = code.trim(), range = /^[34]\d{3}$/.test(text) ? `${text[0]}000` : text;
  return CODES.some(([value]) => value === range) ? range : "";
}

export class Closing {
  constructor(actions) {
    this.code = make("input", { className: "wsn-input wsn-code", value: "1000", inputMode: "numeric", "aria-label": "close code" });
    this.codes = make("select", { className: "wsn-input wsn-codes", value: "1000", "aria-label": "what the code means" },
      ...CODES.map(([value, label]) => make("option", { value }, value ? `${value} ${label}` : label)));
    this.codes.addEventListener("change", () => { this.code.value = this.codes.value || this.code.value; });
    this.code.addEventListener("input", () => { this.codes.value = rowOf(this.code.value); });
    this.message = make("input", { className: "wsn-input wsn-reason", placeholder: "reason, at most 123 bytes", "aria-label": "close reason" });
    const close = () => actions.run("close", { code: this.code.value, message: this.message.value });
    for (const input of [this.code, this.message])
      input.addEventListener("keydown", (event) => { if (event.key === "Enter") close(); });
    this.closing = button("Close", "", close);
    this.terminating = button("Terminate", "", () => actions.run("terminate"), "wsn-button wsn-danger");
    this.parts = [this.code, this.codes, this.message, this.closing, this.terminating];
  }

  /** Let them be clicked, or say `why` not; they also end the attempts to dial an ended session again. */
  show(get, why, pulse) {
    const isDialled = get("can_stop") && pulse !== GONE;
    this.closing.disabled = this.terminating.disabled = why !== "" && !isDialled;
    this.closing.title = isDialled ? "Dial it no more" : why || "Send a close frame with this code and reason, and wait for the peer's";
    this.terminating.title = isDialled ? "Dial it no more" : why || "Cut the connection now, without a close frame";
  }
}
