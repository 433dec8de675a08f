/** Snapshots and clips: found in the recording, made by the kernel, kept below the media folder and in the store. */
import { randomUUID } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorText } from "@vas/base/log.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import type { Clip, Snapshot } from "@vas/contracts/http.ts";
import type { Moment, Picture, SegmentRecord } from "../kernel/index.ts";
import type { Backend } from "./context.ts";
import { Slots } from "./slots.ts";
import { type ClipRow, insertClip, insertSnapshot, type SnapshotRow } from "./store/media.ts";
import { segmentAtPts, segmentAtWall } from "./store/recordings.ts";
import { readSegment, readSegments } from "./timeline.ts";
import { isoTime } from "./validation.ts";

export const MAX_CLIP_MS = 3_600_000;
/** How far into the future a clip may end; it is waited for. */
export const MAX_AHEAD_MS = 30_000;
/** Recording lags the picture by a fragment; this long after a moment it is on disk, or it never will be. */
const SETTLE_MS = 10_000;
/** The kernel decodes or copies for each of these; more wait their turn. */
const MAX_AT_ONCE = 2;
const MAX_WAITING = 64;
const MAX_CLIP_SEGMENTS = 5000;
/** Two moments this near are the same to a person, and to a camera's clock. */
const TOLERANCE_MS = 1000;

/**
 * Keeps one picture.
 *
 * @param request.moment now where absent
 * @throws CodedError camera_not_live, not_recorded, range_invalid, snapshot_failed
 */
export async function takeSnapshot(
  backend: Backend,
  request: { cameraId: string; moment?: Moment; eventId?: string; signal?: AbortSignal },
): Promise<Snapshot> {
  const { cameraId, moment } = request;
  const signal = request.signal ?? neverAborted;
  const picture = await takePicture(backend, cameraId, moment, signal);
  const id = randomUUID();
  const row: SnapshotRow = {
    id,
    camera_id: cameraId,
    event_id: request.eventId ?? null,
    label: null,
    wall_ms: Math.round(picture.wallMs),
    pts90k: picture.pts90k,
    width: picture.width,
    height: picture.height,
    size_bytes: picture.jpeg.length,
    path: mediaPath("snapshots", cameraId, picture.wallMs, `${id}.jpg`),
    created_at: backend.clock.wallMs(),
  };
  await writeWhole(join(backend.config.mediaDir, row.path), picture.jpeg);
  await keepOrDelete(backend, [row.path], () => insertSnapshot(backend.db, row));
  return toSnapshot(row);
}

/**
 * Cuts and keeps a stretch of the recording; waits where it ends at most `MAX_AHEAD_MS` from now.
 *
 * @throws CodedError range_invalid, clip_too_long, not_recorded, clip_failed
 */
export async function makeClip(
  backend: Backend,
  request: {
    cameraId: string;
    fromWallMs: number;
    toWallMs: number;
    label?: string;
    eventId?: string;
    signal?: AbortSignal;
  },
): Promise<Clip> {
  const { cameraId, fromWallMs, toWallMs } = request;
  const signal = request.signal ?? neverAborted;
  if (fromWallMs >= toWallMs) throw new CodedError("range_invalid", "The clip must end after it begins.");
  if (toWallMs - fromWallMs > MAX_CLIP_MS)
    throw new CodedError("clip_too_long", `The clip may be an hour long [seconds:${(toWallMs - fromWallMs) / 1000}].`);
  if (toWallMs > backend.clock.wallMs() + MAX_AHEAD_MS)
    throw new CodedError("range_invalid", "The clip ends in the future.");
  await waitForWall(backend, cameraId, toWallMs, signal);
  const segments = await readSegments(backend, cameraId, { fromWallMs, toWallMs }, MAX_CLIP_SEGMENTS);
  const [first] = segments;
  if (!first) throw new CodedError("not_recorded");
  const other = segments.find((s) => s.codec !== first.codec || s.width !== first.width || s.height !== first.height);
  if (other) {
    const found = `${first.codec} ${first.width}x${first.height}, ${other.codec} ${other.width}x${other.height}`;
    throw new CodedError("range_invalid", `The camera's format changes within this range [found:${found}].`);
  }

  const id = randomUUID();
  const path = mediaPath("clips", cameraId, fromWallMs, `${id}.mp4`);
  const thumbnail = mediaPath("clips", cameraId, fromWallMs, `${id}.jpg`);
  await mkdir(dirname(join(backend.config.mediaDir, path)), { recursive: true, mode: 0o750 });
  const range = { fromWallMs: Math.max(fromWallMs, first.startWallMs), toWallMs };
  return slots.run(signal, () =>
    keepOrDelete(backend, [path, thumbnail], async () => {
      const cut = await backend.kernel.writeClip(segments, range, path, signal);
      const hasThumbnail = await writeThumbnail(backend, first, range.fromWallMs, thumbnail);
      const row: ClipRow = {
        id,
        camera_id: cameraId,
        event_id: request.eventId ?? null,
        label: request.label?.trim() || null,
        start_wall_ms: Math.round(cut.startWallMs),
        end_wall_ms: Math.round(cut.endWallMs),
        size_bytes: cut.sizeBytes,
        path,
        thumbnail_path: hasThumbnail ? thumbnail : "",
        created_at: backend.clock.wallMs(),
      };
      await insertClip(backend.db, row);
      return toClip(row);
    }),
  );
}

