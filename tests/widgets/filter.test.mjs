// The filter of table.mjs without a browser: what is asked of the kernel while a person types, and which rows are shown.

import assert from "node:assert/strict";
import { beforeEach, describe, mock, test } from "node:test";

import { ROW } from "../../wsnotebook/widgets/viewport.mjs";
import { FakeElement, FakeModel, install, observers, pack, settled, tableState } from "./dom.mjs";

install();
const { default: widget } = await import(process.env.WIDGET ?? "../../wsnotebook/widgets/table.mjs");

const HEIGHT = 10 * ROW;

describe("the filter", () => {
  let model, el;
  const box = () => el.one("wsn-filter");
  const write = (text) => { box().value = text; box().fire("keydown", { key: "Enter" }); };
  const accept = async () => { const { filter } = await model.answer("query"); model.set({ query: filter }); await settled(); };
  const type = async (text) => { write(text); await accept(); };
  const shown = () => el.one("wsn-rows").children.map((row) => row.one("wsn-payload")?.textContent ?? row.textContent);
  const found = (end, more = false, of = 1000) => model.answer("find", { first: 0, end, looked: more ? of / 2 : of, of, more });
  const last = (verb) => model.sent.findLast((message) => message.verb === verb);
  // the match at position n is the frame 10 n
  const serve = async () => {
    const { start, stop, filter } = last("rows"), step = filter === null ? 1 : 10;
    const rows = Array.from({ length: stop - start }, (_, n) => ({ seq: step * (start + n), preview: `row ${step * (start + n)}` }));
    await model.answer("rows", { start, stop, events: [] }, pack(rows));
  };

  beforeEach(async () => {
    model = new FakeModel(tableState({ span: [0, 1000] }));
    el = new FakeElement("div");
    widget.render({ model, el });
    el.one("wsn-scroller").clientHeight = HEIGHT;
    observers.at(-1).callback();
    await serve(); // asked for before there was a height
    await serve();
  });

  test("is asked about when the typing pauses, not with each key", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    for (const text of ["d", "do", "dog"]) {
      box().value = text;
      box().fire("input");
      mock.timers.tick(100);
    }
    assert.equal(model.count("query"), 0);
    mock.timers.tick(1000);
    mock.timers.reset();
    assert.deepEqual([model.count("query"), last("query").filter], [1, "dog"]);
  });

  test("shows a window over the matches, and how many they are", async () => {
    await type(" dog ");
    assert.equal(last("find").filter, "dog");
    await found(100);
    assert.deepEqual([last("rows").filter, last("rows").stop], ["dog", 100]);
    await serve();
    assert.deepEqual(shown(), Array.from({ length: 10 }, (_, n) => `row ${900 + 10 * n}`));
    assert.equal(el.one("wsn-found").textContent, "100 of 1,000 frames");
  });

  test("is asked about again until all is searched, and says how far that is", async () => {
    await type("dog");
    await found(0, true);
    assert.equal(el.one("wsn-found").textContent, "0 of 1,000 frames, searched 50 %");
    assert.equal(el.one("wsn-empty").textContent, "Searching…");
    assert.equal(model.count("find"), 2);
    await found(0);
    assert.match(el.one("wsn-empty").textContent, /No frame matches/);
    assert.equal(el.one("wsn-empty").hidden, false);
    assert.equal(model.count("find"), 2);
  });

  test("follows new matches while frames come, one question at a time", async () => {
    await type("dog");
    await found(100);
    await serve();
    for (const length of [1100, 1200, 1300]) model.set({ span: [0, length] });
    assert.equal(model.count("find"), 2);
    await found(100, false, 1100);
    assert.equal(model.count("find"), 3); // it was told of more rows meanwhile
    await found(101, false, 1300);
    await serve();
    assert.equal(model.count("find"), 3);
    assert.equal(shown().at(-1), "row 1000");
    assert.equal(el.one("wsn-found").textContent, "101 of 1,300 frames");
  });

  test("takes no answer for what is not in the box any more", async () => {
    await type("dog");
    const asked = last("find");
    await type("cat");
    model.sent.push(asked);
    await found(100);
    assert.equal(el.one("wsn-found").textContent, "");
    model.sent.push(model.sent.find((message) => message.verb === "find" && message.filter === "cat"));
    await found(3);
    assert.equal(el.one("wsn-found").textContent, "3 of 1,000 frames");
  });

  test("takes no rows of another filter", async () => {
    await type("dog");
    await found(100);
    const asked = last("rows");
    await type("cat");
    await found(5);
    model.sent.push(asked);
    await model.answer("rows", { start: 90, stop: 100, events: [] }, pack(Array.from({ length: 10 }, () => ({ preview: "dog" }))));
    assert.ok(!shown().includes("dog"));
    await serve();
    assert.deepEqual(shown(), ["row 0", "row 10", "row 20", "row 30", "row 40"]);
  });

  test("that is wrong is told, and no rows stand beside it", async () => {
    await type("dog");
    await found(100);
    await serve();
    write("dir:up");
    await model.refuse("query", "dir: takes in or out.");
    assert.equal(el.one("wsn-complaint").textContent, "dir: takes in or out.");
    assert.equal(box().getAttribute("aria-invalid"), "true");
    assert.deepEqual([shown(), el.one("wsn-found").textContent], [[], ""]);
    assert.match(el.one("wsn-empty").textContent, /cannot be read/);
    model.set({ span: [0, 1100] });
    assert.deepEqual(shown(), []);
    await type("dog"); // as before: the model's query has not changed
    await found(101);
    await serve();
    assert.deepEqual([shown().at(-1), el.one("wsn-complaint").textContent, box().getAttribute("aria-invalid")], ["row 1000", "", "false"]);
  });

  test("that the model gets from elsewhere is shown and used", async () => {
    model.set({ query: "cat", line: "df[cats]" });
    assert.deepEqual([box().value, last("find").filter, el.one("wsn-code-text").textContent], ["cat", "cat", "df[cats]"]);
    await found(3);
    assert.equal(el.one("wsn-found").textContent, "3 of 1,000 frames");
    await serve();
    model.set({ query: "", line: "df" });
    await serve();
    assert.deepEqual([shown().at(-1), el.one("wsn-pandas").hidden], ["row 999", true]);
  });

  test("is put together by chips", async () => {
    el.button("↓").click();
    await accept();
    el.button("no control").click();
    await accept();
    assert.deepEqual([box().value, model.get("query")], ["dir:in -op:control", "dir:in -op:control"]);
    assert.equal(el.button("↓").getAttribute("aria-pressed"), "true");
    el.button("↓").click();
    await accept();
    assert.deepEqual([box().value, el.button("↓").getAttribute("aria-pressed")], ["-op:control", "false"]);
  });

  test("is a search too where only a part of the log is shown", async () => {
    model.set({ is_part: true });
    assert.equal(last("find").filter, "");
    await found(100);
    await serve();
    assert.deepEqual([shown().at(-1), last("rows").filter, el.one("wsn-found").textContent], ["row 990", "", ""]);
  });

  test("inspects by position, and its frame stays in sight when the box is emptied", async () => {
    await type("dog");
    await found(100);
    await serve();
    el.one("wsn-scroller").fire("keydown", { key: "Home" });
    el.one("wsn-scroller").fire("keydown", { key: "ArrowDown" });
    await serve();
    el.one("wsn-scroller").fire("keydown", { key: "Enter" });
    assert.deepEqual([last("inspect").place, last("inspect").filter], [1, "dog"]);
    await model.answer("inspect", { seq: 10, fields: [], views: [{ name: "Hex", body: "", note: "" }] });
    box().fire("keydown", { key: "Escape" });
    await accept();
    await serve();
    assert.equal(last("rows").filter, null);
    const selected = el.one("wsn-rows").children.find((row) => row.getAttribute("aria-selected") === "true");
    assert.equal(selected.one("wsn-payload").textContent, "row 10");
    assert.deepEqual([box().value, el.one("wsn-found").textContent], ["", ""]);
  });

  test("is left following where it was following", async () => {
    await type("dog");
    await found(100);
    await serve();
    await type("");
    await serve();
    assert.equal(shown().at(-1), "row 999");
  });
});
