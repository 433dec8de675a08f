/** Each family decodes a real network's outputs, run by onnxruntime and asked over the socket. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeMask } from "@vas/runtime-sdk/mask.ts";
import type { Detection } from "@vas/runtime-sdk/handler.ts";
import { detectOnce } from "../testing/model.ts";
import type { ConstantOutput, ElementType } from "../testing/onnx-writer.ts";

const input = { name: "images", shape: [1, 3, 64, 64] as const };
const NAMES = "class_names: [cat, dog, owl]";
const yamlFor = (format: string, schema = NAMES, more = "") =>
  `expected_resolution: [64, 64]\noutput_schema: { format: ${format}, ${schema} }\n${more}`;

const output = (
  name: string,
  dims: readonly number[],
  values: readonly number[],
  type: ElementType = "float32",
): ConstantOutput => ({ name, dims, values, type });

/** Rows of boxes as [1, fields, boxes]. */
const upright = (rows: number[][]) =>
  (rows[0] as number[]).flatMap((_, field) => rows.map((row) => row[field] as number));

function assertFound(found: Detection[], expected: [string, number, number[]][], tolerance = 1e-5): void {
  assert.deepEqual(
    found.map(({ class_name }) => class_name),
    expected.map(([name]) => name),
  );
  for (const [at, [, confidence, box]] of expected.entries()) {
    const { bbox, confidence: got } = found[at] as Detection;
    assert.ok(Math.abs(got - confidence) < tolerance, `confidence ${got} is not ${confidence}`);
    for (const [side, value] of box.entries())
      assert.ok(Math.abs((bbox[side] as number) - value) < tolerance, `${bbox} is not ${box}`);
  }
}

test("yolov10: rows of corners, confidence and class; nothing is suppressed, empty rows are no detections", async () => {
  const rows = [
    [16, 8, 48, 24, 0.9, 1],
    [17, 8, 48, 24, 0.8, 1],
    [0, 32, 64, 64, 0.5, 2],
    [1, 1, 2, 2, 0.1, 0],
    [0, 0, 0, 0, 0, 0],
  ];
  for (const type of ["float32", "float16"] as const) {
    const found = await detectOnce(yamlFor("yolov10"), {
      input,
      outputs: [output("output0", [1, 5, 6], rows.flat(), type)],
    });
    const expected: [string, number, number[]][] = [
      ["dog", 0.9, [0.25, 0.125, 0.75, 0.375]],
      ["dog", 0.8, [17 / 64, 0.125, 0.75, 0.375]],
      ["owl", 0.5, [0, 0.5, 1, 1]],
    ];
    assertFound(found, expected, type === "float32" ? 1e-5 : 1e-3);
  }
});

test("detr: a softmax with a last class of nothing, boxes as fractions of the input", async () => {
  const logits = [
    [0, 3, 0, 0],
    [0, 0, 0, 9],
    [2, 0, 0, 1],
  ];
  const boxes = [
    [0.5, 0.5, 0.5, 0.25],
    [0.1, 0.1, 0.1, 0.1],
    [0.25, 0.75, 0.5, 0.5],
  ];
  const softmax = (row: number[], at: number) =>
    Math.exp(row[at] as number) / row.reduce((sum, value) => sum + Math.exp(value), 0);
  const graph = {
    input,
    otherInputs: [{ name: "pixel_mask", shape: [1, 64, 64], type: "int64" as const }],
    outputs: [output("logits", [1, 3, 4], logits.flat()), output("pred_boxes", [1, 3, 4], boxes.flat())],
  };
  const found = await detectOnce(yamlFor("detr"), graph, { config: { min_confidence: 0.4 } });
  assertFound(found, [
    ["dog", softmax(logits[0] as number[], 1), [0.25, 0.375, 0.75, 0.625]],
    ["cat", softmax(logits[2] as number[], 0), [0, 0.5, 0.5, 1]],
  ]);
});

