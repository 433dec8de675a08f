import assert from "node:assert/strict";
import { test } from "node:test";
import { createRateCap } from "./frame-rate.ts";

/** How many of the frames at these times are taken. */
function taken(maxFps: number | undefined, times: number[]): number[] {
  const cap = createRateCap(maxFps);
  return times.filter((pts) => cap.take(pts));
}
const stream = (fps: number, seconds: number, from = 0) =>
  Array.from({ length: fps * seconds }, (_, frame) => from + Math.round((frame * 90_000) / fps));

test("without a cap, or below it, every frame is taken, also where a camera's clock trembles", () => {
  const trembling = stream(30, 60).map((pts, frame) => pts + ((frame * 7919) % 1301) - 650);
  assert.equal(taken(undefined, trembling).length, 1800);
  assert.equal(taken(30, trembling).length, 1800);
  assert.equal(taken(60, stream(15, 60)).length, 900);
});

test("the rate is kept to the frame over an hour, and never exceeded", () => {
  for (const [fps, cap] of [
    [30, 10],
    [25, 10],
    [30, 7],
    [15, 14],
    [30, 0.5],
  ] as const)
    assert.ok(Math.abs(taken(cap, stream(fps, 3600)).length - 3600 * cap) <= 1, `${cap} of ${fps}`);
  const times = taken(10, stream(25, 60));
  for (let at = 10; at < times.length; at++)
    assert.ok((times[at] as number) - (times[at - 10] as number) >= 90_000 - 1500, `more than 10 in a second at ${at}`);
});

test("frames are taken as evenly as they come", () => {
  const times = taken(10, stream(30, 10));
  assert.deepEqual(
    times,
    times.map((_, at) => at * 9000),
  );
});

test("time that steps back or leaps ahead starts a new beat instead of a pause or a burst", () => {
  const times = taken(1, [...stream(10, 5, 9_000_000), ...stream(10, 5), ...stream(10, 5, 90_000_000)]);
  assert.equal(times.length, 15);
});

test("what is called superfluous is never taken later, though frames leave the decoder after later packets went in", () => {
  const cap = createRateCap(10);
  const superfluous = new Set<number>();
  const taken = new Set<number>();
  // Two B-frames between references: packets come as 0 3 1 2 6 4 5, and each lets the decoder show one frame more.
  const packets = [0, ...Array.from({ length: 600 }, (_, at) => (at % 3 === 0 ? at + 3 : at))];
  for (const [at, frame] of packets.entries()) {
    if (cap.isSuperfluous(frame * 3000)) superfluous.add(frame);
    if (at > 0 && cap.take((at - 1) * 3000)) taken.add(at - 1);
  }
  assert.equal(taken.size, 200);
  assert.equal(superfluous.size, 400, "both of every two B-frames");
  assert.deepEqual(
    [...superfluous].filter((frame) => taken.has(frame)),
    [],
  );
});
