import assert from "node:assert/strict";
import { test } from "node:test";
import type { Flight } from "@vas/contracts/flights.ts";
import { barOf, clockOffset, outcomeOf, outcomeWords, stepsOf } from "./waterfall.ts";

const FLIGHT: Flight = {
  frame_id: 1,
  pts90k: 90,
  outcome: "answered",
  captured_at: "2026-01-01T00:00:00.000Z",
  exported_ms: 5,
  chosen_ms: 8,
  sent_ms: 8.5,
  answered_ms: 50,
  delivered_ms: 52,
  stored_ms: 900,
  inference_ms: 38,
};

test("an answered frame has every step in order, each as long as it took", () => {
  assert.deepEqual(
    stepsOf(FLIGHT, 80).map(({ name, atMs, tookMs }) => [name, atMs, tookMs]),
    [
      ["captured", 0, 0],
      ["exported", 5, 5],
      ["chosen", 8, 3],
      ["sent", 8.5, 0.5],
      ["answered", 50, 41.5],
      ["delivered", 52, 2],
      ["drawn", 80, 28],
      ["stored", 900, 848],
    ],
  );
});

test("a frame that was drawn after it was stored has its steps in that order", () => {
  const names = stepsOf({ ...FLIGHT, stored_ms: 60 }, 80).map(({ name }) => name);
  assert.deepEqual(names.slice(-3), ["delivered", "stored", "drawn"]);
});

test("a skipped frame has the steps it took, and one that was only missed has none", () => {
  const capped = { ...FLIGHT, outcome: "cap", chosen_ms: null, sent_ms: null, answered_ms: null };
  const steps = stepsOf({ ...capped, delivered_ms: null, stored_ms: null }, null);
  assert.deepEqual(
    steps.map(({ name }) => name),
    ["captured", "exported"],
  );
  const missed = { ...capped, captured_at: null, exported_ms: null, delivered_ms: null, stored_ms: null };
  assert.deepEqual(stepsOf(missed, null), []);
  assert.deepEqual([outcomeOf(capped), outcomeWords(capped)], ["skipped", "over the wanted rate"]);
  assert.deepEqual([outcomeOf({ ...FLIGHT, outcome: "sent" }), outcomeOf(FLIGHT)], ["under way", "answered"]);
});

test("a step that was written down a little late does not go back in time", () => {
  const steps = stepsOf({ ...FLIGHT, delivered_ms: 49.9 }, null);
  assert.ok(steps.every(({ tookMs }) => tookMs >= 0));
  assert.equal(steps.find(({ name }) => name === "delivered")?.atMs, 50);
});

test("bars lie where their step began and are as wide as it took", () => {
  const steps = stepsOf({ ...FLIGHT, stored_ms: null }, null);
  const answered = steps.find(({ name }) => name === "answered");
  assert.ok(answered);
  assert.deepEqual(barOf(answered, steps), { left: 8.5 / 52, width: 41.5 / 52 });
});

test("this browser's clock is compared with VAS's in the middle of the question", () => {
  assert.deepEqual(clockOffset(1000, 1040, 5020), { addMs: 4000, withinMs: 20 });
});
