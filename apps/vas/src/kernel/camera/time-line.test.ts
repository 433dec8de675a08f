import assert from "node:assert/strict";
import { test } from "node:test";
import { TimeLine } from "./time-line.ts";

const NOON_MS = Date.parse("2026-03-01T12:00:00.000Z");
const HOUR_MS = 3_600_000;

/** A run of so many seconds that begins at this moment of the wall clock. @returns its first and its last time */
function run(line: TimeLine, wallMs: number, seconds: number): [number, number] {
  const base = line.beginRun(wallMs);
  for (let second = 1; second <= seconds; second++) line.reached(base + second * 90_000);
  return [base, base + seconds * 90_000];
}

test("runs begin at Unix time in 90 kHz ticks, and never before the end of the run before", () => {
  const line = new TimeLine(0);
  const [first, firstEnd] = run(line, NOON_MS, 60);
  assert.equal(first, NOON_MS * 90);
  // The camera's clock ran a little faster than ours, so the next run would begin before this one ended.
  const [second] = run(line, NOON_MS + 59_000, 60);
  assert.equal(second, firstEnd + 90_000);
  const [third] = run(line, NOON_MS + HOUR_MS, 1);
  assert.equal(third, (NOON_MS + HOUR_MS) * 90, "the clock counts again once it is ahead");
});

test("a clock that is set back makes no time come twice; once it has caught up it counts again", () => {
  const line = new TimeLine(0);
  let end = 0;
  for (const wallMs of [NOON_MS, NOON_MS - HOUR_MS, NOON_MS - 24 * HOUR_MS, 0, NOON_MS - HOUR_MS]) {
    const [begin, newEnd] = run(line, wallMs, 30);
    assert.ok(begin > end);
    end = newEnd;
  }
  assert.equal(run(line, NOON_MS + HOUR_MS, 1)[0], (NOON_MS + HOUR_MS) * 90);
});

test("a clock that is set forward moves the next run, not the one that goes on", () => {
  const line = new TimeLine(0);
  const [, end] = run(line, NOON_MS, 10);
  const [next] = run(line, NOON_MS + 24 * HOUR_MS, 10);
  assert.equal(next - end, (24 * HOUR_MS - 10_000) * 90);
});

test("after a restart the line goes on above what is recorded, whatever the clock says", () => {
  const recorded = NOON_MS * 90;
  assert.equal(new TimeLine(recorded).beginRun(NOON_MS - HOUR_MS), recorded + 90_000);
  assert.equal(new TimeLine(recorded).beginRun(NOON_MS + HOUR_MS), (NOON_MS + HOUR_MS) * 90);
});

test("a run that is placed by arrival stands where it was placed, and never before a frame of an earlier run", () => {
  const line = new TimeLine(0);
  const [, end] = run(line, NOON_MS, 10);
  assert.equal(line.placeRun(end + 500), end + 500);
  assert.equal(line.placeRun(end - 90_000), end + 1);
});

test("times are safe integers for thousands of years", () => {
  const line = new TimeLine(0);
  assert.ok(Number.isSafeInteger(line.beginRun(Date.parse("4999-12-31T23:59:59.999Z")) + 365 * 24 * HOUR_MS * 90));
});
