/** Segments and gaps. */
import type { Insertable, Selectable } from "kysely";
import type { SegmentRecord } from "../../kernel/index.ts";
import type { Database } from "./database.ts";
import type { Tables } from "./schema.ts";

export type GapRow = Selectable<Tables["gaps"]>;
type SegmentRow = Selectable<Tables["segments"]>;

const DAY_MS = 86_400_000;

/** Inserts the segment, or replaces what is known of it. */
export async function saveSegment(db: Database, segment: SegmentRecord): Promise<void> {
  const { id, ...fields } = toRow(segment);
  await db
    .insertInto("segments")
    .values({ id, ...fields })
    .onConflict((conflict) => conflict.column("id").doUpdateSet(fields))
    .execute();
}

export async function segmentById(db: Database, id: string): Promise<SegmentRecord | undefined> {
  const row = await db.selectFrom("segments").selectAll().where("id", "=", id).executeTakeFirst();
  return row && toRecord(row);
}

export async function deleteSegments(db: Database, ids: string[]): Promise<void> {
  if (ids.length > 0) await db.deleteFrom("segments").where("id", "in", ids).execute();
}

/** Segments that overlap the range, oldest first, at most `limit`. */
export async function segmentsBetween(
  db: Database,
  cameraId: string,
  fromWallMs: number,
  toWallMs: number,
  limit: number,
): Promise<SegmentRecord[]> {
  const rows = await db
    .selectFrom("segments")
    .selectAll()
    .where("camera_id", "=", cameraId)
    .where("start_wall_ms", "<", toWallMs)
    .where("end_wall_ms", ">", fromWallMs)
    // The index is by start; a segment is far shorter than an hour, so this bound loses none and stops the scan.
    .where("start_wall_ms", ">", fromWallMs - 3_600_000)
    .orderBy("start_wall_ms")
    .orderBy("start_pts90k")
    .limit(limit)
    .execute();
  return rows.map(toRecord);
}

/** Segments that the store believes open. */
export async function openSegments(db: Database): Promise<SegmentRecord[]> {
  return (await db.selectFrom("segments").selectAll().where("open", "=", 1).execute()).map(toRecord);
}

/** The newest segment that starts at or before the moment; it may end before it. */
export async function segmentAtWall(
  db: Database,
  cameraId: string,
  wallMs: number,
): Promise<SegmentRecord | undefined> {
  const row = await db
    .selectFrom("segments")
    .selectAll()
    .where("camera_id", "=", cameraId)
    .where("start_wall_ms", "<=", wallMs)
    .orderBy("start_wall_ms", "desc")
    .limit(1)
    .executeTakeFirst();
  return row && toRecord(row);
}

/** The newest segment that starts at or before this presentation time; it may end before it. */
export async function segmentAtPts(db: Database, cameraId: string, pts90k: number): Promise<SegmentRecord | undefined> {
  const row = await db
    .selectFrom("segments")
    .selectAll()
    .where("camera_id", "=", cameraId)
    .where("start_pts90k", "<=", pts90k)
    .orderBy("start_pts90k", "desc")
    .limit(1)
    .executeTakeFirst();
  return row && toRecord(row);
}

/** Oldest closed segments of one camera that ended before the moment. */
export async function segmentsEndedBefore(
  db: Database,
  cameraId: string,
  beforeWallMs: number,
  limit: number,
): Promise<SegmentRecord[]> {
  const wallMs = Math.floor(beforeWallMs);
  const rows = await db
    .selectFrom("segments")
    .selectAll()
    .where("camera_id", "=", cameraId)
    .where("start_wall_ms", "<", wallMs)
    .where("end_wall_ms", "<", wallMs)
    .where("open", "=", 0)
    .orderBy("start_wall_ms")
    .limit(limit)
    .execute();
  return rows.map(toRecord);
}

/** The oldest segment of one camera. */
export async function oldestSegmentOf(db: Database, cameraId: string): Promise<SegmentRecord | undefined> {
  const row = await db
    .selectFrom("segments")
    .selectAll()
    .where("camera_id", "=", cameraId)
    .orderBy("start_wall_ms")
    .limit(1)
    .executeTakeFirst();
  return row && toRecord(row);
}

