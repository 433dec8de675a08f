/**
 * FastestDet's output [1, 5 + classes, rows, columns], a cell's values `rows * columns` apart:
 * objectness; tanh offsets of the centre in cells; sigmoid width and height as fractions of the frame; class scores.
 * A detection's confidence is objectness^0.6 * class^0.4.
 */
import type { Output } from "../../families/family.ts";
import type { EntryContext } from "../../session.ts";

export function decode(outputs: readonly Output[], context: EntryContext) {
  const [output] = outputs;
  const [, fields = 0, rows = 0, columns = 0] = output?.dims ?? [];
  const { classNames } = context.model;
  if (!output || fields !== 5 + classNames.length)
    throw new Error(
      `not FastestDet's output [expected:1,${5 + classNames.length},rows,columns, found:${output?.dims}]`,
    );
  const cells = rows * columns;
  const value = (field: number, cell: number) => output.data[field * cells + cell] as number;
  const found = [];
  for (let cell = 0; cell < cells; cell++) {
    const objectness = value(0, cell);
    // No class score passes 1, so this cell cannot reach the threshold any more.
    if (!(objectness ** 0.6 >= context.minConfidence)) continue;
    let classId = 0;
    for (let id = 1; id < classNames.length; id++) if (value(5 + id, cell) > value(5 + classId, cell)) classId = id;
    const confidence = Math.min(1, objectness ** 0.6 * value(5 + classId, cell) ** 0.4);
    if (!(confidence >= context.minConfidence)) continue;
    const x = ((cell % columns) + Math.tanh(value(1, cell))) / columns;
    const y = (Math.floor(cell / columns) + Math.tanh(value(2, cell))) / rows;
    const w = sigmoid(value(3, cell)) / 2;
    const h = sigmoid(value(4, cell)) / 2;
    const bbox: [number, number, number, number] = [unit(x - w), unit(y - h), unit(x + w), unit(y + h)];
    found.push({ class_id: classId, class_name: classNames[classId] ?? "", confidence, bbox });
  }
  return context.suppress(found, context.maxIou);
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

function unit(value: number): number {
  return Math.min(1, Math.max(0, value));
}
