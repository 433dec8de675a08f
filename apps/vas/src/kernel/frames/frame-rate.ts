/** A rate that is kept by presentation time, so that it neither drifts nor depends on how fast frames arrive. */

/** A camera's clock trembles: a frame that comes so much early, or a quarter of an interval, is the one waited for. */
const EARLY_TICKS = 1500;

export type RateCap = {
  /** Frames in the order of presentation: whether this one is exported. Times are 90 kHz ticks. */
  take(pts: number): boolean;
  /**
   * Packets in any order, each before its frame reaches `take`: true where that frame is certain not to be taken. A
   * decoder may leave it out where no other frame refers to it.
   */
  isSuperfluous(pts: number): boolean;
};

/**
 * At most `maxFps` frames a second, as evenly as the stream's own times allow: of a 30 fps stream 10 are every third, of
 * one with 25 fps every second or third. Time that steps back or leaps ahead starts a new beat.
 *
 * @param maxFps undefined takes every frame
 */
export function createRateCap(maxFps: number | undefined): RateCap {
  if (maxFps === undefined) return { take: () => true, isSuperfluous: () => false };
  const interval = 90_000 / maxFps;
  const early = Math.min(interval / 4, EARLY_TICKS);
  let due = Number.NEGATIVE_INFINITY;
  const isSuperfluous = (pts: number) => pts < due - early && pts >= due - 2 * interval;
  return {
    isSuperfluous,
    take(pts) {
      if (isSuperfluous(pts)) return false;
      const onBeat = pts >= due - early && pts < due + interval;
      due = (onBeat ? due : pts) + interval;
      return true;
    },
  };
}
