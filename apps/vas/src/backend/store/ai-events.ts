/**
 * AI events: rows are inserted and read, never changed. A closing is a row of its own, and so is a person's mark
 * (event-reviews.ts); both are joined on reading.
 */
import type { AiEvent, AiEventQuery } from "@vas/contracts/http.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import type { Detection } from "@vas/contracts/inference.ts";
import type { EventClosed, EventOpened } from "@vas/contracts/results.ts";
import { type RawBuilder, sql } from "kysely";
import { isoTime, parseTime } from "../validation.ts";
import { anyOf, type Database } from "./database.ts";

/** Keeps a statement far below the 32766 parameters that SQLite takes: an event binds 12. */
const ROWS_PER_STATEMENT = 500;
/** Events that one page with `reviewed` looks at: some ten milliseconds. */
const SCANNED_ROWS = 5_000;

/** What one message of Core asks to keep. Ids are lower case, times and integers checked. */
export type EventBatch = { opened: EventOpened[]; closed: EventClosed[] };

/** What became of one batch: rows that could not be kept because what they belong to is not known. */
export type BatchOutcome = { unknownCameras: number; unknownEvents: number };

export type StoredEvents = {
  /** Events that were not stored before, in the order given. */
  opened: EventOpened[];
  /** Ids of the events that were closed now. */
  closedIds: string[];
  /** One per batch, in order. */
  outcomes: BatchOutcome[];
};

/**
 * Stores several batches in one transaction: after it resolves, every row is on disk. Rows that are there already stay
 * as they are. A row of an unknown camera or event is left out and counted, and takes nothing else with it: Core never
 * sends anything twice, so refusing the others too would lose events of healthy cameras.
 *
 * @throws whatever the store throws; then nothing was stored
 */
export async function storeEvents(db: Database, batches: EventBatch[], nowWallMs: number): Promise<StoredEvents> {
  return db.transaction().execute(async (tx) => {
    const outcomes = batches.map(() => ({ unknownCameras: 0, unknownEvents: 0 }));
    const cameras = await idsPresent(
      tx,
      "cameras",
      batches.flatMap((batch) => batch.opened.map((event) => event.camera_id)),
    );
    const wanted: EventOpened[] = [];
    for (const [index, batch] of batches.entries())
      for (const event of batch.opened)
        if (cameras.has(event.camera_id)) wanted.push(event);
        else (outcomes[index] as BatchOutcome).unknownCameras += 1;

    const inserted = new Set<string>();
    for (const events of chunks(wanted)) {
      const rows = await tx
        .insertInto("ai_events")
        .values(events.map((event) => eventRow(event, nowWallMs)))
        .onConflict((conflict) => conflict.column("id").doNothing())
        .returning("id")
        .execute();
      for (const row of rows) inserted.add(row.id);
    }

    const known = await idsPresent(
      tx,
      "ai_events",
      batches.flatMap((batch) => batch.closed.map((closing) => closing.event_id)),
    );
    const closings: EventClosed[] = [];
    for (const [index, batch] of batches.entries())
      for (const closing of batch.closed)
        if (known.has(closing.event_id)) closings.push(closing);
        else (outcomes[index] as BatchOutcome).unknownEvents += 1;

    const closedIds: string[] = [];
    for (const some of chunks(closings)) {
      const rows = await tx
        .insertInto("ai_event_closings")
        .values(some.map((closing) => closingRow(closing, nowWallMs)))
        .onConflict((conflict) => conflict.column("event_id").doNothing())
        .returning("event_id")
        .execute();
      for (const row of rows) closedIds.push(row.event_id);
    }
    // `delete` answers true once per id, so an id that a batch names twice is reported once.
    return { opened: wanted.filter((event) => inserted.delete(event.event_id)), closedIds, outcomes };
  });
}

/** The event as the API shows it right after its insert. */
export function openedEvent(event: EventOpened, createdWallMs: number): AiEvent {
  const { event_id, timestamp, ...rest } = event;
  return {
    ...rest,
    stream: event.stream ?? "main",
    id: event_id,
    timestamp: isoTime(Date.parse(timestamp)),
    created_at: isoTime(createdWallMs),
    ended_at: null,
    frames: null,
    best_confidence: null,
    best_frame_id: null,
    snapshot_id: null,
    clip_id: null,
    review: null,
  };
}

