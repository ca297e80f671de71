// The ways to send: kinds, layout, places of errors, files, types of frame, fragments, repetition, named messages.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { FakeElement, FakeModel, install, settled } from "./dom.mjs";

install();
const { Actions } = await import("../../wsnotebook/widgets/actions.mjs");
const { Compose } = await import("../../wsnotebook/widgets/compose.mjs");
const { Requests } = await import("../../wsnotebook/widgets/requests.mjs");

let model, el, compose;
const text = () => el.one("wsn-text");
const note = () => el.one("wsn-note").textContent;
const labelled = (label) => el.find((element) => element.getAttribute("aria-label") === label);
const newest = () => { const { id, ...message } = model.sent.at(-1); return message; };
const choose = (select, value) => { select.value = value; select.fire("change"); };

beforeEach(() => {
  model = new FakeModel({});
  el = new FakeElement("div");
  const actions = new Actions(new Requests(model));
  compose = new Compose(actions);
  el.append(...compose.parts, compose.options.element, compose.options.stop, actions.element);
  compose.show("", "");
});

describe("a payload", () => {
  test("may be base64", () => {
    el.button("Base64").click();
    text().value = "SGVsbG8=";
    el.button("Send").click();
    assert.deepEqual(newest(), { verb: "send", text: "SGVsbG8=", kind: "base64" });
  });
  test("is sent by Ctrl+Enter too", () => {
    text().value = "x";
    text().fire("keydown", { key: "Enter", ctrlKey: true });
    assert.equal(model.count("send"), 1);
  });
  test("that is JSON is laid out on request, with its numbers as they were typed", () => {
    assert.equal(el.button("Lay out").hidden, true);
    el.button("JSON").click();
    assert.equal(el.button("Lay out").hidden, false);
    text().value = '{"id":9007199254740993}';
    el.button("Lay out").click();
    assert.equal(text().value, '{\n  "id": 9007199254740993\n}');
    assert.equal(text().rows, 3);
  });
  test("that is wrong is given back, with the cursor where the kernel saw it", async () => {
    el.button("Hex").click();
    text().value = "4g";
    el.button("Send").click();
    await model.refuse("send", "character 2, 'g', is not a hex digit");
    assert.deepEqual([text().value, text().selected, document.activeElement], ["4g", [1, 2], text()]);
  });
  test("that is wrong is marked by characters, of which an emoji is one", async () => {
    el.button("Hex").click();
    text().value = "😀4😀";
    el.button("Send").click();
    await model.refuse("send", "character 3, '😀', is not a hex digit");
    assert.deepEqual(text().selected, [3, 5]);
  });
  test("that is wrong takes no keys from the box that has the focus by the time the kernel answers", async () => {
    const filter = new FakeElement("input");
    el.button("Hex").click();
    text().value = "4g";
    el.button("Send").click();
    filter.focus();
    await model.refuse("send", "character 2, 'g', is not a hex digit");
    assert.deepEqual([text().value, text().selected, document.activeElement], ["4g", undefined, filter]);
    assert.match(note(), /not a hex digit/);
  });
});

describe("what was sent", () => {
  const press = (key) => text().fire("keydown", { key });
  const up = () => { press("ArrowUp"); return text().value; }, down = () => { press("ArrowDown"); return text().value; };
  beforeEach(() => {
    for (const each of ["one", "two\r\nlines", "three"]) {
      compose.options.fill(each, "text");
      press("Enter");
    }
    text().value = "a draft";
  });
  test("is recalled by arrows, one of several lines too, and what is being typed comes back", () => {
    assert.deepEqual([up(), up(), up(), up()], ["three", "two\nlines", "one", "one"]);
    assert.deepEqual([down(), down(), down(), down()], ["two\nlines", "three", "a draft", "a draft"]);
  });
  test("is left by arrows from its first and last line alone", () => {
    up();
    up();
    text().setSelectionRange(6, 6);
    assert.equal(press("ArrowUp").prevented, false);
    text().setSelectionRange(2, 2);
    assert.equal(press("ArrowDown").prevented, false);
    assert.equal(up(), "one");
  });
  test("is not recalled by arrows that select, or that choose a letter of an input method", () => {
    for (const pressed of ["shiftKey", "ctrlKey", "altKey", "metaKey", "isComposing"])
      assert.equal(text().fire("keydown", { key: "ArrowUp", [pressed]: true }).prevented, false);
    assert.equal(text().value, "a draft");
  });
  test("may be edited and left for another one; it goes out with its line ends", () => {
    up();
    up();
    text().value = "two\nlines!";
    text().setSelectionRange(0, 0);
    assert.deepEqual([up(), down(), down(), down()], ["one", "two\nlines!", "three", "a draft"]);
    up();
    up();
    press("Enter");
    assert.equal(newest().text, "two\r\nlines!");
    assert.deepEqual([up(), up(), up()], ["two\nlines!", "three", "two\nlines"]);
  });
});

