/**
 * From what an ONNX graph says to what model.yaml has to say: family, layout, size, classes, and the reason for each. Pure.
 * Nothing is guessed silently: what the graph does not settle is in `assumed`, what cannot work in `problems`.
 */
import { namesFromMetadata } from "@vas/contracts/onnx-metadata.ts";
import type { Dim, OnnxGraph, Value } from "../../../runtimes/onnx/graph.ts";

export type Problem = {
  /** The tensor, or the file and line. */
  where: string;
  message: string;
  remedy: string;
};

export type Finding = {
  /** What output_schema.format is to be; null where no family fits. */
  format: string | null;
  task: string;
  input: string | null;
  layout: "nchw" | "nhwc";
  dtype: "float32" | "float16" | "uint8";
  /** Width and height; null where the graph leaves them open. */
  size: [number, number] | null;
  color: "rgb" | "bgr";
  letterbox: boolean;
  scale: number;
  mean: number[] | null;
  std: number[] | null;
  classes: number | null;
  classNames: string[];
  /** Of a pose; null where there are none or it cannot be told. */
  keypoints: number | null;
  /** Each with what it follows from. */
  reasons: string[];
  assumed: string[];
  problems: Problem[];
};

export type RecogniseOptions = {
  /** Where the graph leaves the input's size open. */
  size?: [number, number] | undefined;
  /** Where the outputs fit several families. */
  format?: string | undefined;
};

/** Inputs that the runtime fills in beside the picture. */
const FILLED_IN = new Set(["orig_target_sizes", "pixel_mask"]);
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const TASKS: Record<string, string> = {
  detect: "object_detection",
  segment: "segmentation",
  pose: "pose",
  classify: "classification",
};

export function recognise(graph: OnnxGraph, options: RecogniseOptions = {}): Finding {
  const finding: Finding = {
    format: null,
    task: "object_detection",
    input: null,
    layout: "nchw",
    dtype: "float32",
    size: null,
    color: "rgb",
    letterbox: false,
    scale: 1 / 255,
    mean: null,
    std: null,
    classes: null,
    classNames: namesFromMetadata(graph.metadata.get("names")),
    keypoints: null,
    reasons: [],
    assumed: [],
    problems: [],
  };
  if (finding.classNames.length > 0)
    finding.reasons.push(`${finding.classNames.length} class names: the graph's metadata "names" has them`);
  recogniseInput(graph, options, finding);
  recogniseOutputs(graph, options, finding);
  return finding;
}

export function describeShape(value: Value): string {
  return value.shape === null ? "[unknown]" : `[${value.shape.map((dim) => dim ?? "?").join(", ")}]`;
}

const describe = (value: Value) => `${value.name} ${value.type} ${describeShape(value)}`;
const fixed = (dim: Dim | undefined): number | null => (typeof dim === "number" && dim > 0 ? dim : null);

