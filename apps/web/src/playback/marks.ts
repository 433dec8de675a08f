/** Marks of events on a timeline: put together where they would lie upon each other, and told apart by colour and shape. */
import type { TimelineLabel } from "@vas/contracts/timeline.ts";
import { lengthOf, type Span, xAt } from "./view.ts";

export const SHAPES = ["circle", "square", "diamond", "triangle"] as const;
export type Shape = (typeof SHAPES)[number];
/** Colours are the chart's, 1 to this many. */
export const COLOURS = 6;

/** What models find most often looks different from each other, by colour and by shape. */
const OFTEN = [
  "person",
  "car",
  "bicycle",
  "dog",
  "cat",
  "truck",
  "bus",
  "motorcycle",
  "bird",
  "face",
  "QRCode",
  "backpack",
];

/** The same label always looks the same, whoever looks and whatever else is there. */
export function lookOf(label: string): { colour: number; shape: Shape } {
  const place = OFTEN.indexOf(label);
  if (place >= 0) {
    const round = Math.floor(place / COLOURS);
    return { colour: 1 + (place % COLOURS), shape: SHAPES[(place + round) % SHAPES.length] as Shape };
  }
  let hash = 0x811c9dc5;
  for (const char of label) hash = Math.imul(hash ^ (char.codePointAt(0) as number), 0x01000193) >>> 0;
  return { colour: 1 + (hash % COLOURS), shape: SHAPES[Math.floor(hash / COLOURS) % SHAPES.length] as Shape };
}

export type Mark = {
  fromMs: number;
  toMs: number;
  /** The first event in it, as exactly as it is known. */
  firstMs: number;
  /** The middle of it on screen. */
  x: number;
  count: number;
  /** The most frequent first. */
  labels: { label: string; count: number }[];
};

export type Counted = { fromMs: number; bucketMs: number; labels: readonly TimelineLabel[] };

/**
 * Marks that are at least so many pixels apart. They stand on a grid of time and not of the screen, so that none changes
 * while the view moves.
 */
export function marksOf(counted: Counted, view: Span, width: number, leastPx = 16): Mark[] {
  const { fromMs: originMs, bucketMs, labels } = counted;
  const leastMs = (leastPx / Math.max(1, width)) * lengthOf(view);
  const cellMs = bucketMs * Math.max(1, 2 ** Math.ceil(Math.log2(leastMs / bucketMs)));
  const cells = new Map<number, Map<string, number>>();
  const firsts = new Map<number, number>();
  for (const { label, buckets } of labels)
    for (const [bucket, count] of buckets) {
      const atMs = originMs + bucket * bucketMs;
      if (atMs + bucketMs < view.fromMs || atMs > view.toMs) continue;
      const place = Math.floor(atMs / cellMs);
      let cell = cells.get(place);
      if (!cell) cells.set(place, (cell = new Map()));
      cell.set(label, (cell.get(label) ?? 0) + count);
      firsts.set(place, Math.min(firsts.get(place) ?? atMs, atMs));
    }
  return [...cells]
    .sort(([a], [b]) => a - b)
    .map(([place, found]) => {
      const fromMs = place * cellMs;
      const named = [...found].map(([label, count]) => ({ label, count })).sort((a, b) => b.count - a.count);
      return {
        fromMs,
        toMs: fromMs + cellMs,
        firstMs: firsts.get(place) ?? fromMs,
        x: xAt(view, fromMs + cellMs / 2, width),
        count: named.reduce((sum, { count }) => sum + count, 0),
        labels: named,
      };
    });
}

/** The mark nearest to a place, if it is near. */
export function markAt(marks: readonly Mark[], x: number, mostPx = 9): Mark | null {
  let best: Mark | null = null;
  for (const mark of marks) {
    const distance = Math.abs(mark.x - x);
    if (distance <= mostPx && (best === null || distance < Math.abs(best.x - x))) best = mark;
  }
  return best;
}
