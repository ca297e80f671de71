// table.mjs without a browser: scrolling and following by a person, the protocol of rows, the inspector.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { ROW } from "../../wsnotebook/widgets/viewport.mjs";
import { FakeElement, FakeModel, install, observers, pack, paint, settled, tableState } from "./dom.mjs";

install();
const { default: widget } = await import(process.env.WIDGET ?? "../../wsnotebook/widgets/table.mjs");

const HEIGHT = 10 * ROW;

describe("the view", () => {
  let model, el, remove;
  const scroller = () => el.one("wsn-scroller");
  const shown = () => el.one("wsn-rows").children.map((row) => row.one("wsn-payload")?.textContent ?? row.textContent);
  const resize = (height) => { scroller().clientHeight = height; observers.at(-1).callback(); };
  const rowsOf = ({ start, stop }) => [
    { start, stop, events: [] }, pack(Array.from({ length: stop - start }, (_, n) => ({ seq: start + n, preview: `row ${start + n}` })))];
  const serve = async () => { const { start, stop } = model.sent.findLast((message) => message.verb === "rows"); await model.answer("rows", ...rowsOf({ start, stop })); };

  beforeEach(() => {
    model = new FakeModel(tableState());
    el = new FakeElement("div");
    remove = widget.render({ model, el });
    resize(HEIGHT);
  });

  test("says hello, and what to do while there are no frames", () => {
    assert.equal(model.sent[0].verb, "hello");
    assert.equal(el.one("wsn-empty").hidden, false);
    assert.match(el.one("wsn-empty").textContent, /press Send/);
    model.set({ span: [0, 1] });
    assert.equal(el.one("wsn-empty").hidden, true);
  });

  test("asks once, however often it is told, and again for what came meanwhile", async () => {
    for (const length of [10, 20, 30]) model.set({ span: [0, length] });
    assert.equal(model.count("rows"), 1);
    await model.answer("rows", ...rowsOf({ start: 0, stop: 10 }));
    assert.equal(model.count("rows"), 2);
    await serve();
    assert.deepEqual(shown(), Array.from({ length: 10 }, (_, n) => `row ${20 + n}`));
    assert.equal(model.count("rows"), 2);
  });

  test("paints rows once a tick: neither before they have come, nor again for the scrolling that follows", async () => {
    model.set({ span: [0, 100] });
    await serve();
    const rows = el.one("wsn-rows"), paints = [], replace = rows.replaceChildren.bind(rows);
    rows.replaceChildren = (...children) => { paints.push(children.length); replace(...children); };
    model.set({ span: [0, 200] });
    assert.deepEqual(paints, []);
    await serve();
    scroller().fire("scroll");
    assert.deepEqual(paints, [10]);
    assert.equal(shown().at(-1), "row 199");
  });

  test("measures no column while frames come: that would lay the page out ten times a second", () => {
    model.set({ span: [0, 10] });
    const measured = [];
    for (const element of el.walk())
      Object.defineProperty(element, "clientWidth", { get() { measured.push(element.className); return 500; } });
    model.set({ span: [0, 11] });
    assert.deepEqual(measured, []);
    resize(HEIGHT);
    assert.ok(measured.includes("wsn-table"));
    const titles = el.one("wsn-head").children.length;
    model.set({ span: [0, 12] });
    assert.equal(el.one("wsn-head").children.length, titles);
  });

  test("of a kernel that is gone says so and what to do", () => {
    model.fire("comm_live_update");
    assert.ok(el.classList.contains("wsn-gone"));
    assert.match(el.one("wsn-note").textContent, /Run the cells again/);
  });
  test("takes only answers to its own questions", async () => {
    model.set({ span: [0, 5] });
    const other = new FakeElement("div");
    widget.render({ model, el: other });
    const ids = model.sent.map((message) => message.id);
    assert.equal(new Set(ids).size, ids.length);
    await serve(); // the newest question: the second view's
    assert.deepEqual(shown(), []);
    assert.equal(other.one("wsn-rows").children.length, 0); // not laid out yet: no height, no rows
  });

  test("two views of a model scroll and follow each for itself", async () => {
    model.set({ span: [0, 1000] });
    await serve();
    const other = new FakeElement("div");
    widget.render({ model, el: other });
    el.button("Following").click();
    assert.equal(el.one("wsn-follow").getAttribute("aria-pressed"), "false");
    assert.equal(other.one("wsn-follow").getAttribute("aria-pressed"), "true");
  });

  test("a person who scrolls up stops following, its own scrolling does not", async () => {
    model.set({ span: [0, 1000] });
    await serve();
    scroller().fire("scroll");
    assert.equal(el.one("wsn-follow").getAttribute("aria-pressed"), "true");
    scroller().scrollTop = 100 * ROW;
    scroller().fire("scroll");
    assert.equal(el.one("wsn-follow").getAttribute("aria-pressed"), "false");
    await serve();
    assert.equal(shown()[0], "row 100");
  });

  test("an answer does not scroll back where a person has scrolled on", async () => {
    model.set({ span: [0, 1000] });
    await serve();
    scroller().scrollTop = 100 * ROW;
    scroller().fire("scroll");
    scroller().scrollTop = 200 * ROW; // its event comes after the answer
    await serve();
    assert.equal(scroller().scrollTop, 200 * ROW);
    scroller().fire("scroll");
    paint();
    await serve();
    assert.equal(shown()[0], "row 200");
  });

  test("another place of the browser's, which has no event, is taken back", async () => {
    model.set({ span: [0, 1000] });
    await serve();
    scroller().scrollTop = 0; // of a cell that was moved
    model.set({ span: [0, 1001] });
    paint();
    await serve();
    assert.equal(el.one("wsn-follow").textContent, "Following");
    assert.deepEqual([scroller().scrollTop, shown().at(-1)], [991 * ROW, "row 1000"]);
  });

  test("the browser's scrolling where the height changes is no person's", async () => {
    model.set({ span: [0, 1000] });
    await serve();
    Object.assign(scroller(), { clientHeight: 20 * ROW, scrollTop: 980 * ROW }); // before it is observed
    scroller().fire("scroll");
    await serve();
    assert.equal(el.one("wsn-follow").textContent, "Following");
    assert.deepEqual([shown()[0], shown().at(-1)], ["row 980", "row 999"]);
    scroller().scrollTop = 500 * ROW;
    scroller().fire("scroll");
    await serve();
    assert.equal(el.one("wsn-follow").textContent, "Follow");
    Object.assign(scroller(), { clientHeight: 990 * ROW, scrollTop: 10 * ROW });
    observers.at(-1).callback();
    assert.equal(el.one("wsn-follow").textContent, "Follow"); // nor is the end reached by it
  });

  test("nor is it one's where frames come between the other height and its event", async () => {
    model.set({ span: [0, 1000] });
    await serve();
    Object.assign(scroller(), { clientHeight: 20 * ROW, scrollTop: 980 * ROW - 5 });
    model.set({ span: [0, 1100] }); // the table sees the height here
    scroller().fire("scroll");
    await serve();
    assert.equal(el.one("wsn-follow").textContent, "Following");
    assert.equal(shown().at(-1), "row 1099");
  });

  test("the rows before stay until those of a far place are here, and the place is said", async () => {
    model.set({ span: [0, 100_000] });
    await serve();
    scroller().scrollTop = 100 * ROW;
    scroller().fire("scroll");
    assert.deepEqual([shown().at(-1), el.one("wsn-where").textContent], ["row 99999", "# 100"]);
    const times = new Float64Array([0, 3_600_000, 90, 7_200_000]);
    await model.answer("times", {}, [new DataView(times.buffer)]);
    await serve();
    assert.deepEqual([shown()[0], el.one("wsn-where").hidden], ["row 100", true]);
    scroller().scrollTop = 5000 * ROW;
    scroller().fire("scroll");
    assert.equal(el.one("wsn-where").textContent, "# 5,000  ≈ 02:00:00");
    scroller().scrollTop = 6000 * ROW;
    scroller().fire("scroll");
    await serve(); // for the place in between: it is shown all the same
    assert.deepEqual([shown()[0], el.one("wsn-where").hidden], ["row 5000", false]);
  });

  test("a decoded type that is not known yet is asked for again when the kernel has read so far", async () => {
    model.set({ columns: ["seq", "decoded"], span: [0, 2] });
    const [fields, buffers] = rowsOf({ start: 0, stop: 2 });
    const types = () => el.one("wsn-rows").all("wsn-decoded").map((cell) => cell.textContent);
    await model.answer("rows", { ...fields, cells: { decoded: ["order", null] } }, buffers);
    assert.deepEqual(types(), ["order", "…"]);
    model.set({ decoded_to: 1 });
    const asked = model.count("rows");
    model.set({ decoded_to: 2 });
    assert.equal(model.count("rows"), asked + 1);
    await model.answer("rows", { ...fields, cells: { decoded: ["order", ""] } }, buffers);
    assert.deepEqual(types(), ["order", ""]);
    model.set({ decoded_to: 3 });
    assert.equal(model.count("rows"), asked + 1);
  });

  test("the wheel is taken inside the table and left to the page at its end", async () => {
    model.set({ span: [0, 1000] });
    await serve();
    assert.equal(scroller().fire("wheel", { deltaY: 50, deltaMode: 0 }).prevented, false);
    assert.equal(scroller().fire("wheel", { deltaY: -2, deltaMode: 1 }).prevented, true);
    await serve();
    assert.equal(shown()[0], "row 988");
  });

  test("a click is for the row that was under the pointer, though the table has moved on", async () => {
    model.set({ span: [0, 1000] });
    await serve();
    const rows = el.one("wsn-rows");
    rows.fire("pointerdown", { target: rows.children[3].children[5] });
    model.set({ span: [0, 1100] });
    await serve();
    rows.fire("click", { target: rows });
    assert.equal(model.sent.findLast((message) => message.verb === "inspect").place, 993);
  });

  test("arrow keys walk over the rows, Home and End go to the ends of what the log has", async () => {
    model.set({ span: [40, 1000] });
    await serve();
    const press = (key) => { const { prevented } = scroller().fire("keydown", { key }); return [model.sent.findLast((m) => m.verb === "select")?.start, prevented]; };
    assert.deepEqual(press("Home"), [40, true]);
    assert.deepEqual(press("ArrowUp"), [40, true]);
    assert.deepEqual(press("ArrowDown"), [41, true]);
    assert.deepEqual(press("PageDown"), [50, true]);
    assert.deepEqual(press("End"), [999, true]);
    assert.deepEqual(press("x"), [999, false]);
  });

  test("times are told from a row that has come after it was selected", async () => {
    model.set({ span: [0, 1000], columns: ["since"] });
    await serve();
    await serve(); // asked for again, with its columns
    scroller().fire("keydown", { key: "Home" });
    const { start, stop } = model.sent.findLast((message) => message.verb === "rows");
    await model.answer("rows", { start, stop, events: [] }, pack(Array.from({ length: stop - start }, (_, n) => ({ seq: n, time: 5 * n }))));
    assert.deepEqual(el.one("wsn-rows").all("wsn-since").slice(0, 3).map((cell) => cell.textContent), ["+0.000 ms", "+5.000 ms", "+10.0 ms"]);
  });

  test("the inspector shows fields and views as text, and closes with Escape", async () => {
    const hostile = "<script>alert(1)</script>";
    model.set({ span: [0, 3] });
    await serve();
    scroller().fire("keydown", { key: "End" });
    assert.equal(model.count("inspect"), 0); // keys walk; Enter opens
    scroller().fire("keydown", { key: "Enter" });
    await model.answer("inspect", { seq: 2, fields: [["opcode", hostile]],
      views: [{ name: "Text", body: hostile, note: "" }, { name: "Hex", body: "3c", note: "first 1 of 25 bytes" }] });
    const inspector = el.one("wsn-inspector");
    assert.equal(inspector.hidden, false);
    assert.equal(inspector.one("wsn-body").textContent, hostile);
    assert.ok(inspector.find((node) => node.tag === "dd" && node.textContent === hostile));
    inspector.button("Hex").click();
    assert.equal(inspector.one("wsn-body").textContent, "3c");
    assert.equal(inspector.one("wsn-cut").textContent, "first 1 of 25 bytes");
    scroller().fire("keydown", { key: "Escape" });
    assert.equal(inspector.hidden, true);
  });

  test("an answer for a row that is no longer selected is not shown", async () => {
    model.set({ span: [0, 3] });
    await serve();
    scroller().fire("keydown", { key: "Home" });
    scroller().fire("keydown", { key: "Enter" });
    const first = model.sent.findLast((message) => message.verb === "inspect");
    scroller().fire("keydown", { key: "End" });
    model.sent.push(first);
    await model.answer("inspect", { seq: 0, fields: [], views: [{ name: "Hex", body: "", note: "" }] });
    assert.equal(el.one("wsn-inspector").hidden, true);
  });

  test("an error is shown, and the next tick asks again", async () => {
    model.set({ span: [0, 3] });
    await model.refuse("rows", "the log is on fire");
    assert.equal(el.all("wsn-note").at(-1).textContent, "the log is on fire");
    model.set({ span: [0, 4] });
    await serve();
    assert.equal(el.all("wsn-note").at(-1).textContent, "");
    assert.equal(shown().length, 4);
  });

  test("a copy that lacks rows says so, and the next one nothing", async () => {
    const copied = [], note = () => el.all("wsn-note").at(-1).textContent;
    Object.defineProperty(globalThis, "navigator", { configurable: true, value: { clipboard: { writeText: async (text) => { copied.push(text); } } } });
    for (const lack of ["2 of the 3 selected rows are not in the log any more", ""]) {
      scroller().fire("keydown", { key: "c", ctrlKey: true });
      await model.answer("copy", { text: "x", lack });
      assert.equal(note(), lack);
    }
    assert.deepEqual(copied, ["x", "x"]);
  });

  test("a refusal stays while rows come, until something that a person does goes well", async () => {
    const note = () => el.all("wsn-note").at(-1).textContent;
    model.set({ span: [0, 200_000] });
    await serve();
    scroller().fire("keydown", { key: "Home", shiftKey: true });
    await model.refuse("select", "200,000 rows are too many to select.");
    await model.refuse("rows", "the log is on fire");
    model.set({ span: [0, 200_001] });
    await serve();
    assert.equal(note(), "200,000 rows are too many to select.");
    scroller().fire("keydown", { key: "End" });
    await model.answer("select", { count: 1, apart: null, longer: null });
    assert.equal(note(), "");
  });

  test("changed rows are asked for anew", async () => {
    model.set({ span: [0, 3] });
    await serve();
    assert.equal(model.count("rows"), 1);
    model.set({ edition: 1 });
    assert.equal(model.count("rows"), 2);
  });

  test("events are marked at the rows that they came before", async () => {
    model.set({ span: [0, 4] });
    const [fields, buffers] = rowsOf({ start: 0, stop: 4 });
    await model.answer("rows", { ...fields, events: [[2, "spill", "spill: 65536 rows"]] }, buffers);
    assert.deepEqual(el.one("wsn-rows").children.map((row) => row.classList.contains("wsn-eventful")), [false, false, true, false]);
  });

  test("the latest event stands below the rows, as text, and nothing while there is none", () => {
    const line = el.one("wsn-latest");
    assert.equal(line.hidden, true);
    model.set({ event: [0, "closed: <b>", 1] });
    assert.equal(line.hidden, false);
    assert.match(line.textContent, /^\d\d:\d\d:00\.000closed: <b>1 event$/);
    model.set({ event: [0, "closed", 1234] });
    assert.match(line.textContent, /1,234 events$/);
  });

  test("a removed view hears nothing more", async () => {
    remove();
    await settled();
    assert.equal(model.heard, 0);
    assert.equal(observers.at(-1).element, null);
  });

  test("Follow says how many came since, and Pause leaves the rows as they are", async () => {
    model.set({ span: [0, 1000] });
    await serve();
    el.one("wsn-follow").click();
    model.set({ span: [0, 1234] });
    assert.equal(el.one("wsn-follow").textContent, "Follow · 234 new");
    el.one("wsn-follow").click();
    await serve(); // what it asked for while it stood
    await serve();
    assert.deepEqual([el.one("wsn-follow").textContent, shown().at(-1)], ["Following", "row 1233"]);
    el.one("wsn-pause").click();
    model.set({ span: [0, 1300] });
    assert.deepEqual([el.one("wsn-pause").textContent, shown().at(-1)], ["Paused · 66 new", "row 1233"]);
    el.one("wsn-pause").click();
    await serve();
    assert.deepEqual([el.one("wsn-pause").textContent, shown().at(-1)], ["Pause", "row 1299"]);
  });

  test("Shift and Control select several rows, by place", async () => {
    model.set({ span: [0, 10] });
    await serve();
    const rows = el.one("wsn-rows"), asked = () => { const { start, stop, toggles } = model.sent.findLast((message) => message.verb === "select"); return [start, stop, toggles]; };
    const click = (place, keys = {}) => { rows.fire("pointerdown", { target: rows.children[place] }); rows.fire("click", { target: rows, ...keys }); };
    click(2);
    assert.deepEqual(asked(), [2, 3, undefined]);
    const selected = () => rows.children.flatMap((row, place) => (row.getAttribute("aria-selected") === "true" ? [place] : []));
    assert.deepEqual(selected(), [2], "at once");
    model.set({ selection: [2] });
    await model.answer("select", { count: 1, apart: null, longer: null });
    click(5, { shiftKey: true });
    assert.deepEqual(asked(), [2, 6, undefined]);
    click(3, { ctrlKey: true });
    assert.deepEqual(asked(), [3, 4, true]);
    click(9, { metaKey: true });
    assert.deepEqual(asked(), [9, 10, true]);
    model.set({ selection: [2, 4, 5, 9] });
    await model.answer("select", { count: 4, apart: null, longer: null });
    assert.deepEqual([selected(), el.one("wsn-selected").textContent], [[2, 4, 5, 9], "4 selected"]);
    scroller().fire("keydown", { key: "ArrowUp", shiftKey: true });
    assert.deepEqual(asked(), [8, 10, undefined]);
    await model.answer("select", { count: 2, apart: 12.5, longer: -1234 });
    assert.equal(el.one("wsn-selected").textContent, "2 selected, Δ +12.5 ms, −1,234 bytes");
    scroller().fire("keydown", { key: "ArrowUp", shiftKey: true });
    await model.answer("select", { count: 2, apart: null, longer: 1 });
    assert.equal(el.one("wsn-selected").textContent, "2 selected, +1 byte", "a time is not known");
    model.set({ selection: [] });
    click(8, { ctrlKey: true });
    await model.answer("select", { count: 0, apart: null, longer: null });
    assert.deepEqual(selected(), [], "the row that keys act on is none by that");
  });

  test("two selected rows are compared, with a sign before each line", async () => {
    model.set({ span: [0, 10] });
    await serve();
    const compare = el.button("Compare");
    assert.equal(compare.hidden, true);
    scroller().fire("keydown", { key: "Home" });
    await model.answer("select", { count: 1, apart: null, longer: null });
    scroller().fire("keydown", { key: "ArrowDown", shiftKey: true });
    await model.answer("select", { count: 2, apart: 1, longer: 0 });
    assert.equal(compare.hidden, false);
    compare.click();
    const view = { name: "Changes", body: "- a: 1\n+ <b>: 2\n~ c: 1 → 2", note: "3 changes" };
    await model.answer("compare", { title: "frame 0 to 1", fields: [["payload", "+0 bytes"]], views: [view] });
    const inspector = el.one("wsn-inspector");
    assert.deepEqual([inspector.hidden, inspector.one("wsn-title").textContent, inspector.button("Save")], [false, "frame 0 to 1", undefined]);
    assert.deepEqual(["wsn-removed", "wsn-added", "wsn-changed"].map((name) => inspector.one("wsn-body").all(name).at(-1).textContent),
      ["- a: 1\n", "+ <b>: 2\n", "~ c: 1 → 2\n"]);
  });

  test("goes to a number or a time, and to both ends", async () => {
    model.set({ span: [40, 1000] });
    await serve();
    const input = el.one("wsn-goto"), selected = () => model.sent.findLast((message) => message.verb === "select")?.start;
    let focused = 0;
    input.focus = () => { focused += 1; };
    scroller().fire("keydown", { key: "g" });
    assert.equal(focused, 1);
    assert.equal(input.fire("keydown", { key: "Enter" }).prevented, true);
    assert.equal(model.count("goto"), 0); // nothing is typed
    input.value = " 10:05 ";
    input.fire("keydown", { key: "Enter" });
    assert.deepEqual(await model.answer("goto", { place: 77 }).then(({ to, filter }) => [to, filter]), ["10:05", null]);
    assert.equal(selected(), 77);
    scroller().fire("keydown", { key: "g" });
    assert.deepEqual([input.selected, focused], [[0, 7], 2], "what is typed next takes the place of what was");
    el.button("⤒").click();
    assert.equal(selected(), 40);
    el.button("⤓").click();
    assert.equal(selected(), 999);
    input.fire("keydown", { key: "Enter" });
    await model.refuse("goto", "no frame is at or after 10:05.");
    assert.deepEqual([el.all("wsn-note").at(-1).textContent, selected()], ["no frame is at or after 10:05.", 999]);
  });

  test("a slash goes to the filter, and rows have numbers for those who cannot see them", async () => {
    model.set({ span: [40, 60] });
    await serve();
    assert.equal(scroller().fire("keydown", { key: "/" }).prevented, true);
    scroller().fire("keydown", { key: "Home" });
    const active = el.find((element) => element.id && element.id === scroller().getAttribute("aria-activedescendant"));
    assert.deepEqual([active.getAttribute("aria-rowindex"), scroller().getAttribute("aria-rowcount")], ["1", "20"]);
  });
});
