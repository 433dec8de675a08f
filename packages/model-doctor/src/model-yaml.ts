/** A finding as the text of a model.yaml. Pure. */
import { COCO_KEYPOINT_NAMES, COCO_SKELETON } from "@vas/contracts/keypoints.ts";
import type { Finding } from "./recognise.ts";

export type Identity = {
  id: string;
  name: string;
  version: string;
  weights: string;
  license?: string | undefined;
  /** 0.25 and 0.45 where absent. */
  confidence?: number | undefined;
  iou?: number | undefined;
};

const WIDTH = 116;
/** Classes that a form can offer one by one. */
const MAX_CHOICES = 100;

/** @returns a model.yaml that says where each value comes from, for a finding that has a format */
export function writeModelYaml(identity: Identity, finding: Finding): string {
  const { size, mean, std } = finding;
  const lines = [
    "# Written by the model doctor from what the network says about itself. Correct what it could not know:",
    ...finding.assumed.map((text) => `#   assumed: ${text}`),
    `model_id: ${identity.id}`,
    `model_name: ${quoted(identity.name)}`,
    `model_version: ${quoted(identity.version)}`,
    ...(identity.license === undefined ? [] : [`license: ${quoted(identity.license)}`]),
    "model_type: onnx",
    `model_weights: ${quoted(identity.weights)}`,
    `supported_tasks: [${finding.task}]`,
    "input_format: NV12",
    ...(size ? [`expected_resolution: [${size.join(", ")}]`] : []),
    "resource_requirements:",
    "  gpu_required: false",
    "  cpu_fallback_allowed: true",
    `confidence_threshold: ${identity.confidence ?? 0.25}`,
    `nms_iou_threshold: ${identity.iou ?? 0.45}`,
    "preprocess:",
    `  layout: ${finding.layout}`,
    `  dtype: ${finding.dtype}`,
    `  color: ${finding.color}`,
    `  letterbox: ${finding.letterbox}`,
    `  scale: ${finding.scale}`,
    ...(mean ? [`  mean: [${mean.join(", ")}]`] : []),
    ...(std ? [`  std: [${std.join(", ")}]`] : []),
    "output_schema:",
    `  type: ${finding.task === "object_detection" ? "detections" : finding.task}`,
    `  format: ${finding.format}`,
    ...(finding.classes === null ? [] : [`  classes: ${finding.classes}`]),
    ...(finding.classNames.length > 0
      ? ["  class_names:", ...wrapped(finding.classNames.map(quoted), "    ")]
      : ["  # class_names: [first, second]   the network does not name its classes"]),
    ...(finding.task === "pose" ? keypointLines(finding.keypoints) : []),
    "config_schema:",
    "  type: object",
    "  additionalProperties: false",
    "  properties:",
    "    min_confidence:",
    "      type: number",
    "      minimum: 0",
    "      maximum: 1",
    `      description: Detections below this confidence are left out. ${identity.confidence ?? 0.25} where it is absent.`,
    ...(finding.classNames.length > 0 && finding.classNames.length <= MAX_CHOICES
      ? [
          "    classes:",
          "      type: array",
          "      description: Only these are reported. All where it is absent.",
          "      items:",
          "        type: string",
          "        enum:",
          ...wrapped(finding.classNames.map(quoted), "          "),
        ]
      : []),
  ];
  return `${lines.join("\n")}\n`;
}

/** Seventeen points are those of COCO in every common pose model; of others only the author knows. */
function keypointLines(count: number | null): string[] {
  if (count !== COCO_KEYPOINT_NAMES.length)
    return [
      `  # keypoint_names: [first, second]   the network does not name its ${count === null ? "" : `${count} `}key points`,
      "  # skeleton: [[0, 1]]   which of them a line joins",
    ];
  return [
    "  keypoint_names:",
    ...wrapped([...COCO_KEYPOINT_NAMES], "    "),
    "  skeleton:",
    ...wrapped(
      COCO_SKELETON.map(([from, to]) => `[${from}, ${to}]`),
      "    ",
    ),
  ];
}

/** JSON's strings are YAML's double-quoted ones; plain words need no quotes. */
function quoted(text: string): string {
  const isWord = /^[A-Za-z][A-Za-z _-]*[A-Za-z]$/.test(text) && !/^(true|false|null|yes|no|on|off)$/i.test(text);
  return isWord || /^[A-Za-z][A-Za-z0-9_./-]*\.[a-z]+$/.test(text) ? text : JSON.stringify(text);
}

/** A flow list over as many lines as it needs. */
function wrapped(items: string[], indent: string): string[] {
  const lines: string[] = [];
  let line = `${indent}[`;
  for (const [at, item] of items.entries()) {
    const part = `${item}${at < items.length - 1 ? "," : "]"}`;
    if (line.length + part.length + 1 > WIDTH) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += line.endsWith("[") || line === indent ? part : ` ${part}`;
  }
  return [...lines, line];
}
