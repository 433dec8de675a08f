/** When a displayed frame is, on its camera's 90 kHz time line, and how long frames last. */
import type { Run } from "@vas/contracts/live.ts";

const WRAP = 2 ** 32;
/** Two times within a millisecond are one frame's: no camera sends a thousand frames a second. */
export const SAME_FRAME_TICKS = 90;
const LONGEST_FRAME_TICKS = 90_000;
const DURATIONS_KEPT = 48;
const LEAST_DURATIONS = 8;

/**
 * The displayed frame's place on the camera's time line.
 *
 * @param near90k a moment that is surely within 6 hours of the frame: RTP timestamps wrap every 13.25 hours, and a run may
 *   be longer
 * @returns null until the run's RTP base is known
 */
export function displayedPts90k(rtpTimestamp: number, run: Run, near90k: number): number | null {
  if (run.rtp_base === null) return null;
  const within = (((rtpTimestamp - run.rtp_base) % WRAP) + WRAP) % WRAP;
  const pts90k = run.pts90k_base + within;
  return pts90k + Math.round((near90k - pts90k) / WRAP) * WRAP;
}

/**
 * A moment near the frames that are displayed now. A result of this run is the best; before the first the clock is good
 * enough, since a run's time line begins at Unix time.
 */
export function momentOfRun(run: Run, newestResult90k: number | null, unixMs: number): number {
  if (newestResult90k !== null && newestResult90k >= run.pts90k_base) return newestResult90k;
  return Math.max(run.pts90k_base, unixMs * 90);
}

/** Learns how long a frame lasts from the frames that were displayed. */
export class FrameLength {
  #durations: number[] = [];
  #last: number | null = null;

  push(pts90k: number): void {
    const duration = this.#last === null ? 0 : pts90k - this.#last;
    this.#last = pts90k;
    if (duration <= SAME_FRAME_TICKS || duration > LONGEST_FRAME_TICKS) return;
    this.#durations.push(duration);
    if (this.#durations.length > DURATIONS_KEPT) this.#durations.shift();
  }

  /** Ticks; null before a few frames were seen. A displayed frame may follow one that was not: the lower quarter counts. */
  ticks(): number | null {
    if (this.#durations.length < LEAST_DURATIONS) return null;
    const sorted = this.#durations.toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 4)] as number;
  }
}
