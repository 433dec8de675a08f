import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeMask, encodeMask } from "./mask.ts";

test("a mask is written as runs, outside first, and read back as it was", () => {
  const cells = [0, 1, 1, 0, 0, 1, 1, 1];
  assert.deepEqual(encodeMask(cells, 4, 2), { size: [4, 2], counts: [1, 2, 2, 3] });
  assert.deepEqual(encodeMask([1, 1, 0, 0], 2, 2), { size: [2, 2], counts: [0, 2, 2] });
  for (const [columns, rows] of [
    [4, 2],
    [1, 1],
    [37, 19],
    [1024, 3],
  ] as const) {
    const grid = Uint8Array.from({ length: columns * rows }, (_, at) => ((at * 2_654_435_761) >>> 29 > 4 ? 1 : 0));
    assert.deepEqual(decodeMask(encodeMask(grid, columns, rows)), { columns, rows, cells: grid });
  }
});

test("what is no mask is read as none", () => {
  for (const value of [
    null,
    "x",
    { rle: "x" },
    { size: [4, 2], counts: [1, 2, 2, 2] },
    { size: [4, 2], counts: [1, 2, 2, 4] },
    { size: [4, 2], counts: [-1, 9] },
    { size: [4, 2], counts: [0.5, 7.5] },
    { size: [4], counts: [4] },
    { size: [0, 2], counts: [] },
    { size: [100_000, 100_000], counts: [10_000_000_000] },
  ])
    assert.equal(decodeMask(value), null, JSON.stringify(value));
});
