import assert from "node:assert/strict";
import { test } from "node:test";
import { mediaTimeOf, windowAround } from "./window.ts";

test("a window is an hour around the moment and ends now at the latest", () => {
  const at = 10_000_000_000;
  const wide = windowAround(at, at + 10_000_000);
  assert.equal(wide.toMs - wide.fromMs, 3_600_000);
  assert.equal(windowAround(at, at + 5_000).toMs, at + 5_000);
});

test("a moment is found behind a gap, and one in the gap at the next picture", () => {
  const fragments = [
    { start: 0, duration: 10, programDateTime: 1_000_000 },
    { start: 10, duration: 10, programDateTime: 1_010_000 },
    { start: 20, duration: 10, programDateTime: 1_100_000 },
  ];
  assert.equal(mediaTimeOf(fragments, 1_012_500), 12.5);
  assert.equal(mediaTimeOf(fragments, 1_103_000), 23);
  assert.equal(mediaTimeOf(fragments, 1_050_000), 20);
  assert.equal(mediaTimeOf(fragments, 1_200_000), null);
});
