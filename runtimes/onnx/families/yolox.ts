/**
 * YOLOX: one output [1, cells, 5 + classes] over the cells of the strides 8, 16 and 32, row by row. Centres are offsets in
 * cells, sizes are logarithms in cells; objectness and class scores are ready to use. (Larger YOLOX models with a fourth
 * stride of 64 are recognised by their number of cells.)
 */
import { classCount, type Decode, detectionFromPixels, shapeError, strongest } from "./family.ts";

const STRIDES = [
  [8, 16, 32],
  [8, 16, 32, 64],
];

export const decodeYolox: Decode = (outputs, context) => {
  const [output] = outputs;
  const { width, height } = context.input;
  const [, cells = 0, fields = 0] = output?.dims ?? [];
  const classes = fields - 5;
  const cellsOf = (stride: number) => Math.floor(width / stride) * Math.floor(height / stride);
  const total = (strides: number[]) => strides.reduce((sum, stride) => sum + cellsOf(stride), 0);
  const strides = STRIDES.find((candidate) => total(candidate) === cells);
  if (output?.dims.length !== 3 || classes < 1 || !strides || classes !== (classCount(context.model) ?? classes))
    throw shapeError("yolox", `1,${total(STRIDES[0] as number[])},${5 + (classCount(context.model) ?? 1)}`, outputs);
  const { data } = output;
  const found = [];
  let at = 0;
  for (const stride of strides) {
    const columns = Math.floor(width / stride);
    for (let cell = 0; cell < cellsOf(stride); cell++, at += fields) {
      const objectness = data[at + 4] as number;
      if (!(objectness >= context.minConfidence)) continue;
      const [classId, score] = strongest(data, at + 5, classes, 1);
      const confidence = objectness * score;
      if (!(confidence >= context.minConfidence)) continue;
      const x = ((data[at] as number) + (cell % columns)) * stride;
      const y = ((data[at + 1] as number) + Math.floor(cell / columns)) * stride;
      const w = (Math.exp(data[at + 2] as number) * stride) / 2;
      const h = (Math.exp(data[at + 3] as number) * stride) / 2;
      found.push(detectionFromPixels(context, classId, confidence, x - w, y - h, x + w, y + h));
    }
  }
  return found;
};
