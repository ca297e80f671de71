// columns.mjs: which columns stand in a table, how wide, and what they show.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { apart, COLUMNS, shownColumns, template, toggled, widthOf } from "../../wsnotebook/widgets/columns.mjs";

const CHOSEN = ["seq", "time", "direction", "type", "size", "payload"];

describe("columns", () => {
  test("of a log of several sessions have the session", () => {
    assert.deepEqual(shownColumns(CHOSEN, { sessions: ["a", "a"], width: 1000 }), CHOSEN);
    assert.deepEqual(shownColumns(CHOSEN, { sessions: ["a", "b"], width: 1000 }), ["seq", "time", "session", "direction", "type", "size", "payload"]);
    assert.deepEqual(shownColumns(["session", "payload"], { sessions: ["a", "b"], width: 1000 }), ["session", "payload"]);
    assert.deepEqual(shownColumns(["payload"], { sessions: ["a", "b"], width: 1000 }).toSorted(), ["payload", "session"]);
  });

  test("leave the payload half of a narrow table", () => {
    const names = shownColumns(CHOSEN, { sessions: ["a"], width: 500 });
    const taken = template(names, { digits: 10, bytes: 10 }).match(/\d+(?=px)/g).map(Number).reduce((a, b) => a + b) + 7 * names.length + 20;
    assert.ok(500 - taken > 220, `${500 - taken} px`);
  });

  test("are as wide as the largest number", () => {
    const [width] = template(["seq"], { digits: "100,000,000".length, bytes: 10 }).match(/\d+/);
    assert.ok(Number(width) >= 11 * 7.2);
  });

  test("tell how far two frames are apart", () => {
    assert.deepEqual([0.1234, 12.345, 1234.5, -2, 125_000].map(apart), ["+0.123 ms", "+12.3 ms", "+1.234 s", "−2.000 ms", "+2 min 5 s"]);
    assert.deepEqual([119_500, 119_499, 3_599_900, 59_999.7, 999.97, 9.9997].map(apart), ["+2 min 0 s", "+1 min 59 s", "+60 min 0 s", "+1 min 0 s", "+1.000 s", "+10.0 ms"]);
    assert.equal(COLUMNS.delta.text({ time: 5 }, { before: { time: 3 } }), "+2.000 ms");
    assert.equal(COLUMNS.since.text({ time: 5 }, {}), "");
    assert.equal(COLUMNS.delta.text({ time: 5 }, { before: { time: NaN } }), "");
  });

  test("have no size on the wire where it is not known", () => {
    assert.deepEqual([COLUMNS.wire.text({ length: 5, wire: NaN }), COLUMNS.ratio.text({ length: 5, wire: NaN })], ["", ""]);
    assert.equal(COLUMNS.wire.text({ length: 5, wire: 0 }), "0");
  });

  test("have a ratio where the payload was compressed", () => {
    assert.deepEqual([COLUMNS.ratio.text({ length: 100, wire: 25 }), COLUMNS.ratio.text({ length: 100, wire: 100 })], ["4.0", ""]);
  });

  test("are as wide as a person wants", () => {
    assert.equal(template(["seq", "payload"], { digits: 5, bytes: 10 }, { seq: 90 }), "90px minmax(0, 1fr)");
    assert.equal(template(["payload"], {}, { payload: 300 }), "300px");
    assert.equal(widthOf("payload", {}), null);
  });

  test("that a person chooses in a narrow table are there", () => {
    assert.deepEqual(shownColumns(["status", "size", "ratio"], { sessions: ["a"], width: 500 }), ["status", "ratio"]);
  });

  test("come at their place, and go", () => {
    assert.deepEqual(toggled(["seq", "payload"], "status"), ["seq", "status", "payload"]);
    assert.deepEqual(toggled(["payload", "time"], "seq"), ["seq", "payload", "time"]);
    assert.deepEqual(toggled(["seq"], "payload"), ["seq", "payload"]);
    assert.deepEqual(toggled(["seq", "payload"], "seq"), ["payload"]);
  });

  test("say whether a frame is masked where that is known", () => {
    assert.deepEqual([true, false].map((masked) => COLUMNS.mask.text({ masked }, { ofServer: false })), ["masked", "no"]);
    assert.equal(COLUMNS.mask.text({ masked: false }, { ofServer: null }), "");
  });
});
