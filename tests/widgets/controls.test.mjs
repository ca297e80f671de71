// controls.mjs without a browser: what a click asks for, and how answers and errors are shown.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { FakeElement, FakeModel, install, settled } from "./dom.mjs";

install();
const { default: widget } = await import(process.env.WIDGET ?? "../../wsnotebook/widgets/controls.mjs");

const STATE = { name: "ws-1", url: "ws://127.0.0.1:9/", state: "open", ending: "", repeating: "", raw: false, can_reconnect: false, reconnecting: "", can_stop: false, failure: "", refusal: "", masking: true, answers_pings: null, compresses: null, max_frame_size: 65_536, ping_interval: null, latency: null, elapsed: 0, silence: 0,
  queued: 0, unread: 0, oversized: 0, stalls: 0, stalled: 0, memory: 0, received: 1234,
  sent: 5, received_bytes: 56_789, sent_bytes: 12, rate: 10.4, dropped: 0, truncated: 0, problem: "" };

let model, el, remove;
const note = () => el.all("wsn-note").at(-1);
const text = () => el.one("wsn-text");
const figures = () => el.all("wsn-figure").map((figure) => figure.textContent).filter(Boolean);
const newest = () => { const { id, ...message } = model.sent.at(-1); return message; };
const press = (element, key, more = {}) => element.fire("keydown", { key, shiftKey: false, ...more });

beforeEach(() => {
  model = new FakeModel({ ...STATE });
  el = new FakeElement("div");
  remove = widget().render({ model, el });
});

describe("what is typed", () => {
  test("is there again when a person comes back, and what was sent before it by arrow up", () => {
    const panel = widget();
    const look = () => {
      el = new FakeElement("div");
      return panel.render({ model, el });
    };
    const leave = look();
    el.button("JSON").click();
    text().value = '{"first": 1}';
    press(text(), "Enter");
    text().value = '{"half": ';
    text().fire("input");
    leave();
    look();
    assert.deepEqual([text().value, el.button("JSON").getAttribute("aria-pressed")], ['{"half": ', "true"]);
    press(text(), "ArrowUp");
    assert.equal(text().value, '{"first": 1}');
  });
  test("is in no trait, and so in no saved notebook", () => {
    text().value = "secret";
    text().fire("input");
    assert.equal(JSON.stringify([model.state, model.saved ?? null]).includes("secret"), false);
  });
});

describe("the head", () => {
  test("shows state, address and counters", () => {
    assert.equal(el.one("wsn-state").dataset.state, "open");
    assert.equal(el.one("wsn-url").textContent, STATE.url);
    assert.deepEqual(el.one("wsn-counts").children.map((child) => child.textContent), ["↓ 1,234 · 56.8 kB", "↑ 5 · 12 B", "10/s"]);
  });
  test("shows what the log let go, only if it did", () => {
    model.set({ dropped: 65_536, truncated: 9e6 });
    assert.deepEqual(figures(), ["9.0 MB truncated", "65,536 rows dropped"]);
  });
  test("shows what a session measures, and nothing of what is nothing", () => {
    assert.deepEqual(figures(), []);
    model.set({ elapsed: 65.5, latency: 0.0123, silence: 7, queued: 1, unread: 2, memory: 1_200_000, stalls: 1, stalled: 2.5, oversized: 3 });
    assert.deepEqual(figures(), ["for 1 min 05 s", "latency 12.3 ms", "silent for 7 s", "1 frame queued", "2 messages unread", "log 1.2 MB", "1 stall, 2.5 s",
      "3 frames over the limit"]);
    model.set({ state: "closed" });
    assert.deepEqual(figures().slice(0, 3), ["lasted 1 min 05 s", "latency 12.3 ms", "1 frame queued"]);
  });
  test("shows how the session ended, as text", () => {
    model.set({ state: "closed", ending: "1000 NORMAL: '<b>bye</b>', by peer" });
    assert.equal(el.one("wsn-ending").textContent, "1000 NORMAL: '<b>bye</b>', by peer");
    assert.equal(el.one("wsn-rate").textContent, "");
    assert.ok(el.classList.contains("wsn-ended"));
  });
  test("shows a problem outside of any verb", () => {
    model.set({ problem: "this panel no longer follows the session" });
    assert.equal(el.all("wsn-note").at(-2).textContent, "this panel no longer follows the session");
  });
});

