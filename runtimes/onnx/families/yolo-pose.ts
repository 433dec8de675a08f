/**
 * YOLOv8-pose and YOLO11-pose: one output [1, 4 + classes + points * 3, boxes]: a box as yolov8's, then x, y in input pixels
 * and the confidence of each key point. Models that were trained without visibility give x and y only; the points then
 * carry the box's own confidence.
 */
import { suppress } from "@vas/runtime-sdk/nms.ts";
import { toFraction } from "@vas/runtime-sdk/frame.ts";
import { boxesOf, classCount, type Decode, shapeError } from "./family.ts";
import { candidates } from "./yolov8.ts";

export const decodeYoloPose: Decode = (outputs, context) => {
  const [output] = outputs;
  const [, second = 0, third = 0] = output?.dims ?? [];
  // Poses are of people unless model.yaml says otherwise.
  const classes = classCount(context.model) ?? 1;
  const rest = (fields: number) => fields - 4 - classes;
  const isFields = (fields: number) => rest(fields) >= 2 && (rest(fields) % 3 === 0 || rest(fields) % 2 === 0);
  const fields = [Math.min(second, third), Math.max(second, third)].find(isFields);
  const boxes = fields === undefined ? undefined : boxesOf(output, fields);
  if (!boxes || fields === undefined) throw shapeError("yolo-pose", `1,${4 + classes} + points * 3,boxes`, outputs);
  const perPoint = rest(fields) % 3 === 0 ? 3 : 2;
  const found = candidates(boxes, classes, context).map(({ detection, value }) => ({ ...detection, value }));
  return suppress(found, context.maxIou).map(({ value, ...detection }) => {
    const keypoints: [number, number, number][] = [];
    for (let field = 4 + classes; field + perPoint <= fields; field += perPoint) {
      const [x, y] = toFraction(context.input.placement, value(field), value(field + 1));
      const confidence = perPoint === 3 ? value(field + 2) : detection.confidence;
      keypoints.push([x, y, Math.min(1, Math.max(0, confidence))]);
    }
    return { ...detection, keypoints };
  });
};
