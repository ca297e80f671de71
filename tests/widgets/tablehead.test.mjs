// tablehead.mjs: widths of columns are dragged, and changed by keys.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { TableHead } from "../../wsnotebook/widgets/tablehead.mjs";
import { FakeElement, install } from "./dom.mjs";

install();
const SIZES = { digits: 5, bytes: 10 };

describe("the head of the table", () => {
  let root, head, told;
  const show = (widths = {}) => head.show(["seq", "payload"], SIZES, widths);
  const grip = (name) => head.element.all("wsn-grip").find((each) => each.dataset.column === name);
  const columns = () => root.style["--wsn-columns"];

  beforeEach(() => {
    root = new FakeElement("div");
    told = [];
    head = new TableHead(root, (widths) => { told.push(widths); show(widths); });
    show();
  });

  test("lays the columns out while an edge is dragged, and tells the width at the end", () => {
    show({ seq: 50 });
    const edge = grip("seq");
    edge.setPointerCapture = (id) => { edge.captured = id; };
    edge.fire("pointerdown", { clientX: 100, pointerId: 3 });
    edge.fire("pointermove", { clientX: 130 });
    assert.deepEqual([edge.captured, columns(), told], [3, "80px minmax(0, 1fr)", []]);
    edge.fire("lostpointercapture");
    assert.deepEqual(told, [{ seq: 80 }]);
  });

  test("tells nothing of a click, and keeps a width between two limits", () => {
    const edge = grip("seq");
    edge.setPointerCapture = () => {};
    edge.fire("pointerdown", { clientX: 100, pointerId: 1 });
    edge.fire("lostpointercapture");
    assert.deepEqual(told, []);
    edge.fire("pointerdown", { clientX: 100, pointerId: 1 });
    edge.fire("pointermove", { clientX: -900 });
    edge.fire("lostpointercapture");
    assert.deepEqual(told, [{ seq: 20 }]);
  });

  test("takes arrow keys, and gives the width back", () => {
    show({ seq: 50 });
    assert.equal(grip("seq").getAttribute("aria-valuenow"), "50");
    assert.equal(grip("seq").fire("keydown", { key: "ArrowRight" }).prevented, true);
    grip("seq").fire("keydown", { key: "ArrowLeft" });
    grip("seq").fire("keydown", { key: "x" });
    assert.deepEqual(told, [{ seq: 58 }, { seq: 50 }]);
    grip("seq").fire("keydown", { key: "Delete" });
    assert.deepEqual([told.at(-1), grip("payload").getAttribute("aria-valuenow")], [{}, "1000"]);
  });
});
