// controls.mjs without a browser: what a click asks for, and how answers and errors are shown.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { FakeElement, FakeModel, install, settled } from "./dom.mjs";

install();
const { default: widget } = await import(process.env.WIDGET ?? "../../wsnotebook/widgets/controls.mjs");

const STATE = { name: "ws-1", url: "ws://127.0.0.1:9/", state: "open", ending: "", masking: true, latency: null, frames_in: 1234,
  frames_out: 5, bytes_in: 56_789, bytes_out: 12, rate: 10.4, dropped: 0, truncated: 0, problem: "" };

let model, el, remove;
const note = () => el.all("wsn-note").at(-1);
const text = () => el.one("wsn-text");
const newest = () => { const { id, ...message } = model.sent.at(-1); return message; };
const press = (element, key, more = {}) => element.fire("keydown", { key, shiftKey: false, ...more });

beforeEach(() => {
  model = new FakeModel({ ...STATE });
  el = new FakeElement("div");
  remove = widget.render({ model, el });
});

describe("the head", () => {
  test("shows state, address and counters", () => {
    assert.equal(el.one("wsn-state").dataset.state, "open");
    assert.equal(el.one("wsn-url").textContent, STATE.url);
    assert.deepEqual(el.one("wsn-counts").children.map((child) => child.textContent), ["", "↓ 1,234 · 56.8 kB", "↑ 5 · 12 B", "10/s"]);
  });
  test("shows what the log let go, only if it did", () => {
    model.set({ dropped: 65_536, truncated: 9e6 });
    assert.equal(el.one("wsn-lost").textContent, "65,536 rows dropped, 9.0 MB truncated");
  });
  test("shows how the session ended, as text", () => {
    model.set({ state: "closed", ending: "1000 NORMAL: '<b>bye</b>', by peer" });
    assert.equal(el.one("wsn-ending").textContent, "1000 NORMAL: '<b>bye</b>', by peer");
    assert.equal(el.one("wsn-rate").textContent, "");
    assert.ok(el.classList.contains("wsn-ended"));
  });
  test("shows a problem outside of any verb", () => {
    model.set({ problem: "this panel no longer follows the session" });
    assert.equal(el.all("wsn-note")[0].textContent, "this panel no longer follows the session");
  });
});

