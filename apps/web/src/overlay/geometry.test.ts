import assert from "node:assert/strict";
import { test } from "node:test";
import { displayedPts90k, pictureRect } from "./geometry.ts";

test("a wide picture in a tall box is centred with bars above and below", () => {
  assert.deepEqual(pictureRect(400, 400, 1600, 900), { x: 0, y: 87.5, width: 400, height: 225 });
  assert.deepEqual(pictureRect(800, 225, 1600, 900), { x: 200, y: 0, width: 400, height: 225 });
  assert.deepEqual(pictureRect(0, 10, 16, 9), { x: 0, y: 0, width: 0, height: 0 });
});

const run = (rtpBase: number | null) => ({ run_id: "r", pts90k_base: 1_000_000, rtp_base: rtpBase });

test("a displayed frame's pts follows its RTP timestamp over the wrap", () => {
  assert.equal(displayedPts90k(5_000, run(2_000), null), 1_003_000);
  assert.equal(displayedPts90k(1_000, run(0xffffff00), null), 1_000_000 + 256 + 1_000);
  assert.equal(displayedPts90k(1_000, run(null), null), null);
});

test("a run longer than an RTP wrap is placed beside a known moment", () => {
  const later = 1_000_000 + 2 ** 32 + 3_000;
  assert.equal(displayedPts90k(5_000, run(2_000), later + 90_000), later);
  // A frame from just before the base's packet.
  assert.equal(displayedPts90k(1_990, run(2_000), 1_000_500), 999_990);
});
