import assert from "node:assert/strict";
import { test } from "node:test";
import { type Box, iou, suppress } from "./nms.ts";

test("overlap is measured as intersection over union", () => {
  assert.equal(iou([0, 0, 2, 2], [0, 0, 2, 2]), 1);
  assert.equal(iou([0, 0, 2, 2], [2, 0, 4, 2]), 0);
  assert.equal(iou([0, 0, 2, 1], [1, 0, 3, 1]), 1 / 3);
  assert.equal(iou([0, 0, 0, 0], [0, 0, 0, 0]), 0);
});

test("of overlapping boxes of a class the most certain stays, other classes are left alone", () => {
  const box = (confidence: number, class_id: number, bbox: Box) => ({ confidence, class_id, bbox });
  const weak = box(0.5, 0, [0, 0, 10, 10]);
  const strong = box(0.9, 0, [1, 0, 11, 10]);
  const other = box(0.4, 1, [0, 0, 10, 10]);
  const apart = box(0.3, 0, [20, 0, 30, 10]);
  assert.deepEqual(suppress([weak, strong, other, apart], 0.5), [strong, other, apart]);
  assert.deepEqual(suppress([weak, strong, other, apart], 0.9), [strong, weak, other, apart]);
  assert.deepEqual(suppress([weak, strong, other, apart], 0.5, 1), [strong]);
});
