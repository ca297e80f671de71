// table.mjs without a browser: the maths of scrolling, following, the protocol of rows, and that nothing becomes markup.

import assert from "node:assert/strict";
import { beforeEach, describe, mock, test } from "node:test";

import { FakeElement, FakeModel, install, observers, pack, settled } from "./dom.mjs";

install();
const { default: widget, MOST_ROWS, ROW, TALLEST, Viewport, marksOf, opcodeName, rowElement, unpackRows } =
  await import("../../wsnotebook/widgets/table.mjs");

const HEIGHT = 10 * ROW;
const NONE = { start: 0, stop: 0 };

function viewport(rows, { follow = false } = {}) {
  const view = new Viewport();
  view.resize(HEIGHT);
  view.setFollow(follow);
  view.hear(0, rows);
  return view;
}

describe("scrolling", () => {
  test("a small table scrolls px by px", () => {
    const view = viewport(1000);
    assert.equal(view.scrollHeight, 1000 * ROW);
    view.scrollTo(15 * ROW + 3);
    assert.deepEqual([view.first, view.last, view.scrollTop], [15, 26, 15 * ROW + 3]);
  });

  test("ten million rows fit under the height that browsers allow, and both ends are reached", () => {
    const view = viewport(10_000_000);
    assert.equal(view.scrollHeight, TALLEST);
    view.scrollTo(TALLEST - HEIGHT);
    assert.deepEqual([view.first, view.last], [9_999_990, 10_000_000]);
    view.scrollTo(0);
    assert.deepEqual([view.first, view.last], [0, 10]);
  });

  test("the scroll bar's middle is the table's middle", () => {
    const view = viewport(10_000_000);
    view.scrollTo((TALLEST - HEIGHT) / 2);
    assert.ok(Math.abs(view.first - 4_999_995) <= 1, String(view.first));
    assert.ok(Math.abs(view.scrollTop - (TALLEST - HEIGHT) / 2) < 1e-6);
  });

  test("a wheel moves by rows in a table of ten million too: every row can be reached", () => {
    const view = viewport(10_000_000);
    for (let n = 0; n < 5; n++) view.moveTo(view.top + 3 * ROW);
    assert.equal(view.first, 15);
  });

  test("nothing scrolls beyond the ends, or in a table that fits", () => {
    const view = viewport(1000);
    view.moveTo(-50);
    assert.equal(view.top, 0);
    view.moveTo(1e12);
    assert.equal(view.top, 990 * ROW);
    const short = viewport(3);
    short.scrollTo(100);
    assert.deepEqual([short.top, short.first, short.last, short.scrollHeight], [0, 0, 3, 3 * ROW]);
  });

  test("a growing table does not move what is seen", () => {
    for (const rows of [1000, 1_000_000]) {
      const view = viewport(rows);
      view.moveTo(500 * ROW);
      view.hear(0, rows * 3);
      assert.equal(view.first, 500);
    }
  });

  test("rows dropped at the top do not move what is seen, until it is gone itself", () => {
    const view = viewport(1000);
    view.moveTo(500 * ROW);
    view.hear(300, 1200);
    assert.deepEqual([view.first, view.rows], [500, 900]);
    view.hear(800, 1800);
    assert.equal(view.first, 800);
  });

  test("matches that get fewer leave no hole below what is seen", () => {
    const view = viewport(1000);
    view.moveTo(900 * ROW);
    view.hear(0, 100);
    assert.deepEqual([view.first, view.last], [90, 100]);
  });

  test("a row is revealed with the least movement", () => {
    const view = viewport(1000);
    view.reveal(5);
    assert.equal(view.top, 0);
    view.reveal(20);
    assert.equal(view.top, 11 * ROW);
    view.reveal(15);
    assert.equal(view.top, 11 * ROW);
    view.reveal(2);
    assert.equal(view.top, 2 * ROW);
  });
});

