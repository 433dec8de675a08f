/** Draws any declared detection. No code per model: what a detection carries decides its shape (shapes.ts). */
import type { Detection } from "@vas/contracts/inference.ts";
import type { Drawn } from "./results.ts";
import { labelKey, type OverlaySettings } from "./settings.ts";
import { drawShape, isWholePicture, type Pen } from "./shapes.ts";
import { NO_SKELETONS, type Skeletons } from "./skeletons.ts";

const FONT_PX = 13;
const LABEL_PX = FONT_PX + 6;
// Told apart by most kinds of colour blindness, and readable on dark and bright pictures.
export const COLOURS = {
  Yellow: "#ffd23f",
  Blue: "#3ec7ff",
  Pink: "#ff7ab6",
  Green: "#7dff8a",
  Orange: "#ffa24d",
  Violet: "#c9a4ff",
} as const;
const COLOUR_LIST = Object.values(COLOURS);
/** Measuring text is the dearest part of a label, and labels repeat. */
const MOST_WIDTHS = 2_000;
const widths = new Map<string, number>();

/** The same model has the same colour everywhere, unless a person chose another. */
export function colourOf(modelId: string, settings?: Pick<OverlaySettings, "colours">): string {
  const chosen = settings?.colours[modelId];
  if (chosen !== undefined) return chosen;
  let hash = 0;
  for (const letter of modelId) hash = (hash * 31 + (letter.codePointAt(0) as number)) >>> 0;
  return COLOUR_LIST[hash % COLOUR_LIST.length] as string;
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

/** The polygons in which a model's detections make events, as fractions of the picture. */
export type ModelZones = {
  modelId: string;
  zones: readonly { name: string; points: readonly (readonly [x: number, y: number])[] }[];
};

export type Chosen = { modelId: string; colour: string; detection: Detection; aged: boolean };

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
      list.push({ modelId: result.model_id, colour, detection, aged: ageTicks > 0 });
    }
  }
  return list;
}

/**
 * Clears the canvas and draws. What was computed from an earlier picture than the one it is drawn on is dashed.
 *
 * @param width canvas size in device pixels, which is exactly the picture's area
 * @param scale device pixels per CSS pixel
 * @param skeletons what the models declare
 * @returns what was drawn, in order
 */
export function draw(
  pen: Pen,
  drawn: readonly Drawn[],
  settings: OverlaySettings,
  width: number,
  height: number,
  scale: number,
  zones: readonly ModelZones[] = [],
  skeletons: Skeletons = NO_SKELETONS,
): Chosen[] {
  pen.clearRect(0, 0, width, height);
  const list = chosen(drawn, settings);
  const outlined = settings.on && settings.zones ? zones.filter((one) => !settings.hidden.includes(one.modelId)) : [];
  if (list.length === 0 && outlined.length === 0) return list;
  pen.globalAlpha = settings.opacity;
  pen.lineWidth = settings.lineWidth * scale;
  pen.lineJoin = "round";
  pen.font = `600 ${FONT_PX * scale}px system-ui, sans-serif`;
  pen.textBaseline = "middle";
  for (const one of outlined) drawZones(pen, one, settings, width, height, scale);
  const dash = [6 * scale, 4 * scale];
  let dashed = false;
  for (const { modelId, colour, detection, aged } of list) {
    if (aged !== dashed) pen.setLineDash(aged ? dash : []);
    dashed = aged;
    pen.strokeStyle = colour;
    pen.fillStyle = colour;
    drawShape(pen, detection, width, height, settings.lineWidth * scale, settings.opacity, skeletons.get(modelId));
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

const ZONE_ALPHA = 0.1;

/** Below everything that was found: thin, dotted, lightly filled, with its name at its first corner. */
function drawZones(
  pen: Pen,
  { modelId, zones }: ModelZones,
  settings: OverlaySettings,
  width: number,
  height: number,
  scale: number,
): void {
  const { opacity, labels } = settings;
  pen.strokeStyle = colourOf(modelId, settings);
  pen.fillStyle = pen.strokeStyle;
  pen.setLineDash([2 * scale, 4 * scale]);
  for (const { name, points } of zones) {
    pen.beginPath();
    for (const [at, [x, y]] of points.entries()) {
      if (at === 0) pen.moveTo(x * width, y * height);
      else pen.lineTo(x * width, y * height);
    }
    pen.closePath();
    pen.globalAlpha = opacity * ZONE_ALPHA;
    pen.fill();
    pen.globalAlpha = opacity;
    pen.stroke();
    const [x, y] = points[0] ?? [0, 0];
    const room = (LABEL_PX / 2) * scale;
    if (labels) pen.fillText(name, x * width + 4 * scale, Math.max(room, y * height - room));
  }
  pen.setLineDash([]);
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
