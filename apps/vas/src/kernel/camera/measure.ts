/** What a stream shows of itself: frame rate, key frame distance, bit rate, from its recorded fragments. */
import type { Fragment } from "../recording/fmp4.ts";

const WINDOW_TICKS = 10 * 90_000;
/** Less than this says nothing of a rate. */
const LEAST_TICKS = 1.5 * 90_000;

export type Measured = { fps: number | null; gopSeconds: number | null; bitrateKbps: number | null };

export class StreamMeasure {
  #seen: { start: number; end: number; frames: number; bytes: number }[] = [];
  #lastKey: number | undefined;
  #joined = false;
  #gopTicks: number | undefined;

  add(fragment: Fragment): void {
    if (fragment.key) {
      if (this.#lastKey !== undefined) this.#gopTicks = fragment.startDts - this.#lastKey;
      this.#lastKey = fragment.startDts;
    }
    // A run's first fragment holds frames that were on their way while it was joined, at times of their own.
    if (!this.#joined) {
      this.#joined = true;
      return;
    }
    this.#seen.push({
      start: fragment.startDts,
      end: fragment.endDts,
      frames: fragment.pts.length,
      bytes: fragment.bytes.length,
    });
    while (this.#seen.length > 1 && fragment.endDts - (this.#seen[0]?.end ?? 0) > WINDOW_TICKS) this.#seen.shift();
  }

  get measured(): Measured {
    const first = this.#seen[0];
    const last = this.#seen.at(-1);
    const ticks = first && last ? last.end - first.start : 0;
    const gopSeconds = this.#gopTicks === undefined ? null : round(this.#gopTicks / 90_000, 2);
    if (ticks < LEAST_TICKS) return { fps: null, gopSeconds, bitrateKbps: null };
    const sum = (of: "frames" | "bytes") => this.#seen.reduce((total, entry) => total + entry[of], 0);
    return {
      fps: round((sum("frames") * 90_000) / ticks, 1),
      gopSeconds,
      bitrateKbps: Math.round((sum("bytes") * 8 * 90) / ticks),
    };
  }
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