/**
 * One page, newest first. `from` is the first moment, `to` the first one after. With `reviewed` a page looks at so many
 * events and no more, and holds those of them that fit: it may be short, and even empty, while others follow.
 *
 * @param cameraIds of these cameras only; of every one where undefined
 * @param scannedRows events that a page with `reviewed` looks at
 * @throws CodedError cursor_invalid, range_invalid, bad_request
 */
export async function listEvents(
  db: Database,
  query: AiEventQuery,
  cameraIds?: string[],
  scannedRows = SCANNED_ROWS,
): Promise<{ items: AiEvent[]; next_cursor: string | null }> {
  const limit = query.limit ?? 50;
  const fromMs = query.from === undefined ? undefined : parseTime("from", query.from);
  const toMs = query.to === undefined ? undefined : parseTime("to", query.to);
  if (fromMs !== undefined && toMs !== undefined && fromMs > toMs)
    throw new CodedError("range_invalid", `The range ends before it starts [from:${query.from}, to:${query.to}].`);
  const cursor = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
  const { min_confidence } = query;
  const filter: Filter = { query, fromMs, toMs, cursor, limit: limit + 1 };
  const isRare = min_confidence !== undefined && (await isRareConfidence(db, min_confidence, limit + 1));
  if (query.reviewed !== undefined) return pageByReview(db, filter, cameraIds, { isRare, limit, scannedRows });
  // Each camera's newest are found at once; the newest of several cameras together would be looked for among all of them.
  const picked =
    cameraIds !== undefined && query.camera_id === undefined && !isRare
      ? anyOf(cameraIds).map((cameraId) => pick({ ...filter, cameraIds: [cameraId] }, byTime))
      : [pick({ ...filter, ...(cameraIds ? { cameraIds } : {}) }, isRare ? byConfidence : byTime)];
  const select = selectEvents(db)
    .where(
      "e.seq",
      "in",
      sql<number>`(${sql.join(
        picked.map((one) => sql`select seq from (${one}) as newest`),
        sql` union all `,
      )})`,
    )
    .orderBy("e.timestamp_ms", "desc")
    .orderBy("e.seq", "desc")
    .limit(limit + 1);
  const rows = await select.execute();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next_cursor = rows.length > limit && last ? encodeCursor(last.timestamp_ms, last.seq) : null;
  return { items: page.map(apiEvent), next_cursor };
}

/**
 * Whether an event was reviewed is in no index of events, and what is asked for may be the one in a million either way.
 * So one page looks at a bounded stretch along the index, camera by camera, and says where the next one goes on.
 */
async function pageByReview(
  db: Database,
  filter: Filter,
  cameraIds: string[] | undefined,
  { isRare, limit, scannedRows }: { isRare: boolean; limit: number; scannedRows: number },
): Promise<{ items: AiEvent[]; next_cursor: string | null }> {
  const way = isRare ? byConfidence : byTime;
  const single = cameraIds === undefined || filter.query.camera_id !== undefined || isRare;
  const parts = single
    ? [{ ...filter, ...(cameraIds ? { cameraIds } : {}) }]
    : anyOf(cameraIds).map((cameraId) => ({ ...filter, cameraIds: [cameraId] }));
  const stretch = Math.max(limit, Math.ceil(scannedRows / parts.length));
  const seen: ScannedRow[] = [];
  // What is older than the newest end of a stretch was not looked at everywhere.
  let end: ScannedRow | undefined;
  for (const part of parts) {
    const picked = pick({ ...part, limit: stretch }, way);
    const { rows } = await sql<ScannedRow>`select picked.seq as seq, picked.timestamp_ms as timestamp_ms,
      case when review.event_seq is null then 0 else 1 end as reviewed
      from (${picked}) as picked left join ai_event_reviews as review on review.event_seq = picked.seq`.execute(db);
    rows.sort(newestFirst);
    seen.push(...rows);
    const last = rows.length === stretch ? rows.at(-1) : undefined;
    if (last && (end === undefined || newestFirst(last, end) < 0)) end = last;
  }
  const known = end === undefined ? seen : seen.filter((row) => newestFirst(row, end) <= 0);
  const wanted = known.sort(newestFirst).filter((row) => (row.reviewed === 1) === filter.query.reviewed);
  const page = wanted.slice(0, limit);
  const next = wanted.length > limit ? page.at(-1) : end;
  const rows =
    page.length === 0
      ? []
      : await selectEvents(db)
          .where(
            "e.seq",
            "in",
            page.map((row) => row.seq),
          )
          .execute();
  return {
    items: rows.sort(newestFirst).map(apiEvent),
    next_cursor: next ? encodeCursor(next.timestamp_ms, next.seq) : null,
  };
}

