/** What a timeline is made of: runs of footage, gaps, events by label, days. Each statement reads indexes alone. */
import { sql } from "kysely";
import { anyOf, type Database } from "./database.ts";
import type { GapRow } from "./recordings.ts";

/** Footage without a seam of `leastGapMs` or more. */
export type FootageRun = { startMs: number; endMs: number };
/** Events of one label in one bucket. */
export type LabelCount = { label: string; bucket: number; count: number };

/** Runs made of the segments that start in the range, in order. */
export async function footageRuns(
  db: Database,
  cameraId: string,
  range: { fromMs: number; toMs: number },
  leastGapMs: number,
): Promise<FootageRun[]> {
  const { rows } = await sql<{ start_ms: number; before_ms: number | null }>`
    select start_wall_ms as start_ms, before_ms from (
      select start_wall_ms,
        max(end_wall_ms) over (order by start_wall_ms rows between unbounded preceding and 1 preceding) as before_ms
      from segments
      where camera_id = ${cameraId} and start_wall_ms >= ${range.fromMs} and start_wall_ms < ${range.toMs}
    ) as ordered
    where before_ms is null or start_wall_ms - before_ms >= ${leastGapMs}
    order by start_wall_ms`.execute(db);
  if (rows.length === 0) return [];
  const { rows: last } = await sql<{ end_ms: number }>`select max(end_wall_ms) as end_ms from segments
    where camera_id = ${cameraId} and start_wall_ms >= ${range.fromMs} and start_wall_ms < ${range.toMs}`.execute(db);
  const lastMs = last[0]?.end_ms ?? 0;
  return rows.map((row, index) => ({ startMs: row.start_ms, endMs: rows[index + 1]?.before_ms ?? lastMs }));
}

/** Gaps that start in the range, in order. */
export function gapsStarting(
  db: Database,
  cameraId: string,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<GapRow[]> {
  return db
    .selectFrom("gaps")
    .selectAll()
    .where("camera_id", "=", cameraId)
    .where("start_wall_ms", ">=", fromMs)
    .where("start_wall_ms", "<", toMs)
    .orderBy("start_wall_ms")
    .execute();
}

/** The last gap that starts before the moment. */
export function gapBefore(db: Database, cameraId: string, wallMs: number): Promise<GapRow | undefined> {
  return db
    .selectFrom("gaps")
    .selectAll()
    .where("camera_id", "=", cameraId)
    .where("start_wall_ms", "<", wallMs)
    .orderBy("start_wall_ms", "desc")
    .limit(1)
    .executeTakeFirst();
}

/** @param range buckets are counted from `fromMs`, events from `sinceMs` */
export async function countLabels(
  db: Database,
  cameraId: string,
  range: { fromMs: number; sinceMs: number; toMs: number },
  bucketMs: number,
): Promise<LabelCount[]> {
  // Both dialects divide integers without a remainder; a cast says that a parameter is one.
  const { rows } = await sql<LabelCount>`
    select label, bucket, count(*) as count from (
      select label, (timestamp_ms - cast(${range.fromMs} as bigint)) / cast(${bucketMs} as bigint) as bucket
      from ai_events
      where camera_id = ${cameraId} and timestamp_ms >= ${range.sinceMs} and timestamp_ms < ${range.toMs}
    ) as counted group by label, bucket order by bucket`.execute(db);
  return rows.map((row) => ({ label: row.label, bucket: Number(row.bucket), count: Number(row.count) }));
}

/**
 * Whether there is footage, and whether there are events, in each of the ranges: one statement.
 *
 * @param cameraIds of these cameras only; of every one where undefined
 */
export async function rangesWith(
  db: Database,
  ranges: readonly { fromMs: number; toMs: number }[],
  cameraIds: string[] | undefined,
): Promise<{ recorded: boolean; events: boolean }[]> {
  const of = cameraIds === undefined ? sql`1 = 1` : sql`camera_id in (${sql.join(anyOf(cameraIds))})`;
  const parts = ranges.map(
    ({ fromMs, toMs }, index) => sql`select cast(${index} as bigint) as place,
      exists (select 1 from segments where ${of} and start_wall_ms >= ${fromMs} and start_wall_ms < ${toMs}) as recorded,
      exists (select 1 from ai_events where ${of} and timestamp_ms >= ${fromMs} and timestamp_ms < ${toMs}) as events`,
  );
  const { rows } = await sql<{ place: number; recorded: unknown; events: unknown }>`
    select place, recorded, events from (${sql.join(parts, sql` union all `)}) as days order by place`.execute(db);
  return rows.map((row) => ({ recorded: Boolean(row.recorded), events: Boolean(row.events) }));
}

/** Footage that overlaps the range: its length within it, and that part of its bytes. */
export async function footageSize(
  db: Database,
  cameraId: string,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<{ recordedMs: number; sizeBytes: number }> {
  const { rows } = await sql<{ recorded_ms: number | null; size_bytes: number | null }>`
    select sum(inside_ms) as recorded_ms, sum(size_bytes * 1.0 * inside_ms / length_ms) as size_bytes from (
      select size_bytes, end_wall_ms - start_wall_ms as length_ms,
        case when end_wall_ms < ${toMs} then end_wall_ms else cast(${toMs} as bigint) end
          - case when start_wall_ms > ${fromMs} then start_wall_ms else cast(${fromMs} as bigint) end as inside_ms
      from segments
      where camera_id = ${cameraId} and start_wall_ms < ${toMs} and start_wall_ms > ${fromMs - 3_600_000}
        and end_wall_ms > ${fromMs} and end_wall_ms > start_wall_ms
    ) as cut`.execute(db);
  return {
    recordedMs: Math.round(Number(rows[0]?.recorded_ms ?? 0)),
    sizeBytes: Math.round(Number(rows[0]?.size_bytes ?? 0)),
  };
}
