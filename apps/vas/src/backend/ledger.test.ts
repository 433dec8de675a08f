import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_STRETCHES } from "@vas/contracts/timeline.ts";
import { type KnownGap, Ledger, type LedgerFacts } from "./ledger.ts";

const S = 1000;
const facts = (more: Partial<LedgerFacts> = {}): LedgerFacts => ({
  fromMs: 0,
  toMs: 100 * S,
  bucketMs: 10 * S,
  nowMs: 1000 * S,
  createdMs: -1000 * S,
  oldestMs: -1000 * S,
  isWanted: true,
  openEndMs: null,
  ...more,
});
const run = (from: number, to: number) => ({ startMs: from * S, endMs: to * S });
const gap = (from: number, to: number | null, reason = "timed_out"): KnownGap => ({
  startMs: from * S,
  endMs: to === null ? null : to * S,
  reason,
  message: `It was ${reason}.`,
});
const told = (ledger: Ledger) =>
  ledger.end().stretches.map(({ fromMs, toMs, state, reason }) => [fromMs / S, toMs / S, state, reason]);

test("footage, gaps with their reasons, and what nobody noted are told apart", () => {
  const ledger = new Ledger(facts());
  ledger.add([run(0, 20), run(20.5, 30)], [gap(30, 40)]);
  ledger.add([run(40.4, 60), run(80, 100)], [gap(60.2, 70, "recording_off")]);
  assert.deepEqual(
    ledger.recordedMs,
    [10, 10, 10, 0, 9.6, 10, 0, 0, 10, 10].map((seconds) => seconds * S),
  );
  const { sums, stretches } = ledger.end();
  assert.deepEqual(
    stretches.map(({ fromMs, toMs, state, reason }) => [fromMs / S, toMs / S, state, reason]),
    [
      [30, 40.4, "gap", "timed_out"],
      [60, 70, "not_wanted", "recording_off"],
      [70, 80, "gap", "unknown"],
    ],
  );
  assert.deepEqual(
    sums.map(({ state, reason, ms, count }) => [state, reason, ms / S, count]),
    [
      ["recorded", null, 69.6, 3],
      ["gap", "timed_out", 10.4, 1],
      ["not_wanted", "recording_off", 10, 1],
      ["gap", "unknown", 10, 1],
    ],
  );
});

test("before the camera, before its oldest footage and after now are no gaps", () => {
  const ledger = new Ledger(facts({ createdMs: 10 * S, oldestMs: 30 * S, nowMs: 80 * S, openEndMs: 78 * S }));
  ledger.add([run(30, 70)], []);
  ledger.add([run(60, 78)], []);
  assert.deepEqual(told(ledger), [
    [0, 10, "before_camera", null],
    [10, 30, "not_kept", null],
    [78, 80, "to_come", "writing"],
    [80, 100, "to_come", null],
  ]);
});

test("a gap that goes on ends now, and one that began before the range begins with it", () => {
  const ledger = new Ledger(facts({ nowMs: 90 * S }));
  ledger.add([], [gap(-50, 20)]);
  ledger.add([run(20, 40)], [gap(40, null, "refused")]);
  assert.deepEqual(told(ledger), [
    [0, 20, "gap", "timed_out"],
    [40, 90, "gap", "refused"],
    [90, 100, "to_come", null],
  ]);
});

test("a camera that never recorded says whether that was wanted", () => {
  assert.deepEqual(told(new Ledger(facts({ oldestMs: null, isWanted: false }))), [
    [0, 100, "not_wanted", "recording_off"],
  ]);
});

test("the end of the footage is a gap only once nothing has followed for a while", () => {
  const young = new Ledger(facts({ nowMs: 98 * S }));
  young.add([run(0, 95)], []);
  assert.deepEqual(told(young)[0], [95, 98, "to_come", "writing"]);
  const old = new Ledger(facts({ nowMs: 98 * S }));
  old.add([run(0, 60)], []);
  assert.deepEqual(told(old)[0], [60, 98, "gap", "unknown"]);
});

test("whatever was recorded and noted, the sums are the range to the millisecond, and no list grows without end", () => {
  let seed = 1;
  const random = (most: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % most;
  };
  for (let round = 0; round < 200; round++) {
    const toMs = 1 + random(10_000_000);
    const ledger = new Ledger(
      facts({
        toMs,
        bucketMs: 1 + random(toMs),
        nowMs: random(12_000_000),
        createdMs: random(4_000_000) - 2_000_000,
        oldestMs: random(3) === 0 ? null : random(2_000_000),
        openEndMs: random(2) === 0 ? null : random(12_000_000),
      }),
    );
    for (let chunk = 0; chunk < 5; chunk++) {
      const startMs = chunk * 2_400_000 - 1_000_000;
      const times = Array.from({ length: 2 * random(1500) }, () => startMs + random(2_400_000)).sort((a, b) => a - b);
      const runs = times.flatMap((at, index) =>
        index % 2 === 0 ? [{ startMs: at, endMs: times[index + 1] ?? at }] : [],
      );
      const gaps = times.flatMap((at, index) =>
        random(3) === 0 ? [{ ...gap(0, 0, `r${random(4)}`), startMs: at, endMs: times[index + 1] ?? null }] : [],
      );
      ledger.add(runs, gaps);
    }
    const { sums, stretches, leftOut } = ledger.end();
    assert.equal(
      sums.reduce((sum, { ms }) => sum + ms, 0),
      toMs,
    );
    const recorded = sums.find(({ state }) => state === "recorded")?.ms ?? 0;
    assert.equal(
      ledger.recordedMs.reduce((sum, ms) => sum + ms, 0),
      recorded,
    );
    assert.ok(stretches.length <= MAX_STRETCHES);
    const holes = sums.filter(({ state }) => state !== "recorded").reduce((sum, { count }) => sum + count, 0);
    assert.equal(stretches.length + leftOut, holes);
    for (const [index, stretch] of stretches.entries())
      assert.ok(stretch.fromMs >= (stretches[index - 1]?.toMs ?? 0) && stretch.toMs > stretch.fromMs);
  }
});
