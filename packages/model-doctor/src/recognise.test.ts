import assert from "node:assert/strict";
import { test } from "node:test";
import { COCO_SKELETON } from "@vas/contracts/keypoints.ts";
import { parseModelYaml } from "@vas/contracts/model.ts";
import { bytesSource, type OnnxGraph, readGraph } from "../../../runtimes/onnx/graph.ts";
import { type Graph, writeOnnx } from "../../../runtimes/onnx/testing/onnx-writer.ts";
import { writeModelYaml } from "./model-yaml.ts";
import { recognise, type RecogniseOptions } from "./recognise.ts";

const input = { name: "images", shape: [1, 3, 640, 640] as const };
/** Outputs whose values do not matter: an echo with a shape of its own is not possible, so they are small constants. */
const graphOf = (outputs: Record<string, number[]>, more: Partial<Graph> = {}): OnnxGraph => {
  const list = Object.entries(outputs).map(([name, dims]) => ({ name, dims, values: [] as number[] }));
  return readGraph(bytesSource(writeOnnx({ input, outputs: list, ...more }))) as OnnxGraph;
};
const names = (count: number) => `{${Array.from({ length: count }, (_, at) => `${at}: 'thing ${at}'`).join(", ")}}`;
const ultralytics = (task: string, count: number, more: Record<string, string> = {}) => ({
  metadata: { author: "Ultralytics", description: "Ultralytics YOLO model", task, names: names(count), ...more },
});

const CASES: [string, OnnxGraph, string, number | null][] = [
  ["YOLOv5 with metadata", graphOf({ output0: [1, 25200, 85] }, ultralytics("detect", 80)), "yolov5", 80],
  ["YOLOv7 without metadata", graphOf({ output: [1, 25200, 6] }), "yolov5", 1],
  ["YOLOv8 with metadata", graphOf({ output0: [1, 84, 8400] }, ultralytics("detect", 80)), "yolov8", 80],
  ["YOLO11 of two classes without metadata", graphOf({ output0: [1, 6, 8400] }), "yolov8", 2],
  ["YOLOv8 turned round, with metadata", graphOf({ output0: [1, 8400, 84] }, ultralytics("detect", 80)), "yolov8", 80],
  ["YOLOX", graphOf({ output: [1, 8400, 85] }), "yolox", 80],
  ["YOLOv10", graphOf({ output0: [1, 300, 6] }, ultralytics("detect", 80)), "yolov10", 80],
  [
    "YOLOv8-pose",
    graphOf({ output0: [1, 56, 8400] }, ultralytics("pose", 1, { kpt_shape: "[17, 3]" })),
    "yolo-pose",
    1,
  ],
  [
    "a pose of two classes and five points",
    graphOf({ output0: [1, 16, 8400] }, ultralytics("pose", 2, { kpt_shape: "[5, 2]" })),
    "yolo-pose",
    2,
  ],
  [
    "YOLOv8-seg",
    graphOf({ output0: [1, 116, 8400], output1: [1, 32, 160, 160] }, ultralytics("segment", 80)),
    "yolo-seg",
    80,
  ],
  ["YOLOv8-seg without metadata", graphOf({ a: [1, 38, 8400], b: [1, 32, 160, 160] }), "yolo-seg", 2],
  ["YOLOv8-cls", graphOf({ output0: [1, 1000] }, ultralytics("classify", 1000)), "classification", 1000],
  ["a classifier", graphOf({ logits: [1, 10] }), "classification", 10],
  ["DETR", graphOf({ logits: [1, 100, 92], pred_boxes: [1, 100, 4] }), "detr", 91],
  ["RT-DETR of Transformers", graphOf({ logits: [1, 300, 80], pred_boxes: [1, 300, 4] }), "rtdetr", 80],
  [
    "RT-DETR of Ultralytics",
    graphOf({ output0: [1, 300, 84] }, ultralytics("detect", 80, { description: "Ultralytics RT-DETR-l model" })),
    "rtdetr",
    80,
  ],
  [
    "RT-DETR of its authors",
    graphOf(
      { labels: [1, 300], boxes: [1, 300, 4], scores: [1, 300] },
      { otherInputs: [{ name: "orig_target_sizes", shape: [1, 2], type: "int64" }] },
    ),
    "rtdetr",
    null,
  ],
  [
    "SSD of TensorFlow",
    graphOf({
      detection_boxes: [1, 100, 4],
      detection_classes: [1, 100],
      detection_scores: [1, 100],
      num_detections: [1],
    }),
    "ssd",
    null,
  ],
  ["a detector of torchvision", graphOf({ boxes: [100, 4], labels: [100], scores: [100] }), "ssd-pixels", null],
];

