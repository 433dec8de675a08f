import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_SCALE, panned, pinched, type Point, transformOf, WHOLE, type Zoom, zoomedAt } from "./zoom.ts";

/** Which part of the picture lies under a point of the stage. */
const under = (zoom: Zoom, at: Point) => ({ x: (at.x - zoom.x) / zoom.scale, y: (at.y - zoom.y) / zoom.scale });
const near = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y) < 1e-9;

test("what lies under the pointer stays there while the picture grows", () => {
  const at = { x: 0.7, y: 0.2 };
  const once = zoomedAt(WHOLE, 2, at);
  const twice = zoomedAt(once, 1.5, at);
  assert.equal(twice.scale, 3);
  assert.ok(near(under(twice, at), at));
});

test("zoom ends at the whole picture and at eight times, and no edge comes in", () => {
  assert.equal(zoomedAt(WHOLE, 100, { x: 0.5, y: 0.5 }).scale, MOST_SCALE);
  assert.deepEqual(zoomedAt(zoomedAt(WHOLE, 4, { x: 1, y: 1 }), 0.01, { x: 0, y: 0 }), WHOLE);
  const far = panned(zoomedAt(WHOLE, 2, { x: 0.5, y: 0.5 }), { x: 9, y: -9 });
  assert.deepEqual(far, { scale: 2, x: 0, y: -1 });
  assert.deepEqual(panned(WHOLE, { x: -0.5, y: 0.5 }), WHOLE);
});

test("two fingers keep hold of what they hold", () => {
  const before = [
    { x: 0.4, y: 0.5 },
    { x: 0.6, y: 0.5 },
  ] as const;
  const after = [
    { x: 0.3, y: 0.45 },
    { x: 0.7, y: 0.45 },
  ] as const;
  const zoom = pinched(zoomedAt(WHOLE, 2, { x: 0.5, y: 0.5 }), before, after);
  assert.equal(Math.round(zoom.scale * 1e6), 4e6);
  const start = zoomedAt(WHOLE, 2, { x: 0.5, y: 0.5 });
  for (const at of [0, 1] as const) assert.ok(near(under(zoom, after[at]), under(start, before[at])));
});

test("the whole picture has no transform", () => {
  assert.equal(transformOf(WHOLE), "none");
  assert.equal(transformOf({ scale: 2, x: -0.5, y: 0 }), "translate(-50%, 0%) scale(2)");
});
