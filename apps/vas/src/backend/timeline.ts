/** What is recorded of a camera in a range: segments with what is readable of the open one, and gaps with reasons. */
import type { Kernel, SegmentRecord } from "../kernel/index.ts";
import { LEAST_GAP_MS } from "./recorder.ts";
import type { Database } from "./store/database.ts";
import { type GapRow, segmentById, segmentsBetween } from "./store/recordings.ts";

export type TimelineGap = { startWallMs: number; endWallMs: number | null; reason: string; message: string };
export type TimelineParts = { db: Database; kernel: Pick<Kernel, "openSegment"> };

/** Segments that overlap the range, oldest first; the one being written has its current end and size. */
export async function readSegments(
  { db, kernel }: TimelineParts,
  cameraId: string,
  range: { fromWallMs: number; toWallMs: number },
  limit: number,
): Promise<SegmentRecord[]> {
  const stored = await segmentsBetween(db, cameraId, range.fromWallMs, range.toWallMs, limit);
  const open = kernel.openSegment(cameraId);
  if (!open || open.startWallMs >= range.toWallMs || open.endWallMs <= range.fromWallMs) return stored;
  const others = stored.filter((segment) => segment.id !== open.id);
  return [...others, open].sort((a, b) => a.startWallMs - b.startWallMs);
}

/** The segment as it is now: the kernel knows more of an open one than the store. */
export async function readSegment({ db, kernel }: TimelineParts, id: string): Promise<SegmentRecord | undefined> {
  const stored = await segmentById(db, id);
  if (!stored?.open) return stored;
  const open = kernel.openSegment(stored.cameraId);
  return open?.id === id ? open : stored;
}

/**
 * Stored gaps, and what is missing between segments without any stored reason.
 *
 * @param segments of the range, oldest first
 * @param gaps of the range, oldest first
 */
export function mergeGaps(segments: SegmentRecord[], gaps: GapRow[]): TimelineGap[] {
  const known: TimelineGap[] = gaps.map((gap) => ({
    startWallMs: gap.start_wall_ms,
    endWallMs: gap.end_wall_ms,
    reason: gap.reason,
    message: gap.message,
  }));
  const endOf = (gap: TimelineGap) => gap.endWallMs ?? Number.POSITIVE_INFINITY;
  const derived: TimelineGap[] = [];
  let passed = 0; // gaps that ended before the segment at hand: a flapping camera has thousands of both
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    if (!next) break;
    let from = segment.endWallMs;
    if (next.startWallMs - from < LEAST_GAP_MS) continue;
    const missing = (until: number) => {
      if (until - from < LEAST_GAP_MS) return;
      derived.push({
        startWallMs: from,
        endWallMs: until,
        reason: "unknown",
        message: "Nothing was recorded, and no reason was noted.",
      });
    };
    while (passed < known.length && endOf(known[passed] as TimelineGap) <= from) passed++;
    for (let at = passed; at < known.length; at++) {
      const gap = known[at] as TimelineGap;
      if (gap.startWallMs >= next.startWallMs) break;
      missing(gap.startWallMs);
      from = Math.max(from, Math.min(endOf(gap), next.startWallMs));
    }
    missing(next.startWallMs);
  }
  return [...known, ...derived].sort((a, b) => a.startWallMs - b.startWallMs);
}