function recogniseInput(graph: OnnxGraph, options: RecogniseOptions, finding: Finding): void {
  const { problems, reasons } = finding;
  const pictures = graph.inputs.filter(({ name }) => !FILLED_IN.has(name));
  const [input] = pictures;
  if (input === undefined || pictures.length > 1) {
    const found = graph.inputs.map(describe).join("; ") || "none";
    problems.push({
      where: input === undefined ? "inputs" : `input ${(pictures[1] as Value).name}`,
      message: `the network must have one picture as its input [found:${found}]`,
      remedy: "export it without other inputs, or compute them inside the graph",
    });
    if (input === undefined) return;
  }
  finding.input = input.name;
  const where = `input ${input.name}`;
  if (input.type === "float32" || input.type === "float16" || input.type === "uint8") {
    finding.dtype = input.type;
    if (input.type === "uint8") finding.scale = 1;
    reasons.push(`dtype ${input.type}: ${where} is ${input.type}`);
  } else
    problems.push({
      where,
      message: `its type is ${input.type}`,
      remedy: "export it with a float32, float16 or uint8 input",
    });
  if (input.shape?.length !== 4) {
    problems.push({
      where,
      message: `a picture has four dimensions [found:${describeShape(input)}]`,
      remedy: "export it with the input [1, 3, height, width] or [1, height, width, 3]",
    });
    return;
  }
  const [batch, second, third, fourth] = input.shape;
  if ((fixed(batch) ?? 1) !== 1)
    problems.push({ where, message: `its batch is ${batch}`, remedy: "export it with batch 1 (or a dynamic batch)" });
  const isNhwc = fixed(fourth) === 3 && fixed(second) !== 3;
  finding.layout = isNhwc ? "nhwc" : "nchw";
  const channels = isNhwc ? fourth : second;
  if (fixed(channels) === 3) reasons.push(`layout ${finding.layout}: the three channels of ${describe(input)}`);
  else if (fixed(channels) === null)
    finding.assumed.push(`layout nchw: ${describe(input)} does not say where its channels are`);
  else
    problems.push({
      where,
      message: `three channels were expected [found:${describeShape(input)}]`,
      remedy: "export it for colour pictures: [1, 3, height, width] or [1, height, width, 3]",
    });
  const [height, width] = isNhwc ? [fixed(second), fixed(third)] : [fixed(third), fixed(fourth)];
  const imgsz = /^\s*\[\s*(\d+)\s*,\s*(\d+)\s*\]/.exec(graph.metadata.get("imgsz") ?? "");
  if (width !== null && height !== null) {
    finding.size = [width, height];
    reasons.push(`size ${width}x${height}: the shape of ${where}`);
    if (options.size !== undefined && (options.size[0] !== width || options.size[1] !== height))
      problems.push({
        where,
        message: `its size is fixed [found:${width}x${height}, asked:${options.size.join("x")}]`,
        remedy: "leave --size out, or export it anew with that size",
      });
  } else if (options.size !== undefined) {
    finding.size = options.size;
    reasons.push(`size ${options.size.join("x")}: asked for; the graph leaves it open`);
  } else if (imgsz !== null) {
    finding.size = [Number(imgsz[2]), Number(imgsz[1])];
    reasons.push(`size ${finding.size.join("x")}: the graph's metadata "imgsz"; its input leaves it open`);
  } else
    problems.push({
      where,
      message: `its size is open [found:${describeShape(input)}]`,
      remedy: "say it with --size WIDTHxHEIGHT (expected_resolution in model.yaml)",
    });
}

type Outputs = { all: Value[]; dims: (number | null)[][] };

function recogniseOutputs(graph: OnnxGraph, options: RecogniseOptions, finding: Finding): void {
  const outputs: Outputs = { all: graph.outputs, dims: graph.outputs.map(({ shape }) => (shape ?? []).map(fixed)) };
  const family =
    options.format === undefined ? familyOf(graph, outputs, finding) : asked(options.format, outputs, finding);
  if (family === null) {
    const task = graph.metadata.get("task");
    finding.problems.push({
      where: graph.outputs.map(({ name }) => `output ${name}`).join(", ") || "outputs",
      message: `no family has these outputs [found:${graph.outputs.map(describe).join("; ")}${task ? `, task:${task}` : ""}]`,
      remedy:
        "say which it is with --format, or write entry: decode.ts beside the weights (docs/guide/write-a-model.md)",
    });
    return;
  }
  finding.format = family.format;
  finding.task = family.task;
  finding.classes = finding.classNames.length > 0 ? finding.classNames.length : family.classes;
  finding.reasons.push(`format ${family.format}: ${family.why}`);
  if (family.classes !== null && finding.classNames.length > 0 && family.classes !== finding.classNames.length)
    finding.problems.push({
      where: `output ${graph.outputs[0]?.name}`,
      message: `its classes are not as many as the metadata's names [output:${family.classes}, names:${finding.classNames.length}]`,
      remedy: "write class_names into model.yaml that fit the output",
    });
  prepare(family.format, graph, finding);
}

type Family = { format: string; task: string; classes: number | null; why: string };

/** Cells of the three strides: as many boxes have the heads without anchors; the others three times as many. */
function cellsOf(size: [number, number] | null): number | null {
  if (size === null) return null;
  const [width, height] = size;
  return [8, 16, 32].reduce((sum, stride) => sum + Math.floor(width / stride) * Math.floor(height / stride), 0);
}

