// frameinspector.mjs: the frame of a trait, shown by the view.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { FakeElement, FakeModel, install } from "./dom.mjs";

install();
const { default: widget } = await import(process.env.WIDGET ?? "../../wsnotebook/widgets/frameinspector.mjs");

const FRAME = { seq: 3, fields: [["opcode", "text"]], views: [{ name: "Text", body: "hello", note: "", next: null }] };
let model, el;

beforeEach(() => {
  model = new FakeModel({ seq: null });
  Object.assign(model, { saved: [], save_changes() { this.saved.push(this.state.seq); } });
  const { set } = model;
  model.set = function (changes, value) { set.call(this, typeof changes === "string" ? { [changes]: value } : changes); };
  el = new FakeElement("div");
  widget.render({ model, el });
});

describe("the inspector alone", () => {
  test("asks for the frame of its trait, and shows it", async () => {
    assert.equal(model.count("inspect"), 0);
    model.set({ seq: 3 });
    await model.answer("inspect", FRAME);
    assert.equal(el.one("wsn-body").textContent, "hello");
  });
  test("shows nothing where the trait has changed meanwhile", async () => {
    model.set({ seq: 3 });
    model.state.seq = 4;
    await model.answer("inspect", FRAME);
    assert.equal(el.one("wsn-inspector").hidden, true);
  });
  test("says why a frame cannot be shown", async () => {
    model.set({ seq: 9 });
    await model.refuse("inspect", "frame 9 is not in the log");
    assert.equal(el.one("wsn-note").textContent, "frame 9 is not in the log");
  });
  test("sets the trait when it is closed, so that what is linked to it hears of it", async () => {
    model.set({ seq: 3 });
    await model.answer("inspect", FRAME);
    el.button("×").click();
    assert.deepEqual([model.get("seq"), model.saved], [null, [null]]);
  });
});
