/**
 * How long a page of AI events takes at 10^4, 10^6 and 10^7 rows: the newest, by camera, by time, and every combination of
 * filters, with confidences that many, few and no rows reach. Beside it the same newest page by bare SQLite.
 *
 *   node bench/events-queries.ts [rows ...]
 *   node bench/events-queries.ts postgres [rows ...]      the same queries on a PostgreSQL of its own: this thread's
 *                                                         processor time and that of the server's processes
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createLog } from "@vas/base/log.ts";
import type { AiEventQuery } from "@vas/contracts/http.ts";
import { startPostgres } from "@vas/testkit/postgres.ts";
import koffi from "koffi";
import { sql } from "kysely";
import { listEvents } from "../apps/vas/src/backend/store/ai-events.ts";
import { openStore, type StoreLocation } from "../apps/vas/src/backend/store/database.ts";

const CLOCK_THREAD_CPUTIME_ID = 3;
koffi.struct("Timespec", { seconds: "int64", ns: "int64" });
const clockGetTime = koffi.load("libc.so.6").func("int clock_gettime(int clock, _Out_ Timespec *time)");

const CAMERAS = 64;
const MODELS = 5;
const LABELS = 40;
const ROUNDS = 200;
const START_MS = Date.parse("2026-01-01T00:00:00.000Z");
const STEP_MS = 1000;

const onPostgres = process.argv[2] === "postgres";
const given = process.argv.slice(onPostgres ? 3 : 2).map(Number);
const sizes = given.length > 0 ? given : [1e4, 1e6, 1e7];
/** Of the server that answers, where it is not this thread. */
let serverPids: number[] = [];
let seed = 1;
const random = (below: number) => {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
  return seed % below;
};
const camera = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

