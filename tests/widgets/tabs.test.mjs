// tabs.mjs: the strip, its keys, and what it does with many tabs.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { FakeElement, FakeModel, install, observers, settled } from "./dom.mjs";

install();
const { default: widget } = await import(process.env.WIDGET ?? "../../wsnotebook/widgets/tabs.mjs");

const rows = (...names) => [["", "All", "", 9], ...names.map((name, n) => [name, name, n ? "closed" : "open", n])];
let model, el, remove, focused;
const tabs = () => el.all("wsn-tab");
const named = (title) => tabs().find((tab) => tab.one("wsn-tab-title").textContent === title);
const chosen = () => tabs().filter((tab) => tab.getAttribute("aria-selected") === "true").map((tab) => tab.one("wsn-tab-title").textContent);
const strip = () => el.one("wsn-tab-strip");

function show(state) {
  model = new FakeModel({ label: "clients", tabs: rows("a", "b"), unlisted: 0, chosen: "", still: "", ...state });
  el = new FakeElement("div");
  remove = widget.render({ model, el });
}

FakeElement.prototype.focus = function () { focused = this; };
beforeEach(() => { focused = undefined; show(); });

describe("a tab", () => {
  test("has its title, state and count, also in one name for who does not see it", () => {
    assert.deepEqual(tabs().map((tab) => tab.getAttribute("aria-label")), ["All, 9 frames", "a, open, 0 frames", "b, closed, 1 frame"]);
    assert.deepEqual(tabs().map((tab) => tab.dataset.state), ["", "open", "closed"]);
    assert.equal(named("b").one("wsn-tab-count").textContent, "1");
    assert.equal(strip().role, "tablist");
    assert.deepEqual(tabs().map((tab) => tab.role), ["tab", "tab", "tab"]);
  });
  test("is chosen by the kernel, which a click asks", async () => {
    assert.deepEqual(chosen(), ["All"]);
    named("b").click();
    assert.deepEqual(chosen(), ["All"]);
    assert.equal((await model.answer("choose")).name, "b");
    model.set({ chosen: "b" });
    assert.deepEqual(chosen(), ["b"]);
    assert.deepEqual(tabs().map((tab) => tab.tabIndex), [-1, -1, 0]);
  });
  test("that is refused says why, until one is not", async () => {
    named("b").click();
    await model.refuse("choose", "the kernel is elsewhere.");
    model.set({ tabs: rows("a", "b", "c"), unlisted: 3 });
    assert.equal(el.one("wsn-note").textContent, "the kernel is elsewhere.");
    named("c").click();
    await model.answer("choose");
    assert.match(el.one("wsn-note").textContent, /^3 older/);
  });
  test("is markup in no case", () => {
    model.set({ tabs: rows("<img src=x onerror=alert(1)>") });
    assert.ok(named("<img src=x onerror=alert(1)>"));
  });
  test("keeps the focus when others come before it", () => {
    document.activeElement = named("b");
    model.set({ tabs: rows("new", "a", "b") });
    assert.equal(focused, named("b"));
  });
});

describe("keys", () => {
  for (const [key, from, to] of [["ArrowRight", "", "a"], ["ArrowLeft", "", "b"], ["ArrowRight", "b", ""], ["ArrowLeft", "a", ""], ["End", "", "b"], ["Home", "b", ""]])
    test(`${key} goes from ${from || "all"} to ${to || "all"}`, async () => {
      model.set({ chosen: from });
      assert.ok(strip().fire("keydown", { key }).prevented);
      assert.equal((await model.answer("choose")).name, to);
      assert.equal(focused, named(to || "All"));
    });
  test("go on from the tab that has the focus, of which the kernel may not have heard", async () => {
    strip().fire("keydown", { key: "ArrowRight", target: named("All") });
    strip().fire("keydown", { key: "ArrowRight", target: named("a") });
    assert.equal((await model.answer("choose")).name, "b");
    assert.equal(focused, named("b"));
  });
  test("other keys are left alone", () => {
    assert.ok(!strip().fire("keydown", { key: "Enter" }).prevented);
    assert.equal(model.count("choose"), 0);
  });
  test("get to the first tab where the filter is of none", () => {
    model.set({ chosen: "client-1 client-7" });
    assert.deepEqual(chosen(), []);
    assert.deepEqual(tabs().map((tab) => tab.tabIndex), [0, -1, -1]);
  });
});

describe("tabs that come and go", () => {
  test("leave the others as they are", () => {
    const kept = named("b");
    model.set({ tabs: rows("b", "c") });
    assert.equal(named("b"), kept);
    assert.deepEqual(tabs().map((tab) => tab.one("wsn-tab-title").textContent), ["All", "b", "c"]);
    assert.deepEqual(el.one("wsn-tab-list").children.map((option) => option.value), ["", "b", "c"]);
  });
  test("stand in the order of the kernel", () => {
    model.set({ tabs: rows("c", "b", "a") });
    assert.deepEqual(tabs().map((tab) => tab.one("wsn-tab-title").textContent), ["All", "c", "b", "a"]);
  });
  test("and those that have none are counted", () => {
    model.set({ unlisted: 1700 });
    assert.match(el.one("wsn-note").textContent, /^1,700 older ones/);
  });
});

describe("a strip that is too long", () => {
  const measured = (scrollWidth, clientWidth, scrollLeft) => {
    Object.assign(strip(), { scrollWidth, clientWidth, scrollLeft, offsetLeft: 10 });
    observers.at(-1).callback();
  };
  test("has arrows and a list of all", async () => {
    assert.ok(!el.classList.contains("wsn-overflows"));
    measured(2000, 500, 0);
    assert.ok(el.classList.contains("wsn-overflows"));
    assert.deepEqual([el.button("‹").disabled, el.button("›").disabled], [true, false]);
    el.button("›").click();
    assert.equal(strip().scrollLeft, 400);
    el.one("wsn-tab-list").value = "b";
    el.one("wsn-tab-list").fire("change");
    assert.equal((await model.answer("choose")).name, "b");
  });
  test("scrolls to the tab that is chosen, and stands still while others change", () => {
    measured(2000, 500, 0);
    Object.assign(named("b"), { offsetLeft: 1210, offsetWidth: 100 });
    model.set({ chosen: "b" });
    assert.equal(strip().scrollLeft, 800);
    strip().scrollLeft = 0; // by hand
    model.set({ tabs: rows("a", "b", "c") });
    assert.equal(strip().scrollLeft, 0);
  });
});

test("a view that is removed hears nothing more", async () => {
  await settled();
  remove();
  assert.equal(model.heard, 0);
});
