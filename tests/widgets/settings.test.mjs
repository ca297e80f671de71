// Sizes as the settings show them, and as the verb reads them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { size } from "../../wsnotebook/widgets/settings.mjs";

test("a size is exact, in the largest unit that is", () => {
  assert.deepEqual([1, 1000, 1024, 1536, 67_108_864, 2 ** 31].map(size), ["1", "1000", "1KiB", "1536", "64MiB", "2GiB"]);
});
