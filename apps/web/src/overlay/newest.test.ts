import assert from "node:assert/strict";
import { test } from "node:test";
import type { Result } from "@vas/contracts/live.ts";
import { ageWords, NewestResults } from "./newest.ts";

const result = (model: string, frameId: number, pts90k: number): Result => ({
  camera_id: "c",
  model_id: model,
  frame_id: frameId,
  pts90k,
  wall_ms: 0,
  width: 2,
  height: 2,
  detections: [],
  inference_ms: null,
  latency_ms: 1,
});

test("the newest result of each model is kept and its age is taken from the pictures", () => {
  const newest = new NewestResults();
  newest.push(result("b", 1, 90_000), 0);
  newest.push(result("a", 5, 180_000), 0);
  newest.push(result("a", 4, 171_000), 10);
  const fresh = newest.fresh(189_000, 20);
  assert.deepEqual(
    fresh.map((one) => [one.result.model_id, one.result.frame_id, one.ageMs]),
    [
      ["a", 5, 100],
      ["b", 1, 1100],
    ],
  );
  assert.equal(newest.newestPts90k(), 180_000);
});

test("boxes older than two seconds are gone, by the picture and by the clock", () => {
  const newest = new NewestResults();
  newest.push(result("a", 1, 90_000), 0);
  assert.equal(newest.fresh(90_000 + 2_000 * 90, 100).length, 1);
  assert.equal(newest.fresh(90_000 + 2_001 * 90, 100).length, 0);
  assert.equal(newest.fresh(90_000, 2_001).length, 0);
  assert.equal(newest.fresh(null, 1_999).length, 1);
});

test("results of a camera that started anew replace those before", () => {
  const newest = new NewestResults();
  newest.push(result("a", 900, 90_000), 0);
  newest.push(result("a", 1, 270_000), 1);
  assert.equal(newest.fresh(null, 2)[0]?.result.frame_id, 1);
});

test("the age is said in milliseconds and frames", () => {
  const fresh = { result: result("m", 1, 0), ageMs: 120, exact: true };
  assert.equal(ageWords(fresh, 25), "m: boxes are 120 ms old (3 frames)");
  assert.equal(ageWords({ ...fresh, ageMs: -40 }, 25), "m: boxes are 40 ms ahead (1 frame)");
  assert.equal(ageWords(fresh, null), "m: boxes are 120 ms old");
  assert.equal(ageWords({ ...fresh, exact: false }, 25), "m: result arrived 120 ms ago");
});
