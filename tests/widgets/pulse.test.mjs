// pulse.mjs: what a page can tell of its kernel, by a clock of the test's own.

import assert from "node:assert/strict";
import { beforeEach, describe, mock, test } from "node:test";

import { FakeModel } from "./dom.mjs";

const { ALIVE, GONE, Pulse, QUIET } = await import("../../wsnotebook/widgets/pulse.mjs");

let model, pulse, states, mustSpeak;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setInterval", "Date"] });
  model = new FakeModel({ elapsed: 0 });
  states = [];
  mustSpeak = true;
  pulse = null;
  follow();
});

/** Follow the model, whose front end tells of a kernel or not. */
function follow(kernel) {
  pulse?.close();
  model.widget_manager = kernel && { kernel };
  pulse = new Pulse(model, { mustSpeak: () => mustSpeak, onChange: (state) => states.push(state) });
}

/** A kernel as JupyterLab has it, whose messages of status are told by `say`. */
function told(status) {
  const ears = new Set();
  return {
    status,
    iopubMessage: { connect: (ear) => ears.add(ear), disconnect: (ear) => ears.delete(ear) },
    ears,
    say: (execution_state, subshell_id = null) => ears.forEach((ear) => ear(null, { header: { msg_type: "status" }, content: { execution_state }, parent_header: { subshell_id } })),
  };
}

describe("a kernel that is heard", () => {
  test("is alive, by traits as by answers", () => {
    for (let n = 1; n <= 5; n++) {
      mock.timers.tick(1000);
      if (n % 2) model.set({ elapsed: n });
      else model.fire("msg:custom", { id: "1", ok: true });
    }
    assert.deepEqual(states, []);
  });
  test("is not missed where it has nothing to say", () => {
    mustSpeak = false;
    mock.timers.tick(60_000);
    assert.equal(pulse.state, ALIVE);
  });
});

describe("a silent kernel", () => {
  test("is quiet within 2 s, as it may be busy, and alive again when it speaks", () => {
    mock.timers.tick(2000);
    assert.deepEqual(states, [QUIET]);
    model.set({ elapsed: 1 });
    assert.deepEqual(states, [QUIET, ALIVE]);
  });
  test("is gone where the front end says that it has nothing to do", () => {
    follow({ status: "idle" });
    mock.timers.tick(2000);
    assert.deepEqual(states, [GONE]);
  });
  test("is only quiet where the front end says that it is busy", () => {
    follow({ status: "busy" });
    mock.timers.tick(2000);
    assert.deepEqual(states, [QUIET]);
  });
  test("is only quiet while a subshell answers beside a cell, and gone when the cell has ended", () => {
    const kernel = told("idle");
    follow(kernel);
    for (const [state, subshell] of [["busy"], ["busy", "widgets"], ["idle", "widgets"]]) kernel.say(state, subshell);
    mock.timers.tick(2000);
    assert.deepEqual(states, [QUIET]);
    kernel.say("idle");
    mock.timers.tick(1000);
    assert.deepEqual(states, [QUIET, GONE]);
    pulse.close();
    assert.equal(kernel.ears.size, 0);
  });
});

describe("a kernel that was restarted", () => {
  test("is gone at once, and for good", () => {
    mustSpeak = false;
    model.fire("comm_live_update");
    model.set({ elapsed: 1 });
    assert.deepEqual(states, [GONE]);
  });
});

test("a closed pulse hears nothing and looks no more", () => {
  pulse.close();
  assert.equal(model.heard, 0);
  mock.timers.tick(5000);
  assert.deepEqual(states, []);
});