export function toSnapshot(row: SnapshotRow): Snapshot {
  return {
    id: row.id,
    camera_id: row.camera_id,
    event_id: row.event_id,
    label: row.label,
    timestamp: isoTime(row.wall_ms),
    pts90k: row.pts90k,
    width: row.width,
    height: row.height,
    size_bytes: row.size_bytes,
    created_at: isoTime(row.created_at),
  };
}

export function toClip(row: ClipRow): Clip {
  return {
    id: row.id,
    camera_id: row.camera_id,
    event_id: row.event_id,
    label: row.label,
    start: isoTime(row.start_wall_ms),
    end: isoTime(row.end_wall_ms),
    size_bytes: row.size_bytes,
    created_at: isoTime(row.created_at),
  };
}

/**
 * What a camera sees now, kept nowhere.
 *
 * @throws CodedError camera_not_live, snapshot_failed, or the signal's reason
 */
export function pictureNow(backend: Backend, cameraId: string, signal: AbortSignal): Promise<Picture> {
  return takePicture(backend, cameraId, undefined, signal);
}

async function takePicture(
  backend: Backend,
  cameraId: string,
  moment: Moment | undefined,
  signal: AbortSignal,
): Promise<Picture> {
  if (!moment) return slots.run(signal, () => backend.kernel.pictureNow(cameraId));
  const segment =
    "pts90k" in moment
      ? await segmentOfPts(backend, cameraId, moment.pts90k, signal)
      : await segmentOfWall(backend, cameraId, moment.wallMs, signal);
  return slots.run(signal, () => backend.kernel.pictureOf(segment, moment));
}

async function segmentOfPts(
  backend: Backend,
  cameraId: string,
  pts90k: number,
  signal: AbortSignal,
): Promise<SegmentRecord> {
  const find = async (last: number) => {
    const open = backend.kernel.openSegment(cameraId);
    if (open && open.startPts90k <= pts90k) return last <= open.endPts90k ? open : undefined;
    const segment = await segmentAtPts(backend.db, cameraId, pts90k);
    return segment && last <= segment.endPts90k ? segment : undefined;
  };
  // The end of what is written is where the next frame begins, and that one may be on its way.
  const found = await find(pts90k + 1);
  if (found) return found;
  await backend.kernel.recordedUpTo(cameraId, pts90k, AbortSignal.any([signal, AbortSignal.timeout(SETTLE_MS)]));
  await backend.recorded(); // the segment may have been closed meanwhile
  const afterWaiting = await find(pts90k);
  if (!afterWaiting) throw new CodedError("not_recorded");
  return afterWaiting;
}

async function segmentOfWall(
  backend: Backend,
  cameraId: string,
  wallMs: number,
  signal: AbortSignal,
): Promise<SegmentRecord> {
  if (wallMs > backend.clock.wallMs() + TOLERANCE_MS)
    throw new CodedError("range_invalid", "The moment lies in the future.");
  await waitForWall(backend, cameraId, wallMs, signal);
  const open = backend.kernel.openSegment(cameraId);
  if (open && open.startWallMs <= wallMs && wallMs <= open.endWallMs + TOLERANCE_MS) return open;
  const stored = await segmentAtWall(backend.db, cameraId, wallMs);
  const segment = stored && (await readSegment(backend, stored.id));
  if (!segment || wallMs > segment.endWallMs + TOLERANCE_MS) throw new CodedError("not_recorded");
  return segment;
}

/** Waits until the recording reaches a moment that is not yet on disk; returns at once where nothing is recorded now. */
export async function waitForWall(
  backend: Backend,
  cameraId: string,
  wallMs: number,
  signal: AbortSignal,
): Promise<void> {
  const open = backend.kernel.openSegment(cameraId);
  if (!open || wallMs <= open.endWallMs) return;
  const aheadMs = Math.max(0, wallMs - backend.clock.wallMs());
  const pts90k = open.endPts90k + Math.round((wallMs - open.endWallMs) * 90);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(aheadMs + SETTLE_MS)]);
  await backend.kernel.recordedUpTo(cameraId, pts90k, limit);
  await backend.recorded();
  if (signal.aborted) throw signal.reason;
}

/** A clip without its small picture is still a clip. */
async function writeThumbnail(
  backend: Backend,
  segment: SegmentRecord,
  wallMs: number,
  path: string,
): Promise<boolean> {
  try {
    const picture = await backend.kernel.pictureOf(segment, { wallMs });
    await writeWhole(join(backend.config.mediaDir, path), picture.jpeg);
    return true;
  } catch (error) {
    backend.log.warn("a clip has no thumbnail", { camera_id: segment.cameraId, error: errorText(error) });
    return false;
  }
}

function mediaPath(kind: "snapshots" | "clips", cameraId: string, wallMs: number, name: string): string {
  return `${kind}/${cameraId}/${isoTime(wallMs).slice(0, 10)}/${name}`;
}

/** A file has its name only once it is whole. */
async function writeWhole(path: string, bytes: Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o750 });
  const draft = `${path}.part`;
  try {
    await writeFile(draft, bytes, { mode: 0o640, flush: true });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Files without a row would never be deleted. */
async function keepOrDelete<T>(backend: Backend, paths: string[], keep: () => Promise<T>): Promise<T> {
  try {
    return await keep();
  } catch (error) {
    await backend.kernel.deleteFiles(paths);
    throw error;
  }
}

const neverAborted = new AbortController().signal;

const slots = new Slots(
  MAX_AT_ONCE,
  MAX_WAITING,
  () => new CodedError("snapshot_failed", "Too many pictures and clips are waiting to be made."),
);
