import assert from "node:assert/strict";
import { test } from "node:test";
import { isTimeout, limited } from "./limited.ts";

test("work is answered or its error passed on, and a pattern that never ends is cut short", () => {
  assert.equal(
    limited(1000, () => 41 + 1),
    42,
  );
  assert.throws(
    () =>
      limited(1000, () => {
        throw new RangeError("no");
      }),
    (thrown) => thrown instanceof RangeError && !isTimeout(thrown),
  );
  assert.throws(() => limited(50, () => /^(a+)+$/.test(`${"a".repeat(60)}!`)), isTimeout);
});
