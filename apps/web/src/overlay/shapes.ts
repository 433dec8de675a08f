/**
 * What a detection looks like, by what it carries:
 *
 * | it has | drawn as |
 * | --- | --- |
 * | `mask` | its pixels, tinted; the box only where nothing else outlines it |
 * | `polygon` of 3 or more corners | an outline, lightly filled |
 * | `polygon` of 2 corners | a line |
 * | `keypoints` | dots, and lines between them as the model declares; 17 of a model that declares nothing are COCO's |
 * | a box of the whole picture and none of these | a class: its label alone, in the corner |
 * | none of these | a box |
 */
import type { Detection } from "@vas/contracts/inference.ts";
import { COCO_KEYPOINT_NAMES, COCO_SKELETON } from "@vas/contracts/keypoints.ts";
import { drawMask } from "./mask.ts";
import type { Bones } from "./skeletons.ts";

/** What is used of a canvas. */
export type Pen = Pick<
  CanvasRenderingContext2D,
  | "arc"
  | "beginPath"
  | "clearRect"
  | "closePath"
  | "drawImage"
  | "fill"
  | "fillRect"
  | "fillText"
  | "lineTo"
  | "measureText"
  | "moveTo"
  | "setLineDash"
  | "stroke"
  | "strokeRect"
> & {
  fillStyle: unknown;
  strokeStyle: unknown;
  lineWidth: number;
  lineJoin: CanvasLineJoin;
  font: string;
  globalAlpha: number;
  textBaseline: CanvasTextBaseline;
};

/** A point that the model itself doubts. */
const LEAST_POINT_CONFIDENCE = 0.3;
const FILL_ALPHA = 0.2;

/** A class of the whole picture rather than a thing in it. */
export function isWholePicture({ bbox: [left, top, right, bottom], polygon, keypoints, mask }: Detection): boolean {
  return (
    left <= 0 && top <= 0 && right >= 1 && bottom >= 1 && !polygon?.length && !keypoints?.length && mask === undefined
  );
}

/**
 * Stroke and fill colour are set.
 *
 * @param opacity what the pen's alpha goes back to
 * @param bones declared by the model; undefined where it declares none
 */
export function drawShape(
  pen: Pen,
  detection: Detection,
  width: number,
  height: number,
  lineWidth: number,
  opacity: number,
  bones?: Bones,
): void {
  if (isWholePicture(detection)) return;
  const [left, top, right, bottom] = detection.bbox;
  const { polygon, keypoints, mask } = detection;
  const isMasked = mask !== undefined && drawMask(pen, mask, detection.bbox, width, height, opacity);
  if (polygon && polygon.length > 1) drawPolygon(pen, polygon, width, height, opacity);
  else if (!isMasked) pen.strokeRect(left * width, top * height, (right - left) * width, (bottom - top) * height);
  if (keypoints) drawPose(pen, keypoints, width, height, lineWidth, bones);
}

function drawPolygon(
  pen: Pen,
  polygon: NonNullable<Detection["polygon"]>,
  width: number,
  height: number,
  opacity: number,
): void {
  pen.beginPath();
  for (const [index, [x, y]] of polygon.entries()) {
    if (index === 0) pen.moveTo(x * width, y * height);
    else pen.lineTo(x * width, y * height);
  }
  if (polygon.length > 2) {
    pen.closePath();
    pen.globalAlpha = opacity * FILL_ALPHA;
    pen.fill();
    pen.globalAlpha = opacity;
  }
  pen.stroke();
}

function drawPose(
  pen: Pen,
  points: NonNullable<Detection["keypoints"]>,
  width: number,
  height: number,
  lineWidth: number,
  declared: Bones | undefined,
): void {
  const bones = declared ?? (points.length === COCO_KEYPOINT_NAMES.length ? COCO_SKELETON : []);
  if (bones.length > 0) {
    pen.beginPath();
    for (const [from, to] of bones) {
      const [a, b] = [points[from], points[to]];
      if (!a || !b || a[2] < LEAST_POINT_CONFIDENCE || b[2] < LEAST_POINT_CONFIDENCE) continue;
      pen.moveTo(a[0] * width, a[1] * height);
      pen.lineTo(b[0] * width, b[1] * height);
    }
    pen.stroke();
  }
  for (const [x, y, confidence] of points) {
    if (confidence <= 0) continue;
    pen.beginPath();
    pen.arc(x * width, y * height, 1.5 * lineWidth, 0, Math.PI * 2);
    pen.fill();
  }
}
