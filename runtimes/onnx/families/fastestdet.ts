/**
 * FastestDet: one output [1, 5 + classes, rows, columns], a cell's values `rows * columns` apart: objectness; tanh offsets of
 * the centre in cells; sigmoid width and height as fractions of the picture; class scores. Confidence is
 * objectness^0.6 * class^0.4.
 */
import type { Detection } from "@vas/runtime-sdk/handler.ts";
import { classCount, type Decode, detectionFromCentre, shapeError, strongest } from "./family.ts";

export const decodeFastestDet: Decode = (outputs, context) => {
  const [output] = outputs;
  const [, fields = 0, rows = 0, columns = 0] = output?.dims ?? [];
  const classes = classCount(context.model) ?? fields - 5;
  if (output?.dims.length !== 4 || classes < 1 || fields !== 5 + classes)
    throw shapeError("fastestdet", `1,${classes < 1 ? "5 + classes" : 5 + classes},rows,columns`, outputs);
  const { data } = output;
  const cells = rows * columns;
  const { width, height } = context.input;
  const found: Detection[] = [];
  for (let cell = 0; cell < cells; cell++) {
    const value = (field: number) => data[field * cells + cell] as number;
    const object = value(0) ** 0.6;
    // No class score passes 1, so this cell cannot reach the threshold any more.
    if (!(object >= context.minConfidence)) continue;
    const [classId, score] = strongest(data, 5 * cells + cell, classes, cells);
    const confidence = Math.min(1, object * score ** 0.4);
    if (!(confidence >= context.minConfidence)) continue;
    const x = ((cell % columns) + Math.tanh(value(1))) / columns;
    const y = (Math.floor(cell / columns) + Math.tanh(value(2))) / rows;
    const box = [x * width, y * height, sigmoid(value(3)) * width, sigmoid(value(4)) * height] as const;
    found.push(detectionFromCentre(context, classId, confidence, box));
  }
  return found;
};

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