for (const [what, graph, format, classes] of CASES)
  test(`${what} is recognised, and its model.yaml is valid`, () => {
    const finding = recognise(graph);
    assert.deepEqual([finding.format, finding.classes, finding.problems], [format, classes, []]);
    assert.ok(finding.reasons.some((reason) => reason.startsWith(`format ${format}: `)));
    const text = writeModelYaml({ id: "x", name: "It's: a #name", version: "1.0.0", weights: "x.onnx" }, finding);
    const parsed = parseModelYaml(text);
    assert.ok("model" in parsed, `${JSON.stringify(parsed)}\n${text}`);
    const { model } = parsed;
    assert.equal(model.model_name, "It's: a #name");
    assert.deepEqual(model.expected_resolution, [640, 640]);
    assert.deepEqual(model.output_schema?.class_names ?? [], finding.classNames);
    assert.equal(model.output_schema?.skeleton?.length, finding.keypoints === 17 ? COCO_SKELETON.length : undefined);
    assert.ok(
      text.split("\n").every((line) => line.length <= 160),
      "lines a person can read",
    );
  });

test("layout, type and preprocessing follow the input and the family", () => {
  const nhwc = graphOf(
    { detection_boxes: [1, 9, 4], detection_classes: [1, 9], detection_scores: [1, 9] },
    { input: { name: "image", shape: [1, 320, 640, 3], type: "uint8" } },
  );
  const ssd = recognise(nhwc);
  assert.deepEqual([ssd.layout, ssd.dtype, ssd.size, ssd.scale], ["nhwc", "uint8", [640, 320], 1]);
  const yolox = recognise(graphOf({ output: [1, 8400, 85] }));
  assert.deepEqual([yolox.color, yolox.scale, yolox.letterbox], ["bgr", 1, true]);
  const detr = recognise(graphOf({ logits: [1, 100, 92], pred_boxes: [1, 100, 4] }));
  assert.deepEqual([detr.letterbox, detr.mean?.[0]], [false, 0.485]);
});

test("what cannot work names the tensor and the remedy", () => {
  const problem = (graph: OnnxGraph, options?: RecogniseOptions) => {
    const [first] = recognise(graph, options).problems;
    return `${first?.where} | ${first?.message} | ${first?.remedy}`;
  };
  const outputs = { output0: [1, 84, 8400] };
  const withInput = (shape: (number | string)[], type: "float32" | "int64" = "float32") =>
    graphOf(outputs, { input: { name: "images", shape, type } });
  assert.match(problem(withInput([8, 3, 640, 640])), /^input images \| its batch is 8 \| export it with batch 1/);
  assert.match(
    problem(withInput([1, 1, 640, 640])),
    /^input images \| three channels were expected \[found:\[1, 1, 640, 640\]\]/,
  );
  assert.match(
    problem(withInput([1, 3, 640, 640], "int64")),
    /^input images \| its type is int64 \| export it with a float32/,
  );
  assert.match(problem(withInput([1, 3, 640])), /^input images \| a picture has four dimensions/);
  assert.match(
    problem(withInput([1, 3, "h", "w"])),
    /^input images \| its size is open \[found:\[1, 3, h, w\]\] \| say it with --size/,
  );
  assert.match(
    problem(withInput([1, 3, 640, 640]), { size: [320, 320] }),
    /its size is fixed \[found:640x640, asked:320x320\]/,
  );
  assert.match(
    problem(graphOf(outputs, { otherInputs: [{ name: "text", shape: [1, 7], type: "int64" }] })),
    /^input text \| .*one picture/,
  );
  assert.match(
    problem(graphOf({ y: [1, 84, 8000] })),
    /^output y \| 8000 boxes do not fit the input's size \[expected:8400 or 25200/,
  );
  assert.match(
    problem(graphOf({ heat: [1, 5, 22, 22] })),
    /^output heat \| no family has these outputs .* \| say which it is with --format/,
  );
  assert.match(problem(graphOf({ y: [1, 20, 8400] }, ultralytics("obb", 15))), /task:obb/);
  assert.match(
    problem(graphOf({ logits: [1, 10] }, ultralytics("classify", 9))),
    /classes are not as many .*output:10, names:9/,
  );
  const open = recognise(withInput([1, 3, "h", "w"]), { size: [640, 640] });
  assert.deepEqual([open.size, open.format, open.problems], [[640, 640], "yolov8", []]);
});

test("fastestdet is known by its grid of 16 pixels a cell, in bgr", () => {
  const graph = graphOf({ 758: [1, 85, 22, 22] }, { input: { name: "in", shape: [1, 3, 352, 352], type: "float32" } });
  const { format, classes, color, problems } = recognise(graph);
  assert.deepEqual([format, classes, color, problems], ["fastestdet", 80, "bgr", []]);
});
