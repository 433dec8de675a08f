/** A finding as the text of a model.yaml. Pure. */
import type { Finding } from "./recognise.ts";

export type Identity = { id: string; name: string; version: string; weights: string };

const WIDTH = 116;

/** @returns a model.yaml that says where each value comes from, for a finding that has a format */
export function writeModelYaml(identity: Identity, finding: Finding): string {
  const { size, mean, std } = finding;
  const lines = [
    "# Written by the model doctor from what the network says about itself. Correct what it could not know:",
    ...finding.assumed.map((text) => `#   assumed: ${text}`),
    `model_id: ${identity.id}`,
    `model_name: ${quoted(identity.name)}`,
    `model_version: ${quoted(identity.version)}`,
    "model_type: onnx",
    `model_weights: ${quoted(identity.weights)}`,
    `supported_tasks: [${finding.task}]`,
    "input_format: NV12",
    ...(size ? [`expected_resolution: [${size.join(", ")}]`] : []),
    "resource_requirements:",
    "  gpu_required: false",
    "  cpu_fallback_allowed: true",
    "confidence_threshold: 0.25",
    "nms_iou_threshold: 0.45",
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
  ];
  return `${lines.join("\n")}\n`;
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
