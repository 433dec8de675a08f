import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import { loadModelFolder } from "@vas/runtime-sdk/model-folder.ts";
import { callRuntime, createTestRing, decodeFrames, requestFor } from "@vas/runtime-sdk/testing/ring.ts";
import { median, type ServedModel, serveModel, testData } from "@vas/runtime-sdk/testing/serve.ts";
import { FAMILIES } from "./families/families.ts";
import { createHandler } from "./session.ts";
import { type Graph, writeOnnx } from "./testing/onnx-writer.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** A model folder with these weights. `yaml` is what follows the required fields. */
function modelFolder(yaml: string, graph: Graph, files: Record<string, string> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "onnx-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const head = "model_id: t\nmodel_name: T\nmodel_version: '1'\nmodel_type: onnx\nmodel_weights: t.onnx\n";
  writeFileSync(join(folder, "model.yaml"), head + yaml);
  writeFileSync(join(folder, "t.onnx"), writeOnnx(graph));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

async function served(folder: string): Promise<ServedModel> {
  const model = await serveModel(folder, createHandler);
  cleanups.push(() => model.end());
  return model;
}

/** Runs a model once on a grey frame. */
async function detect(
  folder: string,
  size = { width: 128, height: 64 },
  config?: Record<string, unknown>,
  nv12: Uint8Array = new Uint8Array(size.width * size.height * 1.5).fill(128),
) {
  const model = await served(folder);
  const ring = createTestRing(model.shmDir, size);
  const caller = await callRuntime(model.path);
  const reply = await caller.ask(requestFor(ring, model.modelId, ring.write(nv12), config));
  caller.close();
  ring.close();
  assert.equal(reply.error, null);
  return reply.detections;
}

function assertBox(found: number[] | undefined, expected: number[]): void {
  for (const [at, value] of expected.entries())
    assert.ok(Math.abs((found?.[at] ?? Number.NaN) - value) < 1e-5, `${found} is not ${expected}`);
}

const NAMES = "output_schema: { format: FORMAT, class_names: [cat, dog, owl] }\n";
const yamlFor = (format: string, more = "") =>
  `${NAMES.replace("FORMAT", format)}expected_resolution: [64, 64]\n${more}`;
const input = { name: "images", shape: [1, 3, 64, 64] as const };

// Two boxes that mean the same dog, an owl elsewhere, an uncertain cat. In input pixels of 64x64: x, y, w, h, object, cat, dog, owl.
const YOLOV5 = [
  [32, 32, 16, 8, 0.9, 0.1, 0.8, 0.2],
  [33, 32, 16, 8, 0.95, 0.1, 0.9, 0.2],
  [8, 48, 8, 8, 0.8, 0, 0, 1],
  [20, 20, 8, 8, 0.5, 0.3, 0, 0],
].flat();

test("yolov5: confidence is objectness times class score, equal boxes are one, places are fractions of the frame", async () => {
  const graph: Graph = { input, outputs: [{ name: "output0", dims: [1, 4, 8], values: YOLOV5 }] };
  const found = await detect(modelFolder(yamlFor("yolov5", "confidence_threshold: 0.3\n"), graph));
  assert.deepEqual(
    found.map(({ class_name, class_id }) => [class_name, class_id]),
    [
      ["dog", 1],
      ["owl", 2],
    ],
  );
  assert.ok(Math.abs((found[0]?.confidence ?? 0) - 0.95 * 0.9) < 1e-6);
  assertBox(found[0]?.bbox, [25 / 64, 28 / 64, 41 / 64, 36 / 64]);
  assertBox(found[1]?.bbox, [4 / 64, 44 / 64, 12 / 64, 52 / 64]);
});

test("letterbox is taken back: fractions are of the frame, not of the input", async () => {
  const graph: Graph = { input, outputs: [{ name: "output0", dims: [1, 4, 8], values: YOLOV5 }] };
  const found = await detect(modelFolder(yamlFor("yolov5", "preprocess: { letterbox: true }\n"), graph));
  // A frame of 128x64 lies in rows 16 to 48 of the input.
  assertBox(found[0]?.bbox, [25 / 64, (28 - 16) / 32, 41 / 64, (36 - 16) / 32]);
  assertBox(found[1]?.bbox, [4 / 64, (44 - 16) / 32, 12 / 64, 1]);
});

test("an assignment's parameters move the thresholds and choose classes", async () => {
  const graph: Graph = { input, outputs: [{ name: "output0", dims: [1, 4, 8], values: YOLOV5 }] };
  const folder = modelFolder(yamlFor("yolov5", "confidence_threshold: 0.3\nnms_iou_threshold: 0.5\n"), graph);
  const names = async (config: Record<string, unknown>) =>
    (await detect(folder, undefined, config)).map(({ class_name }) => class_name);
  assert.deepEqual(await names({ min_confidence: 0.82 }), ["dog"]);
  assert.deepEqual(await names({ min_confidence: 0.1 }), ["dog", "owl", "cat"]);
  assert.deepEqual(await names({ nms_iou_threshold: 1 }), ["dog", "owl", "dog"]);
  assert.deepEqual(await names({ classes: ["owl"] }), ["owl"]);
  assert.deepEqual(
    await names({ min_confidence: "none", classes: "owl" }),
    ["dog", "owl"],
    "nonsense counts as absent",
  );
});

test("yolov8, yolov9 and yolo11: class scores without objectness, upright or turned round", async () => {
  const boxes = [
    [32, 32, 16, 8, 0.1, 0.8, 0.2],
    [33, 32, 16, 8, 0.1, 0.9, 0.2],
    [8, 48, 8, 8, 0, 0, 0.7],
    [20, 20, 8, 8, 0.1, 0, 0],
    [0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0],
  ];
  const columns = Array.from({ length: 7 }, (_, field) => boxes.map((box) => box[field] as number)).flat();
  for (const [format, dims, values] of [
    ["yolov8", [1, 7, 8], columns],
    ["yolov9", [1, 7, 8], columns],
    ["yolov9", [1, 8, 7], boxes.flat()],
    ["yolo11", [1, 7, 8], columns],
    ["yolov8", [1, 8, 7], boxes.flat()],
  ] as const) {
    const graph: Graph = { input, outputs: [{ name: "output0", dims, values }] };
    const found = await detect(modelFolder(yamlFor(format), graph));
    assert.deepEqual(
      found.map(({ class_name }) => class_name),
      ["dog", "owl"],
    );
    assert.ok(Math.abs((found[0]?.confidence ?? 0) - 0.9) < 1e-6);
    assertBox(found[0]?.bbox, [25 / 64, 28 / 64, 41 / 64, 36 / 64]);
  }
});

test("yolox: centres are offsets of their cell, sizes are logarithms, over three strides", async () => {
  // 64x64: 8x8 cells of stride 8, 4x4 of 16, 2x2 of 32.
  const cells = 64 + 16 + 4;
  const values = Array.from({ length: cells * 8 }, () => 0);
  const put = (cell: number, fields: number[]) => fields.forEach((value, at) => (values[cell * 8 + at] = value));
  put(2 * 8 + 3, [0.5, 0.25, Math.log(2), Math.log(1), 0.9, 0, 1, 0]);
  put(64 + 4 + 1, [0.5, 0.5, Math.log(0.5), Math.log(0.25), 0.8, 1, 0, 0]);
  put(80 + 3, [0, 0, Math.log(1), Math.log(0.5), 0.7, 0, 0, 1]);
  const graph: Graph = { input, outputs: [{ name: "output", dims: [1, cells, 8], values }] };
  const found = await detect(modelFolder(yamlFor("yolox"), graph));
  assert.deepEqual(
    found.map(({ class_name }) => class_name),
    ["dog", "cat", "owl"],
  );
  assertBox(found[0]?.bbox, [(28 - 8) / 64, (18 - 4) / 64, (28 + 8) / 64, (18 + 4) / 64]);
  assertBox(found[1]?.bbox, [(24 - 4) / 64, (24 - 2) / 64, (24 + 4) / 64, (24 + 2) / 64]);
  assertBox(found[2]?.bbox, [(32 - 16) / 64, (32 - 8) / 64, (32 + 16) / 64, (32 + 8) / 64]);
});

test("ssd: boxes, scores, classes and count by name or by order, in each of its three kinds", async () => {
  const scores = [0.9, 0.6, 0.1, 0.95];
  const fractions = [0.1, 0.2, 0.5, 0.6, 0, 0, 1, 1, 0, 0, 1, 1, 0.3, 0.3, 0.4, 0.4];
  const outputs = (boxes: number[], names: string[]) => [
    { name: names[0] as string, dims: [1, 4, 4], values: boxes },
    { name: names[1] as string, dims: [1, 4], values: scores },
    { name: names[2] as string, dims: [1, 4], values: [1, 2, 0, 0], type: "int64" as const },
    { name: names[3] as string, dims: [1], values: [3] },
  ];
  const plain = ["a", "b", "c", "d"];
  const tensorflow = ["detection_boxes", "detection_scores", "detection_classes", "num_detections"];
  const shuffled = outputs(fractions, tensorflow);
  for (const [format, list, expected] of [
    ["ssd", outputs(fractions, plain), [0.1, 0.2, 0.5, 0.6]],
    ["ssd", [shuffled[3], shuffled[2], shuffled[1], shuffled[0]] as typeof shuffled, [0.2, 0.1, 0.6, 0.5]],
    ["ssd-yxyx", outputs(fractions, plain), [0.2, 0.1, 0.6, 0.5]],
    [
      "ssd-pixels",
      outputs(
        fractions.map((value) => value * 64),
        plain,
      ),
      [0.1, 0.2, 0.5, 0.6],
    ],
    ["ssd", outputs(fractions, plain).slice(0, 3), [0.3, 0.3, 0.4, 0.4]],
  ] as const) {
    const found = await detect(modelFolder(yamlFor(format), { input, outputs: list }));
    const counted = list.length === 4;
    assert.deepEqual(
      found.map(({ class_name }) => class_name),
      counted ? ["dog", "owl"] : ["cat", "dog", "owl"],
    );
    assertBox(found[0]?.bbox, [...expected]);
  }
});

test("an entry decodes any other output, and what it sees is the frame as preprocess describes it", async () => {
  // The left half of the frame is dark red, the right half light blue; the network hands its input back.
  const size = { width: 16, height: 8 };
  const nv12 = new Uint8Array(192);
  for (let row = 0; row < 8; row++) nv12.fill(60, row * 16, row * 16 + 8).fill(170, row * 16 + 8, row * 16 + 16);
  for (let row = 0; row < 4; row++)
    for (let column = 0; column < 8; column++)
      nv12.set(column < 4 ? [110, 180] : [160, 90], 128 + row * 16 + column * 2);
  const rgb = (y: number, u: number, v: number) => {
    const [l, b, r] = [(y - 16) / 219, (u - 128) / 224, (v - 128) / 224];
    return [l + 1.402 * r, l - 0.344136 * b - 0.714136 * r, l + 1.772 * b].map((value) =>
      Math.min(1, Math.max(0, value)),
    );
  };
  const decode = `export function decode([output], { input, config, maxIou, minConfidence, suppress, toFraction }) {
    if (typeof suppress !== "function" || input.width !== 4) throw new Error("no context");
    const values = Array.from(output.data, Number);
    return [{ class_id: 0, class_name: "echo", confidence: minConfidence, bbox: [0, 0, ...toFraction(input.placement, 2, 2)],
      text: JSON.stringify({ dims: output.dims, values, x: config.x }) }];
  }`;
  for (const [layout, color, type, scale] of [
    ["nchw", "rgb", "float32", 1 / 255],
    ["nhwc", "bgr", "float32", 2],
    ["nchw", "rgb", "uint8", 1],
    ["nhwc", "rgb", "float16", 1 / 255],
  ] as const) {
    const shape = layout === "nchw" ? [1, 3, "h", "w"] : ["n", 4, 4, 3];
    const graph: Graph = { input: { name: "x", shape, type }, outputs: [{ name: "y", echo: true }] };
    const yaml = `entry: decode.ts\nexpected_resolution: [4, 4]\nconfidence_threshold: 0.125\npreprocess: { layout: ${layout}, color: ${color}, dtype: ${type}, scale: ${scale}, mean: [0, 0, 0.5] }\n`;
    const [found] = await detect(modelFolder(yaml, graph, { "decode.ts": decode }), size, { x: 5 }, nv12);
    assert.deepEqual([found?.confidence, found?.bbox], [0.125, [0, 0, 0.5, 0.5]]);
    const { dims, values, x } = JSON.parse(found?.text ?? "") as { dims: number[]; values: number[]; x: number };
    assert.equal(x, 5);
    assert.deepEqual(dims, layout === "nchw" ? [1, 3, 4, 4] : [1, 4, 4, 3]);
    for (let column = 0; column < 4; column++) {
      const expected = column < 2 ? rgb(60, 110, 180) : rgb(170, 160, 90);
      for (let channel = 0; channel < 3; channel++) {
        const at = layout === "nchw" ? channel * 16 + 4 + column : (4 + column) * 3 + channel;
        const level = expected[color === "rgb" ? channel : 2 - channel] as number;
        const value = level * 255 * scale - (channel === 2 ? 0.5 : 0);
        const found = values[at] as number;
        assert.ok(
          Math.abs(found - Math.max(type === "uint8" ? 0 : -9, value)) <= 2 * scale + 0.002,
          `${found} ${value}`,
        );
      }
    }
  }
});

test("what does not fit is refused at the start, with what was found", async () => {
  const constant = { name: "o", dims: [1, 4, 8], values: YOLOV5 };
  const graph: Graph = { input, outputs: [constant] };
  const refused = (yaml: string, pattern: RegExp, network = graph, files = {}) =>
    assert.rejects(served(modelFolder(yaml, network, files)), pattern);
  await refused(yamlFor("yolov3"), /no family decodes output_schema.format \[found:yolov3, known:yolov5/);
  await refused("expected_resolution: [64, 64]\n", /no family .*found:undefined/);
  await refused(yamlFor("yolov5").replace("64, 64", "32, 64"), /model.yaml:1,3,64,32, network:1,3,64,64/);
  await refused(yamlFor("yolov5", "preprocess: { layout: nhwc }\n"), /does not fit/);
  await refused(yamlFor("yolov5", "preprocess: { dtype: uint8 }\n"), /dtype is not the network's \[model.yaml:uint8/);
  await refused(NAMES.replace("FORMAT", "yolov5"), /no fixed size/, {
    input: { name: "x", shape: [1, 3, "h", "w"] },
    outputs: [constant],
  });
  await refused("entry: d.ts\n", /d.ts does not export decode/, graph, { "d.ts": "export const x = 1;" });
  await refused("model_version: 2\n", /model.yaml line/);
  const broken = modelFolder(yamlFor("yolov5"), graph);
  writeFileSync(join(broken, "t.onnx"), "this is no network");
  await assert.rejects(served(broken), /protobuf|model/i);
  const linked = modelFolder(yamlFor("yolov5"), graph);
  rmSync(join(linked, "t.onnx"));
  symlinkSync("/etc/hostname", join(linked, "t.onnx"));
  assert.match(loadModelFolder(linked) as string, /model_weights leads out of the folder/);
});

test("an output of another shape is an error reply, and the runtime goes on", async () => {
  for (const format of Object.keys(FAMILIES).filter((name) => !name.startsWith("ssd-"))) {
    const graph: Graph = { input, outputs: [{ name: "o", dims: [1, 2, 3], values: [1, 2, 3, 4, 5, 6] }] };
    const model = await served(modelFolder(yamlFor(format), graph));
    const ring = createTestRing(model.shmDir, { width: 32, height: 32 });
    const caller = await callRuntime(model.path);
    for (let round = 0; round < 2; round++) {
      const reply = await caller.ask(requestFor(ring, "t", ring.write(new Uint8Array(1536))));
      assert.match(
        reply.error ?? "",
        new RegExp(`^model_failed: the outputs are not those of [a-z0-9-]+ .*found:o \\[1,2,3\\]`),
      );
    }
    caller.close();
    ring.close();
  }
});

test("FastestDet finds the people of the test video where the outline detector cannot, and nobody in the empty room", async () => {
  const weights = testData("FastestDet.onnx");
  const video = testData("one-by-one-person-detection.mp4");
  const folder = join(mkdtempSync(join(tmpdir(), "fastestdet-")), "fastestdet");
  cleanups.push(() => rmSync(join(folder, ".."), { recursive: true, force: true }));
  mkdirSync(folder, { recursive: true });
  cpSync(join(import.meta.dirname, "examples/fastestdet"), folder, { recursive: true });
  cpSync(weights, join(folder, "FastestDet.onnx"));
  const model = await served(folder);
  const caller = await callRuntime(model.path);
  const took: Record<string, number[]> = {};
  for (const size of [
    { width: 768, height: 432 },
    { width: 640, height: 360 },
  ]) {
    const ring = createTestRing(model.shmDir, { ...size, stride: size.width + 64 });
    const times: number[] = [];
    took[`${size.width}x${size.height}`] = times;
    const look = async (fromSeconds: number, count: number) => {
      const all = [];
      for (const frame of decodeFrames(video, size, { fromSeconds, everySeconds: 1, count })) {
        const config = { classes: ["person"] };
        const reply = await caller.ask(requestFor(ring, "fastestdet", ring.write(frame), config));
        assert.equal(reply.error, null);
        times.push((reply.metadata.inference_ms ?? 0) + (reply.metadata.preprocess_ms ?? 0));
        all.push(reply.detections);
      }
      return all;
    };
    const walking = await look(25, 10);
    const counts = walking.map((found) => found.length);
    assert.ok(counts.filter((count) => count > 0).length >= 8, `people in frames with walkers: ${counts}`);
    for (const { bbox, class_name } of walking.flat()) {
      assert.equal(class_name, "person");
      assert.ok(bbox[2] - bbox[0] < 0.6 && bbox[3] - bbox[1] > 0.2, `a person's box: ${bbox}`);
    }
    const empty = (await look(87, 4)).map((found) => found.length);
    assert.deepEqual(empty, [0, 0, 0, 0]);
    ring.close();
  }
  for (const [size, times] of Object.entries(took))
    process.stdout.write(`fastestdet ${size}: median ${median(times).toFixed(1)} ms a frame\n`);
  caller.close();
});
