/**
 * VAS's part of the flight recorder: when each of the newest results came and went, in rings of fixed size, and the joining
 * of it with what Core tells when a person asks.
 */
import type { Clock } from "@vas/base/clock.ts";
import { type CoreFlight, type Flight, FLIGHTS_KEPT } from "@vas/contracts/flights.ts";
import type { Result } from "@vas/contracts/live.ts";
import { isoTime } from "./validation.ts";

/** Pairs of a camera and a model; the one that was silent for longest goes first. */
const MAX_PAIRS = 1024;
const COLUMN = { pts90k: 0, delivered: 1, stored: 2 } as const;
const COLUMNS = 3;
const TICKS_PER_MS = 90;
/** Runs are at least so far apart on a camera's time line, and what is so far apart says nothing of each other's delay. */
const SEAM_TICKS = 90_000;

/** Unix milliseconds; undefined for what has not happened, or was not seen. */
export type SeenByVas = { deliveredMs?: number; storedMs?: number };

type Ring = { cells: Float64Array; newest: number };

export class FlightLog {
  readonly #clock: Clock;
  /** The longest silent first. */
  readonly #rings = new Map<string, Ring>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A result was passed on to the browsers. */
  delivered({ camera_id, model_id, pts90k }: Pick<Result, "camera_id" | "model_id" | "pts90k">): void {
    const key = keyOf(camera_id, model_id);
    let ring = this.#rings.get(key);
    if (ring) this.#rings.delete(key);
    else {
      const oldest = this.#rings.size >= MAX_PAIRS ? this.#rings.keys().next().value : undefined;
      if (oldest !== undefined) this.#rings.delete(oldest);
      ring = { cells: new Float64Array(FLIGHTS_KEPT * COLUMNS).fill(Number.NaN), newest: -1 };
    }
    this.#rings.set(key, ring);
    ring.newest = (ring.newest + 1) % FLIGHTS_KEPT;
    const at = ring.newest * COLUMNS;
    ring.cells[at + COLUMN.pts90k] = pts90k;
    ring.cells[at + COLUMN.delivered] = this.#monoMs();
    ring.cells[at + COLUMN.stored] = Number.NaN;
  }

  /** Results from one presentation time to another, both with them, are in the track file. */
  stored(cameraId: string, modelId: string, firstPts90k: number, lastPts90k: number): void {
    const ring = this.#rings.get(keyOf(cameraId, modelId));
    if (!ring) return;
    const nowMs = this.#monoMs();
    for (let at = 0; at < ring.cells.length; at += COLUMNS) {
      const pts90k = ring.cells[at + COLUMN.pts90k] as number;
      if (pts90k >= firstPts90k && pts90k <= lastPts90k && Number.isNaN(ring.cells[at + COLUMN.stored]))
        ring.cells[at + COLUMN.stored] = nowMs;
    }
  }

  /** By presentation time. */
  of(cameraId: string, modelId: string): Map<number, SeenByVas> {
    const seen = new Map<number, SeenByVas>();
    const ring = this.#rings.get(keyOf(cameraId, modelId));
    if (!ring) return seen;
    const wallOfMonoMs = this.#clock.wallMs() - this.#monoMs();
    for (let at = 0; at < ring.cells.length; at += COLUMNS) {
      const [pts90k, delivered, stored] = ring.cells.subarray(at, at + COLUMNS) as unknown as [number, number, number];
      if (Number.isNaN(pts90k)) continue;
      seen.set(pts90k, {
        deliveredMs: delivered + wallOfMonoMs,
        ...(Number.isNaN(stored) ? {} : { storedMs: stored + wallOfMonoMs }),
      });
    }
    return seen;
  }

  #monoMs(): number {
    return Number(this.#clock.monotonicNs()) / 1e6;
  }
}

/**
 * @param told newest first
 * @param seen by presentation time
 * @returns newest first, every step in milliseconds after its frame was captured
 */
export function flightsOf(told: readonly CoreFlight[], seen: ReadonlyMap<number, SeenByVas>): Flight[] {
  const captured = capturedMs(told);
  return told.map((flight, at) => {
    const start = captured[at] ?? null;
    const after = (wallMs: number | null | undefined) =>
      start === null || wallMs === null || wallMs === undefined ? null : Math.round((wallMs - start) * 100) / 100;
    const vas = flight.pts90k === null || flight.outcome !== "answered" ? undefined : seen.get(flight.pts90k);
    return {
      frame_id: flight.frame_id,
      pts90k: flight.pts90k,
      outcome: flight.outcome,
      captured_at: start === null ? null : isoTime(Math.round(start)),
      exported_ms: after(flight.exported_at),
      chosen_ms: after(flight.chosen_at),
      sent_ms: after(flight.sent_at),
      answered_ms: after(flight.answered_at),
      delivered_ms: after(vas?.deliveredMs),
      stored_ms: after(vas?.storedMs),
      inference_ms: flight.inference_ms,
    };
  });
}

/**
 * When each frame was captured, in Unix milliseconds. Nobody tells that, but the camera's own clock says how far apart its
 * frames were: of each stretch without a seam the frame that came fastest is taken to have needed no time.
 */
function capturedMs(told: readonly CoreFlight[]): (number | null)[] {
  const captured: (number | null)[] = told.map(() => null);
  let from = 0;
  const settle = (to: number) => {
    let least = Number.POSITIVE_INFINITY;
    for (let at = from; at < to; at++) {
      const { pts90k, exported_at } = told[at] as CoreFlight;
      if (pts90k !== null && exported_at !== null) least = Math.min(least, exported_at - pts90k / TICKS_PER_MS);
    }
    for (let at = from; at < to; at++) {
      const { pts90k, exported_at } = told[at] as CoreFlight;
      if (pts90k !== null && exported_at !== null) captured[at] = pts90k / TICKS_PER_MS + least;
    }
    from = to;
  };
  let later: number | null = null;
  for (const [at, { pts90k }] of told.entries()) {
    if (pts90k === null) continue;
    if (later !== null && (later - pts90k >= SEAM_TICKS || later <= pts90k)) settle(at);
    later = pts90k;
  }
  settle(told.length);
  return captured;
}

function keyOf(cameraId: string, modelId: string): string {
  return `${cameraId} ${modelId}`;
}
