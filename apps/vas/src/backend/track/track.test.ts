import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { TrackResult } from "@vas/contracts/http.ts";
import type { Detection } from "@vas/contracts/inference.ts";
import type { Result } from "@vas/contracts/live.ts";
import { openTrack, resultAt, START_MS, TRACK_CAMERA } from "../testing/track.ts";
import type { Track, TrackQuery } from "./track.ts";

const ALL = { results: 1_000_000, detections: 10_000_000 };
const WRITER = fileURLToPath(new URL("../testing/track.ts", import.meta.url));

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "vas-track-"));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

async function all(track: Track, query: TrackQuery = {}): Promise<TrackResult[]> {
  return (await track.read(TRACK_CAMERA, query, ALL)).results;
}

const outcome = (track: Track, name: string) =>
  track.counters().find((sample) => sample.labels.outcome === name)?.value ?? Number.NaN;
const filesOf = (mediaDir: string, model = "person") => {
  const path = join(mediaDir, "tracks", TRACK_CAMERA, model);
  return existsSync(path)
    ? readdirSync(path)
        .sort()
        .map((name) => join(path, name))
    : [];
};

function near(found: Detection, wanted: Detection): void {
  assert.equal(found.class_id, wanted.class_id);
  assert.equal(found.class_name, wanted.class_name);
  assert.ok(Math.abs(found.confidence - wanted.confidence) < 1e-4);
  for (const [at, value] of wanted.bbox.entries()) assert.ok(Math.abs((found.bbox[at] ?? 9) - value) < 2e-5);
}

test("what was kept is read back: frames exactly, fractions within a 50,000th of the frame", async (t) => {
  const track = openTrack(folder(t));
  const kept = Array.from({ length: 50 }, (_, n) => resultAt(n));
  const whole: Detection = {
    class_id: 70_000,
    class_name: "Zähler \u{1f600}",
    confidence: 1,
    bbox: [0, 0, 1, 1],
    track_id: null,
    keypoints: [
      [0.25, 0.5, 0.75],
      [-0.5, 1.25, 0],
    ],
    polygon: [
      [0.1, 0.1],
      [0.9, 0.1],
      [0.5, 0.8],
    ],
    mask: { size: [2, 2], counts: [1, 3] },
    text: "4711",
    value: -12.5,
    unit: "bar",
  };
  kept.push(resultAt(50, { detections: [whole, { ...whole, track_id: "a-7" }] }), resultAt(51, { detections: [] }));
  for (const result of kept) track.keep(result);
  const read = await all(track);
  assert.deepEqual(
    read.map(({ frame_id, pts90k, wall_ms, model_id }) => ({ frame_id, pts90k, wall_ms, model_id })),
    kept.map(({ frame_id, pts90k, wall_ms, model_id }) => ({ frame_id, pts90k, wall_ms, model_id })),
  );
  for (const [at, result] of read.entries())
    for (const [box, detection] of result.detections.entries())
      near(detection, (kept[at] as Result).detections[box] as Detection);
  assert.deepEqual(read[50]?.detections, [whole, { ...whole, track_id: "a-7" }]);
  assert.deepEqual(read[51]?.detections, [], "a frame without a detection was looked at");
  await track.close();
});

test("the track keeps of which stream a result is, also where that changes within a record", async (t) => {
  const track = openTrack(folder(t));
  const streams = Array.from({ length: 40 }, (_, n) => (n % 7 < 3 || n > 30 ? "sub" : undefined));
  for (const [n, stream] of streams.entries()) track.keep({ ...resultAt(n), ...(stream ? { stream } : {}) });
  await track.flush();
  assert.deepEqual(
    (await all(track)).map((result) => result.stream),
    streams,
  );
  await track.close();
});

test("a day of four boxes at 5 fps takes less than 100 MB", async (t) => {
  const mediaDir = folder(t);
  const track = openTrack(mediaDir);
  const seconds = 600;
  for (let n = 0; n < seconds * 5; n++) {
    track.keep(resultAt(n));
    if (n % 5 === 4) await track.flush();
  }
  await track.close();
  const size = filesOf(mediaDir).reduce((sum, path) => sum + statSync(path).size, 0);
  const day = (size / seconds) * 86_400;
  assert.ok(day < 40e6, `bytes a day: ${day}`);
});

