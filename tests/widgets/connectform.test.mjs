// connectform.mjs: what is asked of the kernel for what was typed, clicked and pasted.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { FakeElement, FakeModel, install, settled } from "./dom.mjs";

install();
const { default: widget } = await import(process.env.WIDGET ?? "../../wsnotebook/widgets/connectform.mjs");

const ROWS = [
  { name: "headers", help: "further headers", kind: "lines", first: true },
  { name: "max_frame_size", help: "largest frame", kind: "text", first: false },
  { name: "raw", help: "deliver every frame", kind: "switch", first: true },
];

let model, el, copied;
const labelled = (label) => el.find((element) => element.getAttribute("aria-label") === label);
const newest = () => { const { id, ...message } = model.sent.at(-1); return message; };
const note = () => el.all("wsn-note").at(-1).textContent;

beforeEach(() => {
  copied = [];
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { clipboard: { writeText: async (text) => { copied.push(text); } } } });
  model = new FakeModel({ rows: ROWS, recent: ["ws://one/"] });
  el = new FakeElement("div");
  widget.render({ model, el });
});

describe("the form", () => {
  test("asks with all of its fields, once for one gesture", async () => {
    labelled("address").value = "ws://x/";
    labelled("headers").value = "A: 1\nB: 2";
    labelled("raw").checked = true;
    el.button("Connect").click();
    labelled("address").fire("keydown", { key: "Enter" });
    assert.deepEqual(newest(), { verb: "connect", fields: { url: "ws://x/", headers: ["A: 1", "B: 2"], max_frame_size: "", raw: true } });
    assert.equal(model.count("connect"), 1);
    await model.answer("connect", { note: "feed is open" });
    assert.deepEqual([note(), el.button("Connect").disabled], ["feed is open", false]);
  });
  test("shows what a server that refuses has said, until the next attempt", async () => {
    el.button("Connect").click();
    await model.answer("connect", { error: "expected 101, got 401", refusal: "HTTP/1.1 401\n<b>no</b>" });
    assert.equal(el.one("wsn-refusal").textContent, "HTTP/1.1 401\n<b>no</b>");
    assert.ok(el.all("wsn-note").at(-1).classList.contains("wsn-error"));
    el.button("Connect").click();
    assert.equal(el.one("wsn-refused").hidden, true);
    await model.refuse("connect", "there is no address");
    assert.equal(note(), "there is no address");
  });
  test("is filled by a cURL line, and what the line does not say is emptied", async () => {
    labelled("raw").checked = true;
    labelled("cURL line").value = "curl wss://y/";
    el.button("Fill in").click();
    assert.deepEqual(newest(), { verb: "paste", text: "curl wss://y/" });
    await model.answer("paste", { fields: { url: "wss://y/", headers: ["A: 1"] } });
    assert.deepEqual([labelled("address").value, labelled("headers").value, labelled("raw").checked], ["wss://y/", "A: 1", false]);
  });
  test("keeps what is typed while the kernel reads a cURL line", async () => {
    labelled("cURL line").value = "curl wss://y/";
    el.button("Fill in").click();
    labelled("headers").value = "B: 2";
    labelled("cURL line").value = "curl wss://z/";
    await model.answer("paste", { fields: { url: "wss://y/", headers: ["A: 1"] } });
    assert.deepEqual([labelled("address").value, labelled("headers").value, labelled("cURL line").value], ["wss://y/", "B: 2", "curl wss://z/"]);
  });
  test("is copied as Python", async () => {
    el.button("Copy as Python").click();
    await model.answer("python", { text: "import wsnotebook" });
    await settled();
    assert.deepEqual([copied, labelled("Python").textContent, labelled("Python").hidden], [["import wsnotebook"], "import wsnotebook", false]);
  });
  test("folds away what is seldom needed, and offers recent addresses", () => {
    const details = el.find((element) => element.tag === "details");
    assert.ok(details.find((element) => element.getAttribute("aria-label") === "max frame size"));
    assert.equal(details.find((element) => element.getAttribute("aria-label") === "raw"), undefined);
    assert.equal(el.find((element) => element.tag === "datalist").children[0].value, "ws://one/");
    model.set({ recent: ["ws://two/", "ws://one/"] });
    assert.equal(el.find((element) => element.tag === "datalist").children.length, 2);
  });
});