for (const rows of sizes) {
  if (onPostgres) {
    // Autovacuum comes by at no moment but the one that is modelled.
    await using postgres = await startPostgres({ settings: { autovacuum: "off" } });
    const url = await postgres.createDatabase("events");
    await measure(rows, { dialect: "postgres", url }, (statement) => postgres.query(statement, "events", 3_600_000));
    continue;
  }
  const folder = mkdtempSync(join(tmpdir(), "bench-events-"));
  try {
    await measure(rows, { dialect: "sqlite", path: join(folder, "vas.sqlite") });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(
  rows: number,
  location: StoreLocation,
  run?: (statement: string) => Promise<string>,
): Promise<void> {
  const begun = performance.now();
  const log = createLog((line) => process.stderr.write(line));
  const empty = await openStore(location, log);
  await empty.destroy();
  if (run) await fillPostgres(run, rows);
  if (location.dialect === "sqlite") fill(location.path, rows);
  const made = ((performance.now() - begun) / 1000).toFixed(0);
  const db = await openStore(location, log);
  const iso = (n: number) => new Date(START_MS + n * STEP_MS).toISOString();
  const dimensions: Record<string, () => AiEventQuery> = {
    camera: () => ({ camera_id: camera(random(CAMERAS)) }),
    model: () => ({ model_id: `model-${random(MODELS)}` }),
    label: () => ({ label: `label-${random(LABELS)}` }),
    confidence: () => ({ min_confidence: [0.5, 0.9, 0.99, 0.999, 0.9999, 1][random(6)] }),
    time: () => {
      const from = random(rows);
      return { from: iso(from), to: iso(from + 1 + random(Math.ceil(rows / 10))) };
    },
  };
  const size =
    location.dialect === "sqlite"
      ? `, ${(statSync(location.path).size / rows).toFixed(0)} bytes a row with its indexes`
      : "";
  console.log(`\n${location.dialect}, ${rows.toExponential(0)} rows${size}, made in ${made} s`);
  console.log(
    "| filters | processor p50 ms | processor p99 ms | wall p50 ms | wall p99 ms |\n| --- | --- | --- | --- | --- |",
  );
  serverPids =
    location.dialect === "postgres"
      ? (
          await sql<{ pid: number }>`select pid from pg_stat_activity where application_name = 'vas'`.execute(db)
        ).rows.map((row) => row.pid)
      : [];
  const names = Object.keys(dimensions);
  let worst = 0;
  for (let mask = 0; mask < 1 << names.length; mask++) {
    const used = names.filter((_, bit) => mask & (1 << bit));
    const took: Took[] = [];
    let query: AiEventQuery = {};
    for (let round = 0; round < ROUNDS; round++) {
      query = Object.assign({}, ...used.map((name) => dimensions[name]?.()));
      took.push(await timed(() => listEvents(db, query)));
    }
    worst = Math.max(worst, told(used.join(" + ") || "newest", took));
  }
  console.log(`worst p99 of any combination: ${worst.toFixed(2)} ms`);
  const paged: Took[] = [];
  let cursor: string | null = null;
  for (let round = 0; round < ROUNDS; round++) {
    const query: AiEventQuery = cursor === null ? {} : { cursor };
    const turn = async () => {
      cursor = (await listEvents(db, query)).next_cursor;
    };
    paged.push(await timed(turn));
  }
  told("newest, page after page", paged);
  const granted = Array.from({ length: 8 }, (_, n) => camera(n));
  const seen: Took[] = [];
  for (let round = 0; round < ROUNDS; round++) seen.push(await timed(() => listEvents(db, {}, granted)));
  told("newest of 8 cameras that the caller may see", seen);
  await db.destroy();
  if (location.dialect === "postgres") return;
  const bare = new DatabaseSync(location.path, { readOnly: true });
  const newest = bare.prepare("SELECT * FROM ai_events ORDER BY timestamp_ms DESC, seq DESC LIMIT 51");
  const bareTook: Took[] = [];
  for (let round = 0; round < ROUNDS; round++) bareTook.push(await timed(async () => newest.all()));
  told("newest, bare SQLite, rows only", bareTook);
  bare.close();
}

/** The same rows, made by the server itself. Not over the store's own connections: those give up after 15 s. */
async function fillPostgres(run: (statement: string) => Promise<string>, rows: number): Promise<void> {
  const indexes = (
    await run(
      "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'ai_events' AND indexname LIKE 'ai_events_by%'",
    )
  )
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("|"));
  for (const [name] of indexes) await run(`DROP INDEX ${name}`);
  for (let from = 0; from < rows; from += 1_000_000)
    await run(`
      INSERT INTO ai_events (id, camera_id, model_id, timestamp_ms, frame_id, pts90k, label, detections, confidence, event_metadata, created_at)
      SELECT lpad(to_hex(i), 8, '0') || '-0000-4000-8000-000000000000',
        '00000000-0000-4000-8000-' || lpad((floor(random() * ${CAMERAS}))::int::text, 12, '0'),
        'model-' || (floor(random() * ${MODELS}))::int, ${START_MS}::bigint + i::bigint * ${STEP_MS} + (floor(random() * 5000))::int, i + 1,
        (${START_MS}::bigint + i::bigint * ${STEP_MS}) * 90, 'label-' || (floor(random() * ${LABELS}))::int,
        '[{"class_id":0,"class_name":"person","confidence":0.91,"bbox":[0.1123,0.2231,0.3312,0.4421]}]',
        0.3 + random() * 0.7, '{}', ${START_MS}::bigint + i::bigint * ${STEP_MS}
      FROM generate_series(${from}, ${Math.min(rows, from + 1_000_000) - 1}) AS i`);
  for (const [, definition] of indexes) await run(String(definition));
  await run(
    "INSERT INTO ai_event_closings SELECT id, timestamp_ms + 9000, 12, confidence, frame_id, created_at FROM ai_events",
  );
  await run("VACUUM ANALYZE");
  // As just before autovacuum comes by: each of the newest rows is looked up, as many as the table's settings let be.
  const options = new Map(
    (
      await run(
        "SELECT option_name, option_value FROM pg_class, pg_options_to_table(reloptions) WHERE relname = 'ai_events'",
      )
    )
      .split("\n")
      .map((line) => line.split("|") as [string, string]),
  );
  const setting = (name: string, ofServer: number) =>
    Number(options.get(`autovacuum_vacuum_insert_${name}`) ?? ofServer);
  const unseen = Math.min(rows, Math.round(setting("threshold", 1000) + setting("scale_factor", 0.2) * rows));
  await run(`BEGIN; DELETE FROM ai_events WHERE frame_id > ${rows - unseen}; ROLLBACK`);
  console.log(`\nof the newest ${unseen} rows none is marked as visible to all`);
}

/** Rows as Core sends them; indexes are made afterwards, which is what takes long otherwise. */
function fill(path: string, rows: number): void {
  const sqlite = new DatabaseSync(path);
  sqlite.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000");
  const indexes = sqlite
    .prepare("SELECT name, sql FROM sqlite_master WHERE tbl_name = 'ai_events' AND type = 'index' AND sql IS NOT NULL")
    .all() as { name: string; sql: string }[];
  for (const { name } of indexes) sqlite.exec(`DROP INDEX ${name}`);
  sqlite.exec(`
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${rows})
    INSERT INTO ai_events (id, camera_id, model_id, timestamp_ms, frame_id, pts90k, label, detections, confidence, event_metadata, created_at)
    SELECT printf('%08x-0000-4000-8000-000000000000', i), printf('00000000-0000-4000-8000-%012d', abs(random()) % ${CAMERAS}),
      printf('model-%d', abs(random()) % ${MODELS}), ${START_MS} + i * ${STEP_MS} + abs(random()) % 5000, i + 1, (${START_MS} + i * ${STEP_MS}) * 90,
      printf('label-%d', abs(random()) % ${LABELS}),
      '[{"class_id":0,"class_name":"person","confidence":0.91,"bbox":[0.1123,0.2231,0.3312,0.4421]}]',
      0.3 + (abs(random()) % 700000) / 1000000.0, '{}', ${START_MS} + i * ${STEP_MS} FROM n`);
  for (const { sql } of indexes) sqlite.exec(sql);
  sqlite.exec(
    "INSERT INTO ai_event_closings SELECT id, timestamp_ms + 9000, 12, confidence, frame_id, created_at FROM ai_events",
  );
  sqlite.close();
}

type Took = { wallMs: number; cpuMs: number };

/** On a machine that others use too, the wall clock's tail is theirs; SQLite works on this thread alone. */
async function timed(work: () => Promise<unknown>): Promise<Took> {
  const started = performance.now();
  const before = threadNs() + serverNs();
  await work();
  return { cpuMs: (threadNs() + serverNs() - before) / 1e6, wallMs: performance.now() - started };
}

function serverNs(): number {
  return serverPids.reduce(
    (sum, pid) => sum + Number(readFileSync(`/proc/${pid}/schedstat`, "latin1").split(" ")[0]),
    0,
  );
}

/** Nanoseconds that this thread was on a processor; the counters below /proc move by the kernel's ticks only. */
function threadNs(): number {
  const time: { seconds?: number; ns?: number } = {};
  clockGetTime(CLOCK_THREAD_CPUTIME_ID, time);
  return Number(time.seconds) * 1e9 + Number(time.ns);
}

/** @returns the 99th percentile of the processor time that the page costs */
function told(name: string, took: Took[]): number {
  const at = (of: keyof Took, part: number) => {
    const sorted = took.map((entry) => entry[of]).toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
  };
  const cells = [at("cpuMs", 0.5), at("cpuMs", 0.99), at("wallMs", 0.5), at("wallMs", 0.99)];
  console.log(`| ${name} | ${cells.map((ms) => ms.toFixed(2)).join(" | ")} |`);
  return at("cpuMs", 0.99);
}
