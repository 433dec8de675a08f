import assert from "node:assert/strict";
import { test } from "node:test";
import { isWall, placePath, readPlace } from "./place.ts";

test("a place is read from its own address as it was", () => {
  for (const place of [
    { group: undefined, page: 0, tiles: null, every: null },
    { group: null, page: 2, tiles: 9, every: null },
    { group: "3f2a", page: 0, tiles: 16, every: 20 },
  ] as const)
    assert.deepEqual(readPlace(new URL(placePath("/wall", place), "http://vas").searchParams), place);
});

test("what an address cannot mean is not taken from it", () => {
  assert.deepEqual(readPlace(new URLSearchParams("page=-3&tiles=5&every=0.1")), {
    group: undefined,
    page: 0,
    tiles: null,
    every: null,
  });
});

test("a wall has its own address, or says kiosk", () => {
  const at = (path: string) => isWall(new URL(path, "http://vas"));
  assert.deepEqual(["/wall?tiles=4", "/?kiosk", "/", "/events?kiosk"].map(at), [true, true, false, false]);
});
