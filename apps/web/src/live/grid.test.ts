import assert from "node:assert/strict";
import { test } from "node:test";
import type { Camera } from "@vas/contracts/http.ts";
import { gridPage, readTiles, tileAfter, tileStream, tilesFor } from "./grid.ts";

test("the choice of tiles is one of four; until it is made one camera fills the grid, and more have 4 tiles", () => {
  assert.deepEqual([readTiles(undefined), readTiles(9), readTiles(7)], [null, 9, null]);
  assert.deepEqual([tilesFor(1), tilesFor(2), tilesFor(30)], [1, 4, 4]);
});

test("more cameras than tiles make pages, and a page that is gone is the last one", () => {
  assert.deepEqual(gridPage([1, 2, 3, 4, 5], 4, 1), { shown: [5], page: 1, pages: 2 });
  assert.deepEqual(gridPage([1, 2], 1, 9), { shown: [2], page: 1, pages: 2 });
  assert.deepEqual(gridPage([], 4, 0), { shown: [], page: 0, pages: 1 });
});

test("arrows move within the grid and numbers choose a tile", () => {
  assert.equal(tileAfter("ArrowDown", 1, 4, 2), 3);
  assert.equal(tileAfter("ArrowDown", 3, 4, 2), 3);
  assert.equal(tileAfter("3", 0, 4, 2), 2);
  assert.equal(tileAfter("9", 0, 4, 2), null);
  assert.equal(tileAfter("x", 0, 4, 2), null);
});

test("a small tile plays the sub stream, and with overlays the stream that models see", () => {
  const camera = (stream: "main" | "sub" | null, has_sub = true) =>
    ({ has_sub, status: { frame_export: { enabled: stream !== null, ...(stream ? { stream } : {}) } } }) as Camera;
  assert.equal(tileStream(camera(null), 4, true), "sub");
  assert.equal(tileStream(camera("main"), 4, false), "sub");
  assert.equal(tileStream(camera("main"), 4, true), "main");
  assert.equal(tileStream(camera("sub"), 1, true), "sub");
  assert.equal(tileStream(camera("sub"), 1, false), "main");
  assert.equal(tileStream(camera("sub", false), 4, false), "main");
});