function familyOf(graph: OnnxGraph, { all, dims }: Outputs, finding: Finding): Family | null {
  const task = graph.metadata.get("task");
  const names = finding.classNames.length;
  if (task !== undefined && TASKS[task] === undefined) return null;
  const described = /rt-?detr/i.test(graph.metadata.get("description") ?? "");
  const byName = (pattern: RegExp) => all.findIndex(({ name }) => pattern.test(name));
  const [boxes, scores, classes] = [byName(/box/i), byName(/score|conf/i), byName(/class|label/i)];
  if (all.length >= 3 && boxes >= 0 && scores >= 0 && classes >= 0) {
    const list = all.map(describe).join("; ");
    if (graph.inputs.some(({ name }) => name === "orig_target_sizes"))
      return detection("rtdetr", null, `labels, boxes and scores, and an input orig_target_sizes: ${list}`);
    if (all[boxes]?.name.startsWith("detection_boxes")) return detection("ssd", null, `TensorFlow's names: ${list}`);
    finding.assumed.push(
      "boxes are in input pixels (ssd-pixels), as torchvision has them; use ssd where they are fractions",
    );
    return detection("ssd-pixels", null, `boxes, scores and classes: ${list}`);
  }
  if (all.length === 2) {
    const flat = dims.findIndex((shape) => shape.length === 3);
    const planes = dims.findIndex((shape) => shape.length === 4);
    const fourth = dims.findIndex(
      (shape, at) => shape.length === 3 && shape[2] === 4 && /box/i.test(all[at]?.name ?? ""),
    );
    if (flat >= 0 && planes >= 0) {
      const masks = dims[planes]?.[1] ?? null;
      const fields = fewest(dims[flat] as (number | null)[]);
      const count = fields === null || masks === null ? null : fields - 4 - masks;
      const why = `boxes ${describe(all[flat] as Value)} and ${masks ?? "some"} prototypes ${describe(all[planes] as Value)}`;
      return { format: "yolo-seg", task: "segmentation", classes: count, why };
    }
    if (fourth >= 0) {
      const logits = dims[1 - fourth] as (number | null)[];
      const [, queries = null, fields = null] = logits;
      const why = `logits ${describe(all[1 - fourth] as Value)} and boxes ${describe(all[fourth] as Value)}`;
      const isRt = described || /rt_?detr/i.test(graph.producer) || (names > 0 ? fields === names : queries === 300);
      if (names === 0) finding.assumed.push(`${isRt ? "rtdetr" : "detr"} by its number of queries [found:${queries}]`);
      return isRt ? detection("rtdetr", fields, why) : detection("detr", fields === null ? null : fields - 1, why);
    }
  }
  const [shape = []] = dims;
  const [output] = all;
  if (output === undefined) return null;
  const isFlat = shape.length >= 2 && shape.slice(2).every((size) => size === 1);
  if (task === "classify" || (all.length === 1 && isFlat && (shape[1] ?? 2) > 1))
    return {
      format: "classification",
      task: "classification",
      classes: shape[1] ?? null,
      why: `one score per class: ${describe(output)}`,
    };
  if (shape.length === 4 && all.length === 1) return gridFamily(output, shape, finding);
  if (shape.length !== 3) return null;
  return boxesFamily(output, shape, { names, task, described, graph }, finding);
}

/** One output [1, fields, rows, columns] of cells of 16 pixels. */
function gridFamily(
  output: Value,
  [, fields = null, rows, columns]: (number | null)[],
  finding: Finding,
): Family | null {
  if (finding.size === null || fields === null || fields < 6) return null;
  const [width, height] = finding.size;
  if (rows !== height / 16 || columns !== width / 16) return null;
  return detection(
    "fastestdet",
    fields - 5,
    `objectness, box and class scores of ${rows}x${columns} cells: ${describe(output)}`,
  );
}

type Hints = { names: number; task: string | undefined; described: boolean; graph: OnnxGraph };

