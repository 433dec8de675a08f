import assert from "node:assert/strict";
import { test } from "node:test";
import { overlayText } from "./overlay.ts";

test("the age is said in milliseconds and frames, with the model's name", () => {
  const age = (ms: number, frames: number | null, isMeasured = true, isAbout = false) =>
    overlayText.age("People", { ms, frames, isAbout, isMeasured });
  assert.equal(age(120, 3), "People: boxes are 120 ms old (3 frames)");
  assert.equal(age(40, 1), "People: boxes are 40 ms old (1 frame)");
  assert.equal(age(0, 0), "People: on its own frame");
  assert.equal(age(120, null), "People: boxes are 120 ms old");
  assert.equal(age(120, null, false), "People: result arrived 120 ms ago");
  assert.equal(age(0, null, true, true), "People: found in the other stream");
});

test("what is seen is said in a sentence", () => {
  assert.match(overlayText.state({ state: "exact", delayMs: 119.6 }, true), /120 ms late/);
  assert.match(overlayText.state({ state: "exact", delayMs: 0 }, true), /with its own results/);
  assert.match(overlayText.state({ state: "approximate", delayMs: null }, true), /^Approximate/);
  assert.match(overlayText.state({ state: "waiting", delayMs: 0 }, true), /the live picture is shown/);
});