describe("a kernel that is gone", () => {
  beforeEach(() => model.fire("comm_live_update"));
  test("takes the state with it, and nothing can be clicked", () => {
    assert.equal(el.one("wsn-state").textContent, "kernel gone");
    assert.ok(el.classList.contains("wsn-gone"));
    for (const name of ["Send", "Masked", "Ping", "Close", "Terminate"]) {
      assert.equal(el.button(name).disabled, true, name);
      assert.match(el.button(name).title, /Run the cells again/);
    }
  });
  test("is told once, with what to do", () => {
    assert.match(el.all("wsn-note").at(-2).textContent, /restarted.*Run the cells again/);
  });
  test("leaves the end of a session as it was", () => {
    model.set({ state: "closed" });
    assert.equal(el.one("wsn-state").textContent, "closed");
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
  test("ping is asked for", () => {
    el.button("Ping").click();
    assert.deepEqual(newest(), { verb: "ping" });
  });
  test("close takes code and reason as typed; Enter in either closes", () => {
    el.one("wsn-code").value = "4001";
    el.one("wsn-reason").value = "done";
    el.button("Close").click();
    assert.deepEqual(newest(), { verb: "close", code: "4001", message: "done" });
    const before = model.count("close");
    press(el.one("wsn-reason"), "Enter");
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

describe("the settings", () => {
  const inputs = () => el.all("wsn-setting");
  test("show the session's, and follow code that changes them", () => {
    assert.deepEqual(inputs().map((input) => input.value), ["64KiB", "off"]);
    model.set({ max_frame_size: 70_000 });
    assert.equal(inputs()[0].value, "70000");
    model.set({ max_frame_size: null, ping_interval: 2.5 });
    assert.deepEqual(inputs().map((input) => input.value), ["off", "2.5"]);
  });
  test("are set by what is typed, as the verbs read it", async () => {
    inputs()[0].value = "1MiB";
    inputs()[0].fire("change");
    assert.deepEqual(newest(), { verb: "limit", size: "1MiB" });
    inputs()[1].value = "";
    inputs()[1].fire("change");
    assert.equal(model.count("pings"), 0, "nothing was changed");
    inputs()[1].value = "20";
    inputs()[1].fire("change");
    assert.deepEqual(newest(), { verb: "pings", interval: "20" });
  });
  test("that are refused are taken back", async () => {
    inputs()[0].value = "large";
    inputs()[0].fire("change");
    await model.refuse("limit", "'large' is no size");
    assert.equal(inputs()[0].value, "64KiB");
    assert.match(note().textContent, /no size/);
  });
  test("are not disturbed by a tick while a person types", () => {
    inputs()[0].value = "12";
    model.set({ received: 9 });
    assert.equal(inputs()[0].value, "12");
  });
  test("are not overwritten where a late answer finds that a person types on", async () => {
    inputs()[0].value = "large";
    inputs()[0].fire("change");
    inputs()[0].value = "128K";
    await model.refuse("limit", "'large' is no size");
    model.set({ max_frame_size: 1024 }); // by code
    assert.equal(inputs()[0].value, "128K");
    inputs()[0].fire("change");
    model.set({ max_frame_size: 131_072 });
    await model.answer("limit");
    assert.equal(inputs()[0].value, "128KiB");
  });
  test("of a raw session have no ping interval", () => {
    model.set({ raw: true });
    assert.deepEqual(inputs().map((input) => input.parent.hidden), [false, true]);
  });
});

describe("the handshake", () => {
  const details = () => el.one("wsn-handshake");
  const toggle = (open) => { details().open = open; details().fire("toggle"); };
  test("is asked for when it is opened, without its secrets", async () => {
    toggle(true);
    assert.deepEqual(newest(), { verb: "handshake", secrets: false });
    await model.answer("handshake", { text: "GET ws://…" });
    assert.equal(details().find((element) => element.tag === "pre").textContent, "GET ws://…");
  });
  test("has its secrets on request, until it is closed", async () => {
    toggle(true);
    details().button("Show secrets").click();
    assert.deepEqual(newest(), { verb: "handshake", secrets: true });
    await model.answer("handshake", { text: "Authorization: Bearer x" });
    toggle(false);
    assert.equal(details().find((element) => element.tag === "pre").textContent, "");
  });
  test("shows no secrets that come when it is closed already", async () => {
    toggle(true);
    details().button("Show secrets").click();
    toggle(false);
    await model.answer("handshake", { text: "Authorization: Bearer x" });
    assert.equal(details().find((element) => element.tag === "pre").textContent, "");
  });
  test("can be read after the end", () => {
    model.set({ state: "closed" });
    assert.equal(details().button("Show secrets").disabled, false);
  });
});

describe("an ended session", () => {
  const again = () => el.one("wsn-again");
  test("is dialled again by a button, which an open one does not have", async () => {
    assert.ok(again().hidden);
    model.set({ state: "closed", can_reconnect: true });
    assert.ok(!again().hidden && el.one("wsn-refused").hidden);
    el.button("Reconnect").click();
    assert.deepEqual(newest(), { verb: "reconnect" });
    await model.answer("reconnect", { note: "feed is open" });
    assert.equal(note().textContent, "feed is open");
  });
  test("says why it is not open, once, and keeps the button", async () => {
    model.set({ state: "closed", can_reconnect: true });
    el.button("Reconnect").click();
    model.set({ failure: "expected status 101, got 503", refusal: "HTTP/1.1 503 Busy\n\n<b>later</b>" });
    await model.refuse("reconnect", "expected status 101, got 503");
    assert.equal(note().textContent, "");
    assert.equal(el.one("wsn-refusal").textContent, "HTTP/1.1 503 Busy\n\n<b>later</b>");
    assert.equal(again().one("wsn-error").textContent, "expected status 101, got 503");
    assert.equal(el.button("Reconnect").disabled, false);
  });
  test("that is dialled again by itself says when, and a close ends that", () => {
    model.set({ state: "closed", can_reconnect: true, reconnecting: "reconnecting in 3 s (attempt 4)", can_stop: true });
    assert.equal(el.one("wsn-state").textContent, "reconnecting");
    assert.equal(el.one("wsn-status").textContent, "reconnecting in 3 s (attempt 4)");
    assert.equal(el.button("Close").disabled, false);
    assert.equal(el.button("Send").disabled, true);
    model.set({ can_stop: false });
    assert.equal(el.button("Close").disabled, true);
  });
  test("of a kernel that is gone cannot be dialled", () => {
    model.set({ state: "closed", can_reconnect: true, can_stop: true, reconnecting: "reconnecting in 3 s (attempt 4)" });
    model.fire("comm_live_update");
    assert.ok(el.button("Reconnect").disabled && el.button("Close").disabled);
    assert.equal(el.one("wsn-state").textContent, "closed");
  });
});

describe("the codes of a close", () => {
  const code = () => el.one("wsn-code"), codes = () => el.one("wsn-codes");
  test("say what they mean, also one that is typed", () => {
    for (const [typed, row] of [["1001", "1001"], ["4321", "4000"], ["3999", "3000"], ["999", ""], ["5000", ""]]) {
      code().value = typed;
      code().fire("input");
      assert.equal(codes().value, row, typed);
    }
  });
  test("are chosen from a list, which leaves a typed one where nothing is chosen", () => {
    codes().value = "1012";
    codes().fire("change");
    assert.equal(code().value, "1012");
    codes().value = "";
    codes().fire("change");
    assert.equal(code().value, "1012");
  });
});

describe("the toggle of compression", () => {
  test("is there where compression was negotiated, and says what holds", () => {
    assert.ok(el.button("Uncompressed").hidden);
    model.set({ compresses: true });
    assert.equal(el.button("Compressed").attributes["aria-pressed"], "true");
    el.button("Compressed").click();
    assert.deepEqual(newest(), { verb: "compress", on: false });
    model.set({ compresses: false });
    el.button("Uncompressed").click();
    assert.deepEqual(newest(), { verb: "compress", on: true });
  });
});

describe("the toggle of pongs", () => {
  test("says whether pings are answered, and asks for the other", () => {
    assert.ok(el.button("No pongs").hidden); // nothing is known of it yet
    model.set({ answers_pings: true });
    el.button("Pongs").click();
    assert.deepEqual(newest(), { verb: "pongs", on: false });
    model.set({ answers_pings: false });
    assert.equal(el.button("No pongs").attributes["aria-pressed"], "false");
  });
});

describe("the focus of a control that goes away", () => {
  const focused = () => document.activeElement;
  test("is given from Close to Reconnect, and from there to the box", () => {
    el.button("Close").focus();
    model.set({ state: "closed", can_reconnect: true });
    assert.equal(focused(), el.button("Reconnect"));
    model.set({ state: "open", can_reconnect: false });
    assert.equal(focused(), el.one("wsn-text"));
  });
  test("is given from Stop to Repeat", () => {
    model.set({ repeating: "every 5 s, 2 times" });
    el.one("wsn-stop").focus();
    model.set({ repeating: "" });
    assert.equal(focused(), el.button("Repeat"));
  });
  test("stays where a person has it", () => {
    el.one("wsn-reason").focus();
    model.set({ state: "closed", can_reconnect: true });
    model.set({ state: "open", can_reconnect: false });
    assert.equal(focused(), el.one("wsn-reason"));
  });
});
