/** Draws any declared detection: box, polygon, key points, text, value. No code per model. */
import type { Detection } from "@vas/contracts/inference.ts";
import type { Fresh } from "./newest.ts";
import type { OverlaySettings } from "./settings.ts";

/** What is used of a canvas. */
export type Pen = Pick<
  CanvasRenderingContext2D,
  | "arc"
  | "beginPath"
  | "clearRect"
  | "closePath"
  | "fill"
  | "fillRect"
  | "fillText"
  | "lineTo"
  | "measureText"
  | "moveTo"
  | "stroke"
  | "strokeRect"
> & {
  fillStyle: unknown;
  strokeStyle: unknown;
  lineWidth: number;
  font: string;
  globalAlpha: number;
  textBaseline: CanvasTextBaseline;
};

const FONT_PX = 13;
// Told apart by most kinds of colour blindness, and readable on dark and bright pictures.
const COLOURS = ["#ffd23f", "#3ec7ff", "#ff7ab6", "#7dff8a", "#ffa24d", "#c9a4ff"];

/** The same model has the same colour everywhere. */
export function colourOf(modelId: string): string {
  let hash = 0;
  for (const letter of modelId) hash = (hash * 31 + (letter.codePointAt(0) as number)) >>> 0;
  return COLOURS[hash % COLOURS.length] as string;
}

export function labelOf(detection: Detection): string {
  const parts = [detection.class_name];
  if (detection.track_id !== undefined && detection.track_id !== null) parts.push(`#${detection.track_id}`);
  if (detection.text) parts.push(`"${detection.text}"`);
  if (detection.value !== undefined) parts.push(`${detection.value}${detection.unit ? ` ${detection.unit}` : ""}`);
  parts.push(`${Math.round(detection.confidence * 100)} %`);
  return parts.join(" ");
}

/** What of the results the settings let through. */
export function chosen(fresh: readonly Fresh[], settings: OverlaySettings): { colour: string; detection: Detection }[] {
  if (!settings.on) return [];
  const drawn: { colour: string; detection: Detection }[] = [];
  for (const { result } of fresh) {
    if (settings.hidden.includes(result.model_id)) continue;
    const colour = colourOf(result.model_id);
    for (const detection of result.detections) {
      if (detection.confidence >= settings.threshold) drawn.push({ colour, detection });
    }
  }
  return drawn;
}

/**
 * Clears the canvas and draws.
 *
 * @param width canvas size in device pixels, which is exactly the picture's area
 * @param scale device pixels per CSS pixel
 * @returns how many detections were drawn
 */
export function draw(
  pen: Pen,
  fresh: readonly Fresh[],
  settings: OverlaySettings,
  width: number,
  height: number,
  scale: number,
): number {
  pen.clearRect(0, 0, width, height);
  const list = chosen(fresh, settings);
  pen.lineWidth = 2 * scale;
  pen.font = `600 ${FONT_PX * scale}px system-ui, sans-serif`;
  pen.textBaseline = "middle";
  for (const { colour, detection } of list) {
    pen.strokeStyle = colour;
    pen.fillStyle = colour;
    drawShape(pen, detection, width, height, scale);
  }
  // Labels last, so that no box crosses one.
  if (settings.labels)
    for (const { colour, detection } of list) drawLabel(pen, detection, colour, width, height, scale);
  return list.length;
}

function drawShape(pen: Pen, detection: Detection, width: number, height: number, scale: number): void {
  const [left, top, right, bottom] = detection.bbox;
  const { polygon, keypoints } = detection;
  if (polygon && polygon.length > 1) {
    pen.beginPath();
    polygon.forEach(([x, y], index) =>
      index === 0 ? pen.moveTo(x * width, y * height) : pen.lineTo(x * width, y * height),
    );
    pen.closePath();
    pen.globalAlpha = 0.2;
    pen.fill();
    pen.globalAlpha = 1;
    pen.stroke();
  } else {
    pen.strokeRect(left * width, top * height, (right - left) * width, (bottom - top) * height);
  }
  for (const [x, y, confidence] of keypoints ?? []) {
    if (confidence <= 0) continue;
    pen.beginPath();
    pen.arc(x * width, y * height, 3 * scale, 0, Math.PI * 2);
    pen.fill();
  }
}

function drawLabel(pen: Pen, detection: Detection, colour: string, width: number, height: number, scale: number): void {
  const [left, top] = detection.bbox;
  const text = labelOf(detection);
  const textHeight = (FONT_PX + 6) * scale;
  const textWidth = pen.measureText(text).width + 8 * scale;
  // Kept inside the picture: above the box where there is room, else within it.
  const x = Math.max(0, Math.min(left * width, width - textWidth));
  const above = top * height - textHeight;
  const y = above >= 0 ? above : Math.min(top * height, height - textHeight);
  pen.fillStyle = colour;
  pen.fillRect(x, y, textWidth, textHeight);
  pen.fillStyle = "#000";
  pen.fillText(text, x + 4 * scale, y + textHeight / 2);
}
