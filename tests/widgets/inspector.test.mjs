// inspector.mjs: the views of one frame, the parts of a long one, what is saved.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Inspector } from "../../wsnotebook/widgets/inspector.mjs";
import { Requests } from "../../wsnotebook/widgets/requests.mjs";
import { FakeModel, install, settled } from "./dom.mjs";

install();

describe("the inspector", () => {
  let model, inspector, errors;
  const view = (name, body, more = {}) => ({ name, body, note: "", next: null, ...more });
  beforeEach(() => {
    model = new FakeModel({});
    errors = [];
    inspector = new Inspector(new Requests(model), { onClose: () => {}, onError: (error) => { if (error) errors.push(error.message); } });
  });

  test("shows the rest of a cut view on request, part by part", async () => {
    inspector.show({ seq: 7, fields: [], views: [view("Text", "abc", { note: "first 3 of 9 bytes", next: 3 })] });
    inspector.element.button("Show more").click();
    const asked = await model.answer("part", { view: view("Text", "def", { note: "first 6 of 9 bytes", next: 6 }) });
    assert.deepEqual([asked.seq, asked.view, asked.start], [7, "Text", 3]);
    assert.deepEqual([inspector.element.one("wsn-body").textContent, inspector.element.one("wsn-cut").textContent], ["abcdef", "first 6 of 9 bytes Show more"]);
    inspector.element.button("Show more").click();
    await model.answer("part", { view: view("Text", "ghi") });
    assert.deepEqual([inspector.element.one("wsn-body").textContent, inspector.element.one("wsn-cut").textContent], ["abcdefghi", ""]);
  });

  test("shows the rest of a long message in fragments, from each of them", async () => {
    inspector.show({ seq: 4, fields: [], message: "whole", views: [view("Message", "00  61", { note: "first 1 of 2 bytes of the message", next: 1 }), view("Text", "a")] });
    assert.equal(inspector.element.one("wsn-cut").textContent, "first 1 of 2 bytes of the message Show more");
    inspector.element.button("Show more").click();
    const asked = await model.answer("part", { view: view("Message", "\n01  62") });
    assert.deepEqual([asked.seq, asked.view, asked.start], [4, "Message", 1]);
    assert.deepEqual([inspector.element.one("wsn-body").textContent, inspector.element.one("wsn-cut").textContent], ["00  61\n01  62", ""]);
  });

  test("sends a frame again where it can be sent, and says what went wrong", async () => {
    const sender = new Inspector(new Requests(model), { onClose: () => {}, onError: (error) => errors.push(error?.message), canSend: () => true });
    for (const each of [inspector, sender]) each.show({ seq: 7, fields: [], views: [view("Text", "abc")] });
    assert.equal(inspector.element.button("Send again"), undefined);
    sender.element.button("Send again").click();
    await model.refuse("again", "the session is closed");
    assert.deepEqual([model.sent.at(-1).seq, errors], [7, ["the session is closed"]]);
  });

  test("says why a part cannot be had", async () => {
    inspector.show({ seq: 7, fields: [], views: [view("Hex", "61", { note: "first 1 of 9 bytes", next: 1 })] });
    inspector.element.button("Show more").click();
    await model.refuse("part", "frame 7 is gone.");
    await settled();
    assert.deepEqual(errors, ["frame 7 is gone."]);
  });

  test("asks for a decoded message when its tab is opened, and again when another decoder is chosen", async () => {
    const views = [view("Text", "abc"), view("Decoded", ""), view("Hex", "61")];
    inspector.show({ seq: 3, fields: [], views });
    assert.equal(model.count("decoded"), 0);
    inspector.element.button("Decoded").click();
    let asked = await model.answer("decoded", { body: "PUBLISH\na/b", note: "mqtt: guessed", decoder: "mqtt", names: ["json", "mqtt"] });
    assert.deepEqual([asked.seq, asked.name, inspector.element.one("wsn-body").textContent], [3, "", "PUBLISH\na/b"]);
    const choice = inspector.element.one("wsn-decoder").children[0];
    choice.value = "json";
    choice.fire("change");
    asked = await model.answer("decoded", { body: "", note: "json: it was named", decoder: "json", names: ["json", "mqtt"] });
    assert.deepEqual([asked.name, inspector.element.one("wsn-cut").textContent], ["json", "json: it was named"]);
    inspector.show({ seq: 4, fields: [], views });
    asked = await model.refuse("decoded", "needs the library");
    assert.deepEqual([asked.seq, asked.name, inspector.element.one("wsn-cut").textContent], [4, "json", "needs the library"]);
  });

  test("shows JSON as a tree and keeps the tab that was chosen", () => {
    const views = [view("Text", '{"a": 1}'), view("JSON", '{\n  "a": 1\n}'), view("Hex", "7b")];
    inspector.show({ seq: 1, fields: [], views });
    assert.equal(inspector.element.one("wsn-number").textContent, "1");
    inspector.element.button("Hex").click();
    inspector.show({ seq: 2, fields: [], views });
    assert.equal(inspector.element.one("wsn-body").textContent, "7b");
  });

  test("opens the tree of a message in fragments, and its text where it is no JSON", () => {
    const text = view("Message", '{"a": 1}');
    inspector.show({ seq: 1, fields: [], message: "whole", views: [text, view("JSON", '{\n  "a": 1\n}'), view("Text", '{"a"')] });
    assert.equal(inspector.element.one("wsn-number").textContent, "1");
    inspector.show({ seq: 3, fields: [], message: "part", views: [text, view("JSON", "", { note: "too many" }), view("Text", '{"a"')] });
    assert.equal(inspector.element.one("wsn-body").textContent, '{"a": 1}');
  });

  test("saves a fragment, or its whole message, and says where that is not all", async () => {
    const names = ["", "whole", "part"].map((message) => {
      inspector.show({ seq: 7, fields: [], message, views: [view("Text", "a")] });
      return inspector.element.all("wsn-chip").map((each) => each.textContent);
    });
    assert.deepEqual(names, [["Save"], ["Save message", "Save fragment"], ["Save part", "Save fragment"]]);
    const links = [], { createElement } = document, { createObjectURL, revokeObjectURL } = URL;
    document.createElement = (tag) => { const made = createElement(tag); if (tag === "a") links.push(made); return made; };
    Object.assign(URL, { createObjectURL: () => "blob:", revokeObjectURL: () => {} });
    for (const [label, answer] of [["Save part", { first: 5, is_cut: true }], ["Save fragment", { first: 7, is_cut: false }]]) {
      inspector.element.button(label).click();
      const asked = await model.answer("payload", answer, [new DataView(new ArrayBuffer(1))]);
      assert.deepEqual([asked.seq, asked.whole], [7, label === "Save part"]);
    }
    Object.assign(URL, { createObjectURL, revokeObjectURL });
    document.createElement = createElement;
    assert.deepEqual(links.map((link) => link.getAttribute("download")), ["message-5-part.bin", "frame-7.bin"]);
  });

  test("shows the message of a fragment first, and what a filter looks for", () => {
    inspector.show({ seq: 1, fields: [], views: [view("Message", "a whole whale"), view("Text", "a wh")] }, /wh/gu);
    assert.deepEqual(inspector.element.all("wsn-hit").map((hit) => hit.textContent), ["wh", "wh"]);
  });

  test("says that a JSON is too large for a tree", () => {
    inspector.show({ seq: 1, fields: [], views: [view("Text", '{"a"', { note: "first 4 of 9 bytes" }), view("JSON", "", { note: "5,000,000 bytes are too many" })] });
    assert.equal(inspector.element.one("wsn-body").textContent, '{"a"'); // what there is to see is opened
    inspector.element.button("JSON").click();
    assert.equal(inspector.element.one("wsn-cut").textContent, "5,000,000 bytes are too many");
  });
});