/** One output [1, a, b] of boxes, whichever way round. */
function boxesFamily(output: Value, shape: (number | null)[], hints: Hints, finding: Finding): Family | null {
  const { names, task, described, graph } = hints;
  const [, second = null, third = null] = shape;
  const cells = cellsOf(finding.size);
  const fields = fewest(shape);
  const count = second === null || third === null ? null : Math.max(second, third);
  const text = describe(output);
  if (described) return detection("rtdetr", fields === null ? null : fields - 4, `the metadata says RT-DETR: ${text}`);
  if (fields === null) return null;
  if (task === "pose") {
    const points = /\[\s*(\d+)\s*,\s*([23])/.exec(graph.metadata.get("kpt_shape") ?? "");
    finding.keypoints = points ? Number(points[1]) : null;
    const classes = points ? fields - 4 - Number(points[1]) * Number(points[2]) : names || 1;
    return { format: "yolo-pose", task: "pose", classes, why: `the metadata says pose: ${text}` };
  }
  if (third === 6 && second !== null && second <= 1000 && second !== cells)
    return detection("yolov10", null, `rows of corners, confidence and class: ${text}`);
  if (cells !== null && count === 3 * cells && third === fields)
    return detection("yolov5", fields - 5, `three boxes for each of the ${cells} cells, with objectness: ${text}`);
  if (cells !== null && count === cells && names === 0 && third === fields && fields > 5) {
    finding.assumed.push(
      "objectness before the class scores, as YOLOX has it, because the boxes come one after the other",
    );
    return detection("yolox", fields - 5, `one box for each of the ${cells} cells, row after row: ${text}`);
  }
  if ((cells !== null && count === cells) || (cells === null && second === fields)) {
    if (names === 0 && fields === 56) {
      finding.keypoints = 17;
      finding.assumed.push("17 key points of people: 56 fields are 4 + 1 + 17 * 3");
      return { format: "yolo-pose", task: "pose", classes: 1, why: `one box for each cell with 17 points: ${text}` };
    }
    return detection("yolov8", fields - 4, `one box for each cell, no objectness: ${text}`);
  }
  if (count !== null && count <= 1000 && third === fields && fields > 4) {
    finding.assumed.push("a fixed number of boxes as fractions, as RT-DETR has them");
    return detection("rtdetr", fields - 4, `${count} boxes with a score per class: ${text}`);
  }
  if (cells !== null && count !== null)
    finding.problems.push({
      where: `output ${output.name}`,
      message: `${count} boxes do not fit the input's size [expected:${cells} or ${3 * cells}, found:${count}]`,
      remedy: "export input and output of the same size, or say which family it is with --format",
    });
  return null;
}

function fewest([, second = null, third = null]: (number | null)[]): number | null {
  if (second === null || third === null) return second ?? third;
  return Math.min(second, third);
}

function detection(format: string, classes: number | null, why: string): Family {
  return { format, task: "object_detection", classes: classes !== null && classes > 0 ? classes : null, why };
}

function asked(format: string, { dims }: Outputs, finding: Finding): Family {
  const fields = fewest(dims[0] ?? []);
  const less: Record<string, number> = { yolov5: 5, yolov7: 5, yolox: 5, yolov8: 4, yolov9: 4, yolo11: 4, rtdetr: 4 };
  if (format === "fastestdet") return detection(format, (dims[0]?.[1] ?? 0) - 5, "asked for");
  const extra = less[format];
  const task = /pose/.test(format) ? "pose" : /seg/.test(format) ? "segmentation" : "object_detection";
  const classes = extra === undefined || fields === null || fields <= extra ? null : fields - extra;
  if (classes === null && finding.classNames.length === 0)
    finding.assumed.push("the number of classes; name them in class_names");
  return { format, task: format === "classification" ? format : task, classes, why: "asked for" };
}

/** How a family's own code prepares its pictures. */
function prepare(format: string, graph: OnnxGraph, finding: Finding): void {
  const isUltralytics = /ultralytics/i.test(
    `${graph.metadata.get("author") ?? ""}${graph.metadata.get("description") ?? ""}`,
  );
  if (format === "yolox") {
    finding.color = "bgr";
    finding.scale = 1;
    finding.letterbox = true;
    finding.assumed.push("bgr from 0 to 255, letterboxed: YOLOX since 0.1.1 is trained so");
  } else if (format === "fastestdet") {
    finding.color = "bgr";
    finding.assumed.push("bgr from 0 to 1, stretched: FastestDet's own code prepares its pictures so");
  } else if (format.startsWith("yolo")) {
    finding.letterbox = true;
    (isUltralytics ? finding.reasons : finding.assumed).push(
      "rgb from 0 to 1, letterboxed: this family's own exporters expect it",
    );
  } else if (finding.dtype === "uint8") finding.assumed.push("rgb bytes, stretched: the graph scales by itself");
  else if (format === "detr" || (format === "classification" && !isUltralytics)) {
    finding.mean = IMAGENET.mean;
    finding.std = IMAGENET.std;
    finding.assumed.push(
      "rgb with ImageNet's mean and deviation, stretched; remove mean and std if the graph has them inside",
    );
  } else finding.assumed.push("rgb from 0 to 1, stretched");
}
