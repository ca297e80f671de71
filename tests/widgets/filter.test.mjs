// The filter of table.mjs without a browser: what is asked of the kernel while a person types, and which rows are shown.

import assert from "node:assert/strict";
import { beforeEach, describe, mock, test } from "node:test";

import { ROW } from "../../wsnotebook/widgets/viewport.mjs";
import { FakeElement, FakeModel, install, observers, pack, settled, tableState } from "./dom.mjs";

install();
const { default: widget } = await import(process.env.WIDGET ?? "../../wsnotebook/widgets/table.mjs");
const { termsOf } = await import("../../wsnotebook/widgets/filterbox.mjs");

const HEIGHT = 10 * ROW;

describe("the filter", () => {
  let model, el;
  const box = () => el.one("wsn-filter");
  const write = (text) => { box().value = text; box().fire("keydown", { key: "Enter" }); };
  const accept = async () => { const { filter } = await model.answer("query"); model.set({ query: filter }); await settled(); };
  const type = async (text) => { write(text); await accept(); };
  const shown = () => el.one("wsn-rows").children.map((row) => row.one("wsn-payload")?.textContent ?? row.textContent);
  const found = (end, more = false, of = 1000, moved = 0) => model.answer("find", { first: 0, end, looked: more ? of / 2 : of, of, more, moved });
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

  test("hides the frames so far where a person clears the list, beside what else is in the box, and once more for later ones", async () => {
    await type("dog");
    el.button("Clear").click();
    assert.equal(last("query").filter, "dog seq:1000..");
    model.set({ span: [0, 1200] });
    el.button("Clear").click();
    assert.equal(last("query").filter, "dog seq:1200..");
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
    assert.deepEqual([el.one("wsn-progress").hidden, el.one("wsn-progress").value], [false, 0.5]);
    assert.equal(el.one("wsn-empty").textContent, "Searching…");
    assert.equal(model.count("find"), 2);
    await found(0);
    assert.equal(el.one("wsn-progress").hidden, true);
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
    assert.equal(el.one("wsn-found").textContent, "searching…");
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

  test("asks for the rows again when a message has become a match before others", async () => {
    model.set({ query: "cat per:message" });
    await found(3);
    await serve();
    model.set({ span: [0, 1001] });
    await found(3, false, 1001);
    const asked = model.count("rows");
    model.set({ span: [0, 1002] });
    await found(3, false, 1002, 1);
    assert.equal(model.count("rows"), asked + 1);
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

  test("that a person types on stays where the kernel takes what was typed before", async () => {
    write("d");
    box().value = "dog";
    box().fire("input");
    model.set({ query: "d" });
    assert.deepEqual([box().value, last("find").filter], ["dog", "d"]);
    await model.answer("query");
    box().fire("keydown", { key: "Enter" });
    model.set({ query: "d" });
    assert.equal(box().value, "dog");
    await accept();
    assert.equal(last("find").filter, "dog");
    write("lost on its way");
    for (const query of ["cat", "d"]) {
      model.set({ query });
      assert.equal(box().value, query);
    }
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

  test("keeps all else as it was typed where a chip or the timeline changes a term", async () => {
    const press = async (label) => { el.button(label).click(); await accept(); return box().value; };
    await type('"x dir:in  y"');
    assert.equal(el.button("↓").getAttribute("aria-pressed"), "false");
    assert.equal(await press("↓"), '"x dir:in  y" dir:in');
    assert.equal(await press("↓"), '"x dir:in  y"');
    await type("a  b");
    assert.equal(await press("↑"), "a  b dir:out");
    assert.equal(await press("↑"), "a  b");
    await type('/p  dir:in  q/i dir:in $["a  b"]="c  dir:in" SEQ:5.. seq=7');
    assert.equal(await press("↓"), '/p  dir:in  q/i $["a  b"]="c  dir:in" SEQ:5.. seq=7');
    assert.equal(await press("Clear"), '/p  dir:in  q/i $["a  b"]="c  dir:in" seq:1000..');
  });

  test("has the terms that the kernel reads", () => {
    for (const terms of [['"a b"', "dir:in"], ["-'a b'", "c"], ["'a", "b'"], ['"a', 'b'], ['"a b"c', "d"].flatMap((each) => each.split(" ")), ["-/a b/i", "/c", "d"],
      ['session:"a b"', "-op:ping"], ['$.a["b c"].d>="e f"', "$.x"], ['$["a \\" b"]', "-"], ["http://a", "x=1"], ["size>1k", "dir:'a b'"]])
      assert.deepEqual(termsOf(terms.join("  ")), terms);
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

  const key = (name) => el.one("wsn-scroller").fire("keydown", { key: name });
  const status = () => el.one("wsn-position").textContent;

  test("is walked over by n and N, and the match that is shown is counted", async () => {
    key("n");
    assert.equal(model.count("match"), 0); // no filter
    await type("dog");
    await found(100);
    await serve();
    key("n");
    assert.deepEqual([last("match").find, last("match").filter, last("match").step], ["dog", "dog", 1]);
    await model.answer("match", { place: 91, number: 92, total: 100 });
    assert.deepEqual([status(), last("select").start], ["match 92 of 100", 91]);
    key("N");
    assert.deepEqual([last("match").place, last("match").step], [91, -1]);
    await model.answer("match", { place: 90, number: 91, total: 100 });
    el.one("wsn-finder").button("›").click();
    assert.equal(last("match").place, 90);
    key("ArrowDown"); // an answer that comes after it moves nothing
    await model.answer("match", { place: 95, number: 96, total: 100 });
    assert.deepEqual([status(), last("select").start], ["", 91]);
    key("n");
    await model.answer("match", {});
    assert.equal(status(), "no match");
  });

  test("marks its matches among all rows where the others are not hidden", async () => {
    await type("dog");
    await found(100);
    await serve();
    el.button("Only matches").click();
    assert.deepEqual([model.saved.only_matches, el.button("Only matches").getAttribute("aria-pressed")], [false, "false"]);
    assert.equal(last("find").filter, "dog");
    await found(100);
    assert.deepEqual([el.one("wsn-found").textContent, last("rows").filter], ["100 of 1,000 frames", null]);
    const answer = async () => {
      const { start, stop } = last("rows");
      const rows = Array.from({ length: stop - start }, (_, n) => ({ seq: start + n, preview: `row ${start + n}` }));
      await model.answer("rows", { start, stop, events: [], matches: last("rows").find ? [5 - start, 15 - start].filter((n) => n >= 0 && n < rows.length) : [] }, pack(rows));
    };
    await answer(); // asked for before the search
    await answer();
    key("Home");
    await answer();
    await answer();
    const marked = el.one("wsn-rows").children.filter((row) => row.classList.contains("wsn-match"));
    assert.deepEqual(marked.map((row) => row.one("wsn-payload").textContent), ["row 5"]);
    key("n");
    assert.deepEqual([last("match").find, last("match").filter, last("match").place], ["dog", null, 0]);
    model.set({ span: [0, 1100] });
    assert.equal(last("find").filter, "dog");
    el.button("Only matches").click();
    assert.equal(last("find").filter, "dog");
    await found(110, false, 1100);
    assert.equal(last("rows").filter, "dog");
  });

  test("that shows messages folds their frames into one row, also those that come later", async () => {
    el.button("messages").click();
    await accept();
    await found(1, false, 3);
    assert.deepEqual([last("rows").filter, last("rows").folds], ["per:message", true]);
    const first = pack([{ seq: 7, head: 0x01, length: 2, preview: "on" }]), cell = (name) => el.one("wsn-rows").one(`wsn-${name}`).textContent;
    await model.answer("rows", { start: 0, stop: 1, events: [], folded: [[0, 2, false, 1234, 1234, "one tw"]] }, first);
    assert.deepEqual([cell("size"), cell("payload")], ["1,234", "2 frames, more to comeone tw"]);
    model.set({ span: [0, 1001] });
    await model.answer("rows", { start: 0, stop: 1, events: [], folded: [[0, 3, true, 1236, 1236, "one two"]] }, first);
    assert.equal(cell("payload"), "3 framesone two");
    const asked = model.count("rows");
    model.set({ span: [0, 1002] });
    assert.equal(model.count("rows"), asked); // it has ended
    el.button("Only matches").click(); // all frames are shown
    await found(1, false, 3);
    assert.equal(last("rows").folds, false);
  });
});
