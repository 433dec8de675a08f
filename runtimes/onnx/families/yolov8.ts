/**
 * YOLOv8, YOLOv9 and YOLO11: one output [1, 4 + classes, boxes]; some exporters turn it round to [1, boxes, 4 + classes]. A
 * box is centre x and y, width and height in input pixels, then one score per class; there is no objectness.
 */
import {
  type Boxes,
  boxesOf,
  classCount,
  type Decode,
  type DecodeContext,
  detectionFromCentre,
  detectionFromPixels,
  shapeError,
  strongest,
} from "./family.ts";

export const decodeYolov8: Decode = (outputs, context) => {
  const [output] = outputs;
  const [, second = 0, third = 0] = output?.dims ?? [];
  const wanted = classCount(context.model);
  const fields = wanted === undefined ? Math.min(second, third) : 4 + wanted;
  const boxes = fields < 5 ? undefined : boxesOf(output, fields);
  if (!boxes) throw shapeError("yolov8", `1,${wanted === undefined ? "4 + classes" : fields},boxes`, outputs);
  return candidates(boxes, fields - 4, context).map(({ detection }) => detection);
};

/** Every box whose strongest class reaches the threshold, and where its fields begin. */
export function candidates(boxes: Boxes, classes: number, context: DecodeContext) {
  const { data, count, boxStep, step } = boxes;
  const found = [];
  for (let box = 0; box < count; box++) {
    const at = box * boxStep;
    const [classId, confidence] = strongest(data, at + 4 * step, classes, step);
    if (!(confidence >= context.minConfidence)) continue;
    const value = (field: number) => data[at + field * step] as number;
    const detection = detectionFromCentre(context, classId, confidence, [value(0), value(1), value(2), value(3)]);
    found.push({ detection, value });
  }
  return found;
}

/**
 * YOLOv10, and the others exported with their post-processing inside: one output [1, boxes, 6]: x_min, y_min, x_max, y_max in
 * input pixels, confidence, class. Rows that hold nothing have confidence 0.
 */
export const decodeEndToEnd: Decode = (outputs, context) => {
  const [output] = outputs;
  if (output?.dims.length !== 3 || output.dims[2] !== 6) throw shapeError("yolov10", "1,boxes,6", outputs);
  const found: ReturnType<Decode> = [];
  for (let at = 0; at + 6 <= output.data.length; at += 6) {
    const value = (field: number) => output.data[at + field] as number;
    const [confidence, classId] = [value(4), value(5)];
    if (!(confidence >= context.minConfidence) || !(classId >= 0)) continue;
    found.push(detectionFromPixels(context, Math.round(classId), confidence, value(0), value(1), value(2), value(3)));
  }
  return found;
};
