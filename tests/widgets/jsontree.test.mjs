// jsontree.mjs: JSON that folds, keeps its tokens, and tells paths and values.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { jsonTree, parseJson, pathOf, textOf } from "../../wsnotebook/widgets/jsontree.mjs";
import { install } from "./dom.mjs";

install();

describe("a tree", () => {
  test("keeps numbers, strings and equal keys as they were sent", () => {
    const text = '{"a": 1.10, "a": 123456789012345678901234567890, "s": "\\u202e {x}, [y]: \\"z\\"", "e": [{}, [], null]}';
    assert.equal(textOf(parseJson(text)), text);
  });

  test("has the paths of the filter", () => {
    assert.deepEqual([pathOf("$", "price"), pathOf("$.rows", 0), pathOf("$", "two words"), pathOf("$", 'q"')],
      ["$.price", "$.rows[0]", '$["two words"]', '$["q\\""]']);
  });

  test("copies path and value, by buttons that stand beside what folds and not in it", () => {
    const copied = [];
    const tree = jsonTree('{"trade": {"price": 1.10, "tags": ["x"]}}', (text) => copied.push(text));
    const leaf = tree.all("wsn-leaf").find((element) => element.textContent.includes("price"));
    for (const copy of leaf.all("wsn-copy")) copy.click();
    assert.deepEqual(copied, ["$.trade.price", "1.10"]);
    assert.ok([...tree.walk()].filter((element) => element.tag === "summary").every((summary) => summary.all("wsn-copy").length === 0));
    tree.children[0].children.at(-1).all("wsn-copy")[1].click();
    assert.equal(copied.at(-1), '{"trade": {"price": 1.10, "tags": ["x"]}}');
  });

  test("copies what came and shows it with escapes", () => {
    const copied = [], tree = jsonTree('{"a\u0085\u202e": ["\u{e0067}\u200d"], "\\u0061": 1}', (text) => copied.push(text));
    assert.deepEqual(tree.all("wsn-key").map((key) => key.textContent), ["a\\u0085\\u202e", "0", "a"]);
    assert.equal(tree.one("wsn-string").textContent, '"\\udb40\\udc67\\u200d"');
    assert.ok([...tree.walk()].every((element) => !/[\p{Cc}\p{Cf}]/u.test(element.title + element.textContent)));
    for (const copy of tree.one("wsn-leaf").all("wsn-copy")) copy.click();
    tree.children[0].children.at(-1).all("wsn-copy")[1].click();
    assert.deepEqual(copied, ['$["a\u0085\u202e"][0]', '"\u{e0067}\u200d"', '{"a\u0085\u202e": ["\u{e0067}\u200d"], "\\u0061": 1}']);
  });

  test("makes the elements of what is open, and of a long list in parts", () => {
    const tree = jsonTree(`[${Array.from({ length: 1000 }, (_, n) => `{"n": ${n}}`)}]`, () => {});
    assert.equal(tree.all("wsn-leaf").length, 0);
    const root = tree.find((element) => element.tag === "details");
    root.open = true;
    root.fire("toggle");
    const parts = () => root.one("wsn-children").children.filter((child) => child.classList.contains("wsn-node")).length;
    assert.equal(parts(), 200);
    root.button("800 more").click();
    assert.equal(parts(), 400);
    root.fire("toggle");
    assert.equal(parts(), 400);
  });

  test("shows a hostile text as text, its keys escaped", () => {
    const tree = jsonTree('{"<b>\\u202e\\u0000": "<img src=x onerror=alert(1)>"}', () => {});
    assert.equal(tree.one("wsn-key").textContent, "<b>\\u202e\\u0000");
    assert.equal(tree.one("wsn-string").textContent, '"<img src=x onerror=alert(1)>"');
    assert.ok([...tree.walk()].every((node) => ["div", "details", "summary", "span", "button", "#text"].includes(node.tag)));
  });
});
