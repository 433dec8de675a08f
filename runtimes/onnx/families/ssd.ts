/**
 * SSD with its post-processing inside: boxes [1, n, 4], scores [1, n], classes [1, n] and perhaps a count [1]. The outputs
 * are told apart by their names, or stand in that order.
 *
 * | output_schema.format | a box is |
 * | --- | --- |
 * | ssd | x_min, y_min, x_max, y_max as fractions of the input; y first where the output is called detection_boxes, as TensorFlow does |
 * | ssd-yxyx | y_min, x_min, y_max, x_max as fractions of the input |
 * | ssd-pixels | x_min, y_min, x_max, y_max in input pixels |
 *
 * Class ids are taken as they come: where the network counts from 1, the class names begin with one for 0.
 */
import { type Decode, detectionFromPixels, type Output, shapeError } from "./family.ts";

const NAMES = { boxes: /box/i, scores: /score|conf/i, classes: /class|label/i, count: /num|count/i };

export const decodeSsd: Decode = (outputs, context) => {
  const order = ["boxes", "scores", "classes", "count"] as const;
  const named = (part: (typeof order)[number]): Output | undefined =>
    outputs.find((output) => NAMES[part].test(output.name) && !(part !== "count" && NAMES.count.test(output.name)));
  const allNamed = named("boxes") && named("scores") && named("classes");
  const [boxes, scores, classes, count] = order.map((part, at) => (allNamed ? named(part) : outputs[at]));
  const found: ReturnType<Decode> = [];
  if (!boxes || !scores || !classes || boxes.dims.at(-1) !== 4 || boxes.data.length !== scores.data.length * 4)
    throw shapeError("ssd", "boxes 1,n,4, scores 1,n, classes 1,n", outputs);
  if (classes.data.length !== scores.data.length) throw shapeError("ssd", "as many classes as scores", outputs);
  const format = context.model.yaml.output_schema?.format;
  const yFirst = format === "ssd-yxyx" || (format === "ssd" && boxes.name.startsWith("detection_boxes"));
  // RT-DETR's own export was told that the picture is as large as the input.
  const isPixels = format === "ssd-pixels" || format === "rtdetr";
  const [scaleX, scaleY] = isPixels ? [1, 1] : [context.input.width, context.input.height];
  const counted = count?.data.length === 1 ? (count.data[0] as number) : scores.data.length;
  for (let at = 0; at < Math.min(counted, scores.data.length); at++) {
    const confidence = scores.data[at] as number;
    const classId = classes.data[at] as number;
    if (!(confidence >= context.minConfidence) || !(classId >= 0)) continue;
    const [a, b, c, d] = [0, 1, 2, 3].map((field) => boxes.data[at * 4 + field] as number) as [
      number,
      number,
      number,
      number,
    ];
    const [xMin, yMin, xMax, yMax] = yFirst ? [b, a, d, c] : [a, b, c, d];
    const [left, top, right, bottom] = [xMin * scaleX, yMin * scaleY, xMax * scaleX, yMax * scaleY];
    found.push(detectionFromPixels(context, Math.round(classId), confidence, left, top, right, bottom));
  }
  return found;
};
