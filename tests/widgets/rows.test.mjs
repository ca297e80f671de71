// rows.mjs: rows as the kernel sends them, and that nothing of them becomes markup.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { opcodeName } from "../../wsnotebook/widgets/columns.mjs";
import { marksOf, rowElement, unpackRows } from "../../wsnotebook/widgets/rows.mjs";
import { install, pack } from "./dom.mjs";

install();
const AROUND = { columns: ["seq", "time", "direction", "type", "size", "payload"], sessions: [] };

describe("rows", () => {
  test("are unpacked from buffers at any offset", () => {
    const rows = unpackRows(pack([
      { seq: 7, time: 1.5, length: 6, head: 0x81, preview: "héllo", detail: "" },
      { seq: 2 ** 40, time: 2, length: 2 ** 36, wire: 5, connection: 3, head: 0x42, flags: 0x11, sent: 1, preview: "ff", detail: "brökén" },
    ]));
    assert.deepEqual(rows, [
      { seq: 7, time: 1.5, length: 6, wire: 6, connection: 0, opcode: 1, head: 0x81, out: false, masked: false, status: "ok", preview: "héllo", detail: "" },
      { seq: 2 ** 40, time: 2, length: 2 ** 36, wire: 5, connection: 3, opcode: 2, head: 0x42, out: true, masked: true, status: "violation", preview: "ff", detail: "brökén" },
    ]);
  });

  test("say what is unusual about them, and only that", () => {
    const usual = { status: "ok", detail: "", opcode: 1, head: 0x81, out: false, masked: false };
    const marks = (row) => marksOf({ ...usual, ...row }).map(([word]) => word);
    assert.deepEqual(marks({}), []);
    assert.deepEqual(marks({ out: true, masked: true }), []);
    assert.deepEqual(marks({ out: true }), ["unmasked"]);
    assert.deepEqual(marks({ masked: true }), ["masked"]);
    assert.deepEqual(marksOf({ ...usual, masked: true }, true), []); // in a server's log
    assert.deepEqual(marksOf({ ...usual, out: true }, true), []);
    assert.deepEqual(marksOf({ ...usual }, true), [["unmasked", "warn"]]);
    assert.deepEqual(marksOf({ ...usual, out: true }, null), []); // from a file that does not know masks
    assert.deepEqual(marks({ head: 0x01 }), ["first part"]);
    assert.deepEqual(marks({ head: 0x01, frames: 3, isWhole: true }), ["3 frames"]);
    assert.deepEqual(marks({ head: 0x01, frames: 1, isWhole: false }), ["1 frame, more to come"]);
    assert.deepEqual(marks({ head: 0x00, opcode: 0 }), ["part"]);
    assert.deepEqual(marks({ head: 0x80, opcode: 0 }), ["last part"]);
    assert.deepEqual(marks({ head: 0xc1 }), []); // compressed
    assert.deepEqual(marks({ head: 0xb1 }), ["rsv2", "rsv3"]);
    assert.deepEqual(marks({ status: "violation", detail: "bad UTF-8" }), ["violation: bad UTF-8"]);
    assert.deepEqual(marks({ out: true, masked: true, status: "unsent" }), ["unsent"]);
  });

  test("have a mark for what happened before them, and its texts in the title", () => {
    const row = { seq: 1, time: 0, length: 1, opcode: 1, head: 0x81, out: false, masked: false, status: "ok", preview: "x", detail: "" };
    const element = rowElement({ ...row, before: { label: "<b>stall</b>", title: "stall: 2 s\nspill" } }, false, AROUND);
    assert.ok(element.classList.contains("wsn-eventful"));
    assert.equal(element.one("wsn-event").textContent, "<b>stall</b>");
    assert.equal(element.one("wsn-event").title, "before this frame:\nstall: 2 s\nspill");
    assert.equal(rowElement(row, false, AROUND).one("wsn-event"), undefined);
  });

  test("have names for all sixteen opcodes", () => {
    assert.deepEqual([0, 1, 2, 3, 8, 9, 10, 15].map(opcodeName), ["cont", "text", "binary", "0x3", "close", "ping", "pong", "0xf"]);
  });

  test("hold a peer's text as text", () => {
    const hostile = '<img src=x onerror="alert(1)">';
    const element = rowElement({ seq: 1, time: 0, length: 1, opcode: 1, head: 0x81, out: false, masked: false, status: "violation", preview: hostile, detail: hostile }, false, AROUND);
    const texts = [...element.walk()].filter((node) => node.tag === "#text").map((node) => node.data);
    assert.ok(texts.includes(hostile) && texts.includes(`violation: ${hostile}`));
    assert.ok([...element.walk()].every((node) => ["div", "span", "bdi", "#text"].includes(node.tag)));
    assert.ok(element.classList.contains("wsn-odd"));
  });

  test("show what matches, in an element of text", () => {
    const row = { seq: 1, time: 0, length: 1, opcode: 1, head: 0x81, out: false, masked: false, status: "ok", preview: "a <b> and a <B>", detail: "" };
    const element = rowElement(row, false, { ...AROUND, highlight: /<[bB]>/gu });
    assert.deepEqual(element.all("wsn-hit").map((hit) => hit.textContent), ["<b>", "<B>"]);
    assert.equal(element.one("wsn-payload").textContent, "a <b> and a <B>");
  });
});
