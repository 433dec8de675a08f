import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "@vas/base/clock.ts";
import { createLog } from "@vas/base/log.ts";
import { Counters } from "./counters.ts";
import { applyRetention, expiredSegments, segmentsForSpace } from "./retention.ts";
import { insertCamera } from "./store/cameras.ts";
import { openDatabase } from "./store/database.ts";
import { oldestSegments, saveSegment } from "./store/recordings.ts";
import { makeSegment, MOMENT } from "./testing/site.ts";

const DAY_MS = 86_400_000;
const cam = "00000000-0000-4000-8000-00000000000a";

test("a segment is too old once its end is older than the camera keeps, never while it is open", () => {
  const segments = [makeSegment(cam, 0), makeSegment(cam, 1), makeSegment(cam, 2, { open: true }), makeSegment(cam, 9)];
  const now = MOMENT + DAY_MS + 30_001;
  assert.deepEqual(expiredSegments(segments, 1, now), segments.slice(0, 2));
  assert.deepEqual(expiredSegments(segments, 0.5, now), [segments[0], segments[1], segments[3]]);
  assert.deepEqual(expiredSegments(segments, 2, now), []);
});

test("the oldest go until enough of the disk is free, and no more", () => {
  const segments = [0, 1, 2, 3].map((n) => makeSegment(cam, n, { sizeBytes: 10, open: n === 1 }));
  const chosen = (freeBytes: number, percent = 10) =>
    segmentsForSpace(segments, { freeBytes, totalBytes: 1000 }, percent).map((s) => segments.indexOf(s));
  assert.deepEqual(chosen(100), []);
  assert.deepEqual(chosen(99), [0]);
  assert.deepEqual(chosen(90), [0]);
  assert.deepEqual(chosen(89), [0, 2]);
  assert.deepEqual(chosen(0), [0, 2, 3]);
  assert.deepEqual(chosen(0, 0), [], "0 percent turns it off");
});

test("a round deletes files and rows, by age and for the disk, and says what it did for the disk", async () => {
  const db = openDatabase(":memory:");
  const now = MOMENT + 10 * DAY_MS;
  const camera = { name: "", rtsp_url: "", username: null, password_sealed: null, record: 1, started: 1 };
  const other = "00000000-0000-4000-8000-00000000000b";
  for (const [id, retention_days] of [
    [cam, 5],
    [other, null],
  ] as const)
    await insertCamera(db, { ...camera, id, retention_days, created_at: 0, updated_at: 0 }, 64);
  for (let n = 0; n < 3; n++) {
    await saveSegment(db, makeSegment(cam, n));
    await saveSegment(db, makeSegment(cam, n + 86_400 - 10 - 8640));
    await saveSegment(db, makeSegment(other, n, { sizeBytes: 10 }));
  }
  const deleted: string[] = [];
  const logged: string[] = [];
  const expired: [string, number][] = [];
  const disk = { freeBytes: 100, totalBytes: 1000 };
  const parts = {
    db,
    kernel: { deleteFiles: async (paths: string[]) => void deleted.push(...paths), diskSpace: async () => disk },
    track: { expire: async (id: string, beforeWallMs: number) => expired.push([id, beforeWallMs]) },
    counters: new Counters(),
    log: createLog((line) => logged.push(line)),
    clock: { ...systemClock, wallMs: () => now },
    freePercent: 10,
  };
  await applyRetention(parts);
  assert.deepEqual(
    deleted,
    [0, 1, 2].map((n) => `recordings/${cam}/${n}.mp4`),
  );
  assert.deepEqual(logged, []);
  assert.deepEqual(expired, [[cam, now - 5 * DAY_MS]], "the track goes with the recording");
  disk.freeBytes = 85;
  await applyRetention(parts);
  assert.deepEqual(
    deleted.slice(3),
    [0, 1].map((n) => `recordings/${other}/${n}.mp4`),
  );
  assert.equal((await oldestSegments(db, 100)).length, 4);
  assert.deepEqual(expired.at(-1), [other, MOMENT + 20_000], "the track is as long as what is left of the recording");
  assert.match(logged.join(""), /the disk is nearly full/);
  await db.destroy();
});
