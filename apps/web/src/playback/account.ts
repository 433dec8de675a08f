/** A timeline's sums as sentences. */
import type { TimelineSum } from "@vas/contracts/timeline.ts";
import { playbackText } from "../strings/playback.ts";
import { lengthWords } from "./lengths.ts";

/** `99.98 %`: never 100 where something is missing, never 0 where something is there. */
export function percentWords(part: number, whole: number): string {
  if (whole <= 0) return "0 %";
  const percent = (part / whole) * 100;
  if (percent >= 99.995) return part >= whole ? "100 %" : "99.99 %";
  if (percent < 0.01) return part > 0 ? "0.01 %" : "0 %";
  return `${percent >= 99 ? percent.toFixed(2) : percent.toFixed(1)} %`;
}

/**
 * `99.98 % of the last 24 h is recorded; 2 gaps: The camera did not answer in time (14 s).` Time that nobody wanted
 * recorded, or that is still to come, is no part of the whole.
 */
export function accountWords(sums: readonly TimelineSum[], range: string, most = 3): string {
  const of = (state: TimelineSum["state"]) => sums.filter((sum) => sum.state === state);
  const recorded = of("recorded").reduce((sum, { ms }) => sum + ms, 0);
  const gaps = of("gap").toSorted((a, b) => b.ms - a.ms);
  const missing = gaps.reduce((sum, { ms }) => sum + ms, 0);
  if (recorded + missing === 0) return playbackText.notAsked(range);
  const asked = of("before_camera").length > 0 ? playbackText.sinceAdded : range;
  if (missing === 0) return playbackText.complete(asked);
  const count = gaps.reduce((sum, gap) => sum + gap.count, 0);
  const reasons = gaps
    .slice(0, most)
    .map((gap) => playbackText.gapLine((gap.message ?? "").replace(/\.$/, ""), lengthWords(gap.ms), gap.count));
  const head = playbackText.percentOf(percentWords(recorded, recorded + missing), asked);
  return `${head}; ${playbackText.gapCount(count)}: ${reasons.join("; ")}.`;
}
