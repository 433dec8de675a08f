/** Boxes, masks, outlines and key points drawn into an RGB picture. Pure. */
import type { Detection } from "@vas/contracts/inference.ts";
import { decodeMask } from "@vas/contracts/mask.ts";
import type { Label } from "./picture.ts";

type Picture = { data: Uint8Array; width: number; height: number };
type Color = readonly [number, number, number];

const COLORS: readonly Color[] = [
  [230, 60, 60],
  [50, 150, 240],
  [40, 170, 90],
  [235, 150, 30],
  [160, 90, 220],
  [20, 170, 180],
  [220, 80, 160],
  [130, 130, 40],
];
const MAX_LABELS = 60;
const MIN_POINT_CONFIDENCE = 0.3;

/** Draws into the picture. @returns the labels, for whoever can write text */
export function annotate(picture: Picture, detections: readonly Detection[]): Label[] {
  const line = Math.max(1, Math.round(picture.height / 360));
  const { width, height } = picture;
  for (const { class_id, bbox, mask, polygon, keypoints } of detections) {
    const color = COLORS[class_id % COLORS.length] as Color;
    const [left, top, right, bottom] = [bbox[0] * width, bbox[1] * height, bbox[2] * width, bbox[3] * height];
    const grid = decodeMask(mask);
    if (grid !== null)
      for (let y = Math.floor(top); y < bottom; y++)
        for (let x = Math.floor(left); x < right; x++) {
          const column = Math.min(grid.columns - 1, Math.floor(((x + 0.5 - left) / (right - left)) * grid.columns));
          const row = Math.min(grid.rows - 1, Math.floor(((y + 0.5 - top) / (bottom - top)) * grid.rows));
          if (column >= 0 && row >= 0 && grid.cells[row * grid.columns + column] === 1) blend(picture, x, y, color);
        }
    const corners: [number, number][] = polygon
      ? polygon.map(([x, y]) => [x * width, y * height])
      : [
          [left, top],
          [right, top],
          [right, bottom],
          [left, bottom],
        ];
    for (const [at, corner] of corners.entries())
      stroke(picture, corner, corners[(at + 1) % corners.length] as [number, number], line, color);
    for (const [x, y, confidence] of keypoints ?? [])
      if (confidence >= MIN_POINT_CONFIDENCE) dot(picture, x * width, y * height, line * 2, color);
  }
  return detections.slice(0, MAX_LABELS).map(({ class_id, class_name, confidence, bbox, text }) => {
    const [red, green, blue] = COLORS[class_id % COLORS.length] as Color;
    return {
      x: bbox[0] * width,
      y: bbox[1] * height,
      text: `${class_name} ${Math.round(confidence * 100)}%${text ? ` ${text.slice(0, 40)}` : ""}`,
      color: `0x${((red << 16) | (green << 8) | blue).toString(16).padStart(6, "0")}`,
    };
  });
}

function put({ data, width, height }: Picture, x: number, y: number, color: Color): void {
  if (x < 0 || y < 0 || x >= width || y >= height) return;
  data.set(color, (y * width + x) * 3);
}

function blend({ data, width, height }: Picture, x: number, y: number, color: Color): void {
  if (x < 0 || y < 0 || x >= width || y >= height) return;
  const at = (y * width + x) * 3;
  for (let channel = 0; channel < 3; channel++)
    data[at + channel] = ((data[at + channel] as number) + (color[channel] as number)) >> 1;
}

function dot(picture: Picture, x: number, y: number, radius: number, color: Color): void {
  for (let dy = -radius; dy <= radius; dy++)
    for (let dx = -radius; dx <= radius; dx++)
      if (dx * dx + dy * dy <= radius * radius) put(picture, Math.round(x) + dx, Math.round(y) + dy, color);
}

function stroke(picture: Picture, from: [number, number], to: [number, number], line: number, color: Color): void {
  const inside = (value: number, most: number) => Math.min(most - line, Math.max(0, value));
  const [x0, y0] = [inside(from[0], picture.width), inside(from[1], picture.height)];
  const [x1, y1] = [inside(to[0], picture.width), inside(to[1], picture.height)];
  const steps = Math.max(1, Math.ceil(Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0))));
  for (let step = 0; step <= steps; step++) {
    const x = Math.round(x0 + ((x1 - x0) * step) / steps);
    const y = Math.round(y0 + ((y1 - y0) * step) / steps);
    for (let dy = 0; dy < line; dy++) for (let dx = 0; dx < line; dx++) put(picture, x + dx, y + dy, color);
  }
}
