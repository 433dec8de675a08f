import assert from "node:assert/strict";
import { test } from "node:test";
import type { TimelineSum } from "@vas/contracts/timeline.ts";
import { accountWords, percentWords } from "./account.ts";
import { lengthWords, momentWords } from "./lengths.ts";

const sum = (state: TimelineSum["state"], ms: number, count = 1, message: string | null = null): TimelineSum => ({
  state,
  reason: message,
  message,
  ms,
  count,
});
const DAY = 86_400_000;

test("what is missing is never rounded away", () => {
  assert.equal(percentWords(DAY, DAY), "100 %");
  assert.equal(percentWords(DAY - 1, DAY), "99.99 %");
  assert.equal(percentWords(DAY - 14_000, DAY), "99.98 %");
  assert.equal(percentWords(1, DAY), "0.01 %");
  assert.equal(percentWords(DAY / 3, DAY), "33.3 %");
  assert.equal(percentWords(0, 0), "0 %");
});

test("a day in one sentence: how much, how many gaps, and why", () => {
  const range = "the last 24 h";
  assert.equal(accountWords([sum("recorded", DAY)], range), "All of the last 24 h is recorded.");
  assert.equal(
    accountWords(
      [
        sum("recorded", DAY - 17_000 - 3_600_000),
        sum("gap", 3_000, 1, "VAS was not running."),
        sum("gap", 14_000, 1, "The camera did not answer in time."),
        sum("not_wanted", 3_600_000, 1, "Recording was switched off."),
      ],
      range,
    ),
    "99.98 % of the last 24 h is recorded; 2 gaps: The camera did not answer in time (14 s); VAS was not running (3 s).",
  );
  assert.equal(accountWords([sum("before_camera", DAY)], range), "Nothing of the last 24 h was to be recorded.");
  assert.equal(
    accountWords([sum("before_camera", DAY - 60_000), sum("recorded", 60_000)], range),
    "All of the time since the camera was added is recorded.",
  );
});

test("lengths and moments are as short as they can be", () => {
  assert.deepEqual([400, 14_000, 125_000, 7_200_000, 12_000_000, 190_000_000].map(lengthWords), [
    "0.4 s",
    "14 s",
    "2 min 5 s",
    "2 h",
    "3 h 20 min",
    "2 d 4 h",
  ]);
  const noon = new Date(2026, 2, 3, 12, 0, 5).getTime();
  assert.equal(momentWords(noon), "2026-03-03 12:00:05");
  assert.equal(momentWords(noon, noon - 60_000), "12:00:05");
});
