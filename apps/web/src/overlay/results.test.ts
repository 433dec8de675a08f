import assert from "node:assert/strict";
import { test } from "node:test";
import type { FrameResult } from "./declared.ts";
import { RecentResults } from "./results.ts";

const result = (model_id: string, pts90k: number): FrameResult => ({ model_id, frame_id: 1, pts90k, detections: [] });
const pushed = (...list: [string, number][]) => {
  const results = new RecentResults();
  for (const [model, pts] of list) results.push(result(model, pts), 0, null);
  return results;
};
const ages = (results: RecentResults, pts: number) =>
  results.drawnAt(results.models(), pts).map((one) => [one.result.model_id, one.result.pts90k, one.ageTicks]);

test("a picture gets each model's own result of it, else the last before it with its age", () => {
  const results = pushed(["a", 90_000], ["a", 93_600], ["a", 97_200], ["b", 90_000]);
  assert.deepEqual(ages(results, 93_600), [
    ["a", 93_600, 0],
    ["b", 90_000, 3_600],
  ]);
  assert.deepEqual(ages(results, 80_000), []);
});

test("times of one frame may differ by less than a millisecond", () => {
  assert.deepEqual(ages(pushed(["a", 90_040]), 90_000), [["a", 90_040, 0]]);
  assert.deepEqual(ages(pushed(["a", 89_960]), 90_000), [["a", 89_960, 0]]);
});

test("boxes older than two seconds are gone", () => {
  const results = pushed(["a", 90_000]);
  assert.equal(ages(results, 90_000 + 2_000 * 90).length, 1);
  assert.equal(ages(results, 90_000 + 2_001 * 90).length, 0);
  assert.deepEqual(results.answering(2_000), ["a"]);
  assert.deepEqual(results.answering(2_001), []);
});

test("a result that is not newer than the last came late and changes nothing", () => {
  assert.equal(pushed(["a", 93_600], ["a", 90_000]).newestPts90k("a"), 93_600);
});

test("a frame is complete when every model answered it or a later one, or had its usual time", () => {
  const results = new RecentResults();
  results.push(result("quick", 90_000), 0, 93_600);
  results.push(result("slow", 90_000), 0, 108_000);
  assert.equal(results.usualDelayTicks("slow"), 18_000);
  assert.ok(results.isComplete(["quick", "slow"], 90_000, 108_000));
  results.push(result("quick", 93_600), 0, 97_200);
  assert.ok(!results.isComplete(["quick", "slow"], 93_600, 100_000), "slow may still answer");
  assert.ok(results.isComplete(["quick", "slow"], 93_600, 93_600 + 18_001), "slow has had its time");
  assert.ok(results.isComplete(["quick"], 93_600, 93_600));
});

test("where the picture's time is not known the age counts from the arrival", () => {
  const results = new RecentResults();
  results.push(result("a", 5), 100, null);
  assert.deepEqual(
    results.newest(["a", "none"], 300).map((one) => one.ageTicks),
    [18_000],
  );
  assert.deepEqual(results.newest(["a"], 2_101), []);
});

test("what a model says is kept for a while only, and models are not without number", () => {
  const results = new RecentResults();
  for (let frame = 1; frame <= 1_000; frame++) results.push(result("a", frame * 3_600), 0, null);
  assert.equal(results.atOrBefore("a", 3_600), null);
  for (let model = 0; model < 1_000; model++) results.push(result(`m${model}`, 1), 0, null);
  assert.equal(results.models().length, 64);
});

test("nothing of an earlier run is drawn on a later one, however near it is", () => {
  const results = pushed(["a", 90_000], ["b", 180_000]);
  results.forgetBefore(180_000);
  results.push(result("a", 93_600), 0, null);
  assert.deepEqual(ages(results, 180_000), [["b", 180_000, 0]]);
});
