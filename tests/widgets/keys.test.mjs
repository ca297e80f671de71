// keys.mjs without a browser: what an element does with the keys of its controls.

import assert from "node:assert/strict";
import { test } from "node:test";

import { FakeElement } from "./dom.mjs";
import { keepKeys } from "../../wsnotebook/widgets/keys.mjs";

for (const type of ["keydown", "keypress", "keyup"]) {
  test(`a ${type} goes no further, and keeps what the browser does with it`, () => {
    const element = new FakeElement("div");
    keepKeys(element);
    let stopped = 0;
    assert.equal(element.fire(type, { key: "d", stopPropagation: () => stopped++ }).prevented, false);
    assert.equal(stopped, 1);
  });
}

test("a control that gets the focus has the attribute by which Lumino leaves its keys alone", () => {
  const element = new FakeElement("div"), control = new FakeElement("button");
  keepKeys(element);
  element.fire("focusin", { target: control });
  assert.equal(control.dataset.lmSuppressShortcuts, "true");
});
