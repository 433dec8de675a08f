import assert from "node:assert/strict";
import { test } from "node:test";
import { COLOURS, lookOf, markAt, marksOf, SHAPES } from "./marks.ts";

const labels = [
  {
    label: "person",
    count: 6,
    buckets: [
      [0, 1],
      [1, 2],
      [500, 3],
    ] as [number, number][],
  },
  { label: "car", count: 4, buckets: [[1, 4]] as [number, number][] },
];
const counted = { fromMs: 0, bucketMs: 1000, labels };

test("a label always looks the same, and the looks are spread", () => {
  assert.deepEqual(lookOf("person"), lookOf("person"));
  const looks = new Set(
    Array.from({ length: 200 }, (_, n) => lookOf(`label ${n}`)).map(({ colour, shape }) => `${colour} ${shape}`),
  );
  assert.equal(looks.size, COLOURS * SHAPES.length);
  const often = ["person", "car", "bicycle", "dog", "cat", "truck", "bus", "motorcycle", "bird", "face"].map(lookOf);
  assert.equal(new Set(often.map(({ colour, shape }) => `${colour} ${shape}`)).size, often.length);
});

test("events that would lie upon each other are one mark with its counts", () => {
  const wide = marksOf(counted, { fromMs: 0, toMs: 1_000_000 }, 1000);
  assert.deepEqual(
    wide.map(({ count, labels: named }) => [count, named.map(({ label, count: of }) => `${label} ${of}`)]),
    [
      [7, ["car 4", "person 3"]],
      [3, ["person 3"]],
    ],
  );
  const near = marksOf(counted, { fromMs: 0, toMs: 10_000 }, 1000);
  assert.deepEqual(
    near.map(({ count, x }) => [count, x]),
    [
      [1, 50],
      [6, 150],
    ],
  );
});

test("no event is lost and none is counted twice, whatever the zoom", () => {
  for (let length = 10_000; length < 1e9; length *= 1.7) {
    const marks = marksOf(counted, { fromMs: 0, toMs: Math.max(length, 600_000) }, 777);
    assert.equal(
      marks.reduce((sum, { count }) => sum + count, 0),
      10,
    );
    for (const [index, mark] of marks.entries()) assert.ok(mark.x - (marks[index - 1]?.x ?? -100) >= 16 - 1e-9);
  }
});

test("a mark does not change while the view moves over it", () => {
  const first = marksOf(counted, { fromMs: 0, toMs: 1_000_000 }, 1000);
  const moved = marksOf(counted, { fromMs: -3_333, toMs: 996_667 }, 1000);
  assert.deepEqual(
    moved.map(({ fromMs, count }) => [fromMs, count]),
    first.map(({ fromMs, count }) => [fromMs, count]),
  );
});

test("the nearest mark is hit, and none from afar", () => {
  const marks = marksOf(counted, { fromMs: 0, toMs: 10_000 }, 1000);
  assert.equal(markAt(marks, 57)?.count, 1);
  assert.equal(markAt(marks, 143)?.count, 6);
  assert.equal(markAt(marks, 100), null);
});