test("any range is found, over files, models and pages, in ascending order", async (t) => {
  const mediaDir = folder(t);
  const track = openTrack(mediaDir);
  const hours = 3;
  const kept: Result[] = [];
  // One result every 20 s of each of two models, so that every hour has a file.
  for (let n = 0; n < hours * 180; n++)
    for (const model_id of ["person", "pose"]) {
      const result = resultAt(n * 100, { model_id, detections: [] });
      kept.push(result);
      track.keep(result);
    }
  await track.flush();
  assert.ok(filesOf(mediaDir).length >= hours, String(filesOf(mediaDir)));
  const key = ({ model_id, pts90k }: TrackResult | Result) => `${pts90k} ${model_id}`;
  const cases: [string, TrackQuery, (result: Result) => boolean][] = [
    ["everything", {}, () => true],
    ["one model", { modelId: "pose" }, (result) => result.model_id === "pose"],
    ["no such model", { modelId: "car" }, () => false],
  ];
  for (let at = 0; at < 60; at++) {
    const fromWallMs = START_MS + ((at * 7919) % (hours * 3600)) * 1000;
    const toWallMs = fromWallMs + ((at * 104_729) % 5000) * 1000;
    cases.push([`wall ${at}`, { fromWallMs, toWallMs }, (r) => r.wall_ms >= fromWallMs && r.wall_ms < toWallMs]);
    const [fromPts90k, toPts90k] = [fromWallMs * 90, toWallMs * 90];
    cases.push([`pts ${at}`, { fromPts90k, toPts90k }, (r) => r.pts90k >= fromPts90k && r.pts90k < toPts90k]);
  }
  for (const [name, query, wanted] of cases)
    assert.deepEqual((await all(track, query)).map(key), kept.filter(wanted).map(key), name);
  const paged: string[] = [];
  let after: TrackQuery["after"];
  for (;;) {
    const page = await track.read(TRACK_CAMERA, after ? { after } : {}, { results: 77, detections: 1000 });
    paged.push(...page.results.map(key));
    const last = page.results.at(-1);
    if (!page.more || !last) break;
    after = { pts90k: last.pts90k, modelId: last.model_id };
  }
  assert.deepEqual(paged, kept.map(key), "pages neither lose nor repeat");
  await track.close();
});

test("a writer killed with -9 loses nothing that it had flushed, and its successor goes on behind it", async (t) => {
  const mediaDir = folder(t);
  let first = 0;
  for (let round = 0; round < 3; round++) {
    const writer = spawn(process.execPath, [WRITER, mediaDir, String(first)], { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    writer.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.split("\n").length > 200 + round * 37) writer.kill("SIGKILL");
    });
    await once(writer, "close");
    const flushed = Number(said.trim().split("\n").at(-1));
    const track = openTrack(mediaDir);
    const read = await all(track);
    assert.deepEqual(
      read.map((result) => result.frame_id),
      Array.from({ length: read.length }, (_, n) => n + 1),
      "no result is missing and none is there twice",
    );
    assert.ok(read.length >= flushed, `flushed ${flushed}, read ${read.length}`);
    await track.close();
    first = read.length - 2; // the successor offers two again, which are left out
  }
});

test("a torn tail is passed over by readers and cut before the next file, whatever its length", async (t) => {
  const mediaDir = folder(t);
  const track = openTrack(mediaDir);
  for (let n = 0; n < 20; n++) {
    track.keep(resultAt(n));
    await track.flush();
  }
  await track.close();
  const [path = ""] = filesOf(mediaDir);
  const bytes = readFileSync(path);
  for (let cut = 1; cut < 200; cut += 3) {
    writeFileSync(path, bytes);
    truncateSync(path, bytes.length - cut);
    const again = openTrack(mediaDir);
    const before = await all(again);
    assert.ok(before.length >= 16 && before.length < 20, `cut ${cut}: ${before.length}`);
    again.keep(resultAt(30));
    const after = await all(again);
    assert.deepEqual(
      after.map((result) => result.frame_id),
      [...before.map((result) => result.frame_id), 31],
    );
    await again.close();
    for (const other of filesOf(mediaDir).slice(1)) rmSync(other);
  }
  writeFileSync(path, bytes);
  appendFileSync(path, Buffer.alloc(1000, 0xff));
  const again = openTrack(mediaDir);
  again.keep(resultAt(30));
  assert.equal((await all(again)).length, 21);
  assert.equal(statSync(path).size, bytes.length, "garbage is cut");
  await again.close();
});

test("a record that the disk has changed is left out and counted, those around it are read", async (t) => {
  const mediaDir = folder(t);
  const track = openTrack(mediaDir);
  for (let n = 0; n < 10; n++) {
    track.keep(resultAt(n));
    await track.flush();
  }
  const [path = ""] = filesOf(mediaDir);
  const bytes = readFileSync(path);
  bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 0x55;
  writeFileSync(path, bytes);
  assert.equal((await all(track)).length, 9);
  const broken = track.counters().find((sample) => sample.name === "track_broken_records_total");
  assert.equal(broken?.value, 1);
  await track.close();
});

