// viewport.mjs: the maths of scrolling, following, and which rows are asked for.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { MOST_ROWS, ROW, TALLEST, Viewport } from "../../wsnotebook/widgets/viewport.mjs";

const HEIGHT = 10 * ROW;
const NONE = { start: 0, stop: 0 };

function viewport(rows, { follow = false } = {}) {
  const view = new Viewport();
  view.resize(HEIGHT);
  view.setFollow(follow);
  view.setSpan(0, rows);
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
      view.setSpan(0, rows * 3);
      assert.equal(view.first, 500);
    }
  });

  test("rows dropped at the top do not move what is seen, until it is gone itself", () => {
    const view = viewport(1000);
    view.moveTo(500 * ROW);
    view.setSpan(300, 1200);
    assert.deepEqual([view.first, view.rows], [500, 900]);
    view.setSpan(800, 1800);
    assert.equal(view.first, 800);
  });

  test("matches that get fewer leave no hole below what is seen", () => {
    const view = viewport(1000);
    view.moveTo(900 * ROW);
    view.setSpan(0, 100);
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

  test("the row before those that are seen, to which the first one has a distance", () => {
    const view = viewport(1000);
    view.moveTo(100 * ROW);
    assert.equal(view.wanted({ start: 99, stop: 122 }), null);
    assert.deepEqual(view.wanted({ start: 100, stop: 122 }), { start: 89, stop: 122 });
    view.moveTo(0);
    assert.equal(view.wanted({ start: 0, stop: 30 }), null);
    view.resize(50_000);
    view.moveTo(500 * ROW);
    const { start, stop } = view.wanted(NONE);
    assert.equal(view.wanted({ start, stop }), null);
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
    view.setSpan(0, 5000);
    assert.deepEqual([view.rows, view.wanted(NONE)], [0, { start: 4978, stop: 5000 }]);
    view.arrive(5000);
    assert.deepEqual([view.first, view.last], [4990, 5000]);
    view.setSpan(0, 6000); // not shown before the rows are here: the table does not flicker
    assert.deepEqual([view.first, view.last], [4990, 5000]);
  });
});

describe("following", () => {
  test("going up stops it, reaching the end starts it", () => {
    const view = viewport(1000, { follow: true });
    view.arrive(1000);
    view.moveTo(view.top - 3 * ROW);
    assert.equal(view.follow, false);
    view.setSpan(0, 2000);
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
