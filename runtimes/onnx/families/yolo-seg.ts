/**
 * YOLOv8-seg and YOLO11-seg: an output [1, 4 + classes + prototypes, boxes] and one of prototypes [1, prototypes, rows,
 * columns]. A box's mask is where the sum of the prototypes, weighed by the box's own coefficients, is above 0, inside the
 * box. It is sampled on a grid over the bbox that is as fine as the prototypes are.
 */
import { encodeMask, type Mask } from "@vas/runtime-sdk/mask.ts";
import { suppress } from "@vas/runtime-sdk/nms.ts";
import { boxesOf, classCount, type Decode, type DecodeContext, type Output, shapeError } from "./family.ts";
import { candidates } from "./yolov8.ts";

/** A reply has 1 MiB for everything: so many masks of so many runs fit well. */
const MAX_MASKS = 100;
const MAX_RUNS = 1500;

export const decodeYoloSeg: Decode = (outputs, context) => {
  const prototypes = outputs.find(({ dims }) => dims.length === 4);
  const output = outputs.find(({ dims }) => dims.length === 3);
  const count = prototypes?.dims[1] ?? 0;
  const [, second = 0, third = 0] = output?.dims ?? [];
  const classes = classCount(context.model) ?? Math.min(second, third) - 4 - count;
  const fields = 4 + classes + count;
  const boxes = classes < 1 ? undefined : boxesOf(output, fields);
  if (!boxes || !prototypes) throw shapeError("yolo-seg", "1,4 + classes + n,boxes and 1,n,rows,columns", outputs);
  const found = candidates(boxes, classes, context).map(({ detection, value }) => ({ ...detection, value }));
  return suppress(found, context.maxIou, MAX_MASKS).map(({ value, ...detection }) => {
    const weights = Float64Array.from({ length: count }, (_, at) => value(4 + classes + at));
    return { ...detection, mask: maskOf(detection.bbox, weights, prototypes, context) };
  });
};

function maskOf(
  bbox: readonly [number, number, number, number],
  weights: Float64Array,
  prototypes: Output,
  context: DecodeContext,
): Mask {
  const [, , rows = 1, columns = 1] = prototypes.dims;
  const { width, height, placement } = context.input;
  const across = columns / width;
  const down = rows / height;
  const left = (placement.x + bbox[0] * placement.width) * across;
  const right = (placement.x + bbox[2] * placement.width) * across;
  const top = (placement.y + bbox[1] * placement.height) * down;
  const bottom = (placement.y + bbox[3] * placement.height) * down;
  // A ragged mask is taken coarser until its runs fit.
  for (let step = 1; ; step *= 2) {
    const size = {
      columns: Math.max(1, Math.min(columns, Math.round((right - left) / step))),
      rows: Math.max(1, Math.min(rows, Math.round((bottom - top) / step))),
    };
    const cells = new Uint8Array(size.columns * size.rows);
    for (let row = 0; row < size.rows; row++)
      for (let column = 0; column < size.columns; column++) {
        // The prototype cell that covers the middle of the mask's cell.
        const x = Math.min(columns - 1, Math.floor(left + ((column + 0.5) / size.columns) * (right - left)));
        const y = Math.min(rows - 1, Math.floor(top + ((row + 0.5) / size.rows) * (bottom - top)));
        if (weighted(prototypes, weights, y * columns + x, rows * columns) > 0) cells[row * size.columns + column] = 1;
      }
    const mask = encodeMask(cells, size.columns, size.rows);
    if (mask.counts.length <= MAX_RUNS) return mask;
  }
}

function weighted({ data }: Output, weights: Float64Array, cell: number, step: number): number {
  let sum = 0;
  for (let at = 0; at < weights.length; at++) sum += (weights[at] as number) * (data[cell + at * step] as number);
  return sum;
}
