import assert from "node:assert/strict";
import { test } from "node:test";
import { type CapState, cap } from "./cap.ts";

const SECOND = 1e9;

/** The times that go, of a timeline, under a cap. */
function passed(times: readonly number[], maxFps: number): number[] {
  let state: CapState | null = null;
  const out: number[] = [];
  for (const t of times) {
    const answer = cap(state, t, maxFps);
    state = answer.state;
    if (answer.dispatch) out.push(t);
  }
  return out;
}

function steady(fps: number, seconds: number, startNs = 0): number[] {
  return Array.from({ length: Math.round(fps * seconds) }, (_, n) => startNs + Math.round((n * SECOND) / fps));
}

/** A small deterministic generator (mulberry32), so that a failing case can be repeated. */
function random(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

test("a steady camera above the cap gives the cap", () => {
  for (const [fps, max] of [
    [30, 20],
    [25, 7],
    [30, 15],
    [25, 10],
    [60, 24],
    [24, 20],
    [30, 29],
    [15, 1],
  ] as const)
    assert.ok([0, 1].includes(passed(steady(fps, 60), max).length - max * 60), `${max} of ${fps}`);
  assert.equal(passed(steady(30, 10), 20).length, 200);
  assert.equal(passed(steady(25, 10), 7).length, 70);
});

test("a cap of 20 on 30 frames a second takes two of every three frames", () => {
  const times = steady(30, 2);
  const taken = passed(times, 20).map((t) => times.indexOf(t) % 3);
  assert.ok(
    taken.every((place) => place !== 1),
    taken.join(","),
  );
});

test("a camera at or below the cap loses no frame, jitter or not", () => {
  const next = random(7);
  for (const [fps, max] of [
    [15, 15],
    [15, 20],
    [7, 30],
    [30, 30],
  ] as const) {
    const times = steady(fps, 60).map((t) => t + Math.round(((next() - 0.5) * 0.2 * SECOND) / fps));
    assert.equal(passed(times, max).length, times.length, `${max} of ${fps}`);
  }
});

test("no window of any generated timeline holds more than floor(W * fps) + 2 frames", () => {
  for (let seed = 1; seed <= 3000; seed++) {
    const next = random(seed);
    const maxFps = 0.2 + next() ** 2 * 60;
    const fps = 0.5 + next() * 90;
    const jitter = next();
    const times: number[] = [];
    let t = next() * 1e15;
    for (let n = 0; n < 120; n++) {
      const kind = next();
      // Bursts, pauses and missing frames as well as ordinary jitter.
      if (kind < 0.05) t += 1;
      else if (kind < 0.07) t += next() * 5 * SECOND;
      else t += (SECOND / fps) * (1 + (next() - 0.5) * 2 * jitter) * (kind < 0.15 ? 2 : 1);
      times.push(Math.round(t));
    }
    const out = passed(times, maxFps);
    for (let i = 0; i < out.length; i++)
      for (let j = i + 1; j < out.length; j++) {
        const window = ((out[j] as number) - (out[i] as number)) / SECOND;
        // The nanosecond rounding of t0 near 1e15 is the only slack.
        assert.ok(j - i + 1 <= Math.floor(window * maxFps + 1e-6) + 2, `seed ${seed}, cap ${maxFps}, ${i}..${j}`);
      }
  }
});

test("under any jitter below half a frame a faster camera still gives the cap, to within two percent", () => {
  for (let seed = 1; seed <= 1000; seed++) {
    const next = random(seed);
    const maxFps = 1 + next() * 29;
    const fps = maxFps * (1.05 + next() * 3);
    const times = steady(fps, 30).map((t) => t + Math.round(((next() - 0.5) * 0.5 * SECOND) / fps));
    const out = passed(
      times.sort((a, b) => a - b),
      maxFps,
    );
    assert.ok(Math.abs(out.length - maxFps * 30) <= 2 + maxFps * 0.6, `seed ${seed}: ${out.length} of ${maxFps * 30}`);
  }
});

test("silence earns no burst: after a pause at most one frame goes early", () => {
  const out = passed([...steady(30, 1), ...steady(30, 1, 60 * SECOND)], 10);
  assert.ok(out.filter((t) => t >= 60 * SECOND).length <= 11, String(out.length));
});

test("a clock that jumps back starts the schedule again within one period", () => {
  const out = passed([...steady(30, 1, 1000 * SECOND), ...steady(30, 2, 5 * SECOND)], 10);
  const after = out.filter((t) => t < 100 * SECOND);
  assert.ok(after.length >= 19 && after.length <= 21, String(after.length));
  assert.ok((after[0] as number) <= 5.14 * SECOND);
});

test("jumping to and fro does not raise the rate", () => {
  const times = Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? 1000 : 900) * SECOND + n);
  assert.ok(passed(times, 10).length <= 51);
});

test("a raised cap takes effect within one new period", () => {
  const first = cap(null, 0, 0.1);
  assert.equal(cap(first.state, 0.05 * SECOND, 30).dispatch, true);
});
