/**
 * YOLOv5 (and v7): one output [1, boxes, 5 + classes]. A box is centre x and y, width and height in input pixels, then
 * objectness and one score per class; a detection's confidence is their product.
 */
import { classCount, type Decode, detectionFromPixels, shapeError, strongest } from "./family.ts";

export const decodeYolov5: Decode = (outputs, context) => {
  const [output] = outputs;
  const [, boxes = 0, fields = 0] = output?.dims ?? [];
  const classes = fields - 5;
  if (output?.dims.length !== 3 || classes < 1 || classes !== (classCount(context.model) ?? classes))
    throw shapeError("yolov5", `1,boxes,${5 + (classCount(context.model) ?? 1)}`, outputs);
  const { data } = output;
  const found = [];
  for (let at = 0; at < boxes * fields; at += fields) {
    const objectness = data[at + 4] as number;
    if (!(objectness >= context.minConfidence)) continue;
    const [classId, score] = strongest(data, at + 5, classes, 1);
    const confidence = objectness * score;
    if (!(confidence >= context.minConfidence)) continue;
    const [x, y] = [data[at] as number, data[at + 1] as number];
    const [w, h] = [(data[at + 2] as number) / 2, (data[at + 3] as number) / 2];
    found.push(detectionFromPixels(context, classId, confidence, x - w, y - h, x + w, y + h));
  }
  return found;
};
