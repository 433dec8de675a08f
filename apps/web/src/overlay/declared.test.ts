import assert from "node:assert/strict";
import { test } from "node:test";
import { readResult } from "./declared.ts";

const GOOD = {
  class_id: 0,
  class_name: "person",
  confidence: 0.9,
  bbox: [0.1, 0.2, 0.3, 0.4],
  track_id: 4,
  keypoints: [[0.1, 0.2, 0.5]],
  polygon: [
    [0.1, 0.1],
    [0.2, 0.2],
  ],
  text: "x",
  value: 3.5,
  unit: "bar",
};
const RESULT = { model_id: "m", frame_id: 7, pts90k: 90_000, detections: [GOOD] };

/** Things that a field may be instead of what it should be. */
const WRONG: unknown[] = [
  undefined,
  null,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -1e308,
  "",
  "0.5",
  true,
  [],
  {},
  [[]],
  [null],
  { length: 4 },
  () => 1,
  Symbol.iterator,
  10n,
  "x".repeat(5000),
  Array.from({ length: 5000 }, () => [0, 0]),
  [Number.NaN, 0, 0, 0],
  [0, 0, 0, 0, 0],
  [0.9, 0.9, 0.1, 0.1],
  [[Number.NaN, 0, 0]],
  [[1e9, 1e9, 1]],
  [["0", "0", "0"]],
];
/** Where the contract allows what stands above. */
const ALLOWED: Record<string, (value: unknown) => boolean> = {
  class_name: (value) => value === "" || value === "0.5",
  confidence: () => false,
  bbox: () => false,
  track_id: (value) => value === undefined || value === null || typeof value === "string",
  keypoints: (value) => value === undefined || (Array.isArray(value) && value.length === 0),
  polygon: (value) => value === undefined || (Array.isArray(value) && (value.length === 0 || value.length === 5000)),
  text: (value) => value === undefined || value === "" || value === "0.5",
  value: (value) => value === undefined || value === -1e308,
  unit: (value) => value === undefined || value === "" || value === "0.5",
};

test("a detection of any malformed kind is left out and counted, and its good neighbour stays", () => {
  let kinds = 0;
  for (const [field, isAllowed] of Object.entries(ALLOWED))
    for (const wrong of WRONG) {
      if (isAllowed(wrong) && !(Array.isArray(wrong) && wrong.length === 5000)) continue;
      kinds++;
      let counted = 0;
      const result = readResult({ ...RESULT, detections: [{ ...GOOD, [field]: wrong }, GOOD] }, (count) => {
        counted += count;
      });
      assert.deepEqual(result?.detections, [GOOD], `${field}: ${String(wrong)}`);
      assert.equal(counted, 1, `${field}: ${String(wrong)}`);
    }
  for (const wrong of WRONG) {
    if (typeof wrong === "object" && wrong !== null && "class_name" in wrong) continue;
    kinds++;
    let counted = 0;
    assert.deepEqual(readResult({ ...RESULT, detections: [wrong] }, (count) => (counted += count))?.detections, []);
    assert.equal(counted, 1);
  }
  assert.ok(kinds >= 180, `[kinds:${kinds}]`);
});

test("what is no result at all is nothing and counted", () => {
  const whole = WRONG.map((wrong) => wrong);
  const fields = ["model_id", "frame_id", "pts90k", "detections"].flatMap((field) =>
    WRONG.filter(
      (wrong) =>
        !(field === "model_id" && typeof wrong === "string" && wrong !== "") &&
        !(field === "detections" && Array.isArray(wrong)),
    ).map((wrong) => ({ ...RESULT, [field]: wrong })),
  );
  for (const wrong of [...whole, ...fields]) {
    let counted = 0;
    assert.equal(
      readResult(wrong, (count) => (counted += count)),
      null,
      JSON.stringify(wrong, (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value)),
    );
    assert.equal(counted, 1);
  }
});

test("a thousand detections of a result are read and the rest is counted", () => {
  let counted = 0;
  const many = Array.from({ length: 1_200 }, () => GOOD);
  assert.equal(readResult({ ...RESULT, detections: many }, (count) => (counted += count))?.detections.length, 1_000);
  assert.equal(counted, 200);
});
