import assert from "node:assert/strict";
import { test } from "node:test";
import type { Zone } from "@vas/contracts/http.ts";
import {
  freshName,
  middleSquare,
  MOST_POINTS,
  MOST_ZONES,
  pointAt,
  problemsOf,
  stepOf,
  withMiddle,
  withMoved,
  withoutPoint,
  withPoint,
  withShifted,
  withZone,
} from "./zones.ts";

const square = (name = "Zone 1"): Zone => ({ name, points: middleSquare() });

test("points are kept inside of the picture", () => {
  assert.deepEqual(pointAt(-0.2, 1.3), [0, 1]);
  assert.deepEqual(withMoved([square()], 0, 1, pointAt(0.5, 2))[0]?.points[1], [0.5, 1]);
});

test("corners are added at the end, put into an edge, moved, and taken away while three remain", () => {
  const more = withPoint([square()], 0, [0.2, 0.5]);
  assert.equal(more[0]?.points.length, 5);
  assert.deepEqual(
    withMiddle([square()], 0, 3)[0]?.points.at(-1),
    [0.3, 0.5],
    "the last edge leads back to the first corner",
  );
  const three = withoutPoint([square()], 0, 0);
  assert.equal(three[0]?.points.length, 3);
  assert.deepEqual(withoutPoint(three, 0, 0), three);
});

test("a zone is moved as a whole and stops at the edge of the picture in its own shape", () => {
  const [moved] = withShifted([square()], 0, 0.9, -0.1);
  assert.deepEqual(moved?.points, [
    [0.6, 0.2],
    [1, 0.2],
    [1, 0.6],
    [0.6, 0.6],
  ]);
});

test("no more zones and corners than the contract takes", () => {
  let zones: Zone[] = [];
  for (let n = 0; n < MOST_ZONES + 3; n++) zones = withZone(zones, square(freshName(zones, "Zone")));
  assert.equal(zones.length, MOST_ZONES);
  assert.equal(new Set(zones.map(({ name }) => name)).size, MOST_ZONES);
  let one = [square()];
  for (let n = 0; n < MOST_POINTS + 3; n++) one = withPoint(one, 0, [n / 100, 0.9]);
  assert.equal(one[0]?.points.length, MOST_POINTS);
  assert.equal(withMiddle(one, 0, 0)[0]?.points.length, MOST_POINTS);
});

test("what keeps zones from being saved is told by zone", () => {
  const unfinished: Zone = { name: "Path", points: [[0, 0]] };
  assert.deepEqual(
    [...problemsOf([square(), square(" zone 1 "), { ...square(), name: " " }, unfinished])],
    [
      [1, "double"],
      [2, "unnamed"],
      [3, "unfinished"],
    ],
  );
});

test("arrow keys move by a hundredth of the picture, finer with Shift", () => {
  assert.deepEqual(stepOf("ArrowLeft", false), [-0.01, 0]);
  assert.deepEqual(stepOf("ArrowDown", true), [0, 0.001]);
  assert.equal(stepOf("a", false), null);
});