type ScannedRow = { seq: number; timestamp_ms: number; reviewed: number };

function newestFirst(a: { timestamp_ms: number; seq: number }, b: { timestamp_ms: number; seq: number }): number {
  return b.timestamp_ms - a.timestamp_ms || b.seq - a.seq;
}

type Filter = {
  query: AiEventQuery;
  cameraIds?: string[];
  fromMs: number | undefined;
  toMs: number | undefined;
  cursor: { timestampMs: number; seq: number } | undefined;
  limit: number;
};

/**
 * How a condition is written so that the planners of SQLite and PostgreSQL take one index and no other: what is part of an
 * expression is read from the index, and not looked for by it.
 */
type Way = {
  text(column: string): RawBuilder<unknown>;
  number(column: string): RawBuilder<unknown>;
  least: RawBuilder<unknown>;
};

/** From the newest on, along the index of whatever must be equal; all other conditions are answered by the index alone. */
const byTime: Way = {
  text: (column) => sql.ref(column),
  number: (column) => sql.ref(column),
  least: sql`+c.confidence`,
};
/** Every row above the confidence, where these are few: from the newest on, very many would be passed before one fits. */
const byConfidence: Way = {
  text: (column) => sql`${sql.ref(column)} || ''`,
  number: (column) => sql`+${sql.ref(column)}`,
  least: sql`c.confidence`,
};
/** Rows above a confidence are everywhere in the store and must be sorted: each costs as much as so many along the time. */
const COST_OF_RARE = 4;
/** More are never few. */
const MOST_RARE = 20_000;

/** The `seq` and the time of the newest rows that fit. */
function pick({ query, cameraIds, fromMs, toMs, cursor, limit }: Filter, way: Way): RawBuilder<unknown> {
  const { text, number } = way;
  const time = number("c.timestamp_ms");
  const all = [sql`1 = 1`];
  if (query.camera_id !== undefined) all.push(sql`${text("c.camera_id")} = ${query.camera_id.toLowerCase()}`);
  if (cameraIds?.length === 1) all.push(sql`${text("c.camera_id")} = ${cameraIds[0]}`);
  else if (cameraIds) all.push(sql`${text("c.camera_id")} in (${sql.join(anyOf(cameraIds))})`);
  if (query.model_id !== undefined) all.push(sql`${text("c.model_id")} = ${query.model_id}`);
  if (query.label !== undefined) all.push(sql`${text("c.label")} = ${query.label}`);
  if (query.min_confidence !== undefined) all.push(sql`${way.least} >= ${query.min_confidence}`);
  if (fromMs !== undefined) all.push(sql`${time} >= ${fromMs}`);
  if (toMs !== undefined) all.push(sql`${time} < ${toMs}`);
  if (cursor) all.push(sql`(${time}, ${number("c.seq")}) < (${cursor.timestampMs}, ${cursor.seq})`);
  return sql`select seq, timestamp_ms from (select c.seq as seq, c.timestamp_ms as timestamp_ms from ai_events as c
    where ${sql.join(all, sql` and `)} order by ${time} desc, ${number("c.seq")} desc limit ${limit}) as picked`;
}

/**
 * Whether all rows that reach a confidence cost less than those that are passed from the newest on until enough of them
 * reach it: `limit * all / those`, where they are spread evenly.
 */
async function isRareConfidence(db: Database, least: number, limit: number): Promise<boolean> {
  const all = await sql<{ rows: number | null }>`select max(seq) as rows from ai_events`.execute(db);
  const even = Math.sqrt((limit * Number(all.rows[0]?.rows ?? 0)) / COST_OF_RARE);
  const most = Math.min(MOST_RARE, Math.ceil(even));
  const { rows } = await sql<{ found: number }>`select count(*) as found from
    (select 1 from ai_events where confidence >= ${least} limit ${most + 1}) as counted`.execute(db);
  return Number(rows[0]?.found) <= most;
}

/** The events with these ids, in no particular order; unknown ids are left out. */
export async function eventsById(db: Database, ids: string[]): Promise<AiEvent[]> {
  const events: AiEvent[] = [];
  for (const some of chunks(ids)) {
    const rows = await selectEvents(db).where("e.id", "in", some).execute();
    events.push(...rows.map(apiEvent));
  }
  return events;
}

