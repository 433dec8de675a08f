/**
 * Which recorded frame a media time of the element is. Every loaded fragment tells its frames' times to the tick; the
 * element's own time is only used to find the nearest of them, so no rounding on the way matters.
 */
import type { Segment } from "@vas/contracts/http.ts";
import { type SampleTimes, sampleTimes } from "./samples.ts";

const TICKS = 90_000;
/** hls.js counts in floating seconds and the element in microseconds: half a millisecond is more than both. */
const ROUNDING_TICKS = 45;

export type PlacedFrame = { pts90k: number; wallMs: number };

type Fragment = {
  sequence: number;
  /** Counts the playlist's discontinuities. */
  continuity: number;
  segmentId: string;
  times: SampleTimes;
  /** Where the element's time line has the first shown frame, seconds; null until hls.js says so. */
  startTime: number | null;
};

type KnownSegment = Pick<Segment, "id" | "start" | "start_pts90k">;

export class FrameIndex {
  #fragments = new Map<number, Fragment>();
  readonly #segments = new Map<string, KnownSegment>();
  /** Greatest distance between a displayed frame's media time and the frame it was found to be, ticks. */
  worstRoundingTicks = 0;

  /** Forgets the fragments of another playlist. */
  clear(): void {
    this.#fragments = new Map();
  }

  segments(list: readonly KnownSegment[]): void {
    for (const segment of list) this.#segments.set(segment.id, segment);
  }

  /** @returns true where the segment's own start is not known yet */
  isUnknown(segmentId: string): boolean {
    return !this.#segments.has(segmentId);
  }

  /** @param bytes the fragment as it was loaded: `moof mdat` pairs */
  loaded(sequence: number, continuity: number, segmentId: string, bytes: Uint8Array): void {
    const times = sampleTimes(bytes);
    const startTime = this.#fragments.get(sequence)?.startTime ?? null;
    if (times) this.#fragments.set(sequence, { sequence, continuity, segmentId, times, startTime });
  }

  /** @param startTime where the element has the fragment's first shown frame, seconds */
  placed(sequence: number, startTime: number): void {
    const fragment = this.#fragments.get(sequence);
    if (fragment) fragment.startTime = startTime;
  }

  /** The frame whose media time this is; null where no known frame has it. */
  at(mediaTime: number): PlacedFrame | null {
    const found = this.#find(mediaTime, ROUNDING_TICKS);
    if (!found) return null;
    const base = this.#base(found.fragment);
    if (!base) return null;
    this.worstRoundingTicks = Math.max(this.worstRoundingTicks, found.distance);
    const pts = found.fragment.times.pts[found.index] as number;
    const pts90k = base.pts90k + pts;
    return { pts90k, wallMs: base.wallMs + pts / 90 };
  }

  /** The wall time of a moment of the element, Unix ms, also between two frames; null where no known frame holds it. */
  wallMsAt(mediaTime: number): number | null {
    const found = this.#find(mediaTime, Number.POSITIVE_INFINITY);
    const base = found && this.#base(found.fragment);
    if (!found || !base) return null;
    const { startTime, times } = found.fragment;
    return base.wallMs + ((mediaTime - (startTime ?? 0)) * TICKS + times.start) / 90;
  }

  /** The media time that shows a moment of the wall; null where no loaded frame does. */
  mediaTimeAt(wallMs: number): number | null {
    for (const fragment of this.#fragments.values()) {
      const base = this.#base(fragment);
      if (!base || fragment.startTime === null) continue;
      const ticks = (wallMs - base.wallMs) * 90;
      const { start, end } = fragment.times;
      if (ticks >= start && ticks < end) return fragment.startTime + (ticks - start) / TICKS;
    }
    return null;
  }

  /**
   * The media time in the middle of the next or previous frame, where a seek surely shows it.
   *
   * @returns null at the edge of what is loaded
   */
  beside(mediaTime: number, direction: 1 | -1): number | null {
    // A paused element's clock may be anywhere within its frame.
    const found = this.#find(mediaTime, Number.POSITIVE_INFINITY);
    if (!found) return null;
    const frames = this.#shownFrames();
    const at = frames.findIndex((frame) => frame.fragment === found.fragment && frame.index === found.index);
    const next = frames[at + direction];
    return next ? next.time + next.duration / 2 : null;
  }

  /** Frames from one time to another, both of known frames of one unbroken stretch; null where they are not. */
  framesBetween(from90k: number, to90k: number): number | null {
    let count = 0;
    let isFrom = false;
    let isTo = false;
    const stretches = new Set<number>();
    for (const fragment of this.#fragments.values()) {
      const base = this.#base(fragment);
      if (!base) continue;
      const { pts, start, end } = fragment.times;
      if (base.pts90k + end <= from90k || base.pts90k + start > to90k) continue;
      stretches.add(fragment.continuity);
      for (const ticks of pts) {
        const at = base.pts90k + ticks;
        if (Math.abs(at - from90k) <= ROUNDING_TICKS) isFrom = true;
        else if (at > from90k && at <= to90k + ROUNDING_TICKS) count++;
        if (Math.abs(at - to90k) <= ROUNDING_TICKS) isTo = true;
      }
    }
    return isFrom && isTo && stretches.size === 1 ? count : null;
  }

  #shownFrames(): { fragment: Fragment; index: number; time: number; duration: number }[] {
    const placed = [...this.#fragments.values()].filter((one) => one.startTime !== null);
    return placed
      .sort((a, b) => (a.startTime as number) - (b.startTime as number))
      .flatMap((fragment) => {
        const { pts, start, end } = fragment.times;
        return pts.map((ticks, index) => ({
          fragment,
          index,
          time: (fragment.startTime as number) + (ticks - start) / TICKS,
          duration: ((pts[index + 1] ?? end) - ticks) / TICKS,
        }));
      });
  }

  /** The last frame that begins at or before the time, or, within the rounding, just after it. */
  #find(mediaTime: number, most: number): { fragment: Fragment; index: number; distance: number } | null {
    let best: { fragment: Fragment; index: number; distance: number } | null = null;
    for (const fragment of this.#fragments.values()) {
      if (fragment.startTime === null) continue;
      const { pts, start, end } = fragment.times;
      const ticks = (mediaTime - fragment.startTime) * TICKS + start;
      if (ticks < start - ROUNDING_TICKS || ticks > end + ROUNDING_TICKS) continue;
      const index = lastAtOrBefore(pts, ticks + ROUNDING_TICKS);
      if (index < 0) continue;
      const distance = Math.abs(ticks - (pts[index] as number));
      if (distance <= most && (best === null || distance < best.distance)) best = { fragment, index, distance };
    }
    return best;
  }

  /** What is added to a fragment's own ticks. */
  #base(fragment: Fragment): { pts90k: number; wallMs: number } | null {
    const segment = this.#segments.get(fragment.segmentId);
    if (!segment) return null;
    return {
      pts90k: segment.start_pts90k - fragment.times.start,
      wallMs: Date.parse(segment.start) - fragment.times.start / 90,
    };
  }
}

function lastAtOrBefore(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
