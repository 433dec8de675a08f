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
 *
 * Where the assignment has zones, only what stands in one makes events, and a label that appears in a zone in which none of
 * its events is opens one more, of that zone. An event lives as long as its label is seen in one of the zones it opened in.
 */
import type { Detection } from "@vas/contracts/inference.ts";
import type { Result } from "@vas/contracts/live.ts";
import { type ZoneShape, zonesOf } from "@vas/contracts/zones.ts";
import type { EventClosed, EventOpened } from "@vas/contracts/results.ts";
import { pairKey } from "./reconcile.ts";

/** A runtime that makes up labels must not be able to fill the store or this process: more at once are ignored. */
export const MAX_OPEN_LABELS = 64;
const SILENCE_MARGIN_MS = 2000;
const TICKS_PER_MS = 90;

export type EventChanges = { opened: EventOpened[]; closed: EventClosed[] };

type OpenEvent = {
  eventId: string;
  label: string;
  /** Names of the zones it opened in; the one name "" where the assignment has none. */
  zones: readonly string[];
  lastPts90k: number;
  lastWallMs: number;
  frames: number;
  bestConfidence: number;
  bestFrameId: number;
};
type Pair = { open: Set<OpenEvent>; lastResultMs: number };
type Found = { detection: Detection; zones: readonly string[] };
const EVERYWHERE: readonly string[] = [""];

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

  /**
   * @param nowMs monotonic; only remembered, for `sweep`
   * @param zones the assignment's
   */
  add(result: Result, nowMs: number, zones: readonly ZoneShape[] = []): EventChanges {
    const key = pairKey(result.camera_id, result.model_id);
    let pair = this.#pairs.get(key);
    if (pair === undefined) {
      if (result.detections.length === 0) return { opened: [], closed: [] };
      pair = { open: new Set(), lastResultMs: nowMs };
      this.#pairs.set(key, pair);
    }
    pair.lastResultMs = nowMs;
    const closed: EventClosed[] = [];
    for (const event of pair.open) {
      if (result.pts90k < event.lastPts90k) event.lastPts90k = result.pts90k;
      if (result.pts90k - event.lastPts90k <= this.#gapMs * TICKS_PER_MS) continue;
      closed.push(closing(event));
      pair.open.delete(event);
    }
    const opened: EventOpened[] = [];
    for (const [label, found] of byLabel(result.detections, zones)) {
      const known = new Set<string>();
      for (const event of pair.open) {
        if (event.label !== label) continue;
        for (const zone of event.zones) known.add(zone);
        const best = found.find((one) => one.zones.some((zone) => event.zones.includes(zone)));
        if (best !== undefined) goesOn(event, result, best.detection.confidence);
      }
      const isNew = (one: Found) => one.zones.some((zone) => !known.has(zone));
      const detections = found.filter(isNew).map(({ detection }) => detection);
      const [best] = detections;
      if (best === undefined) continue;
      if (pair.open.size >= MAX_OPEN_LABELS) {
        this.#labelsIgnored++;
        continue;
      }
      const eventId = this.#newId();
      const within = found.flatMap((one) => one.zones).filter((zone) => !known.has(zone));
      const names = zones.length === 0 ? EVERYWHERE : zones.map(({ name }) => name).filter((n) => within.includes(n));
      pair.open.add({
        eventId,
        label,
        zones: names,
        lastPts90k: result.pts90k,
        lastWallMs: result.wall_ms,
        frames: 1,
        bestConfidence: best.confidence,
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
        confidence: best.confidence,
        event_metadata: {
          width: result.width,
          height: result.height,
          ...(zones.length === 0 ? {} : { zones: names }),
        },
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
    return [...pair.open].map(closing);
  }
}

function goesOn(event: OpenEvent, result: Result, confidence: number): void {
  event.lastPts90k = result.pts90k;
  event.lastWallMs = result.wall_ms;
  event.frames++;
  if (confidence <= event.bestConfidence) return;
  event.bestConfidence = confidence;
  event.bestFrameId = result.frame_id;
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

/** Detections that stand where events are made, by label, each list best first. A class without a name is labelled by its number. */
function byLabel(detections: readonly Detection[], zones: readonly ZoneShape[]): Map<string, Found[]> {
  const labels = new Map<string, Found[]>();
  for (const detection of detections) {
    const one = { detection, zones: zones.length === 0 ? EVERYWHERE : zonesOf(zones, detection.bbox) };
    if (one.zones.length === 0) continue;
    const label = labelOf(detection);
    const list = labels.get(label);
    if (list) list.push(one);
    else labels.set(label, [one]);
  }
  for (const list of labels.values()) list.sort((a, b) => b.detection.confidence - a.detection.confidence);
  return labels;
}

/** The end of the year 9999, the last that ISO 8601 writes with four digits. */
const MAX_WALL_MS = 253_402_300_799_999;

/** ISO 8601 with milliseconds; a time outside 1970 to 9999 becomes the nearest one inside. */
function isoTime(wallMs: number): string {
  return new Date(Math.min(MAX_WALL_MS, Math.max(0, wallMs))).toISOString();
}
