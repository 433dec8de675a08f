/**
 * A detection's `mask`: which cells of a grid that lies over its bbox belong to the thing. `size` is [columns, rows] of the
 * grid; `counts` are the lengths of alternating runs of cells outside and inside, row by row from the top left cell,
 * the first one outside (0 where the first cell is inside). Their sum is columns * rows. The last run may be of either kind.
 *
 * `{"size": [4, 2], "counts": [1, 2, 2, 3]}` is `.##.` over `.###`.
 */
export type Mask = { size: [number, number]; counts: number[] };

export const MAX_MASK_SIDE = 1024;
const MAX_CELLS = MAX_MASK_SIDE * MAX_MASK_SIDE;

/** @param cells `columns * rows` values, row by row; whatever is not 0 belongs to the thing */
export function encodeMask(cells: ArrayLike<number>, columns: number, rows: number): Mask {
  const counts: number[] = [];
  let inside = false;
  let run = 0;
  for (let at = 0; at < columns * rows; at++) {
    if ((cells[at] !== 0) !== inside) {
      counts.push(run);
      run = 0;
      inside = !inside;
    }
    run++;
  }
  counts.push(run);
  return { size: [columns, rows], counts };
}

/** @returns the grid, 1 for cells inside, or null where the value is no mask of this form */
export function decodeMask(value: unknown): { columns: number; rows: number; cells: Uint8Array } | null {
  const { size, counts } = (typeof value === "object" && value !== null ? value : {}) as Partial<Mask>;
  if (!Array.isArray(size) || size.length !== 2 || !Array.isArray(counts)) return null;
  const [columns, rows] = size;
  const isSide = (side: unknown) =>
    Number.isInteger(side) && (side as number) >= 1 && (side as number) <= MAX_MASK_SIDE;
  if (!isSide(columns) || !isSide(rows) || counts.length > MAX_CELLS + 1) return null;
  const cells = new Uint8Array(columns * rows);
  let at = 0;
  for (const [index, count] of counts.entries()) {
    if (!Number.isInteger(count) || count < 0 || at + count > cells.length) return null;
    if (index % 2 === 1) cells.fill(1, at, at + count);
    at += count;
  }
  return at === cells.length ? { columns, rows, cells } : null;
}
