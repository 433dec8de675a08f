/**
 * Deletes old segments: those older than their camera keeps, and the oldest of all while the disk has too little room.
 * The track goes with them, by the hour. Snapshots, clips and exports are kept. The open segment is never touched.
 */
import type { Clock } from "@vas/base/clock.ts";
import { errorText, type Log } from "@vas/base/log.ts";
import type { Kernel, SegmentRecord } from "../kernel/index.ts";
import type { Counters } from "./counters.ts";
import { listCameras } from "./store/cameras.ts";
import type { Database } from "./store/database.ts";
import * as store from "./store/recordings.ts";
import type { Track } from "./track/track.ts";

const INTERVAL_MS = 60_000;
const DAY_MS = 86_400_000;
const BATCH = 500;
/** A minute deletes at most so many batches per cause; the next minute goes on. */
const MAX_BATCHES = 20;

export type Disk = { freeBytes: number; totalBytes: number };

/** What one batch of candidates loses to age. */
export function expiredSegments(candidates: SegmentRecord[], retentionDays: number, nowMs: number): SegmentRecord[] {
  const cutoff = nowMs - retentionDays * DAY_MS;
  return candidates.filter((segment) => !segment.open && segment.endWallMs < cutoff);
}

/**
 * What one batch of candidates loses to the disk.
 *
 * @param candidates oldest first
 * @param freePercent the share of the disk that stays free; 0 turns this off
 */
export function segmentsForSpace(candidates: SegmentRecord[], disk: Disk, freePercent: number): SegmentRecord[] {
  let missing = (disk.totalBytes * freePercent) / 100 - disk.freeBytes;
  const chosen: SegmentRecord[] = [];
  for (const segment of candidates) {
    if (missing <= 0) break;
    if (segment.open) continue;
    chosen.push(segment);
    missing -= segment.sizeBytes;
  }
  return chosen;
}

type Parts = {
  db: Database;
  kernel: Pick<Kernel, "deleteFiles" | "diskSpace">;
  track: Pick<Track, "expire">;
  counters: Counters;
  log: Log;
  clock: Clock;
  freePercent: number;
};

/** Runs every minute until the signal aborts; a failing round is logged and the next one tries again. */
export async function keepRetention(parts: Parts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await applyRetention(parts);
    } catch (error) {
      parts.log.error("retention failed", { error: errorText(error) });
    }
    await parts.clock.sleep(INTERVAL_MS, signal);
  }
}

/** One round. */
export async function applyRetention(parts: Parts): Promise<void> {
  const { db, clock, log } = parts;
  for (const camera of await listCameras(db)) {
    if (camera.retention_days === null) continue;
    const cutoff = clock.wallMs() - camera.retention_days * DAY_MS;
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const candidates = await store.segmentsEndedBefore(db, camera.id, cutoff, BATCH);
      const expired = expiredSegments(candidates, camera.retention_days, clock.wallMs());
      await deleteSegments(parts, expired, "age");
      if (expired.length < BATCH) break;
    }
    await store.deleteGapsBefore(db, camera.id, cutoff);
    await parts.track.expire(camera.id, cutoff);
  }
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    const disk = await parts.kernel.diskSpace();
    const chosen = segmentsForSpace(await store.oldestSegments(db, BATCH), disk, parts.freePercent);
    if (chosen.length === 0) break;
    log.warn("recordings were deleted because the disk is nearly full", {
      segments: chosen.length,
      bytes: sizeOf(chosen),
      oldest: new Date(chosen[0]?.startWallMs ?? 0).toISOString(),
      free_bytes: disk.freeBytes,
      total_bytes: disk.totalBytes,
      free_percent_wanted: parts.freePercent,
    });
    await deleteSegments(parts, chosen, "disk");
    for (const [cameraId, endWallMs] of latestEnds(chosen)) {
      const oldest = await store.oldestSegmentOf(db, cameraId);
      await parts.track.expire(cameraId, oldest?.startWallMs ?? endWallMs);
    }
    if (chosen.length < BATCH) break;
  }
}

/** Files first: what is interrupted here leaves rows, which the next round deletes again, and never a lost file. */
async function deleteSegments(parts: Parts, segments: SegmentRecord[], reason: "age" | "disk"): Promise<void> {
  if (segments.length === 0) return;
  await parts.kernel.deleteFiles(segments.map((segment) => segment.path));
  await store.deleteSegments(
    parts.db,
    segments.map((segment) => segment.id),
  );
  parts.counters.add("retention_deleted_total", segments.length, { reason });
  parts.counters.add("retention_deleted_bytes_total", sizeOf(segments), { reason });
}

/** The last end of each camera's segments. */
function latestEnds(segments: SegmentRecord[]): Map<string, number> {
  const ends = new Map<string, number>();
  for (const { cameraId, endWallMs } of segments) ends.set(cameraId, Math.max(ends.get(cameraId) ?? 0, endWallMs));
  return ends;
}

function sizeOf(segments: SegmentRecord[]): number {
  return segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
}