describe("sending", () => {
  test("a click sends text and kind in one message, and empties the box at once", async () => {
    text().value = "hello";
    el.button("Send").click();
    assert.deepEqual(newest(), { verb: "send", text: "hello", kind: "text" });
    assert.equal(text().value, "");
    await model.answer("send", { note: "sent text, 5 bytes" });
    assert.deepEqual([text().value, note().textContent], ["", "sent text, 5 bytes"]);
  });
  test("after an error the text is given back, and the sentence is shown as one", async () => {
    el.button("Hex").click();
    text().value = "4g";
    el.button("Send").click();
    assert.equal(newest().kind, "hex");
    await model.refuse("send", "character 2, 'g', is not a hex digit");
    assert.deepEqual([text().value, note().textContent], ["4g", "character 2, 'g', is not a hex digit"]);
    assert.ok(note().classList.contains("wsn-error"));
    text().value = "4f";
    el.button("Send").click();
    await model.answer("send", { note: "sent binary, 1 bytes" });
    assert.ok(!note().classList.contains("wsn-error"));
  });
  test("what was typed while waiting is kept", async () => {
    text().value = "one";
    el.button("Send").click();
    text().value = "one and a half";
    await model.answer("send", { note: "" });
    assert.equal(text().value, "one and a half");
  });
  test("two Enters while the kernel is busy, and a double click, send once", () => {
    const before = model.count("send");
    text().value = "once";
    press(text(), "Enter");
    press(text(), "Enter");
    text().value = "twice";
    el.button("Send").onclick({ detail: 1 });
    text().value = "twice";
    el.button("Send").onclick({ detail: 2 });
    assert.equal(model.count("send"), before + 2);
  });
  test("an empty frame is sent only on purpose", () => {
    const before = model.count("send");
    press(text(), "Enter");
    el.button("Send").click();
    assert.equal(model.count("send"), before);
    assert.match(note().textContent, /Shift and a click/);
    el.button("Send").onclick({ shiftKey: true });
    assert.deepEqual(newest(), { verb: "send", text: "", kind: "text" });
  });
  test("after the end nothing can be clicked, and a title says why", () => {
    model.set({ state: "closed" });
    for (const name of ["Send", "Masked", "Ping", "Close", "Terminate"]) {
      assert.equal(el.button(name).disabled, true, name);
      assert.match(el.button(name).title, /has ended/);
    }
  });
  test("Enter sends, Shift+Enter and an input method's Enter do not", () => {
    const before = model.count("send");
    text().value = "x";
    assert.equal(press(text(), "Enter", { shiftKey: true }).prevented, false);
    press(text(), "Enter", { isComposing: true });
    assert.equal(model.count("send"), before);
    assert.equal(press(text(), "Enter").prevented, true);
    assert.equal(model.count("send"), before + 1);
  });
  test("arrow up recalls a payload in its kind", async () => {
    el.button("Hex").click();
    text().value = "48 65";
    el.button("Send").click();
    await model.answer("send", { note: "" });
    el.button("Text").click();
    press(text(), "ArrowUp");
    press(text(), "Enter");
    assert.deepEqual(newest(), { verb: "send", text: "48 65", kind: "hex" });
  });
  test("arrow up recalls what was sent", async () => {
    for (const word of ["first", "second"]) {
      text().value = word;
      el.button("Send").click();
      await model.answer("send", { note: "" });
    }
    press(text(), "ArrowUp");
    assert.equal(text().value, "second");
    press(text(), "ArrowUp");
    assert.equal(text().value, "first");
    press(text(), "ArrowDown");
    press(text(), "ArrowDown");
    assert.equal(text().value, "");
  });
});

describe("the other verbs", () => {
  test("masking is asked for, and shown when the kernel says so", () => {
    const button = el.button("Masked");
    button.click();
    assert.deepEqual(newest(), { verb: "mask", on: false });
    assert.equal(button.getAttribute("aria-pressed"), "true");
    model.set({ masking: false });
    assert.deepEqual([button.textContent, button.getAttribute("aria-pressed")], ["Unmasked", "false"]);
    button.click();
    assert.deepEqual(newest(), { verb: "mask", on: true });
  });
  test("ping shows its latency", () => {
    el.button("Ping").click();
    assert.deepEqual(newest(), { verb: "ping" });
    model.set({ latency: 0.01234 });
    assert.equal(el.one("wsn-latency").textContent, "12.3 ms");
  });
  test("close takes code and reason as typed; Enter in either closes", () => {
    el.one("wsn-code").value = "4001";
    el.one("wsn-message").value = "done";
    el.button("Close").click();
    assert.deepEqual(newest(), { verb: "close", code: "4001", message: "done" });
    const before = model.count("close");
    press(el.one("wsn-message"), "Enter");
    assert.equal(model.count("close"), before + 1);
  });
  test("terminate is one click", () => {
    el.button("Terminate").click();
    assert.deepEqual(newest(), { verb: "terminate" });
  });
  test("after the end Enter is still answered: the kernel says what to do", async () => {
    model.set({ state: "closed" });
    text().value = "too late";
    press(text(), "Enter");
    await model.refuse("send", "the session is closed; open a new one with connect(url).");
    assert.match(note().textContent, /open a new one/);
  });
  test("an older verb's answer does not overwrite the newer one's", async () => {
    el.button("Ping").click();
    const ping = model.sent.at(-1);
    text().value = "hello";
    el.button("Send").click();
    await model.answer("send", { note: "sent text, 5 bytes" });
    model.sent.push(ping);
    await model.answer("ping", { note: "pong after 9 ms" });
    assert.equal(note().textContent, "sent text, 5 bytes");
  });
  test("a removed view hears nothing more", async () => {
    remove();
    await settled();
    assert.equal(model.heard, 0);
  });
});
