/**
 * Decides when an AI event opens and closes. The decision is a function of the results alone, measured on the frames'
 * own time line (pts90k, which grows over all runs of a camera), so the same results give the same events whenever they
 * are computed. Only where results stop coming is the process's clock asked.
 *
 * | what happens | answer |
 * | --- | --- |
 * | a label is on a frame and was on none within the gap | an event opens; its detections are those of that label on that frame, best first |
 * | the label is on a later frame within the gap | the event goes on |
 * | a frame later than the gap after the label's last one | the event closes, as of the label's last frame |
 * | no results at all for the gap and two seconds more | every open event of the pair closes |
 * | the subscription ends | every open event of the pair closes |
 * | the time line jumps back | the gap counts from the new time |
 */
import type { Detection } from "@vas/contracts/inference.ts";
import type { Result } from "@vas/contracts/live.ts";
import type { EventClosed, EventOpened } from "@vas/contracts/results.ts";
import { pairKey } from "./reconcile.ts";

/** A runtime that makes up labels must not be able to fill the store or this process: more at once are ignored. */
export const MAX_OPEN_LABELS = 64;
const SILENCE_MARGIN_MS = 2000;
const TICKS_PER_MS = 90;

export type EventChanges = { opened: EventOpened[]; closed: EventClosed[] };

type OpenEvent = {
  eventId: string;
  lastPts90k: number;
  lastWallMs: number;
  frames: number;
  bestConfidence: number;
  bestFrameId: number;
};
type Pair = { open: Map<string, OpenEvent>; lastResultMs: number };

export class EventTracker {
  readonly #gapMs: number;
  readonly #newId: () => string;
  readonly #pairs = new Map<string, Pair>();
  #labelsIgnored = 0;

  /** @param newId a new UUID */
  constructor(gapMs: number, newId: () => string) {
    this.#gapMs = gapMs;
    this.#newId = newId;
  }

  /** Labels that were not followed because too many were open. */
  get labelsIgnored(): number {
    return this.#labelsIgnored;
  }

  /** @param nowMs monotonic; only remembered, for `sweep` */
  add(result: Result, nowMs: number): EventChanges {
    const key = pairKey(result.camera_id, result.model_id);
    let pair = this.#pairs.get(key);
    if (pair === undefined) {
      if (result.detections.length === 0) return { opened: [], closed: [] };
      pair = { open: new Map(), lastResultMs: nowMs };
      this.#pairs.set(key, pair);
    }
    pair.lastResultMs = nowMs;
    const closed: EventClosed[] = [];
    for (const [label, event] of pair.open) {
      if (result.pts90k < event.lastPts90k) event.lastPts90k = result.pts90k;
      if (result.pts90k - event.lastPts90k <= this.#gapMs * TICKS_PER_MS) continue;
      closed.push(closing(event));
      pair.open.delete(label);
    }
    const opened: EventOpened[] = [];
    for (const [label, detections] of byLabel(result.detections)) {
      const best = detections[0]?.confidence ?? 0;
      const event = pair.open.get(label);
      if (event !== undefined) {
        event.lastPts90k = result.pts90k;
        event.lastWallMs = result.wall_ms;
        event.frames++;
        if (best > event.bestConfidence) {
          event.bestConfidence = best;
          event.bestFrameId = result.frame_id;
        }
        continue;
      }
      if (pair.open.size >= MAX_OPEN_LABELS) {
        this.#labelsIgnored++;
        continue;
      }
      const eventId = this.#newId();
      pair.open.set(label, {
        eventId,
        lastPts90k: result.pts90k,
        lastWallMs: result.wall_ms,
        frames: 1,
        bestConfidence: best,
        bestFrameId: result.frame_id,
      });
      opened.push({
        event_id: eventId,
        camera_id: result.camera_id,
        model_id: result.model_id,
        timestamp: isoTime(result.wall_ms),
        frame_id: result.frame_id,
        pts90k: result.pts90k,
        label,
        detections,
        confidence: best,
        event_metadata: { width: result.width, height: result.height },
      });
    }
    return { opened, closed };
  }

  /** Closes what belongs to pairs that gave no result for the gap and a margin. @param nowMs monotonic */
  sweep(nowMs: number): EventClosed[] {
    const closed: EventClosed[] = [];
    for (const [key, pair] of this.#pairs)
      if (nowMs - pair.lastResultMs >= this.#gapMs + SILENCE_MARGIN_MS) closed.push(...this.#end(key, pair));
    return closed;
  }

  /** Closes what belongs to a subscription that ended. */
  end(cameraId: string, modelId: string): EventClosed[] {
    const key = pairKey(cameraId, modelId);
    const pair = this.#pairs.get(key);
    return pair === undefined ? [] : this.#end(key, pair);
  }

  #end(key: string, pair: Pair): EventClosed[] {
    this.#pairs.delete(key);
    return [...pair.open.values()].map(closing);
  }
}

function closing(event: OpenEvent): EventClosed {
  return {
    event_id: event.eventId,
    ended_at: isoTime(event.lastWallMs),
    frames: event.frames,
    best_confidence: event.bestConfidence,
    best_frame_id: event.bestFrameId,
  };
}

/** A label is stored and shown on its own: no control characters (PostgreSQL refuses NUL), no half characters. */
function labelOf(detection: Detection): string {
  const name = detection.class_name
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, " ")
    .trim();
  return name || `class ${detection.class_id}`;
}

/** Detections by label, each list best first. A class without a name is labelled by its number. */
function byLabel(detections: readonly Detection[]): Map<string, Detection[]> {
  const labels = new Map<string, Detection[]>();
  for (const detection of detections) {
    const label = labelOf(detection);
    const list = labels.get(label);
    if (list) list.push(detection);
    else labels.set(label, [detection]);
  }
  for (const list of labels.values()) list.sort((a, b) => b.confidence - a.confidence);
  return labels;
}

/** The end of the year 9999, the last that ISO 8601 writes with four digits. */
const MAX_WALL_MS = 253_402_300_799_999;

/** ISO 8601 with milliseconds; a time outside 1970 to 9999 becomes the nearest one inside. */
function isoTime(wallMs: number): string {
  return new Date(Math.min(MAX_WALL_MS, Math.max(0, wallMs))).toISOString();
}
