/** Which stretch of recordings is loaded as one playlist, and where a moment lies in it. Times are Unix ms. */
import type { Span } from "./view.ts";

const BEFORE_MS = 15 * 60_000;
const AFTER_MS = 45 * 60_000;

/** One hour around a moment, not beyond now. */
export function windowAround(atMs: number, nowMs: number): Span {
  return { fromMs: atMs - BEFORE_MS, toMs: Math.max(atMs + 1_000, Math.min(atMs + AFTER_MS, nowMs)) };
}

/** What is used of a playlist's fragments. */
export type Fragment = { start: number; duration: number; programDateTime: number | null };

/**
 * @returns seconds on the video's time line that show the moment; the next picture's where it is not recorded; null
 *   where the playlist ends before it
 */
export function mediaTimeOf(fragments: readonly Fragment[], atMs: number): number | null {
  for (const fragment of fragments) {
    const { start, duration, programDateTime } = fragment;
    if (programDateTime === null) continue;
    if (atMs < programDateTime + duration * 1000) return start + Math.max(0, atMs - programDateTime) / 1000;
  }
  return null;
}
