/** Non-maximum suppression: of boxes that mean the same thing, the most certain one stays. */

/** x_min, y_min, x_max, y_max, in any one unit. */
export type Box = readonly [number, number, number, number];

/** Intersection over union: 0 for boxes that do not touch, 1 for equal ones. */
export function iou(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const both = width * height;
  const either = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both;
  return either > 0 ? both / either : 0;
}

/**
 * @param candidates boxes of one class suppress each other, boxes of different classes never do
 * @param maxIou a box that overlaps a more certain one by more than this is dropped
 * @param most at most so many are kept
 * @returns the kept ones, most certain first
 */
export function suppress<T extends { bbox: Box; confidence: number; class_id: number }>(
  candidates: readonly T[],
  maxIou: number,
  most = 300,
): T[] {
  const kept: T[] = [];
  for (const candidate of [...candidates].sort((a, b) => b.confidence - a.confidence)) {
    if (kept.length >= most) break;
    const covered = kept.some(
      (other) => other.class_id === candidate.class_id && iou(other.bbox, candidate.bbox) > maxIou,
    );
    if (!covered) kept.push(candidate);
  }
  return kept;
}
