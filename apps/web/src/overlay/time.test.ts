import assert from "node:assert/strict";
import { test } from "node:test";
import { displayedPts90k, FrameLength, momentOfRun } from "./time.ts";

const run = (rtpBase: number | null) => ({ run_id: "r", pts90k_base: 1_000_000, rtp_base: rtpBase });

test("a displayed frame's pts follows its RTP timestamp over the wrap", () => {
  assert.equal(displayedPts90k(5_000, run(2_000), 1_000_000), 1_003_000);
  assert.equal(displayedPts90k(1_000, run(0xffffff00), 1_000_000), 1_000_000 + 256 + 1_000);
  assert.equal(displayedPts90k(1_000, run(null), 1_000_000), null);
});

test("a run longer than an RTP wrap is placed beside a known moment", () => {
  const later = 1_000_000 + 2 ** 32 + 3_000;
  assert.equal(displayedPts90k(5_000, run(2_000), later + 90_000), later);
  // A frame from just before the base's packet.
  assert.equal(displayedPts90k(1_990, run(2_000), 1_000_500), 999_990);
});

test("every frame of a week is placed to the tick, near the wrap and far from it", () => {
  const base = 161_565_699_694_140;
  const long = { run_id: "r", pts90k_base: base, rtp_base: 0xfffffff0 };
  for (let hour = 0; hour < 24 * 7; hour++) {
    const pts = base + hour * 3600 * 90_000 + 1234;
    const rtp = Number((BigInt(pts - base) + 0xfffffff0n) % 0x100000000n);
    assert.equal(displayedPts90k(rtp, long, pts + 90_000), pts, `after ${hour} h`);
  }
});

test("a moment of the run is its newest result's, else the clock's, and never one before the run", () => {
  assert.equal(momentOfRun(run(0), 1_500_000, 99), 1_500_000);
  assert.equal(momentOfRun(run(0), 900_000, 20_000), 1_800_000);
  assert.equal(momentOfRun(run(0), null, 5), 1_000_000);
});

test("a frame's length is learnt from displayed frames, of which some were left out", () => {
  const length = new FrameLength();
  let pts = 0;
  for (let frame = 0; frame < 40; frame++) {
    pts += frame % 3 === 0 ? 3600 : 7200;
    length.push(pts);
    if (frame < 5) assert.equal(length.ticks(), null);
  }
  assert.equal(length.ticks(), 3600);
});
