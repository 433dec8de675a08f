import assert from "node:assert/strict";
import { test } from "node:test";
import type { Timeline } from "@vas/contracts/timeline.ts";
import type { Outcome } from "../api/client.ts";
import { covers, momentAt, newestFootage, nextFootage, rangeFor, readTimeline, Summaries } from "./summary.ts";
import { DAY_MS, type Span } from "./view.ts";

const T0 = Date.parse("2026-01-02T00:00:00.000Z");
const iso = (ms: number) => new Date(T0 + ms).toISOString();

const timeline = (range: Span & { bucketMs: number }): Timeline => ({
  from: new Date(range.fromMs).toISOString(),
  to: new Date(range.toMs).toISOString(),
  bucket_ms: range.bucketMs,
  recorded_ms: Array.from({ length: Math.ceil((range.toMs - range.fromMs) / range.bucketMs) }, () => range.bucketMs),
  sums: [],
  stretches: [],
  stretches_left_out: 0,
  labels: [],
  events_left_out: 0,
});

test("what is at a moment is told, and where footage goes on", () => {
  const gap = { state: "gap" as const, reason: "refused", message: "Refused." };
  const summary = readTimeline({
    ...timeline({ fromMs: T0, toMs: T0 + 95_000, bucketMs: 10_000 }),
    recorded_ms: [10_000, 5_000, 0, 0, 10_000, 10_000, 10_000, 10_000, 10_000, 5_000],
    stretches: [
      { start: iso(15_000), end: iso(30_000), ...gap },
      { start: iso(30_000), end: iso(40_000), ...gap, state: "not_wanted", reason: "recording_off" },
    ],
  });
  assert.deepEqual([...summary.recorded], [1, 0.5, 0, 0, 1, 1, 1, 1, 1, 1]);
  assert.equal(momentAt(summary, T0 + 1), "recorded");
  assert.equal((momentAt(summary, T0 + 20_000) as { reason: string }).reason, "refused");
  assert.equal(momentAt(summary, T0 - 1), null);
  assert.equal(nextFootage(summary, T0 + 1), T0 + 1);
  assert.equal(nextFootage(summary, T0 + 16_000), T0 + 40_000);
  assert.equal(nextFootage(summary, T0 + 95_000), null);
});

test("the newest footage ends where what is still to come begins, not with its bucket", () => {
  const summary = readTimeline({
    ...timeline({ fromMs: T0, toMs: T0 + 60_000, bucketMs: 20_000 }),
    recorded_ms: [20_000, 5_000, 0],
    stretches: [
      { start: iso(25_000), end: iso(27_000), state: "to_come", reason: "writing", message: "" },
      { start: iso(27_000), end: iso(60_000), state: "to_come", reason: null, message: "" },
    ],
  });
  assert.equal(newestFootage(summary), T0 + 25_000);
  assert.equal(newestFootage({ ...summary, recorded: new Float32Array(3) }), null);
});

test("a view is asked for with its neighbours, in buckets that the server takes", () => {
  for (let length = 2_000; length < 380 * DAY_MS; length *= 1.31) {
    const view = { fromMs: T0 - length, toMs: T0 };
    const range = rangeFor(view);
    assert.ok(range.fromMs < view.fromMs && range.toMs > view.toMs && range.fromMs % range.bucketMs === 0);
    assert.ok((range.toMs - range.fromMs) / range.bucketMs <= 2000);
    assert.ok(covers(readTimeline(timeline(range)), view));
    const half = { fromMs: T0 - length * 0.9, toMs: T0 + length * 0.1 };
    assert.ok(covers(readTimeline(timeline(range)), half), "a moved view needs nothing new");
  }
});

function fakes() {
  const asked: { camera: string; range: Span & { bucketMs: number }; signal: AbortSignal }[] = [];
  const answers: (() => void)[] = [];
  const waiting: (() => void)[] = [];
  let now = T0;
  const summaries = new Summaries(
    (camera, range, signal) => {
      asked.push({ camera, range, signal });
      return new Promise<Outcome<Timeline>>((resolve) =>
        answers.push(() => resolve({ ok: true, value: timeline(range) })),
      );
    },
    { set: (run) => waiting.push(run), clear: () => {} },
    () => now,
  );
  return {
    summaries,
    asked,
    run: () => {
      for (const one of waiting.splice(0)) one();
    },
    answer: async () => {
      for (const resolve of answers.splice(0)) resolve();
      await new Promise((resolve) => setImmediate(resolve));
    },
    later: (ms: number) => {
      now += ms;
    },
  };
}

test("a hand that zooms asks once, and what it no longer wants is given up", async () => {
  const { summaries, asked, run, answer } = fakes();
  const view = { fromMs: T0 - 3_600_000, toMs: T0 - 1_800_000 };
  for (let turn = 0; turn < 20; turn++) summaries.want(["a"], { ...view, fromMs: view.fromMs - turn * 1000 });
  run();
  assert.equal(asked.length, 1);
  summaries.want(["a"], { fromMs: T0 - DAY_MS, toMs: T0 });
  run();
  assert.ok(asked[0]?.signal.aborted);
  await answer();
  assert.equal(summaries.of("a")?.bucketMs, asked[1]?.range.bucketMs);
  summaries.want(["a"], { fromMs: T0 - DAY_MS + 60_000, toMs: T0 });
  run();
  assert.equal(asked.length, 2, "what is known is not asked for again");
});

test("the present is asked for again after a while, the past is not", async () => {
  const { summaries, asked, run, answer, later } = fakes();
  const past = { fromMs: T0 - DAY_MS, toMs: T0 - DAY_MS + 60_000 };
  summaries.want(["a"], past);
  run();
  await answer();
  later(60_000);
  summaries.want(["a"], past);
  run();
  assert.equal(asked.length, 1);
  const now = { fromMs: T0, toMs: T0 + 60_000 };
  summaries.want(["a"], now);
  run();
  await answer();
  later(1_000);
  summaries.want(["a"], now);
  run();
  assert.equal(asked.length, 2);
  later(10_000);
  summaries.want(["a"], now);
  run();
  assert.equal(asked.length, 3);
});

test("a camera that is no longer shown is forgotten, and one that joins is asked for", async () => {
  const { summaries, asked, run, answer } = fakes();
  const view = { fromMs: T0 - DAY_MS, toMs: T0 - DAY_MS + 60_000 };
  summaries.want(["a"], view);
  run();
  await answer();
  summaries.want(["b"], view);
  assert.equal(summaries.of("a"), null);
  run();
  assert.deepEqual(
    asked.map(({ camera }) => camera),
    ["a", "b"],
  );
});
