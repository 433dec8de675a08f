import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeMask } from "./mask.ts";

test("runs alternate between out and in, row by row", () => {
  const mask = decodeMask({ width: 3, height: 2, counts: [1, 2, 2, 1] });
  assert.deepEqual([...(mask?.alpha ?? [])], [0, 255, 255, 0, 0, 255]);
});

test("runs that do not fill the mask, or that are none, are no mask", () => {
  for (const wrong of [
    { width: 3, height: 2, counts: [1, 2] },
    { width: 3, height: 2, counts: [7] },
    { width: 3, height: 2, counts: [-1, 7] },
    { width: 3, height: 2, counts: [1.5, 4.5] },
    { width: 3, height: 2, counts: ["6"] },
    { width: 0, height: 2, counts: [] },
    { width: 8000, height: 8000, counts: [64_000_000] },
    { width: 3, height: 2, counts: "6" },
    "rle",
    null,
    5,
  ])
    assert.equal(decodeMask(wrong), null, JSON.stringify(wrong));
});