/** The closing by its primary key, the newest picture and clip by their index: one statement, whatever the page. */
function selectEvents(db: Database) {
  return db
    .selectFrom("ai_events as e")
    .leftJoin("ai_event_closings as closing", "closing.event_id", "e.id")
    .leftJoin("ai_event_reviews as review", "review.event_seq", "e.seq")
    .select(["e.seq", "e.id", "e.camera_id", "e.model_id", "e.timestamp_ms", "e.frame_id", "e.pts90k", "e.label"])
    .select(["e.detections", "e.confidence", "e.event_metadata", "e.created_at", "e.stream"])
    .select(["review.reviewed_by", "review.reviewed_at"])
    .select(["closing.ended_at_ms", "closing.frames", "closing.best_confidence", "closing.best_frame_id"])
    .select((eb) => [
      eb
        .selectFrom("snapshots as s")
        .select("s.id")
        .whereRef("s.event_id", "=", "e.id")
        .orderBy("s.created_at", "desc")
        .orderBy("s.id", "desc")
        .limit(1)
        .as("snapshot_id"),
      eb
        .selectFrom("clips as c")
        .select("c.id")
        .whereRef("c.event_id", "=", "e.id")
        .orderBy("c.created_at", "desc")
        .orderBy("c.id", "desc")
        .limit(1)
        .as("clip_id"),
    ]);
}

type EventRow = Awaited<ReturnType<ReturnType<typeof selectEvents>["execute"]>>[number];

function apiEvent(row: EventRow): AiEvent {
  return {
    id: row.id,
    camera_id: row.camera_id,
    model_id: row.model_id,
    timestamp: isoTime(row.timestamp_ms),
    frame_id: row.frame_id,
    pts90k: row.pts90k,
    stream: row.stream,
    label: row.label,
    detections: JSON.parse(row.detections) as Detection[],
    confidence: row.confidence,
    event_metadata: JSON.parse(row.event_metadata) as Record<string, unknown>,
    created_at: isoTime(row.created_at),
    ended_at: row.ended_at_ms === null ? null : isoTime(row.ended_at_ms),
    frames: row.frames,
    best_confidence: row.best_confidence,
    best_frame_id: row.best_frame_id,
    snapshot_id: row.snapshot_id,
    clip_id: row.clip_id,
    review:
      row.reviewed_by === null || row.reviewed_at === null
        ? null
        : { by: row.reviewed_by, at: isoTime(row.reviewed_at) },
  };
}

function eventRow(event: EventOpened, nowWallMs: number) {
  return {
    id: event.event_id,
    camera_id: event.camera_id,
    model_id: event.model_id,
    timestamp_ms: Date.parse(event.timestamp),
    frame_id: event.frame_id,
    pts90k: event.pts90k,
    label: event.label,
    detections: JSON.stringify(event.detections),
    confidence: event.confidence,
    event_metadata: JSON.stringify(event.event_metadata),
    stream: event.stream ?? "main",
    created_at: nowWallMs,
  };
}

function closingRow(closing: EventClosed, nowWallMs: number) {
  return {
    event_id: closing.event_id,
    ended_at_ms: Date.parse(closing.ended_at),
    frames: closing.frames,
    best_confidence: closing.best_confidence,
    best_frame_id: closing.best_frame_id,
    created_at: nowWallMs,
  };
}

async function idsPresent(db: Database, table: "cameras" | "ai_events", ids: string[]): Promise<Set<string>> {
  const present = new Set<string>();
  for (const some of chunks([...new Set(ids)])) {
    const rows = await db.selectFrom(table).select("id").where("id", "in", some).execute();
    for (const row of rows) present.add(row.id);
  }
  return present;
}

function chunks<T>(all: T[]): T[][] {
  const out: T[][] = [];
  for (let at = 0; at < all.length; at += ROWS_PER_STATEMENT) out.push(all.slice(at, at + ROWS_PER_STATEMENT));
  return out;
}

function encodeCursor(timestampMs: number, seq: number): string {
  return Buffer.from(`${timestampMs}.${seq}`).toString("base64url");
}

function decodeCursor(cursor: string): { timestampMs: number; seq: number } {
  const match = /^(-?\d{1,16})\.(\d{1,16})$/.exec(Buffer.from(cursor, "base64url").toString("latin1"));
  const timestampMs = Number(match?.[1]);
  const seq = Number(match?.[2]);
  if (!Number.isSafeInteger(timestampMs) || !Number.isSafeInteger(seq) || encodeCursor(timestampMs, seq) !== cursor)
    throw new CodedError("cursor_invalid");
  return { timestampMs, seq };
}
