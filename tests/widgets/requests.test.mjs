// requests.mjs: each request has one answer, also where a message is lost between page and kernel.

import assert from "node:assert/strict";
import { beforeEach, describe, mock, test } from "node:test";

import { Requests } from "../../wsnotebook/widgets/requests.mjs";
import { FakeModel, settled } from "./dom.mjs";

let model, requests, answers;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  model = new FakeModel({});
  requests = new Requests(model);
  answers = [];
});

/** Let seconds pass one by one: a timer that a timer sets begins at the end of a tick. */
const pass = (seconds) => { for (let n = 0; n < seconds; n++) mock.timers.tick(1000); };

/** Ask, and keep what comes of it. */
const keep = (answer) => answer.then(({ n }) => answers.push(n), (error) => answers.push(error.message));

describe("a question whose message is lost", () => {
  test("is asked again, in the same words, ever more seldom, and answered once", async () => {
    keep(requests.read("rows", { start: 3 }));
    pass(1);
    assert.equal(model.count("rows"), 1);
    pass(1);
    assert.equal(model.count("rows"), 2);
    assert.deepEqual(model.sent[1], model.sent[0]);
    pass(58);
    assert.equal(model.count("rows"), 5); // after 2, 6, 14 and 30 s
    await model.answer("rows", { n: 1 });
    await model.answer("rows", { n: 2 });
    pass(600);
    assert.equal(model.count("rows"), 5);
    assert.deepEqual(answers, [1]);
  });
  test("is forgotten with its view", () => {
    keep(requests.read("rows"));
    requests.close();
    pass(60);
    assert.equal(model.count("rows"), 1);
  });
  test("fails where the front end sends nothing any more", async () => {
    keep(requests.read("rows"));
    model.send = () => { throw new Error("Cannot send"); };
    pass(60);
    await settled();
    assert.deepEqual(answers, ["Cannot send"]);
  });
});

test("what acts is asked for once", async () => {
  keep(requests.ask("send", { text: "once" }));
  pass(600);
  assert.equal(model.count("send"), 1);
  await model.refuse("send", "the session has ended");
  assert.deepEqual(answers, ["the session has ended"]);
});