describe("a file", () => {
  const FILE = { name: "a.bin", size: 3, arrayBuffer: async () => new Uint8Array([255, 0, 1]).buffer };
  const pick = async (file) => {
    const input = labelled("file to send");
    input.files = [file];
    input.fire("change");
    await settled();
  };
  test("is named, sent once as bytes, and gone", async () => {
    await pick(FILE);
    assert.equal(el.one("wsn-file").textContent, "a.bin, 3 B");
    el.button("Send").click();
    assert.deepEqual(newest(), { verb: "send", text: "/wAB", kind: "base64" });
    await model.answer("send", { note: "sent binary, 3 bytes" });
    el.button("Send").click();
    assert.equal(model.count("send"), 1);
    assert.match(note(), /box is empty/);
  });
  test("comes back after an error", async () => {
    await pick(FILE);
    el.button("Send").click();
    await model.refuse("send", "the session is closed");
    assert.equal(el.one("wsn-file").textContent, "a.bin, 3 B");
  });
  test("does not come back in the place of one that was chosen since", async () => {
    await pick(FILE);
    el.button("Send").click();
    await pick({ ...FILE, name: "b.bin", arrayBuffer: async () => new Uint8Array([1, 2, 3]).buffer });
    await model.refuse("send", "the session is closed");
    assert.deepEqual([el.one("wsn-file").textContent, compose.file.chosen.text], ["b.bin, 3 B", "AQID"]);
  });
  test("comes back under its own name when another one was chosen and dropped", async () => {
    await pick(FILE);
    el.button("Send").click();
    await pick({ ...FILE, name: "b.bin" });
    el.button("×").click();
    await model.refuse("send", "the session is closed");
    assert.equal(el.one("wsn-file").textContent, "a.bin, 3 B");
  });
  test("that is read slowly does not take the place of the next", async () => {
    let read;
    await pick({ ...FILE, name: "slow.bin", arrayBuffer: () => new Promise((resolve) => { read = resolve; }) });
    await pick(FILE);
    read(new Uint8Array([9]).buffer);
    await settled();
    assert.deepEqual([el.one("wsn-file").textContent, compose.file.chosen.text], ["a.bin, 3 B", "/wAB"]);
  });
  test("can be dropped, and what was typed stays", async () => {
    text().value = "typed";
    await pick(FILE);
    el.button("×").click();
    el.button("Send").click();
    assert.equal(newest().text, "typed");
  });
  test("that a page cannot hand over is refused with another way", async () => {
    await pick({ ...FILE, size: 9e6 });
    assert.match(note(), /9\.0 MB.*%ws send --file/);
    assert.equal(compose.file.chosen, null);
  });
});

describe("the options", () => {
  test("say as what, and in how many fragments", () => {
    labelled("type of frame").value = "ping";
    text().value = "hello";
    el.button("Send").click();
    assert.deepEqual(newest(), { verb: "send", text: "hello", kind: "text", opcode: "ping" });
    labelled("type of frame").value = "";
    labelled("fragments").value = "3";
    text().value = "hello";
    el.button("Send").click();
    assert.deepEqual(newest(), { verb: "send", text: "hello", kind: "text", fragments: "3" });
  });
  test("leave it to the kernel to refuse a number of fragments, but one is no split", () => {
    const sent = (number) => { labelled("fragments").value = number; text().value = "x"; el.button("Send").click(); return newest().fragments; };
    assert.deepEqual(["-3", "0", "0.5", "two", " 2 ", "1", " "].map(sent), ["-3", "0", "0.5", "two", "2", undefined, undefined]);
  });
  test("repeat what is in the box, and the kernel says what is repeated", () => {
    text().value = "tick";
    labelled("seconds between two").value = "2.5";
    el.button("Repeat").click();
    assert.deepEqual(newest(), { verb: "send", text: "tick", kind: "text", every: "2.5" });
    assert.equal(text().value, "tick", "it stays: it is what is repeated");
    assert.equal(el.one("wsn-stop").hidden, true);
    compose.show("", "every 2.5 s, 3 times");
    assert.equal(el.one("wsn-stop").hidden, false);
    el.button("Stop: every 2.5 s, 3 times").click();
    assert.deepEqual(newest(), { verb: "stop" });
  });
  test("cannot repeat nothing", () => {
    el.button("Repeat").click();
    assert.equal(model.count("send"), 0);
    assert.match(note(), /empty/);
  });
});

