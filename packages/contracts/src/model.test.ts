import assert from "node:assert/strict";
import { test } from "node:test";
import { isInsideFolder, parseModelYaml, skeletonOf } from "./model.ts";

const GOOD = `model_id: person-hog
model_name: People
model_version: 1.0.0
model_type: module
entry: handler.ts
`;

function refused(yaml: string) {
  const parsed = parseModelYaml(yaml);
  assert.ok("error" in parsed, `accepted: ${yaml}`);
  const { line, message, remedy } = parsed.error;
  assert.ok(remedy.length > 0, message);
  return `${line}: ${message}; ${remedy}`;
}

test("the least and the most that a model.yaml may say are read", () => {
  const least = parseModelYaml(GOOD);
  assert.ok("model" in least);
  assert.deepEqual(least.model, {
    model_id: "person-hog",
    model_name: "People",
    model_version: "1.0.0",
    model_type: "module",
    entry: "handler.ts",
  });
  const most = parseModelYaml(`${GOOD.replace("module", "onnx")}model_weights: weights/m.onnx
supported_tasks: [object_detection, pose]
input_format: NV12
expected_resolution: [640, 384]
resource_requirements: { gpu_required: false, gpu_memory_mb: 0, cpu_fallback_allowed: true }
confidence_threshold: 0.25
nms_iou_threshold: 0.45
preprocess: { layout: nchw, dtype: float32, color: bgr, letterbox: true, scale: 1, mean: [0, 0, 0], std: [1, 1, 1] }
output_schema: { type: detections, format: yolox, classes: 2, class_names: [a, b] }
config_schema: { type: object, properties: { min_confidence: { type: number } } }
display_name: D
description: >-
  Two
  lines.
author: A
license: MIT
license_file: LICENSE
`);
  assert.ok("model" in most, JSON.stringify(most));
  assert.deepEqual(most.model.expected_resolution, [640, 384]);
  assert.equal(most.model.description, "Two lines.");
});

test("every refusal names the line, what is wrong and the remedy", () => {
  assert.match(refused(`${GOOD}modelWeights: x\n`), /^6: unknown key "modelWeights"; write model_weights$/);
  assert.match(refused(`${GOOD}preprocess:\n  layout: nchw\n  colour: rgb\n`), /^8: unknown key "colour"; remove it/);
  assert.match(refused(GOOD.replace("entry: handler.ts\n", "")), /^4: model_type module needs entry; add entry/);
  assert.match(refused(GOOD.replace("module", "onnx")), /^4: model_type onnx needs model_weights/);
  assert.match(refused(GOOD.replace("model_name: People\n", "")), /missing model_name; add model_name:$/);
  assert.match(refused(GOOD.replace("person-hog", "Person")), /^1: model_id /);
  assert.match(refused(GOOD.replace("person-hog", "../x")), /^1: model_id /);
  assert.match(refused(GOOD.replace("person-hog", "x".repeat(129))), /^1: model_id /);
  assert.match(refused(`${GOOD}confidence_threshold: 1.5\n`), /^6: confidence_threshold /);
  assert.match(refused(`${GOOD}input_format: RGB\n`), /^6: input_format /);
  assert.match(refused(`${GOOD}expected_resolution: [640]\n`), /^6: expected_resolution/);
  assert.match(refused(GOOD.replace("1.0.0", "1.0")), /^3: model_version /, "1.0 is a number and would lose its zero");
});

test("what makes YAML more than data is refused", () => {
  assert.match(refused(`${GOOD}author: &a x\n`), /^6: an anchor is not allowed/);
  assert.match(refused(`${GOOD}author: &a x\nlicense: *a\n`), /is not allowed/);
  assert.match(refused(`${GOOD}author: !!str x\n`), /^6: /);
  assert.match(refused(`${GOOD}author: !custom x\n`), /^6: /);
  assert.match(refused(`${GOOD}author: x\nauthor: y\n`), /^7: /);
  assert.match(refused(`${GOOD}author: "x\n`), /^\d+: /);
  assert.match(refused(`${GOOD}---\nauthor: x\n`), /^\d+: /);
  assert.match(refused(`${GOOD}description: "${"x".repeat(65_536)}"\n`), /larger than 65536 bytes/);
  for (const nothing of ["", "null", "[]", "just text", "\0", "{"]) refused(nothing);
});

test("paths that leave the folder are refused", () => {
  for (const path of ["/etc/passwd", "../x.ts", "a/../../x.ts", "a\\\\..\\\\x", ".."])
    assert.match(refused(GOOD.replace("handler.ts", `"${path}"`)), /leaves the model's folder/);
  assert.match(refused(`${GOOD}output_schema: { class_names_file: ../names }\n`), /leaves the model's folder/);
  assert.match(refused(`${GOOD}license_file: /LICENSE\n`), /leaves the model's folder/);
  for (const path of ["a", "a/b.c", "./a", "..a", "a..b/c"]) assert.ok(isInsideFolder(path), path);
});

test("a bomb of nested collections is answered quickly enough to be answered at all", () => {
  refused(`${GOOD}config_schema: ${"[".repeat(20_000)}\n`);
  refused(`${GOOD}author: ${"{a: ".repeat(10_000)}\n`);
});

test("a skeleton is pairs of names or places, and one that leads nowhere is refused with its line", () => {
  const schemaOf = (text: string) => {
    const parsed = parseModelYaml(`${GOOD}output_schema:\n${text}`);
    assert.ok("model" in parsed, JSON.stringify(parsed));
    return parsed.model.output_schema;
  };
  const named = schemaOf("  keypoint_names: [hip, knee, foot]\n  skeleton: [[hip, knee], [1, foot]]\n");
  assert.deepEqual(skeletonOf(named), [
    [0, 1],
    [1, 2],
  ]);
  assert.deepEqual(skeletonOf(schemaOf("  skeleton: [[0, 255]]\n")), [[0, 255]]);
  assert.deepEqual(skeletonOf(schemaOf("  skeleton: []\n")), []);
  assert.equal(skeletonOf(schemaOf("  keypoint_names: [hip]\n")), null);
  const bad = (text: string) => refused(`${GOOD}output_schema:\n${text}`);
  assert.match(
    bad("  keypoint_names: [hip, knee]\n  skeleton:\n    - [hip, knee]\n    - [hip, foot]\n"),
    /^10: .*"foot"/,
  );
  assert.match(bad("  keypoint_names: [hip, knee]\n  skeleton: [[0, 2]]\n"), /key point 2, .*has 2/);
  assert.match(bad("  skeleton: [[hip, knee]]\n"), /list keypoint_names/);
  assert.match(bad("  skeleton: [[0, 256]]\n"), /skeleton/);
  assert.match(bad("  skeleton: [[0, 1, 2]]\n"), /skeleton/);
});