test("rtdetr: one output, logits and boxes, or labels, boxes and scores with the size asked for", async () => {
  const rows = [
    [0.5, 0.5, 0.5, 0.25, 0.1, 0.8, 0.2],
    [0.5, 0.5, 0.5, 0.25, 0.1, 0.2, 0.1],
    [0.25, 0.75, 0.5, 0.5, 0.6, 0.1, 0.1],
  ];
  const expected: [string, number, number[]][] = [
    ["dog", 0.8, [0.25, 0.375, 0.75, 0.625]],
    ["cat", 0.6, [0, 0.5, 0.5, 1]],
  ];
  const logit = (p: number) => Math.log(p / (1 - p));
  const boxes = rows.flatMap((row) => row.slice(0, 4));
  const logits = rows.flatMap((row) => row.slice(4).map(logit));
  const corners = [16, 24, 48, 40, 16, 24, 48, 40, 0, 32, 32, 64];
  const sizes = [{ name: "orig_target_sizes", shape: [1, 2], type: "int64" as const }];
  for (const [outputs, otherInputs] of [
    [[output("output0", [1, 3, 7], rows.flat())], []],
    [[output("logits", [1, 3, 3], logits), output("pred_boxes", [1, 3, 4], boxes)], []],
    [
      [
        output("labels", [1, 3], [1, 1, 0], "int64"),
        output("boxes", [1, 3, 4], corners),
        output("scores", [1, 3], [0.8, 0.2, 0.6]),
      ],
      sizes,
    ],
  ] as const)
    assertFound(await detectOnce(yamlFor("rtdetr"), { input, outputs, otherInputs }), expected);
});

test("classification: probabilities as they come, logits through a softmax, the most certain ones first", async () => {
  const of = (values: number[], config = {}) =>
    detectOnce(yamlFor("classification"), { input, outputs: [output("output0", [1, 3], values)] }, { config });
  assertFound(await of([0.1, 0.3, 0.6]), [["owl", 0.6, [0, 0, 1, 1]]]);
  assertFound(await of([0.1, 0.3, 0.6], { top_k: 5 }), [
    ["owl", 0.6, [0, 0, 1, 1]],
    ["dog", 0.3, [0, 0, 1, 1]],
  ]);
  const total = Math.exp(5) + Math.exp(2) + Math.exp(-1);
  assertFound(await of([2, 5, -1]), [["dog", Math.exp(5) / total, [0, 0, 1, 1]]]);
  assertFound(await of([0.3, 0.4, 0.3], { min_confidence: 0.5 }), []);
  const letterboxed = yamlFor("classification", NAMES, "preprocess: { letterbox: true }\n");
  const graph = { input, outputs: [output("output0", [1, 3, 1, 1], [0, 1, 0])] };
  assertFound(await detectOnce(letterboxed, graph), [["dog", 1, [0, 0, 1, 1]]]);
});

test("yolo-pose: key points as fractions of the frame with their confidence, or with the box's where they have none", async () => {
  // 64x64 holds a frame of 128x64 in rows 16 to 48.
  const yaml = yamlFor("yolo-pose", "class_names: [person]", "preprocess: { letterbox: true }\n");
  const rows = [
    [32, 32, 32, 16, 0.9, 32, 24, 0.75, 16, 40, 0.25],
    [33, 32, 32, 16, 0.8, 32, 24, 0.5, 16, 40, 0.5],
    [8, 20, 4, 4, 0.1, 0, 0, 0, 0, 0, 0],
    ...Array.from({ length: 17 }, () => Array.from({ length: 11 }, () => 0)),
  ];
  const found = await detectOnce(yaml, { input, outputs: [output("output0", [1, 11, 20], upright(rows))] });
  assertFound(found, [["person", 0.9, [0.25, 0.25, 0.75, 0.75]]]);
  assert.deepEqual(found[0]?.keypoints, [
    [0.5, 0.25, 0.75],
    [0.25, 0.75, 0.25],
  ]);
  const flat = [
    [32, 32, 32, 16, 0.75, 32, 24, 16, 40, 48, 32, 8, 16],
    ...Array.from({ length: 19 }, () => Array(13).fill(0)),
  ];
  const two = await detectOnce(yaml, { input, outputs: [output("output0", [1, 13, 20], upright(flat))] });
  assert.deepEqual(two[0]?.keypoints?.slice(0, 2), [
    [0.5, 0.25, 0.75],
    [0.25, 0.75, 0.75],
  ]);
});

