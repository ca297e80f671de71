// format.mjs: numbers and times as text.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { bytes, clock, duration, whole } from "../../wsnotebook/widgets/format.mjs";

describe("numbers", () => {
  test("bytes have a unit and at most three digits", () => {
    assert.deepEqual([0, 999, 1000, 12_345, 999_949, 5e6, 7.25e9].map(bytes), ["0 B", "999 B", "1.0 kB", "12.3 kB", "1.0 MB", "5.0 MB", "7.3 GB"]);
  });
  test("counts have separators", () => assert.equal(whole(1234567.6), "1,234,568"));
});

test("times are UTC, to the millisecond", () => {
  assert.deepEqual([3_665_007, 3_665_007.999, -0.001].map(clock), ["01:01:05.007", "01:01:05.007", "23:59:59.999"]);
  assert.deepEqual([NaN, null].map(clock), ["", ""]);
});

test("a duration has two units at most", () => {
  assert.deepEqual([0.0279, 0.5, 59.9, 65, 3599, 3725, 90_000].map(duration), ["27 ms", "500 ms", "59 s", "1 min 05 s", "59 min 59 s", "1 h 02 min", "25 h 00 min"]);
});
