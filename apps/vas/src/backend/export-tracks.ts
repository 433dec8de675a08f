/** The track of an exported range: as drawings for the kernel, as JSON, and as WebVTT. */
import type { StreamRole, TrackResult } from "@vas/contracts/http.ts";
import type { Detection } from "@vas/contracts/inference.ts";
import type { Drawing, Exported } from "../kernel/index.ts";

/** A cue is shown until its model's next result, and for so long at most. */
const HOLD_SECONDS = 2;

export async function* drawingsOf(results: AsyncIterable<TrackResult>): AsyncGenerator<Drawing> {
  for await (const { pts90k, model_id, detections, stream } of results)
    yield {
      pts90k,
      layer: model_id,
      shapes: detections.map((detection) => ({
        box: detection.bbox,
        label: labelOf(detection, stream),
        colour: colourOf(detection.class_name),
        ...(detection.keypoints ? { keypoints: detection.keypoints } : {}),
        ...(detection.polygon ? { polygon: detection.polygon } : {}),
        ...(detection.mask === undefined ? {} : { mask: detection.mask }),
      })),
    };
}

/** One object: the head's fields and `results`, each with `time`, the second of the video at which its frame is shown. */
export async function* jsonTrack(
  head: Record<string, unknown>,
  results: AsyncIterable<TrackResult>,
  parts: Exported["parts"],
): AsyncGenerator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},"results":[`;
  let separator = "\n";
  for await (const result of results) {
    const time = timeOf(parts, result.pts90k);
    if (time === undefined) continue;
    yield `${separator}${JSON.stringify({ time, ...result })}`;
    separator = ",\n";
  }
  yield "\n]}\n";
}

/** A cue per result that found something, in the order of their beginnings, as WebVTT asks for. */
export async function* vttTrack(results: AsyncIterable<TrackResult>, parts: Exported["parts"]): AsyncGenerator<string> {
  yield "WEBVTT\n";
  // Where a cue ends is known once its model's next result comes; until then those that began later wait behind it.
  const waiting: Cue[] = [];
  for await (const { model_id, frame_id, pts90k, detections, stream } of results) {
    const start = timeOf(parts, pts90k);
    if (start === undefined) continue;
    for (const cue of waiting)
      if (cue.end === undefined && (cue.model === model_id || start - cue.start > HOLD_SECONDS))
        cue.end = Math.min(start, cue.start + HOLD_SECONDS);
    while (waiting[0]?.end !== undefined) yield cueText(waiting.shift() as Cue);
    if (detections.length === 0) continue;
    const lines = detections.map((detection) => escaped(labelOf(detection, stream)));
    waiting.push({ id: `${model_id} ${frame_id}`, model: model_id, start, end: undefined, lines });
  }
  for (const cue of waiting) yield cueText(cue);
}

type Cue = { id: string; model: string; start: number; end: number | undefined; lines: string[] };

function cueText({ id, start, end = start + HOLD_SECONDS, lines }: Cue): string {
  // A cue must not end when it begins.
  const until = Math.max(end, start + 0.001);
  return `\n${[id, `${clockTime(start)} --> ${clockTime(until)}`, ...lines].join("\n")}\n`;
}

/** @returns the second of the video, or undefined where the frame is not in it */
function timeOf(parts: Exported["parts"], pts90k: number): number | undefined {
  const part = parts.find((entry) => pts90k >= entry.startPts90k && pts90k < entry.endPts90k);
  return part && Math.round(((part.atTicks + pts90k - part.startPts90k) / 90_000) * 1e6) / 1e6;
}

/** What was found in the sub stream is only about where and when the recording shows it: `~` says so. */
function labelOf({ class_name, confidence, text, value, unit }: Detection, stream: StreamRole = "main"): string {
  const said = [text, value === undefined ? undefined : `${Number(value.toPrecision(6))} ${unit ?? ""}`.trim()];
  const words = said.filter((word) => word !== undefined && word !== "").join(" ");
  return `${stream === "sub" ? "~" : ""}${class_name} ${Math.round(confidence * 100)}%${words === "" ? "" : ` ${words}`}`;
}

/** FNV-1a, so that a class keeps its colour wherever it is drawn. */
function colourOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193) >>> 0;
  return hash;
}

/** Cue text: one line, without what begins a tag, an entity or a time. */
function escaped(text: string): string {
  return text.replace(/\s+/g, " ").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function clockTime(seconds: number): string {
  const ms = Math.round(seconds * 1000);
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const rest = `${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${String(ms % 1000).padStart(3, "0")}`;
  return `${two(ms / 3_600_000)}:${rest}`;
}
