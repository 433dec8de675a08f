import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, bytes, duration, percent, rate, shortTime } from "./format.ts";

test("sizes and durations are said in the unit that fits", () => {
  assert.deepEqual([bytes(12), bytes(1_500), bytes(52_000_000)], ["12 B", "1.5 kB", "52 MB"]);
  assert.deepEqual(
    [duration(4.6), duration(180), duration(7_500), duration(400_000)],
    ["5 s", "3 min", "2 h 5 min", "4 days"],
  );
  assert.equal(ago(null), "never");
  assert.equal(ago(new Date(1000).toISOString(), 13_000), "12 s ago");
  assert.deepEqual([percent(0.456), rate(null), rate(24.96, "fps")], ["46 %", "-", "25 fps"]);
});

test("a time of another day carries its date", () => {
  const now = new Date(2026, 0, 2, 12, 0);
  assert.equal(shortTime(new Date(2026, 0, 2, 9, 5).toISOString(), now), "09:05");
  assert.equal(shortTime(new Date(2026, 0, 1, 9, 5).toISOString(), now), "2026-01-01 09:05");
});
