/** Draws a timeline: what is known of each camera, marks of events, the chosen range and the moment that plays. */
import { type Mark, type Shape, lookOf } from "./marks.ts";
import type { Stretch, Summary } from "./summary.ts";
import { type Span, ticks, xAt } from "./view.ts";

export const AXIS_PX = 24;
export const MARKS_PX = 22;
export const STRIP_PX = 26;
const LANE_GAP_PX = 8;
export const LANE_PX = MARKS_PX + STRIP_PX + LANE_GAP_PX;
/** However short, a gap is seen. */
const LEAST_GAP_PX = 2;

export type Lane = { cameraId: string; name: string; summary: Summary | null; marks: readonly Mark[] };
export type Scene = {
  width: number;
  view: Span;
  lanes: readonly Lane[];
  playingMs: number | null;
  hoverMs: number | null;
  nowMs: number;
  range: { fromMs: number | null; toMs: number | null };
};

export const heightOf = (lanes: number): number => AXIS_PX + Math.max(1, lanes) * LANE_PX;

/** The lane at a height, and whether it is its row of marks. */
export function laneAt(y: number, lanes: number): { lane: number; isMarks: boolean } | null {
  const lane = Math.floor((y - AXIS_PX) / LANE_PX);
  if (lane < 0 || lane >= lanes) return null;
  return { lane, isMarks: y - AXIS_PX - lane * LANE_PX < MARKS_PX };
}

/** What is recorded in the view: to the millisecond where that is known, else by buckets and how much of each is. */
export function recordedSpans(summary: Summary, view: Span): { fromMs: number; toMs: number; share: number }[] {
  const from = Math.max(view.fromMs, summary.fromMs);
  const to = Math.min(view.toMs, summary.toMs);
  const spans: { fromMs: number; toMs: number; share: number }[] = [];
  if (summary.isComplete) {
    let at = from;
    for (const stretch of summary.stretches) {
      if (stretch.toMs <= from || stretch.fromMs >= to) continue;
      if (stretch.fromMs > at) spans.push({ fromMs: at, toMs: stretch.fromMs, share: 1 });
      at = stretch.toMs;
    }
    if (at < to) spans.push({ fromMs: at, toMs: to, share: 1 });
    return spans;
  }
  const { fromMs: originMs, bucketMs, recorded } = summary;
  for (let bucket = Math.floor((from - originMs) / bucketMs); originMs + bucket * bucketMs < to; bucket++) {
    const share = recorded[bucket] ?? 0;
    if (share === 0) continue;
    const fromMs = originMs + bucket * bucketMs;
    const toMs = Math.min(fromMs + bucketMs, summary.toMs);
    const before = spans.at(-1);
    if (before && before.toMs === fromMs && before.share === share) before.toMs = toMs;
    else spans.push({ fromMs, toMs, share });
  }
  return spans;
}

export function paint(pen: CanvasRenderingContext2D, scene: Scene, colour: (token: string) => string): void {
  const { width, view, lanes } = scene;
  const height = heightOf(lanes.length);
  pen.clearRect(0, 0, width, height);
  axis(pen, scene, colour);
  for (const [index, lane] of lanes.entries()) {
    const top = AXIS_PX + index * LANE_PX;
    strip(pen, scene, lane, top + MARKS_PX, colour);
    for (const mark of lane.marks) drawMark(pen, mark, top, colour);
    if (lanes.length > 1) name(pen, lane.name, top, colour);
  }
  chosen(pen, scene, height, colour);
  const line = (atMs: number, stroke: string, lineWidth: number, dash: number[] = []) => {
    const x = xAt(view, atMs, width);
    if (x < -2 || x > width + 2) return;
    pen.strokeStyle = stroke;
    pen.lineWidth = lineWidth;
    pen.setLineDash(dash);
    pen.beginPath();
    pen.moveTo(x, AXIS_PX - 6);
    pen.lineTo(x, height);
    pen.stroke();
    pen.setLineDash([]);
  };
  line(scene.nowMs, colour("--good"), 1, [3, 3]);
  if (scene.hoverMs !== null) line(scene.hoverMs, colour("--quiet"), 1);
  if (scene.playingMs !== null) {
    line(scene.playingMs, colour("--text"), 2);
    const x = xAt(view, scene.playingMs, width);
    pen.fillStyle = colour("--text");
    pen.beginPath();
    pen.moveTo(x - 6, AXIS_PX - 8);
    pen.lineTo(x + 6, AXIS_PX - 8);
    pen.lineTo(x, AXIS_PX);
    pen.fill();
  }
}

function axis(pen: CanvasRenderingContext2D, { width, view, lanes }: Scene, colour: (token: string) => string): void {
  pen.textBaseline = "middle";
  pen.textAlign = "center";
  let freeFrom = 0;
  for (const tick of ticks(view, width)) {
    const x = xAt(view, tick.atMs, width);
    pen.strokeStyle = colour("--line");
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(x, AXIS_PX - 4);
    pen.lineTo(x, heightOf(lanes.length));
    pen.stroke();
    pen.font = `${tick.isStrong ? "600 " : ""}12px ${colour("--axis-font")}`;
    const half = pen.measureText(tick.words).width / 2;
    const middle = Math.min(Math.max(x, half + 2), width - half - 2);
    if (middle - half < freeFrom) continue;
    pen.fillStyle = colour(tick.isStrong ? "--text" : "--quiet");
    pen.fillText(tick.words, middle, 9);
    freeFrom = middle + half + 8;
  }
}