describe("what is asked for", () => {
  test("nothing where there is nothing, or where it is here", () => {
    assert.equal(viewport(0).wanted(NONE), null);
    assert.equal(viewport(1000).wanted({ start: 0, stop: 30 }), null);
  });

  test("what is seen with a screenful on each side", () => {
    const view = viewport(1000);
    view.moveTo(100 * ROW);
    assert.deepEqual(view.wanted(NONE), { start: 89, stop: 122 });
  });

  test("never more rows than an answer has, on a screen of any height", () => {
    for (const height of [0, 1, HEIGHT, 5_000, 50_000]) {
      const view = viewport(1_000_000);
      view.resize(height);
      view.moveTo(500_000 * ROW);
      const { start, stop } = view.wanted(NONE);
      assert.ok(stop > start && stop - start <= MOST_ROWS, `${height}: ${start} to ${stop}`);
    }
  });

  test("a following view asks for the end, and goes there when it has come", () => {
    const view = viewport(0, { follow: true });
    view.hear(0, 5000);
    assert.deepEqual([view.rows, view.wanted(NONE)], [0, { start: 4978, stop: 5000 }]);
    view.arrive(5000);
    assert.deepEqual([view.first, view.last], [4990, 5000]);
    view.hear(0, 6000); // not shown before the rows are here: the table does not flicker
    assert.deepEqual([view.first, view.last], [4990, 5000]);
  });
});

describe("following", () => {
  test("going up stops it, reaching the end starts it", () => {
    const view = viewport(1000, { follow: true });
    view.arrive(1000);
    view.moveTo(view.top - 3 * ROW);
    assert.equal(view.follow, false);
    view.hear(0, 2000);
    assert.equal(view.first, 987);
    view.moveTo(Infinity);
    assert.equal(view.follow, true);
  });

  test("resizing does not stop it", () => {
    const view = viewport(1000, { follow: true });
    view.arrive(1000);
    view.resize(HEIGHT * 2);
    view.resize(HEIGHT);
    assert.deepEqual([view.follow, view.last], [true, 1000]);
  });
});