test("results that are late, made up or of nobody are counted and not kept", async (t) => {
  const mediaDir = folder(t);
  const track = openTrack(mediaDir);
  track.keep(resultAt(10));
  for (const more of [resultAt(10), resultAt(9)]) track.keep(more);
  assert.equal(outcome(track, "late"), 2);
  for (const more of [
    { pts90k: 2 ** 52 },
    { pts90k: -1 },
    { wall_ms: -1 },
    { wall_ms: 2 ** 52 },
    { frame_id: 2 ** 51 },
  ])
    track.keep(resultAt(11, more));
  track.keep(resultAt(11, { pts90k: (Date.now() + 3_600_000) * 90 }));
  assert.equal(outcome(track, "out_of_range"), 6);
  track.keep(resultAt(11, { model_id: "invented" }));
  track.keep(resultAt(11, { camera_id: "99999999-9999-4999-8999-999999999999" }));
  await track.flush();
  assert.equal(outcome(track, "unknown"), 2);
  assert.deepEqual(readdirSync(join(mediaDir, "tracks")), [TRACK_CAMERA]);
  assert.deepEqual(readdirSync(join(mediaDir, "tracks", TRACK_CAMERA)), ["person"]);
  track.keep(resultAt(12));
  assert.deepEqual(
    (await all(track)).map((result) => result.frame_id),
    [11, 13],
    "the track goes on",
  );
  await track.close();
});

test("a wall clock that is set begins another file, and both times still find every result", async (t) => {
  const mediaDir = folder(t);
  const track = openTrack(mediaDir);
  const dayMs = 86_400_000;
  for (let n = 0; n < 30; n++) {
    const result = resultAt(n);
    track.keep(n < 10 ? result : { ...result, wall_ms: result.wall_ms - (n < 20 ? dayMs : 2 * dayMs) });
  }
  const frames = async (query: TrackQuery) => (await all(track, query)).map((result) => result.frame_id);
  const numbers = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n);
  assert.deepEqual(await frames({}), numbers(1, 30));
  assert.equal(filesOf(mediaDir).length, 3);
  const day = (back: number) => ({
    fromWallMs: START_MS - back * dayMs,
    toWallMs: START_MS - back * dayMs + 60_000,
  });
  assert.deepEqual(await frames(day(0)), numbers(1, 10));
  assert.deepEqual(await frames(day(1)), numbers(11, 10));
  assert.deepEqual(await frames(day(2)), numbers(21, 10));
  await track.close();
});

test("old files go, a camera that is deleted leaves nothing, and a disk that fails is counted", async (t) => {
  const mediaDir = folder(t);
  const track = openTrack(mediaDir);
  for (let hour = 0; hour < 5; hour++) track.keep(resultAt(hour * 18_000));
  await track.flush();
  assert.equal(filesOf(mediaDir).length, 5);
  await track.expire(TRACK_CAMERA, START_MS + 3.5 * 3_600_000);
  assert.equal(filesOf(mediaDir).length, 2);
  track.keep(resultAt(6 * 18_000));
  await track.forget(TRACK_CAMERA);
  assert.equal(existsSync(join(mediaDir, "tracks", TRACK_CAMERA)), false);
  await track.close();

  const blocked = folder(t);
  writeFileSync(join(blocked, "tracks"), "a file where a folder should be");
  const failing = openTrack(blocked);
  failing.keep(resultAt(0));
  await failing.flush();
  assert.equal(outcome(failing, "failed"), 1);
  assert.equal(failing.counters().find((sample) => sample.name === "track_waiting_bytes")?.value, 0);
  await failing.close();
});

test("what waits for a disk that stands still is bounded", async (t) => {
  const gate = Promise.withResolvers<void>();
  const { Track } = await import("./track.ts");
  const { systemClock } = await import("@vas/base/clock.ts");
  const { createLog } = await import("@vas/base/log.ts");
  const track = new Track({
    mediaDir: folder(t),
    log: createLog(() => undefined),
    clock: systemClock,
    newestPts90k: () => 0,
    known: async () => {
      await gate.promise;
      return { cameras: new Set([TRACK_CAMERA]), models: new Set(["person"]) };
    },
  });
  const text = "x".repeat(4000);
  const detections = Array.from({ length: 50 }, () => ({ ...(resultAt(0).detections[0] as Detection), text }));
  let n = 0;
  for (; outcome(track, "overflowed") < 10 && n < 1000; n++) track.keep(resultAt(n, { detections }));
  const waiting = track.counters().find((sample) => sample.name === "track_waiting_bytes")?.value ?? Number.NaN;
  assert.ok(waiting < 33 * 1024 * 1024, `bytes waiting: ${waiting}`);
  gate.resolve();
  await track.flush();
  assert.equal((await all(track)).length, n - 10);
  await track.close();
});
