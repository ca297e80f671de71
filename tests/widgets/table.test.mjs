// table.mjs without a browser: the maths of scrolling, following, the protocol of rows, and that nothing becomes markup.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

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
    assert.deepEqual(marks({ out: true, masked: true, status: "dropped" }), ["dropped"]);
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
    { start, stop }, pack(Array.from({ length: stop - start }, (_, n) => ({ seq: start + n, preview: `row ${start + n}` })))];
  const serve = async () => { const { start, stop } = model.sent.findLast((message) => message.verb === "rows"); await model.answer("rows", ...rowsOf({ start, stop })); };

  beforeEach(() => {
    model = new FakeModel({ span: [0, 0], edition: 0 });
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

  test("a removed view hears nothing more", async () => {
    remove();
    await settled();
    assert.equal(model.heard, 0);
    assert.equal(observers.at(-1).element, null);
  });
});