describe("named messages", () => {
  const open = async (messages) => {
    compose.options.element.open = true;
    compose.options.element.fire("toggle");
    await model.answer("named", { messages });
  };
  test("are asked for when the options are opened, and put into the box with their kind", async () => {
    await open([["login", "json", "{}", false], ["bytes", "hex", "ff", false]]);
    choose(labelled("named messages"), "bytes");
    assert.equal(text().value, "ff");
    el.button("Send").click();
    assert.deepEqual(newest(), { verb: "send", text: "ff", kind: "hex" });
  });
  test("stay chosen when the list is read anew, unless they are gone", async () => {
    const box = labelled("named messages"), list = [["login", "json", "{}", false], ["bytes", "hex", "ff", false]];
    box.replaceChildren = (...options) => { FakeElement.prototype.replaceChildren.apply(box, options); box.value = ""; }; // as in a page
    await open(list);
    choose(box, "bytes");
    await open(list);
    assert.equal(box.value, "bytes");
    await open(list.slice(0, 1));
    assert.equal(box.value, "");
  });
  test("into which variables are put say so, when they are sent, kept and chosen", async () => {
    await open([["order", "json", '{"n": {n}}', true], ["plain", "text", "x", false]]);
    const fills = compose.options.fills;
    choose(labelled("named messages"), "order");
    assert.equal(fills.checked, true);
    el.button("Keep").click();
    assert.deepEqual(newest(), { verb: "keep", message: "order", text: '{"n": {n}}', kind: "json", fills: true });
    el.button("Send").click();
    assert.deepEqual(newest(), { verb: "send", text: '{"n": {n}}', kind: "json", fills: true });
    await model.refuse("send", "there is no variable n: set it in a cell.");
    assert.equal(text().value, '{"n": {n}}', "it is given back");
    choose(labelled("named messages"), "plain");
    assert.equal(fills.checked, false);
  });
  test("keep their line ends where they are sent, kept, edited and given back", async () => {
    await open([["crlf", "text", "a\r\nb", false], ["mixed", "json", '{"a":\r\n1,\n"b": x}', false]]);
    choose(labelled("named messages"), "crlf");
    assert.equal(text().value, "a\nb");
    el.button("Keep").click();
    assert.equal(newest().text, "a\r\nb");
    el.button("Send").click();
    assert.equal(newest().text, "a\r\nb");
    await model.refuse("send", "the session is closed");
    text().value = "a\nb\nc";
    el.button("Send").click();
    assert.equal(newest().text, "a\r\nb\r\nc");
    choose(labelled("named messages"), "mixed");
    el.button("Send").click();
    assert.equal(newest().text, '{"a":\r\n1,\n"b": x}');
    await model.refuse("send", "not JSON: character 16");
    assert.deepEqual(text().selected, [14, 15], "the place in the box, which has no CR");
    text().value = '{"a":\n2,\n"b": 1}';
    const asked = model.sent.length;
    for (const label of ["Send", "Keep", "Repeat"]) el.button(label).click();
    assert.deepEqual([model.sent.length, note().includes("line ends of several kinds")], [asked, true]);
    text().value = "";
    text().fire("input");
    text().value = "x\ny";
    el.button("Send").click();
    assert.equal(newest().text, "x\ny");
  });
  test("are kept under a name and forgotten, and the list is asked for again", async () => {
    await open([]);
    el.button("JSON").click();
    text().value = "{}";
    labelled("name of the message").value = " login ";
    el.button("Keep").click();
    assert.deepEqual(newest(), { verb: "keep", message: "login", text: "{}", kind: "json" });
    await model.answer("keep", { note: "kept" });
    assert.equal(newest().verb, "named");
    el.button("Forget").click();
    assert.deepEqual(newest(), { verb: "forget", message: "login", text: "", kind: "text" });
  });
});
