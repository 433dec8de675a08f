/**
 * What a year of one camera costs: a million segments and a million events in SQLite, asked for as the web asks.
 *
 *     node_modules/.bin/node bench/timeline.ts [rows]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { systemClock } from "@vas/base/clock.ts";
import { Continuity } from "../apps/vas/src/backend/continuity.ts";
import { cameraById } from "../apps/vas/src/backend/store/cameras.ts";
import { openDatabase } from "../apps/vas/src/backend/store/database.ts";

const DAY_MS = 86_400_000;
const rows = Number(process.argv[2] ?? 1_000_000);
const folder = mkdtempSync(join(tmpdir(), "vas-bench-timeline-"));
const path = join(folder, "vas.sqlite");
const db = openDatabase(path);
const id = crypto.randomUUID();
const toMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
const fromMs = toMs - 365 * DAY_MS;
const step = Math.floor((toMs - fromMs) / rows);

const raw = new DatabaseSync(path);
raw.exec("PRAGMA synchronous = OFF; BEGIN");
raw
  .prepare(
    "INSERT INTO cameras (id, name, rtsp_url, record, started, created_at, updated_at) VALUES (?, 'Bench', 'rtsp://192.0.2.1/', 1, 1, ?, 0)",
  )
  .run(id, fromMs - DAY_MS);
const segment = raw.prepare(
  "INSERT INTO segments VALUES (?, ?, 'run', 'p', ?, ?, ?, ?, 1000000, 800, 'avc1', 1920, 1080, 0)",
);
const event = raw.prepare(
  "INSERT INTO ai_events (id, camera_id, model_id, timestamp_ms, frame_id, pts90k, label, detections, confidence, event_metadata, created_at) VALUES (?, ?, 'm', ?, 1, ?, ?, '[]', 0.9, '{}', 0)",
);
for (let n = 0; n < rows; n++) {
  const at = fromMs + n * step;
  // One in a thousand is missing, as a camera that is restarted now and then leaves it.
  if (n % 1000 !== 999) segment.run(`s${n}`, id, at, at + step, at * 90, (at + step) * 90);
  event.run(`e${n}`, id, at, at * 90, ["person", "car", "dog", "bicycle"][n % 4] as string);
}
raw.exec("COMMIT; ANALYZE");
raw.close();

const camera = await cameraById(db, id);
if (!camera) throw new Error("the camera is not there");
const continuity = new Continuity({ db, clock: systemClock, kernel: { openSegment: () => undefined } as never });
const signal = new AbortController().signal;

async function measure(what: string, range: { fromMs: number; toMs: number; bucketMs: number }, times: number) {
  const walls: number[] = [];
  const cpus: number[] = [];
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let bytes = 0;
  for (let turn = 0; turn < times; turn++) {
    const [wall, cpu] = [performance.now(), process.cpuUsage()];
    delay.enable();
    const answer = await continuity.timeline(camera as NonNullable<typeof camera>, range, signal);
    delay.disable();
    const used = process.cpuUsage(cpu);
    walls.push(performance.now() - wall);
    cpus.push((used.user + used.system) / 1000);
    bytes = JSON.stringify(answer).length;
  }
  const median = (values: number[]) => (values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0).toFixed(1);
  console.log(
    `${what}: ${median(cpus)} ms of processor, ${median(walls)} ms, longest turn ${(delay.max / 1e6).toFixed(1)} ms, ${bytes} bytes`,
  );
}

console.log(`${rows} segments and as many events in a year`);
const year = { fromMs, toMs, bucketMs: DAY_MS };
await measure("a year, first look", year, 1);
await measure("a year, after that", year, 9);
await measure("a month, after that", { fromMs: toMs - 31 * DAY_MS, toMs, bucketMs: 7_200_000 }, 9);
await measure(
  "a day in minutes, after that",
  { fromMs: toMs - 3 * DAY_MS, toMs: toMs - 2 * DAY_MS, bucketMs: 300_000 },
  9,
);
await db.destroy();
rmSync(folder, { recursive: true });
