import assert from "node:assert/strict";
import { test } from "node:test";
import { gapsOf, todayOf } from "./gaps.ts";

test("gaps of all reasons are added, and what was not wanted is none", () => {
  const sum = (state: "gap" | "not_wanted" | "recorded", ms: number, count: number) => ({
    state,
    ms,
    count,
    reason: null,
    message: null,
  });
  const sums = [sum("recorded", 9e6, 3), sum("gap", 4000, 2), sum("gap", 1000, 1), sum("not_wanted", 5e5, 1)];
  assert.deepEqual(gapsOf({ sums }), { count: 3, ms: 5000 });
});

test("today begins at midnight and is never empty", () => {
  const midnight = new Date(2026, 2, 4);
  const { from, to } = todayOf(midnight);
  assert.equal(from, midnight.toISOString());
  assert.ok(Date.parse(to) > Date.parse(from));
});
