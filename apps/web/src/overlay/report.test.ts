import assert from "node:assert/strict";
import { test } from "node:test";
import { ageWords, stateWords } from "./report.ts";

test("the age is said in milliseconds and frames", () => {
  assert.equal(ageWords("m", 120, 3, true), "m: boxes are 120 ms old (3 frames)");
  assert.equal(ageWords("m", 40, 1, true), "m: boxes are 40 ms old (1 frame)");
  assert.equal(ageWords("m", 0, 0, true), "m: on its own frame");
  assert.equal(ageWords("m", 120, null, true), "m: boxes are 120 ms old");
  assert.equal(ageWords("m", 120, null, false), "m: result arrived 120 ms ago");
});

test("what is seen is said in a sentence", () => {
  assert.match(stateWords({ state: "exact", delayMs: 119.6 }, true), /120 ms late/);
  assert.match(stateWords({ state: "exact", delayMs: 0 }, true), /with its own results/);
  assert.match(stateWords({ state: "approximate", delayMs: null }, true), /^Approximate/);
  assert.match(stateWords({ state: "waiting", delayMs: 0 }, true), /the live picture is shown/);
});
