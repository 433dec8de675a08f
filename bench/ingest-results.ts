/**
 * What Core sends, taken in: results per second from bytes to the track, and events per second from bytes to the store,
 * beside bare SQLite inserting the same bytes in the same transactions. Also bytes of the track per result.
 *
 *   node bench/ingest-results.ts [messages] [rounds]
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "@vas/base/clock.ts";
import { createLog } from "@vas/base/log.ts";
import type { Result } from "@vas/contracts/live.ts";
import type { EventOpened } from "@vas/contracts/results.ts";
import { readMessage } from "../apps/vas/src/backend/signaling/core-message.ts";
import { storeEvents } from "../apps/vas/src/backend/store/ai-events.ts";
import { openDatabase } from "../apps/vas/src/backend/store/database.ts";
import { Track } from "../apps/vas/src/backend/track/track.ts";

const messages = Number(process.argv[2] ?? 200);
const rounds = Number(process.argv[3] ?? 5);
const PER_MESSAGE = 32;
const CAMERA = "11111111-1111-4111-8111-111111111111";
const START_MS = Date.parse("2026-01-01T00:00:00.000Z");

const detections = (n: number) =>
  Array.from({ length: 4 }, (_, box) => ({
    class_id: box,
    class_name: ["person", "car", "bicycle", "dog"][box] as string,
    confidence: 0.4 + ((n * 7 + box) % 60) / 100,
    bbox: [0, 1, 2, 3].map((edge) => ((n * 13 + box * 101 + edge * 977) % 10_000) / 10_000) as [
      number,
      number,
      number,
      number,
    ],
    track_id: n + box,
  }));
const result = (n: number): Result => ({
  camera_id: CAMERA,
  model_id: "person",
  frame_id: n + 1,
  pts90k: (START_MS + n * 200) * 90,
  wall_ms: START_MS + n * 200 + (n % 7),
  width: 1920,
  height: 1080,
  detections: detections(n),
  inference_ms: 11.5,
  latency_ms: 14.25,
});
const event = (n: number): EventOpened => ({
  event_id: `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`,
  camera_id: CAMERA,
  model_id: "person",
  timestamp: new Date(START_MS + n * 200).toISOString(),
  frame_id: n + 1,
  pts90k: (START_MS + n * 200) * 90,
  label: "person",
  detections: detections(n),
  confidence: 0.9,
  event_metadata: {},
});
const each = <T>(make: (n: number) => T) =>
  Array.from({ length: messages }, (_, m) => Array.from({ length: PER_MESSAGE }, (_, n) => make(m * PER_MESSAGE + n)));
const resultBytes = each(result).map((results, id) => Buffer.from(JSON.stringify({ id, type: "results", results })));
const eventBytes = each(event).map((opened, id) =>
  Buffer.from(JSON.stringify({ id, type: "events", opened, closed: [] })),
);

const resultRows = each((n) => JSON.stringify(result(n)));
const ratios: Record<string, number[]> = {
  results: [],
  "results, each message in its file before the next": [],
  events: [],
};
let trackBytes = 0;
for (let round = 0; round < rounds; round++) {
  const folder = mkdtempSync(join(tmpdir(), "bench-ingest-"));
  const bareResults = await rate(() => insertBare(join(folder, "bare.sqlite"), resultRows));
  const kept = await rate(() => keep(join(folder, "one"), false));
  const atOnce = await rate(() => keep(join(folder, "two"), true));
  const bareEvents = await rate(() => insertBareEvents(join(folder, "events.sqlite")));
  const events = await rate(() => ingestEvents(join(folder, "ours.sqlite")));
  ratios["results"]?.push(kept / bareResults);
  ratios["results, each message in its file before the next"]?.push(atOnce / bareResults);
  ratios["events"]?.push(events / bareEvents);
  const figures = { bareResults, kept, atOnce, bareEvents, events };
  console.log(
    Object.entries(figures)
      .map(([name, perSecond]) => `${name} ${perSecond.toFixed(0)}/s`)
      .join("  "),
  );
  rmSync(folder, { recursive: true });
}
for (const [name, values] of Object.entries(ratios))
  console.log(`${name} beside bare SQLite, median of ${rounds}: ${median(values).toFixed(2)}`);
const perResult = trackBytes / (messages * PER_MESSAGE);
console.log(
  `track: ${perResult.toFixed(1)} bytes per result of 4 boxes, ${((perResult * 5 * 86_400) / 1e6).toFixed(1)} MB a day at 5 fps`,
);

async function rate(work: () => Promise<void> | void): Promise<number> {
  const started = performance.now();
  await work();
  return (messages * PER_MESSAGE * 1000) / (performance.now() - started);
}

/** @param each whether every message is in its file before the next one is read; else as VAS does it, within a second */
async function keep(mediaDir: string, each: boolean): Promise<void> {
  const known = async () => ({ cameras: new Set([CAMERA]), models: new Set(["person"]) });
  const log = createLog(() => undefined);
  const track = new Track({ mediaDir, log, clock: systemClock, known, newestPts90k: () => 0 });
  for (const [n, bytes] of resultBytes.entries()) {
    const read = readMessage(bytes, false);
    if (!read.ok || read.value.type !== "results") throw new Error("the bench's own message was refused");
    for (const entry of read.value.results) track.keep(entry);
    // Ten messages a second are what 64 cameras with 5 fps send.
    if (each || n % 10 === 9) await track.flush();
  }
  await track.close();
  const files = join(mediaDir, "tracks", CAMERA, "person");
  trackBytes = readdirSync(files).reduce((sum, name) => sum + statSync(join(files, name)).size, 0);
}

async function ingestEvents(path: string): Promise<void> {
  const db = openDatabase(path);
  await db.insertInto("cameras").values(cameraRow()).execute();
  for (const bytes of eventBytes) {
    const read = readMessage(bytes, false);
    if (!read.ok || read.value.type !== "events") throw new Error("the bench's own message was refused");
    await storeEvents(db, [{ opened: read.value.opened, closed: [] }], START_MS);
  }
  await db.destroy();
}

/** The same columns into the same table with the same indexes, prepared once. */
async function insertBareEvents(path: string): Promise<void> {
  await openDatabase(path).destroy();
  const rows = each(event).map((events) =>
    events.map((e) => [
      e.event_id,
      e.camera_id,
      e.model_id,
      Date.parse(e.timestamp),
      e.frame_id,
      e.pts90k,
      e.label,
      JSON.stringify(e.detections),
      e.confidence,
      "{}",
      START_MS,
    ]),
  );
  const sqlite = new DatabaseSync(path);
  sqlite.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  const insert = sqlite.prepare(
    "INSERT INTO ai_events (id, camera_id, model_id, timestamp_ms, frame_id, pts90k, label, detections, confidence, event_metadata, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  for (const some of rows) {
    sqlite.exec("BEGIN");
    for (const row of some) insert.run(...row);
    sqlite.exec("COMMIT");
  }
  sqlite.close();
}

function insertBare(path: string, rows: string[][]): void {
  const sqlite = new DatabaseSync(path);
  sqlite.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE results (seq INTEGER PRIMARY KEY, json TEXT)",
  );
  const insert = sqlite.prepare("INSERT INTO results (json) VALUES (?)");
  for (const some of rows) {
    sqlite.exec("BEGIN");
    for (const json of some) insert.run(json);
    sqlite.exec("COMMIT");
  }
  sqlite.close();
}

function cameraRow() {
  const absent = { username: null, password_sealed: null, retention_days: null };
  return { id: CAMERA, name: "bench", rtsp_url: "", record: 1, started: 1, created_at: 0, updated_at: 0, ...absent };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
