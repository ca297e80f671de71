// refusedpanel.mjs: what is shown of a call that opened no session, its secrets on request, and Reconnect.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { FakeElement, FakeModel, install, settled } from "./dom.mjs";

install();
const { default: widget } = await import(process.env.WIDGET ?? "../../wsnotebook/widgets/refusedpanel.mjs");

const STATE = { state: "refused", name: "", url: "ws://127.0.0.1:9/", failure: "expected status 101, got 401", refusal: "GET ws://127.0.0.1:9/\nCookie: <redacted>", can_reconnect: true, reconnecting: "", problem: "", still: "wsn-still-1" };

let model, el;
const text = () => el.one("wsn-refusal").textContent;

beforeEach(() => {
  model = new FakeModel({ ...STATE });
  el = new FakeElement("div");
  widget().render({ model, el });
});

describe("a refused call", () => {
  test("is shown with its answer, and counts no frames", () => {
    assert.equal(el.one("wsn-state").textContent, "refused");
    assert.equal(el.one("wsn-again").one("wsn-error").textContent, STATE.failure);
    assert.equal(text(), STATE.refusal);
    assert.ok(el.one("wsn-counts").hidden);
    assert.match(el.find((element) => element.tag === "style").textContent, /wsn-still-1/);
  });
  test("shows its secrets when asked, and hides them again", async () => {
    el.button("Show secrets").click();
    await model.answer("refusal", { text: "Cookie: a=1" });
    assert.equal(text(), "Cookie: a=1");
    model.set({ reconnecting: "" }); // a change of another trait hides nothing
    assert.equal(text(), "Cookie: a=1");
    el.button("Hide secrets").click();
    assert.equal(text(), STATE.refusal);
    assert.equal(model.count("refusal"), 1);
  });
  test("shows no secrets of a call in whose place another stands", async () => {
    el.button("Show secrets").click();
    model.set({ refusal: "another" });
    await model.answer("refusal", { text: "Cookie: a=1" });
    assert.equal(text(), "another");
  });
  test("is dialled again, and says once why that failed too", async () => {
    el.button("Reconnect").click();
    model.set({ failure: "got 503", refusal: "HTTP/1.1 503" });
    await model.refuse("reconnect", "got 503");
    assert.deepEqual([el.one("wsn-again").one("wsn-error").textContent, text()], ["got 503", "HTTP/1.1 503"]);
    assert.equal(el.all("wsn-note").at(-1).textContent, "");
  });
  test("keeps what was answered when a session was opened later", async () => {
    model.set({ state: "opened later", name: "ws1", can_reconnect: false });
    assert.ok(el.button("Reconnect").hidden && !el.one("wsn-again").hidden);
    assert.deepEqual([el.one("wsn-state").textContent, el.one("wsn-name").textContent, text()], ["opened later", "ws1", STATE.refusal]);
  });
  test("of a kernel that is gone can neither be dialled nor give its secrets", async () => {
    model.fire("comm_live_update");
    await settled();
    assert.ok(el.button("Reconnect").disabled && el.button("Show secrets").disabled);
  });
});
