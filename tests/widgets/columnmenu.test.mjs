// columnmenu.mjs: columns are chosen with the pointer and with keys.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { ColumnMenu } from "../../wsnotebook/widgets/columnmenu.mjs";
import { install } from "./dom.mjs";

install();

describe("the menu of columns", () => {
  let menu, columns, resets, focused;
  const box = (name) => menu.boxes.find(({ box }) => box.value === name).box;
  const key = (name, target) => menu.element.fire("keydown", { key: name, target });

  beforeEach(() => {
    columns = ["seq", "payload"];
    resets = 0;
    menu = new ColumnMenu({ chosen: () => columns, onChosen: (names) => { columns = names; menu.show(); }, onReset: () => { resets += 1; } });
    for (const { box } of menu.boxes) box.focus = () => { focused = box.value; };
    menu.button.focus = () => { focused = "button"; };
  });

  test("has every column by a name, and those that are shown are checked", () => {
    menu.button.click();
    assert.deepEqual([menu.list.hidden, menu.button.getAttribute("aria-expanded"), focused], [false, "true", "seq"]);
    assert.deepEqual(menu.boxes.filter(({ box }) => box.checked).map(({ box }) => box.value), columns);
    assert.ok(menu.boxes.every(({ label }) => label.textContent.trim()));
  });

  test("adds a column, removes it, and gives back those of a new table", () => {
    menu.button.click();
    box("ratio").fire("change");
    assert.deepEqual([columns, box("ratio").checked], [["seq", "ratio", "payload"], true]);
    box("seq").fire("change");
    assert.deepEqual(columns, ["ratio", "payload"]);
    menu.list.button("As at first").click();
    assert.equal(resets, 1);
  });

  test("is walked over by arrow keys, and closed by Escape", () => {
    assert.equal(key("ArrowDown", box("seq")).prevented, false); // closed: not its keys
    menu.button.click();
    assert.equal(key("ArrowDown", box("seq")).prevented, true);
    assert.equal(focused, "time");
    key("ArrowUp", box("seq"));
    assert.equal(focused, "payload");
    key("Escape", box("seq"));
    assert.deepEqual([menu.list.hidden, focused], [true, "button"]);
  });
});
