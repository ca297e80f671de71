// strip.mjs: the timeline above the table, and the range of time that is selected in it.

import assert from "node:assert/strict";
import { beforeEach, describe, mock, test } from "node:test";

import { Requests } from "../../wsnotebook/widgets/requests.mjs";
import { gaps, Strip } from "../../wsnotebook/widgets/strip.mjs";
import { FakeModel, install, settled } from "./dom.mjs";

install();
const KINDS = ["received", "sent", "closes", "stalls", "events"];
const SECOND = 1e9; // ns, of a bin

describe("the timeline", () => {
  let model, strip, terms, range;
  const answer = (counts, { first = 0, width = SECOND, more = false } = {}) => {
    const length = (counts.received ?? counts.sent).length, all = new Float64Array(KINDS.flatMap((kind) => counts[kind] ?? new Array(length).fill(0)));
    return model.answer("bins", { first, width, kinds: KINDS, more }, [new DataView(all.buffer)]);
  };
  const words = () => strip.words.textContent;
  const chosen = () => { const { start, stop, width } = model.sent.findLast(({ verb }) => verb === "term"); return [start, stop, width]; };
  const ends = () => strip.ends.map((end) => end.getAttribute("aria-valuenow"));

  beforeEach(() => {
    mock.timers.reset();
    mock.timers.enable({ apis: ["setTimeout"] });
    model = new FakeModel({});
    terms = [];
    range = [];
    strip = new Strip(new Requests(model), { range: () => range, onTerm: (term) => terms.push(term), onError: (error) => { throw error; } });
    strip.field.getBoundingClientRect = () => ({ left: 100, width: 400 });
    strip.field.setPointerCapture = () => {};
    strip.update();
  });

  test("is hidden while there are no frames, and asks seldom while they come", async () => {
    await answer({ received: [] });
    assert.equal(strip.element.hidden, true);
    for (let n = 0; n < 5; n++) strip.update();
    assert.equal(model.count("bins"), 1);
    mock.timers.tick(1000);
    assert.equal(model.count("bins"), 2);
    await answer({ received: [3] });
    assert.equal(strip.element.hidden, false);
    mock.timers.tick(1000);
    assert.equal(model.count("bins"), 2); // nothing has come
  });

  test("tells times of today to the millisecond", async () => {
    for (const [width, ms] of [[1e4, 1_767_323_045_002], [2e4, 1_767_323_045_010], [1e6, 1_767_323_045_018], [5e6, 1_767_323_045_010]]) {
      await answer({ received: [1] }, { first: ms / (width / 1e6), width });
      assert.equal(strip.element.getAttribute("aria-label").slice(10, 22), new Date(ms).toISOString().slice(11, 23));
      mock.timers.tick(1000);
      strip.update();
    }
  });

  test("asks on while the kernel counts", async () => {
    await answer({ received: [3] }, { more: true });
    mock.timers.tick(1);
    assert.equal(model.count("bins"), 2);
  });

  test("shows how dense the frames are, marks what happened, and says both in words", async () => {
    await answer({ received: [4, 0, 2, 1], sent: [1, 0, 0, 0], closes: [0, 0, 0, 1], stalls: [0, 2, 0, 0] });
    const [first, second, , last] = strip.bars.children;
    assert.deepEqual(first.children.map((each) => each.style), ["height: 25%", "height: 50%"]);
    assert.deepEqual([second, last].map((bin) => bin.one("wsn-strip-sign").textContent), ["◆", "×"]);
    assert.equal(strip.element.getAttribute("aria-label"), "timeline, 00:00:00.000 – 00:00:04.000 UTC: 7 received, 1 sent, 1 close, 2 stalls");
    assert.equal(words(), "00:00:00.000 – 00:00:04.000 UTC, 4 s: 7 received, 1 sent, 1 close, 2 stalls");
    assert.match(last.title, /00:00:03.000 – 00:00:04.000 UTC\n1 received, 0 sent, 1 close$/);
  });

  test("is dragged over: the bins under the pointer become a term of the filter", async () => {
    await answer({ received: [1, 1, 1, 1] }, { first: 10 });
    strip.field.fire("pointerdown", { clientX: 320, button: 0, pointerId: 1, target: strip.bars });
    strip.field.fire("pointermove", { clientX: 150 });
    assert.deepEqual([strip.band.hidden, words()], [false, "00:00:10.000 – 00:00:13.000 UTC, 3 s: 3 received, 0 sent"]);
    strip.field.fire("lostpointercapture");
    assert.deepEqual(chosen(), [10, 13, SECOND]);
    await model.answer("term", { term: "time:a..b" });
    assert.deepEqual(terms, ["time:a..b"]);
  });

  test("takes a click for no range", async () => {
    await answer({ received: [1, 1] });
    strip.field.fire("pointerdown", { clientX: 150, button: 0, pointerId: 1, target: strip.bars });
    strip.field.fire("lostpointercapture");
    assert.equal(model.count("term"), 0);
  });

  test("shows the range of the filter, and takes it out", async () => {
    range = [1000, 3000];
    await answer({ received: [1, 2, 3, 4] });
    assert.deepEqual([ends(), strip.clear.hidden], [["1", "3"], false]);
    assert.equal(words(), "00:00:01.000 – 00:00:03.000 UTC, 2 s: 5 received, 0 sent");
    strip.clear.click();
    strip.ends[0].fire("keydown", { key: "Escape" });
    assert.deepEqual(terms, ["", ""]);
    range = [2000, null];
    strip.follow();
    assert.deepEqual(ends(), ["2", "4"]);
    range = [];
    strip.follow();
    assert.deepEqual([strip.band.hidden, strip.clear.hidden, ends()], [true, true, ["0", "4"]]);
  });

  test("has ends that keys move, as fast as they come, and a bin between them", async () => {
    await answer({ received: [1, 1, 1, 1] });
    const press = (which, key) => strip.ends[which].fire("keydown", { key });
    assert.equal(press(0, "ArrowRight").prevented, true);
    press(0, "ArrowRight");
    assert.deepEqual(chosen(), [2, 4, SECOND]);
    press(1, "Home");
    assert.deepEqual(chosen(), [2, 3, SECOND]);
    press(0, "End");
    assert.deepEqual(chosen(), [2, 3, SECOND]);
    assert.equal(press(0, "x").prevented, false);
    assert.equal(strip.ends[0].getAttribute("aria-valuetext"), "00:00:00.000 UTC"); // until the filter has it
    range = [2000, 3000];
    strip.follow();
    assert.equal(strip.ends[0].getAttribute("aria-valuetext"), "00:00:02.000 UTC");
  });

  test("marks ten bins and more without a frame", async () => {
    const received = [1, ...new Array(10).fill(0), 1, ...new Array(9).fill(0), 1], marked = gaps({ received, sent: received }, received.length);
    assert.deepEqual(marked.flatMap((is, n) => (is ? [n] : [])), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    await settled();
  });
});
