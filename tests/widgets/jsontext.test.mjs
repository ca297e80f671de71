// jsontext.mjs: JSON laid out without a change of any value, and the places that errors name.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { laidOut, placeOf } from "../../wsnotebook/widgets/jsontext.mjs";

describe("a document that is laid out", () => {
  test("has an entry a line", () => {
    assert.equal(laidOut('{"a":[1,{"b":null}],"c":"x"}'), '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ],\n  "c": "x"\n}');
  });
  test("keeps numbers, escapes and repeated keys as they were typed", () => {
    for (const token of ["9007199254740993", "1e400", "0.10", "-0", '"\\u202e\\"{,}:[]"', "true"]) assert.equal(laidOut(token), token);
    assert.equal(laidOut('{"a":1,"a":2}').match(/"a"/g).length, 2);
  });
  test("leaves what is empty on one line, and does not change when it is laid out again", () => {
    const once = laidOut('{"a":{},"b":[ ],"c":[[]]}');
    assert.equal(once, '{\n  "a": {},\n  "b": [],\n  "c": [\n    []\n  ]\n}');
    assert.equal(laidOut(once), once);
  });
  test("is refused where it is none", () => assert.throws(() => laidOut('{"a"'), SyntaxError));
});

describe("the place of an error", () => {
  test("is that of the kernel's sentence", () => {
    assert.equal(placeOf("not JSON: Expecting value at line 2, column 3; correct it", "ab\ncdef"), 5);
    assert.equal(placeOf("character 2, 'g', is not a hex digit", "4g"), 1);
  });
  test("counts characters as the kernel does, and units as the browser does", () => {
    const text = '😀\n{"😀😀": oops}';
    assert.equal(text[placeOf("not JSON: Expecting value at line 2, column 8; correct it", text)], "o");
    assert.equal(text[placeOf("Unexpected token o in JSON at position 12 (line 2 column 10)", text)], "o");
    assert.equal(placeOf("character 3, 'g', is not a hex digit", "😀4g"), 3);
  });
  test("is that of the browser's", () => {
    assert.equal(placeOf("Unexpected token } in JSON at position 4", "{\"a\"}"), 4);
    assert.equal(placeOf("the session is closed", "x"), null);
  });
});