describe("rows", () => {
  test("are unpacked from buffers at any offset", () => {
    const rows = unpackRows(pack([
      { seq: 7, time: 1.5, length: 6, head: 0x81, preview: "héllo", detail: "" },
      { seq: 2 ** 40, time: 2, length: 2 ** 36, head: 0x42, flags: 0x11, sent: 1, preview: "ff", detail: "brökén" },
    ]));
    assert.deepEqual(rows, [
      { seq: 7, time: 1.5, length: 6, opcode: 1, head: 0x81, out: false, masked: false, status: "ok", preview: "héllo", detail: "" },
      { seq: 2 ** 40, time: 2, length: 2 ** 36, opcode: 2, head: 0x42, out: true, masked: true, status: "violation", preview: "ff", detail: "brökén" },
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
    assert.deepEqual(marks({ head: 0x01 }), ["first part"]);
    assert.deepEqual(marks({ head: 0x00, opcode: 0 }), ["part"]);
    assert.deepEqual(marks({ head: 0x80, opcode: 0 }), ["last part"]);
    assert.deepEqual(marks({ head: 0xc1 }), []); // compressed
    assert.deepEqual(marks({ head: 0xb1 }), ["rsv2", "rsv3"]);
    assert.deepEqual(marks({ status: "violation", detail: "bad UTF-8" }), ["violation: bad UTF-8"]);
    assert.deepEqual(marks({ out: true, masked: true, status: "unsent" }), ["unsent"]);
  });

  test("have a mark for what happened before them, and its texts in the title", () => {
    const row = { seq: 1, time: 0, length: 1, opcode: 1, head: 0x81, out: false, masked: false, status: "ok", preview: "x", detail: "" };
    const element = rowElement({ ...row, before: { label: "<b>stall</b>", title: "stall: 2 s\nspill" } }, false);
    assert.ok(element.classList.contains("wsn-eventful"));
    assert.equal(element.one("wsn-event").textContent, "<b>stall</b>");
    assert.equal(element.one("wsn-event").title, "before this frame:\nstall: 2 s\nspill");
    assert.equal(rowElement(row, false).one("wsn-event"), undefined);
  });

  test("have names for all sixteen opcodes", () => {
    assert.deepEqual([0, 1, 2, 3, 8, 9, 10, 15].map(opcodeName), ["cont", "text", "binary", "0x3", "close", "ping", "pong", "0xf"]);
  });

  test("hold a peer's text as text", () => {
    const hostile = '<img src=x onerror="alert(1)">';
    const element = rowElement({ seq: 1, time: 0, length: 1, opcode: 1, head: 0x81, out: false, masked: false, status: "violation", preview: hostile, detail: hostile }, false);
    const texts = [...element.walk()].filter((node) => node.tag === "#text").map((node) => node.data);
    assert.ok(texts.includes(hostile) && texts.includes(`violation: ${hostile}`));
    assert.ok([...element.walk()].every((node) => ["div", "span", "bdi", "#text"].includes(node.tag)));
    assert.ok(element.classList.contains("wsn-odd"));
  });
});

describe("the view", () => {
  let model, el, remove;
  const scroller = () => el.one("wsn-scroller");
  const shown = () => el.one("wsn-rows").children.map((row) => row.one("wsn-payload")?.textContent ?? row.textContent);
  const resize = (height) => { scroller().clientHeight = height; observers.at(-1).callback(); };
  const rowsOf = ({ start, stop }) => [
    { start, stop, events: [] }, pack(Array.from({ length: stop - start }, (_, n) => ({ seq: start + n, preview: `row ${start + n}` })))];
  const serve = async () => { const { start, stop } = model.sent.findLast((message) => message.verb === "rows"); await model.answer("rows", ...rowsOf({ start, stop })); };

  beforeEach(() => {
    model = new FakeModel({ span: [0, 0], edition: 0, event: [0, "", 0] });
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
    el.button("Follow").click();
    assert.equal(el.button("Follow").getAttribute("aria-pressed"), "false");
    assert.equal(other.button("Follow").getAttribute("aria-pressed"), "true");
  });

  test("a person who scrolls up stops following, its own scrolling does not", async () => {
    model.set({ span: [0, 1000] });
    await serve();
    scroller().fire("scroll");
    assert.equal(el.button("Follow").getAttribute("aria-pressed"), "true");
    scroller().scrollTop = 100 * ROW;
    scroller().fire("scroll");
    assert.equal(el.button("Follow").getAttribute("aria-pressed"), "false");
    await serve();
    assert.equal(shown()[0], "row 100");
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
    assert.equal(model.sent.at(-1).verb === "inspect" ? model.sent.at(-1).seq : model.sent.at(-2).seq, 993);
  });

  test("arrow keys walk over the rows, Home and End go to the ends of what the log has", async () => {
    model.set({ span: [40, 1000] });
    await serve();
    const press = (key) => { const { prevented } = scroller().fire("keydown", { key }); return [model.sent.findLast((m) => m.verb === "inspect")?.seq, prevented]; };
    assert.deepEqual(press("Home"), [40, true]);
    assert.deepEqual(press("ArrowUp"), [40, true]);
    assert.deepEqual(press("ArrowDown"), [41, true]);
    assert.deepEqual(press("PageDown"), [50, true]);
    assert.deepEqual(press("End"), [999, true]);
    assert.deepEqual(press("x"), [999, false]);
  });

  test("the inspector shows fields and views as text, and closes with Escape", async () => {
    const hostile = "<script>alert(1)</script>";
    model.set({ span: [0, 3] });
    await serve();
    scroller().fire("keydown", { key: "End" });
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
    const first = model.sent.at(-1);
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
});

describe("the filter", () => {
  let model, el;
  const box = () => el.one("wsn-filter");
  const type = (text) => { box().value = text; box().fire("keydown", { key: "Enter" }); };
  const shown = () => el.one("wsn-rows").children.map((row) => row.one("wsn-payload")?.textContent ?? row.textContent);
  const found = (end, more = false, of = 1000) => model.answer("find", { first: 0, end, looked: more ? of / 2 : of, of, more });
  const last = (verb) => model.sent.findLast((message) => message.verb === verb);
  // the match at position n is the frame 10 n
  const serve = async () => {
    const { start, stop, filter } = last("rows"), step = filter ? 10 : 1;
    const rows = Array.from({ length: stop - start }, (_, n) => ({ seq: step * (start + n), preview: `row ${step * (start + n)}` }));
    await model.answer("rows", { start, stop, events: [] }, pack(rows));
  };

  beforeEach(async () => {
    model = new FakeModel({ span: [0, 1000], edition: 0, event: [0, "", 0] });
    el = new FakeElement("div");
    widget.render({ model, el });
    el.one("wsn-scroller").clientHeight = HEIGHT;
    observers.at(-1).callback();
    await serve(); // asked for before there was a height
    await serve();
  });

  test("is asked about when the typing pauses, not with each key", () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    for (const text of ["d", "do", "dog"]) {
      box().value = text;
      box().fire("input");
      mock.timers.tick(100);
    }
    assert.equal(model.count("find"), 0);
    mock.timers.tick(1000);
    assert.deepEqual([model.count("find"), last("find").filter], [1, "dog"]);
    mock.timers.reset();
  });

  test("shows a window over the matches, and how many they are", async () => {
    type(" dog ");
    assert.equal(last("find").filter, "dog");
    await found(100);
    assert.deepEqual([last("rows").filter, last("rows").stop], ["dog", 100]);
    await serve();
    assert.deepEqual(shown(), Array.from({ length: 10 }, (_, n) => `row ${900 + 10 * n}`));
    assert.equal(el.one("wsn-found").textContent, "100 of 1,000 frames");
  });

  test("is asked about again until all is searched, and says how far that is", async () => {
    type("dog");
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
    type("dog");
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
    type("dog");
    const asked = last("find");
    type("cat");
    model.sent.push(asked);
    await found(100);
    assert.equal(el.one("wsn-found").textContent, "");
    model.sent.push(model.sent.find((message) => message.filter === "cat"));
    await found(3);
    assert.equal(el.one("wsn-found").textContent, "3 of 1,000 frames");
  });

  test("takes no rows of another filter", async () => {
    type("dog");
    await found(100);
    const asked = last("rows");
    type("cat");
    await found(5);
    model.sent.push(asked);
    await model.answer("rows", { start: 90, stop: 100, events: [] }, pack(Array.from({ length: 10 }, () => ({ preview: "dog" }))));
    assert.ok(!shown().includes("dog"));
    await serve();
    assert.deepEqual(shown(), ["row 0", "row 10", "row 20", "row 30", "row 40"]);
  });

  test("that is wrong is told, and the one before goes on", async () => {
    type("dog");
    await found(100);
    await serve();
    type("dir:up");
    await model.refuse("find", "dir: takes in or out.");
    assert.equal(el.one("wsn-complaint").textContent, "dir: takes in or out.");
    assert.equal(box().getAttribute("aria-invalid"), "true");
    assert.equal(last("find").filter, "dog");
    await found(101);
    await serve();
    assert.deepEqual([shown().at(-1), el.one("wsn-complaint").textContent], ["row 1000", "dir: takes in or out."]);
    type("dir:out");
    await found(1);
    assert.deepEqual([el.one("wsn-complaint").textContent, box().getAttribute("aria-invalid")], ["", "false"]);
  });

  test("inspects by position, and its frame stays in sight when the box is emptied", async () => {
    type("dog");
    await found(100);
    await serve();
    el.one("wsn-scroller").fire("keydown", { key: "Home" });
    el.one("wsn-scroller").fire("keydown", { key: "ArrowDown" });
    await serve();
    assert.deepEqual([last("inspect").seq, last("inspect").filter], [1, "dog"]);
    await model.answer("inspect", { seq: 10, fields: [], views: [{ name: "Hex", body: "", note: "" }] });
    box().fire("keydown", { key: "Escape" });
    await serve();
    assert.equal(last("rows").filter, "");
    const selected = el.one("wsn-rows").children.find((row) => row.getAttribute("aria-selected") === "true");
    assert.equal(selected.one("wsn-payload").textContent, "row 10");
    assert.deepEqual([box().value, el.one("wsn-found").textContent], ["", ""]);
  });

  test("is left following where it was following", async () => {
    type("dog");
    await found(100);
    await serve();
    type("");
    await serve();
    assert.equal(shown().at(-1), "row 999");
  });
});