/** Oldest closed segments of all cameras. */
export async function oldestSegments(db: Database, limit: number): Promise<SegmentRecord[]> {
  const rows = await db
    .selectFrom("segments")
    .selectAll()
    .where("open", "=", 0)
    .orderBy("start_wall_ms")
    .limit(limit)
    .execute();
  return rows.map(toRecord);
}

/** UTC days on which a segment starts, newest first. One indexed step per day, however many segments a day has. */
export async function recordingDays(db: Database, cameraId: string): Promise<string[]> {
  const days: string[] = [];
  let before = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const segment = await segmentAtWall(db, cameraId, before - 1);
    if (!segment) return days;
    before = Math.floor(segment.startWallMs / DAY_MS) * DAY_MS;
    days.push(new Date(before).toISOString().slice(0, 10));
  }
}

/** Gaps that overlap the range, oldest first. */
export function gapsBetween(
  db: Database,
  cameraId: string,
  fromWallMs: number,
  toWallMs: number,
  limit: number,
): Promise<GapRow[]> {
  return db
    .selectFrom("gaps")
    .selectAll()
    .where("camera_id", "=", cameraId)
    .where("start_wall_ms", "<", toWallMs)
    .where((eb) => eb.or([eb("end_wall_ms", "is", null), eb("end_wall_ms", ">", fromWallMs)]))
    .orderBy("start_wall_ms")
    .limit(limit)
    .execute();
}

/** The gap that goes on; a camera has at most one. */
export function openGap(db: Database, cameraId: string): Promise<GapRow | undefined> {
  return db
    .selectFrom("gaps")
    .selectAll()
    .where("camera_id", "=", cameraId)
    .where("end_wall_ms", "is", null)
    .orderBy("start_wall_ms", "desc")
    .limit(1)
    .executeTakeFirst();
}

/** A gap that is there already stays as it is. */
export async function insertGap(db: Database, gap: Insertable<Tables["gaps"]>): Promise<void> {
  await db
    .insertInto("gaps")
    .values(gap)
    .onConflict((conflict) => conflict.column("id").doNothing())
    .execute();
}

export async function explainGap(db: Database, id: string, reason: string, message: string): Promise<void> {
  await db.updateTable("gaps").set({ reason, message }).where("id", "=", id).execute();
}

/** Ends every open gap of the camera; one that lasted less than `leastMs` is dropped. */
export async function endGaps(db: Database, cameraId: string, endWallMs: number, leastMs: number): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx
      .deleteFrom("gaps")
      .where("camera_id", "=", cameraId)
      .where("end_wall_ms", "is", null)
      .where("start_wall_ms", ">", endWallMs - leastMs)
      .execute();
    await tx
      .updateTable("gaps")
      .set({ end_wall_ms: endWallMs })
      .where("camera_id", "=", cameraId)
      .where("end_wall_ms", "is", null)
      .execute();
  });
}

/** Forgets gaps that ended before the moment, which no footage surrounds any more. */
export async function deleteGapsBefore(db: Database, cameraId: string, wallMs: number): Promise<void> {
  await db.deleteFrom("gaps").where("camera_id", "=", cameraId).where("end_wall_ms", "<", Math.floor(wallMs)).execute();
}

function toRow(segment: SegmentRecord): SegmentRow {
  return {
    id: segment.id,
    camera_id: segment.cameraId,
    run_id: segment.runId,
    path: segment.path,
    start_wall_ms: Math.round(segment.startWallMs),
    end_wall_ms: Math.round(segment.endWallMs),
    start_pts90k: segment.startPts90k,
    end_pts90k: segment.endPts90k,
    size_bytes: segment.sizeBytes,
    init_bytes: segment.initBytes,
    codec: segment.codec,
    width: segment.width,
    height: segment.height,
    open: segment.open ? 1 : 0,
  };
}

function toRecord(row: SegmentRow): SegmentRecord {
  return {
    id: row.id,
    cameraId: row.camera_id,
    runId: row.run_id,
    path: row.path,
    startWallMs: row.start_wall_ms,
    endWallMs: row.end_wall_ms,
    startPts90k: row.start_pts90k,
    endPts90k: row.end_pts90k,
    sizeBytes: row.size_bytes,
    initBytes: row.init_bytes,
    codec: row.codec,
    width: row.width,
    height: row.height,
    open: row.open === 1,
  };
}
