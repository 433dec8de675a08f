/**
 * What a family of detectors is: a pure function from the session's outputs to detections in fractions of the frame.
 * It filters by confidence; overlapping boxes are the caller's to suppress, unless the family's network did it.
 */
import type { Placement } from "@vas/runtime-sdk/convert.ts";
import { toFraction } from "@vas/runtime-sdk/frame.ts";
import type { Detection } from "@vas/runtime-sdk/handler.ts";
import type { LoadedModel } from "@vas/runtime-sdk/model-folder.ts";

/** One output, its values as plain numbers whatever its type was. */
export type Output = { name: string; dims: readonly number[]; data: ArrayLike<number> };

export type Input = {
  /** Of the model's input, in pixels. */
  width: number;
  height: number;
  /** Where the frame lies in the input. */
  placement: Placement;
};

export type DecodeContext = {
  model: LoadedModel;
  input: Input;
  /** From the assignment's `min_confidence`, else the model's confidence_threshold, else 0.25. */
  minConfidence: number;
  /** From the assignment's `nms_iou_threshold`, else the model's, else 0.45. */
  maxIou: number;
  config: Record<string, unknown>;
};

/** @throws Error where the outputs do not have the family's shape; it names the observed one */
export type Decode = (outputs: readonly Output[], context: DecodeContext) => Detection[];

/** A detection from a box in input pixels. */
export function detectionFromPixels(
  context: DecodeContext,
  classId: number,
  confidence: number,
  xMin: number,
  yMin: number,
  xMax: number,
  yMax: number,
): Detection {
  const { placement } = context.input;
  const [left, top] = toFraction(placement, xMin, yMin);
  const [right, bottom] = toFraction(placement, xMax, yMax);
  return {
    class_id: classId,
    class_name: context.model.classNames[classId] ?? `class ${classId}`,
    confidence: Math.min(1, Math.max(0, confidence)),
    bbox: [left, top, right, bottom],
  };
}

/** A detection from centre, width and height in input pixels. */
export function detectionFromCentre(
  context: DecodeContext,
  classId: number,
  confidence: number,
  [x, y, width, height]: readonly [number, number, number, number],
): Detection {
  const [w, h] = [width / 2, height / 2];
  return detectionFromPixels(context, classId, confidence, x - w, y - h, x + w, y + h);
}

/**
 * Boxes of [1, fields, boxes], or of [1, boxes, fields] where the exporter turned it round: field `f` of box `b` is at
 * `b * boxStep + f * step`.
 */
export type Boxes = { data: ArrayLike<number>; count: number; boxStep: number; step: number };

/** @returns undefined where neither form has so many fields */
export function boxesOf(output: Output | undefined, fields: number): Boxes | undefined {
  const [, second = 0, third = 0] = output?.dims ?? [];
  if (output?.dims.length !== 3) return undefined;
  if (second === fields) return { data: output.data, count: third, boxStep: 1, step: third };
  return third === fields ? { data: output.data, count: second, boxStep: fields, step: 1 } : undefined;
}

/** The classes that model.yaml gives, by number or by names. */
export function classCount(model: LoadedModel): number | undefined {
  return model.yaml.output_schema?.classes ?? (model.classNames.length > 0 ? model.classNames.length : undefined);
}

export function shapeError(family: string, expected: string, outputs: readonly Output[]): Error {
  const found = outputs.map((output) => `${output.name} [${output.dims.join(",")}]`).join(", ");
  return new Error(`the outputs are not those of ${family} [expected:${expected}, found:${found}]`);
}

/** The strongest of `count` scores that lie `step` apart, from `at` on. */
export function strongest(data: ArrayLike<number>, at: number, count: number, step: number): [number, number] {
  let best = 0;
  let score = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < count; index++) {
    const value = data[at + index * step] as number;
    if (value > score) {
      score = value;
      best = index;
    }
  }
  return [best, score];
}