test("yolo-seg: a mask is where the weighed prototypes are above nothing, inside the box, on a grid over it", async () => {
  // Two prototypes of 16x16 cells (4 input pixels each): the left half, and everything.
  const half = Array.from({ length: 256 }, (_, at) => (at % 16 < 8 ? 1 : -1));
  const all = Array.from({ length: 256 }, () => 1);
  const rows = [
    [32, 32, 32, 16, 0.1, 0.9, 0.1, 2, 0],
    [16, 48, 16, 16, 0.8, 0.1, 0.1, 0, -1],
    [48, 16, 16, 16, 0.1, 0.1, 0.7, 0, 1],
    ...Array.from({ length: 9 }, () => Array.from({ length: 9 }, () => 0)),
  ];
  const outputs = [output("output0", [1, 9, 12], upright(rows)), output("output1", [1, 2, 16, 16], [...half, ...all])];
  const found = await detectOnce(yamlFor("yolo-seg"), { input, outputs });
  assertFound(found, [
    ["dog", 0.9, [0.25, 0.375, 0.75, 0.625]],
    ["cat", 0.8, [0.125, 0.625, 0.375, 0.875]],
    ["owl", 0.7, [0.625, 0.125, 0.875, 0.375]],
  ]);
  const [dog, cat, owl] = found.map(({ mask }) => decodeMask(mask));
  assert.deepEqual([dog?.columns, dog?.rows], [8, 4]);
  assert.deepEqual(
    [...(dog?.cells ?? [])],
    Array.from({ length: 32 }, (_, at) => (at % 8 < 4 ? 1 : 0)),
  );
  assert.ok(cat?.cells.every((cell) => cell === 0) && owl?.cells.every((cell) => cell === 1));
});

test("ragged masks and many of them fit into one reply", async () => {
  const columns = 160;
  const noise = Array.from({ length: columns * columns }, (_, at) => (Math.imul(at, 2_654_435_761) >>> 31 ? 1 : -1));
  const rows = Array.from({ length: 300 }, (_, at) => [320 + at / 300, 320, 640, 640, 0.9 - at / 1000, 1]);
  const outputs = [output("output0", [1, 6, 300], upright(rows)), output("output1", [1, 1, columns, columns], noise)];
  const graph = { input: { name: "images", shape: [1, 3, 640, 640] }, outputs };
  const yaml = "expected_resolution: [640, 640]\noutput_schema: { format: yolo-seg, class_names: [x] }\n";
  const found = await detectOnce(yaml, graph, { config: { nms_iou_threshold: 1 } });
  assert.equal(found.length, 100);
  assert.ok(found.every(({ mask }) => decodeMask(mask) !== null));
});

test("class names come from the network's own metadata where model.yaml has none", async () => {
  const rows = [[32, 32, 16, 8, 0.1, 0.8], ...Array.from({ length: 9 }, () => [0, 0, 0, 0, 0, 0])];
  const outputs = [output("output0", [1, 6, 10], upright(rows))];
  const metadata = { names: `{0: 'cat', 1: "driver's seat"}`, task: "detect" };
  const yaml = "expected_resolution: [64, 64]\noutput_schema: { format: yolov8 }\n";
  assertFound(await detectOnce(yaml, { input, outputs, metadata }), [
    ["driver's seat", 0.8, [0.375, 28 / 64, 0.625, 36 / 64]],
  ]);
  await assert.rejects(
    detectOnce(yamlFor("yolov8", "classes: 3"), { input, outputs, metadata }),
    /classes and the network's own names differ \[classes:3, names:2\]/,
  );
});

test("fastestdet: cells with objectness, tanh offsets, sigmoid sizes and class scores", async () => {
  const fields = Array.from({ length: 5 + 3 }, () => Array.from({ length: 16 }, () => 0));
  const set = (cell: number, values: number[]) => {
    for (const [field, value] of values.entries()) (fields[field] as number[])[cell] = value;
  };
  // Row 1, column 2 of 4x4 cells: the centre half a cell to the right, a quarter of the picture wide and an eighth high.
  const logit = (p: number) => Math.log(p / (1 - p));
  set(6, [0.9, Math.atanh(0.5), 0, logit(0.25), logit(0.125), 0.1, 0.8, 0.1]);
  set(9, [0.3, 0, 0, 0, 0, 0.9, 0, 0]);
  const found = await detectOnce(yamlFor("fastestdet", NAMES, "confidence_threshold: 0.6\n"), {
    input,
    outputs: [output("758", [1, 8, 4, 4], fields.flat())],
  });
  assertFound(found, [["dog", 0.9 ** 0.6 * 0.8 ** 0.4, [0.5, 0.1875, 0.75, 0.3125]]]);
});
