/**
 * Classifiers: one output [1, classes], probabilities or logits (then a softmax makes probabilities of them). A result is a
 * detection of the whole frame. The assignment's `top_k` (1 to 10, else 1) says how many at most, most certain first.
 */
import { type Decode, detectionFromPixels, classCount, shapeError } from "./family.ts";

const MAX_TOP = 10;

export const decodeClassification: Decode = (outputs, context) => {
  const [output] = outputs;
  const classes = output?.data.length ?? 0;
  const wanted = classCount(context.model) ?? classes;
  const isFlat = output?.dims.every((size, at) => size === 1 || (at === 1 && size === classes));
  if (!output || classes < 1 || !isFlat || classes !== wanted)
    throw shapeError("classification", `1,${classCount(context.model) ?? "classes"}`, outputs);
  const values = probabilities(output.data);
  const { top_k: asked } = context.config;
  const most = typeof asked === "number" && asked >= 1 ? Math.min(MAX_TOP, Math.floor(asked)) : 1;
  const { x, y, width, height } = context.input.placement;
  return [...values.keys()]
    .sort((a, b) => (values[b] as number) - (values[a] as number))
    .slice(0, most)
    .filter((classId) => (values[classId] as number) >= context.minConfidence)
    .map((classId) => detectionFromPixels(context, classId, values[classId] as number, x, y, x + width, y + height));
};

function probabilities(data: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(data);
  const sum = values.reduce((total, value) => total + value, 0);
  // Half floats of a thousand classes add up to 1 only roughly.
  if (values.every((value) => value >= 0 && value <= 1) && Math.abs(sum - 1) < 0.02) return values;
  const highest = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const powers = values.map((value) => Math.exp(value - highest));
  const total = powers.reduce((all, value) => all + value, 0);
  return powers.map((value) => value / total);
}