function strip(
  pen: CanvasRenderingContext2D,
  { width, view }: Scene,
  { summary }: Lane,
  top: number,
  colour: (token: string) => string,
): void {
  pen.fillStyle = colour("--hover");
  pen.fillRect(0, top, width, STRIP_PX);
  if (!summary) return;
  const rect = ({ fromMs, toMs }: Span, least: number, share = 1) => {
    const [left, right] = [Math.max(-1, xAt(view, fromMs, width)), Math.min(width + 1, xAt(view, toMs, width))];
    if (right < 0 || left > width || right < left) return;
    const inside = STRIP_PX * share;
    pen.fillRect(left, top + STRIP_PX - inside, Math.max(least, right - left), inside);
  };
  pen.fillStyle = colour("--timeline-footage");
  for (const span of recordedSpans(summary, view)) rect(span, 0, Math.max(0.25, span.share));
  const shown = summary.stretches.filter(({ fromMs, toMs }) => toMs > view.fromMs && fromMs < view.toMs);
  // A few are seen however short; very many would hide the footage between them.
  const least = shown.length * 10 * LEAST_GAP_PX < width ? LEAST_GAP_PX : 0;
  for (const stretch of shown) {
    const fill = fillOf(stretch, colour);
    if (!fill) continue;
    pen.fillStyle = fill;
    rect(stretch, least);
  }
}

function fillOf({ state }: Stretch, colour: (token: string) => string): string | null {
  if (state === "gap") return colour("--timeline-gap");
  if (state === "not_wanted") return colour("--timeline-off");
  return null;
}

function name(pen: CanvasRenderingContext2D, words: string, top: number, colour: (token: string) => string): void {
  pen.font = `600 11px ${colour("--axis-font")}`;
  pen.textAlign = "left";
  const { width } = pen.measureText(words);
  pen.fillStyle = colour("--panel");
  pen.globalAlpha = 0.85;
  pen.fillRect(2, top + 3, width + 8, 16);
  pen.globalAlpha = 1;
  pen.fillStyle = colour("--text");
  pen.fillText(words, 6, top + 11);
  pen.textAlign = "center";
}

/** The two most frequent labels of a place, one above the other; more of a kind make it larger. */
function drawMark(pen: CanvasRenderingContext2D, mark: Mark, top: number, colour: (token: string) => string): void {
  const shown = mark.labels.slice(0, 2);
  for (const [index, { label, count }] of shown.entries()) {
    const look = lookOf(label);
    pen.fillStyle = colour(`--series-${look.colour}`);
    const radius = Math.min(shown.length > 1 ? 4.5 : 6, 3 + Math.log2(count + 1) * 0.7);
    const y = top + MARKS_PX - 6 - index * 10;
    shape(pen, look.shape, mark.x, shown.length > 1 ? y : y - 2, radius);
  }
}

export function shape(pen: CanvasRenderingContext2D, which: Shape, x: number, y: number, radius: number): void {
  pen.beginPath();
  if (which === "circle") pen.arc(x, y, radius, 0, 2 * Math.PI);
  else if (which === "square") pen.rect(x - radius * 0.9, y - radius * 0.9, radius * 1.8, radius * 1.8);
  else if (which === "diamond") {
    pen.moveTo(x, y - radius * 1.2);
    pen.lineTo(x + radius * 1.2, y);
    pen.lineTo(x, y + radius * 1.2);
    pen.lineTo(x - radius * 1.2, y);
  } else {
    pen.moveTo(x, y - radius * 1.1);
    pen.lineTo(x + radius * 1.15, y + radius * 0.9);
    pen.lineTo(x - radius * 1.15, y + radius * 0.9);
  }
  pen.fill();
}

function chosen(
  pen: CanvasRenderingContext2D,
  { width, view, range }: Scene,
  height: number,
  colour: (token: string) => string,
): void {
  const { fromMs, toMs } = range;
  if (fromMs !== null && toMs !== null) {
    const [left, right] = [xAt(view, fromMs, width), xAt(view, toMs, width)];
    pen.fillStyle = colour("--timeline-range");
    pen.fillRect(left, AXIS_PX - 2, Math.max(1, right - left), height - AXIS_PX + 2);
  }
  pen.fillStyle = colour("--accent");
  for (const edge of [fromMs, toMs]) {
    if (edge === null) continue;
    const x = xAt(view, edge, width);
    pen.fillRect(x - 1.5, AXIS_PX - 2, 3, height - AXIS_PX + 2);
    pen.beginPath();
    pen.roundRect(x - 5, AXIS_PX - 4, 10, 14, 3);
    pen.fill();
  }
}
