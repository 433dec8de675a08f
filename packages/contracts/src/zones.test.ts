import assert from "node:assert/strict";
import { test } from "node:test";
import { areaOf, isInside, type ZoneShape, zonesOf, zonesProblem } from "./zones.ts";

const DOOR: ZoneShape = {
  name: "door",
  points: [
    [0.1, 0.1],
    [0.5, 0.1],
    [0.5, 0.9],
    [0.1, 0.9],
  ],
};
/** A U that is open at its top. */
const YARD: ZoneShape = {
  name: "yard",
  points: [
    [0.5, 0.1],
    [0.6, 0.1],
    [0.6, 0.8],
    [0.8, 0.8],
    [0.8, 0.1],
    [0.9, 0.1],
    [0.9, 1],
    [0.5, 1],
  ],
};

test("a box is in the zones that the middle of its bottom edge is in", () => {
  assert.deepEqual(zonesOf([DOOR, YARD], [0.2, 0, 0.4, 0.5]), ["door"]);
  // Most of this box is in the door's zone, but it stands below.
  assert.deepEqual(zonesOf([DOOR, YARD], [0.2, 0.1, 0.4, 0.95]), []);
  assert.deepEqual(zonesOf([DOOR, { ...DOOR, name: "all of it" }], [0.2, 0, 0.4, 0.5]), ["door", "all of it"]);
  assert.deepEqual(zonesOf([], [0.2, 0, 0.4, 0.5]), []);
});

test("the open part of a zone that is not convex is outside of it", () => {
  assert.equal(isInside(YARD, 0.7, 0.5), false);
  assert.equal(isInside(YARD, 0.55, 0.5), true);
  assert.equal(isInside(YARD, 0.85, 0.5), true);
  assert.equal(isInside(YARD, 0.7, 0.9), true);
});

test("a point on the edge of two neighbours is in exactly one of them", () => {
  for (const y of [0.1, 0.25, 0.5, 0.89]) assert.equal(zonesOf([DOOR, YARD], [0.5, 0, 0.5, y]).length, 1, `at ${y}`);
});

test("a box that reaches the lower edge of the picture stands in the zone that reaches it too", () => {
  assert.deepEqual(zonesOf([YARD], [0.65, 0.2, 0.75, 1]), ["yard"]);
});

test("an area is the same in whichever direction the points go round", () => {
  assert.ok(Math.abs(areaOf(DOOR.points) - 0.32) < 1e-12);
  assert.ok(Math.abs(areaOf(DOOR.points.toReversed()) - 0.32) < 1e-12);
});

test("zones that share a name or have no area are told by name", () => {
  assert.equal(zonesProblem([DOOR, YARD]), null);
  assert.equal(zonesProblem([DOOR, { ...YARD, name: " Door" }])?.name, " Door");
  const line: ZoneShape = {
    name: "line",
    points: [
      [0, 0],
      [0.5, 0.5],
      [1, 1],
    ],
  };
  assert.equal(zonesProblem([line])?.name, "line");
});
