/** What a stream shows of itself: frame rate, key frame distance, bit rate, from its recorded fragments. */
import type { Fragment } from "../recording/fmp4.ts";

const WINDOW_TICKS = 10 * 90_000;
/** A run's first fragment may hold a single frame with a made-up duration; less than this says nothing. */
const LEAST_TICKS = 1.5 * 90_000;

export type Measured = { fps: number | null; gopSeconds: number | null; bitrateKbps: number | null };

export class StreamMeasure {
  #seen: { start: number; end: number; frames: number; bytes: number }[] = [];
  #lastKey: number | undefined;
  #gopTicks: number | undefined;

  add(fragment: Fragment): void {
    this.#seen.push({
      start: fragment.startDts,
      end: fragment.endDts,
      frames: fragment.pts.length,
      bytes: fragment.bytes.length,
    });
    while (this.#seen.length > 1 && fragment.endDts - (this.#seen[0]?.end ?? 0) > WINDOW_TICKS) this.#seen.shift();
    if (!fragment.key) return;
    if (this.#lastKey !== undefined) this.#gopTicks = fragment.startDts - this.#lastKey;
    this.#lastKey = fragment.startDts;
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
