/**
 * The frame-rate cap: a pure function of a frame's time and the state the last answer left.
 *
 * An ideal schedule has one place every `period = 1 / maxFps`. A frame goes when the next place is due; the schedule
 * then moves on by one period from the place, not from the frame, so that the frame's lateness is not lost: at a cap of
 * 20 on 30 frames a second the places are 50 ms apart and two of three frames go, where counting from the last frame
 * would give only 15. The lateness that may be carried over is bounded by one period, so silence earns nothing.
 *
 * What holds, for times that only grow (cap.test.ts proves both over generated timelines):
 *
 * - In any window of length W at most floor(W * maxFps) + 2 frames go. A dispatch at t leaves the next place at t or
 *   later, because at most one period is carried, and every dispatch after it moves the place by a whole period; so the
 *   n-th dispatch after it is at t + (n - 1) * period or later.
 * - Nothing is lost needlessly: a frame is refused only before its place. A steady camera above the cap gives the cap,
 *   one below it gives every frame. Only lateness beyond a whole period is forgotten: with a jitter of a quarter frame
 *   either way, a camera barely faster than the cap gives 1 % less than the cap.
 *
 * There is nothing to fill, queue or wait for: the state is two numbers that only an actual dispatch moves.
 */

/** Times in nanoseconds on the frames' own clock. */
export type CapState = {
  /** The schedule's next place. */
  dueNs: number;
  /** The last frame that went. */
  lastNs: number;
};

/** How early the second frame ever may be, before any lateness is there to carry: a camera at exactly the cap jitters. */
const FIRST_CARRY_NS = 10e6;

/**
 * @param state what the last dispatch left; null before the first
 * @param frameNs the frame's time
 * @param maxFps the cap, above 0
 * @returns whether the frame may go, and the state to keep. The caller keeps it only if the frame really goes, or if
 *   the answer is no; a frame that was allowed but found the runtime busy must not use up its place.
 */
export function cap(
  state: CapState | null,
  frameNs: number,
  maxFps: number,
): { dispatch: boolean; state: CapState | null } {
  const periodNs = 1e9 / maxFps;
  if (state === null) {
    const dueNs = frameNs + periodNs - Math.min(FIRST_CARRY_NS, periodNs / 4);
    return { dispatch: true, state: { dueNs, lastNs: frameNs } };
  }
  // Time went backwards: the schedule begins again here, one period away, so that jumping to and fro earns nothing.
  if (frameNs < state.lastNs) return { dispatch: false, state: { dueNs: frameNs + periodNs, lastNs: frameNs } };
  // A raised cap takes effect at once: no place is further away than one period after the last dispatch.
  const dueNs = Math.min(state.dueNs, state.lastNs + periodNs);
  if (frameNs < dueNs) return { dispatch: false, state };
  return { dispatch: true, state: { dueNs: Math.max(dueNs, frameNs - periodNs) + periodNs, lastNs: frameNs } };
}
