/**
 * The detectors that give a fixed set of boxes and need no suppression. Boxes are centre x and y, width and height as
 * fractions of the input, unless said otherwise.
 *
 * | output_schema.format | outputs |
 * | --- | --- |
 * | detr | logits [1, n, classes + 1], whose last class is "nothing", and boxes [1, n, 4]; confidence is a softmax |
 * | rtdetr | [1, n, 4 + classes], scores ready to use (Ultralytics) |
 * | rtdetr | logits [1, n, classes] and boxes [1, n, 4]; confidence is a sigmoid (Transformers) |
 * | rtdetr | labels [1, n], boxes [1, n, 4] in pixels x_min, y_min, x_max, y_max, scores [1, n] (the authors' own export) |
 */
import {
  classCount,
  type Decode,
  type DecodeContext,
  detectionFromCentre,
  type Output,
  shapeError,
  strongest,
} from "./family.ts";
import { decodeSsd } from "./ssd.ts";

export const decodeDetr: Decode = (outputs, context) => {
  const parts = logitsAndBoxes(outputs);
  if (!parts) throw shapeError("detr", "logits 1,n,classes + 1 and boxes 1,n,4", outputs);
  const { logits, boxes, count, fields } = parts;
  const classes = fields - 1;
  if (classes < 1 || classes !== (classCount(context.model) ?? classes))
    throw shapeError("detr", `logits 1,n,${(classCount(context.model) ?? 1) + 1} and boxes 1,n,4`, outputs);
  const found = [];
  for (let at = 0; at < count; at++) {
    const [classId, highest] = strongest(logits.data, at * fields, classes, 1);
    let sum = 0;
    for (let field = 0; field < fields; field++)
      sum += Math.exp((logits.data[at * fields + field] as number) - highest);
    const confidence = 1 / sum;
    if (confidence >= context.minConfidence) found.push(place(context, classId, confidence, boxes.data, at * 4));
  }
  return found;
};

export const decodeRtDetr: Decode = (outputs, context) => {
  const wanted = classCount(context.model);
  if (outputs.length >= 3) return decodeSsd(outputs, context);
  const parts = logitsAndBoxes(outputs);
  const found = [];
  if (parts) {
    const { logits, boxes, count, fields } = parts;
    if (fields !== (wanted ?? fields)) throw shapeError("rtdetr", `logits 1,n,${wanted} and boxes 1,n,4`, outputs);
    for (let at = 0; at < count; at++) {
      const [classId, logit] = strongest(logits.data, at * fields, fields, 1);
      const confidence = 1 / (1 + Math.exp(-logit));
      if (confidence >= context.minConfidence) found.push(place(context, classId, confidence, boxes.data, at * 4));
    }
    return found;
  }
  const [output] = outputs;
  const [, count = 0, fields = 0] = output?.dims ?? [];
  if (outputs.length !== 1 || output?.dims.length !== 3 || fields < 5 || fields !== 4 + (wanted ?? fields - 4))
    throw shapeError(
      "rtdetr",
      `1,n,4 + ${wanted ?? "classes"}, or logits and boxes, or labels, boxes and scores`,
      outputs,
    );
  for (let at = 0; at < count * fields; at += fields) {
    const [classId, confidence] = strongest(output.data, at + 4, fields - 4, 1);
    if (confidence >= context.minConfidence) found.push(place(context, classId, confidence, output.data, at));
  }
  return found;
};

/** The boxes are the output of four values; where both have four, the one that is called so. */
function logitsAndBoxes(outputs: readonly Output[]) {
  if (outputs.length !== 2 || outputs.some(({ dims }) => dims.length !== 3)) return undefined;
  const boxes =
    outputs.find(({ name, dims }) => dims[2] === 4 && /box/i.test(name)) ?? outputs.find((o) => o.dims[2] === 4);
  const logits = outputs.find((output) => output !== boxes);
  const [, count = 0, fields = 0] = logits?.dims ?? [];
  if (!boxes || !logits || boxes.dims[1] !== count) return undefined;
  return { logits, boxes, count, fields };
}

function place(context: DecodeContext, classId: number, confidence: number, data: ArrayLike<number>, at: number) {
  const { width, height } = context.input;
  const value = (field: number) => data[at + field] as number;
  const box = [value(0) * width, value(1) * height, value(2) * width, value(3) * height] as const;
  return detectionFromCentre(context, classId, confidence, box);
}
