/** Draws any declared detection. No code per model: what a detection carries decides its shape (shapes.ts). */
import type { Detection } from "@vas/contracts/inference.ts";
import type { Drawn } from "./results.ts";
import { labelKey, type OverlaySettings } from "./settings.ts";
import { drawShape, isWholePicture, type Pen } from "./shapes.ts";

const FONT_PX = 13;
const LABEL_PX = FONT_PX + 6;
// Told apart by most kinds of colour blindness, and readable on dark and bright pictures.
const COLOURS = ["#ffd23f", "#3ec7ff", "#ff7ab6", "#7dff8a", "#ffa24d", "#c9a4ff"];
/** Measuring text is the dearest part of a label, and labels repeat. */
const MOST_WIDTHS = 2_000;
const widths = new Map<string, number>();

/** The same model has the same colour everywhere, unless a person chose another. */
export function colourOf(modelId: string, settings?: Pick<OverlaySettings, "colours">): string {
  const chosen = settings?.colours[modelId];
  if (chosen !== undefined) return chosen;
  let hash = 0;
  for (const letter of modelId) hash = (hash * 31 + (letter.codePointAt(0) as number)) >>> 0;
  return COLOURS[hash % COLOURS.length] as string;
}

export function labelOf(detection: Detection): string {
  const parts = [detection.class_name];
  if (detection.track_id !== undefined && detection.track_id !== null) parts.push(`#${detection.track_id}`);
  if (detection.text) parts.push(`"${shortened(detection.text)}"`);
  if (detection.value !== undefined) parts.push(`${detection.value}${detection.unit ? ` ${detection.unit}` : ""}`);
  parts.push(`${Math.round(detection.confidence * 100)} %`);
  return parts.join(" ");
}

const LONGEST_TEXT = 40;

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > LONGEST_TEXT ? `${line.slice(0, LONGEST_TEXT - 1)}…` : line;
}

export type Chosen = { colour: string; detection: Detection; aged: boolean };

/** What of the results the settings let through. */
export function chosen(drawn: readonly Drawn[], settings: OverlaySettings): Chosen[] {
  if (!settings.on) return [];
  const list: Chosen[] = [];
  const hidden = new Set(settings.hiddenLabels);
  for (const { result, ageTicks } of drawn) {
    if (settings.hidden.includes(result.model_id)) continue;
    const colour = colourOf(result.model_id, settings);
    for (const detection of result.detections) {
      if (detection.confidence < settings.threshold) continue;
      if (hidden.size > 0 && hidden.has(labelKey(result.model_id, detection.class_name))) continue;
      list.push({ colour, detection, aged: ageTicks > 0 });
    }
  }
  return list;
}

/**
 * Clears the canvas and draws. What was computed from an earlier picture than the one it is drawn on is dashed.
 *
 * @param width canvas size in device pixels, which is exactly the picture's area
 * @param scale device pixels per CSS pixel
 * @returns what was drawn, in order
 */
export function draw(
  pen: Pen,
  drawn: readonly Drawn[],
  settings: OverlaySettings,
  width: number,
  height: number,
  scale: number,
): Chosen[] {
  pen.clearRect(0, 0, width, height);
  const list = chosen(drawn, settings);
  if (list.length === 0) return list;
  pen.globalAlpha = settings.opacity;
  pen.lineWidth = settings.lineWidth * scale;
  pen.lineJoin = "round";
  pen.font = `600 ${FONT_PX * scale}px system-ui, sans-serif`;
  pen.textBaseline = "middle";
  const dash = [6 * scale, 4 * scale];
  let dashed = false;
  for (const { colour, detection, aged } of list) {
    if (aged !== dashed) pen.setLineDash(aged ? dash : []);
    dashed = aged;
    pen.strokeStyle = colour;
    pen.fillStyle = colour;
    drawShape(pen, detection, width, height, settings.lineWidth * scale, settings.opacity);
  }
  if (dashed) pen.setLineDash([]);
  // Labels last, so that no box crosses one.
  if (settings.labels) {
    const classes = { next: 0 };
    for (const one of list) drawLabel(pen, one, width, height, scale, classes);
  }
  pen.globalAlpha = 1;
  return list;
}

/** @param classes labels of the whole picture, which are listed from its top left corner down */
function drawLabel(
  pen: Pen,
  { detection, colour }: Chosen,
  width: number,
  height: number,
  scale: number,
  classes: { next: number },
): void {
  const [left, top] = detection.bbox;
  const text = labelOf(detection);
  const textHeight = LABEL_PX * scale;
  const textWidth = widthOf(pen, text, scale) + 8 * scale;
  let y: number;
  // Kept inside the picture: above the box where there is room, else within it.
  const x = Math.max(0, Math.min(left * width, width - textWidth));
  if (isWholePicture(detection)) {
    y = classes.next;
    classes.next += textHeight + scale;
  } else {
    const above = top * height - textHeight;
    y = above >= 0 ? above : Math.min(top * height, height - textHeight);
  }
  pen.fillStyle = colour;
  pen.fillRect(x, y, textWidth, textHeight);
  pen.fillStyle = "#000";
  pen.fillText(text, x + 4 * scale, y + textHeight / 2);
}

function widthOf(pen: Pen, text: string, scale: number): number {
  const key = `${scale} ${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    width = pen.measureText(text).width;
    if (widths.size >= MOST_WIDTHS) widths.clear();
    widths.set(key, width);
  }
  return width;
}
