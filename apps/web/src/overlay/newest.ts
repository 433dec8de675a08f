/** The newest result of each model of one camera, and how old it is against the displayed picture. */
import type { Result } from "@vas/contracts/live.ts";

/** A model that answered nothing for this long has no boxes to show. */
export const STALE_MS = 2_000;

export type Fresh = {
  result: Result;
  /** Displayed picture minus the frame the boxes were computed on; since arrival where the picture's pts is unknown. */
  ageMs: number;
  /** The age compares two frames of the stream; else it only counts from the arrival. */
  exact: boolean;
};

export class NewestResults {
  readonly #byModel = new Map<string, { result: Result; arrivedMs: number }>();

  /** @param nowMs any clock that only grows; the same for `fresh` */
  push(result: Result, nowMs: number): void {
    const known = this.#byModel.get(result.model_id);
    // Frame ids start again with a new camera process, so an older id is late only when its time is older as well.
    if (known && result.pts90k < known.result.pts90k && result.frame_id < known.result.frame_id) return;
    this.#byModel.set(result.model_id, { result, arrivedMs: nowMs });
  }

  models(): string[] {
    return [...this.#byModel.keys()].sort();
  }

  newestPts90k(): number | null {
    let newest: number | null = null;
    for (const { result } of this.#byModel.values()) newest = Math.max(newest ?? result.pts90k, result.pts90k);
    return newest;
  }

  /** What may be drawn over the displayed picture, by model id. */
  fresh(displayed90k: number | null, nowMs: number): Fresh[] {
    const fresh: Fresh[] = [];
    for (const model of this.models()) {
      const { result, arrivedMs } = this.#byModel.get(model) as { result: Result; arrivedMs: number };
      const sinceArrival = nowMs - arrivedMs;
      const ageMs = displayed90k === null ? sinceArrival : (displayed90k - result.pts90k) / 90;
      if (sinceArrival > STALE_MS || ageMs > STALE_MS) continue;
      fresh.push({ result, ageMs, exact: displayed90k !== null });
    }
    return fresh;
  }
}

/** `person-detector: boxes are 120 ms old (3 frames)` */
export function ageWords(fresh: Fresh, fps: number | null): string {
  const { result, ageMs, exact } = fresh;
  if (!exact) return `${result.model_id}: result arrived ${Math.round(ageMs)} ms ago`;
  const ms = Math.round(ageMs);
  const frames = fps === null ? null : Math.round((Math.abs(ageMs) * fps) / 1000);
  const count = frames === null ? "" : ` (${frames} ${frames === 1 ? "frame" : "frames"})`;
  return `${result.model_id}: boxes are ${Math.abs(ms)} ms ${ms < 0 ? "ahead" : "old"}${count}`;
}
