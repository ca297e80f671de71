// rates.mjs: what is counted in which second.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Rates, SECONDS } from "../../wsnotebook/widgets/rates.mjs";

const last = (rates, direction, count = 3) => rates.of(direction).slice(-count);

describe("rates", () => {
  test("count what comes after the first look, by second and direction", () => {
    const rates = new Rates();
    rates.add(10_000, 5_000_000, 7); // a panel that is shown late knows nothing of the minute before
    rates.add(10_100, 5_000_003, 7);
    rates.add(10_900, 5_000_004, 8);
    rates.add(12_000, 5_000_014, 8);
    assert.deepEqual(last(rates, "received"), [4, 0, 10]);
    assert.deepEqual(last(rates, "sent"), [1, 0, 0]);
    assert.equal(rates.of("received").length, SECONDS);
  });
  test("of a session that follows begin at nothing, and those before stay", () => {
    const rates = new Rates();
    rates.add(1000, 0, 0);
    rates.add(1000, 100, 50);
    rates.add(2000, 3, 0);
    assert.deepEqual(last(rates, "received", 2), [100, 3]);
    assert.deepEqual(last(rates, "sent", 2), [50, 0]);
  });
  test("forget what is older than a minute, also after a long silence", () => {
    const rates = new Rates();
    rates.add(1000, 0, 0);
    rates.add(1000, 9, 9);
    rates.add(60_000, 9, 9);
    assert.equal(rates.of("received")[0], 9);
    rates.add(61_000, 9, 9);
    assert.equal(Math.max(...rates.of("received")), 0);
    rates.add(9_000_000, 10, 9);
    assert.deepEqual(last(rates, "received", 2), [0, 1]);
    assert.equal(rates.of("received").length, SECONDS);
  });
  test("of a clock that is set back stay where they are", () => {
    const rates = new Rates();
    rates.add(5000, 0, 0);
    rates.add(2000, 4, 0);
    rates.add(3000, 5, 0);
    assert.deepEqual(last(rates, "received", 2), [4, 1]);
  });
});
