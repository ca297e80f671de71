// sparkline.mjs without a browser: what is drawn and said, and when.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { install } from "./dom.mjs";

install();
const { Sparkline } = await import("../../wsnotebook/widgets/sparkline.mjs");

let now, sparkline;
const show = (received, sent) => sparkline.show((name) => ({ received, sent })[name]);
const heights = (element) => element.attributes.points.split(" ").map((point) => Number(point.split(",")[1]));

beforeEach(() => {
  now = 0;
  sparkline = new Sparkline(() => now);
});

describe("the sparkline", () => {
  test("draws both directions on one scale, the newest second at the right", () => {
    show(0, 0);
    show(10, 5);
    assert.equal(heights(sparkline.sent).length, 60);
    assert.deepEqual(heights(sparkline.received).slice(-2), [1, 18]); // the top, and the corner of the area
    assert.equal(heights(sparkline.sent).at(-1), 9);
  });
  test("says the last second that is over, and the most", () => {
    show(0, 0);
    show(1200, 5);
    now = 1000;
    show(1201, 5);
    assert.equal(sparkline.element.attributes["aria-label"], "frames per second of the last minute: in 1,200, at most 1,200; out 5, at most 5");
    assert.equal(sparkline.title.textContent, sparkline.element.attributes["aria-label"]);
  });
  test("is not drawn again where nothing has changed", () => {
    show(0, 0);
    const { setAttribute } = sparkline.sent;
    let count = 0;
    sparkline.sent.setAttribute = function (...what) { count++; setAttribute.apply(this, what); };
    for (let n = 0; n < 10; n++) { now += 500; show(0, 0); }
    assert.equal(count, 0);
    show(1, 0);
    assert.equal(count, 1);
  });
});
