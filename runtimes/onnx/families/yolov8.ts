/**
 * YOLOv8 and YOLO11: one output [1, 4 + classes, boxes]; some exporters turn it round to [1, boxes, 4 + classes]. A box is
 * centre x and y, width and height in input pixels, then one score per class; there is no objectness.
 */
import { classCount, type Decode, detectionFromPixels, shapeError, strongest } from "./family.ts";

export const decodeYolov8: Decode = (outputs, context) => {
  const [output] = outputs;
  const [, second = 0, third = 0] = output?.dims ?? [];
  const wanted = classCount(context.model);
  const fields = wanted === undefined ? Math.min(second, third) : 4 + wanted;
  if (output?.dims.length !== 3 || fields < 5 || (second !== fields && third !== fields))
    throw shapeError("yolov8", `1,${wanted === undefined ? "4 + classes" : fields},boxes`, outputs);
  const { data } = output;
  const upright = second === fields;
  const boxes = upright ? third : second;
  const step = upright ? boxes : 1;
  const found = [];
  for (let box = 0; box < boxes; box++) {
    const at = upright ? box : box * fields;
    const [classId, confidence] = strongest(data, at + 4 * step, fields - 4, step);
    if (!(confidence >= context.minConfidence)) continue;
    const [x, y] = [data[at] as number, data[at + step] as number];
    const [w, h] = [(data[at + 2 * step] as number) / 2, (data[at + 3 * step] as number) / 2];
    found.push(detectionFromPixels(context, classId, confidence, x - w, y - h, x + w, y + h));
  }
  return found;
};
