import assert from "node:assert/strict";
import { test } from "node:test";
import { AXIS_PX, heightOf, LANE_PX, laneAt, MARKS_PX, recordedSpans } from "./paint.ts";
import type { Summary } from "./summary.ts";

const gap = { state: "gap" as const, reason: null, message: null };
const summary: Summary = {
  fromMs: 0,
  toMs: 100,
  bucketMs: 10,
  recorded: Float32Array.from([1, 1, 0.5, 0, 0, 1, 1, 1, 1, 1]),
  stretches: [{ ...gap, fromMs: 25, toMs: 50 }],
  isComplete: true,
  sums: [],
  labels: [],
};
const spans = (more: Partial<Summary>, fromMs: number, toMs: number) =>
  recordedSpans({ ...summary, ...more }, { fromMs, toMs }).map(({ fromMs: from, toMs: to, share }) => [
    from,
    to,
    share,
  ]);

test("footage is what lies between the stretches without any, to the millisecond", () => {
  assert.deepEqual(spans({}, -50, 200), [
    [0, 25, 1],
    [50, 100, 1],
  ]);
  assert.deepEqual(spans({}, 30, 40), []);
  assert.deepEqual(spans({}, 10, 30), [[10, 25, 1]]);
});

test("where stretches were left out it is drawn by buckets, and how much of each", () => {
  assert.deepEqual(spans({ isComplete: false }, 0, 100), [
    [0, 20, 1],
    [20, 30, 0.5],
    [50, 100, 1],
  ]);
});

test("a place belongs to the lane it is in, and to its marks or its strip", () => {
  assert.equal(laneAt(AXIS_PX - 1, 2), null);
  assert.deepEqual(laneAt(AXIS_PX + 1, 2), { lane: 0, isMarks: true });
  assert.deepEqual(laneAt(AXIS_PX + LANE_PX + MARKS_PX + 1, 2), { lane: 1, isMarks: false });
  assert.equal(laneAt(heightOf(2) + 1, 2), null);
});
