/** Recorded files with numbered frames go in; what is burned into and drawn on every exported frame is read back. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { burnFrameNumber, readFrameNumber } from "@vas/testkit/picture.ts";
import type { Drawing, Exported, ExportRequest, SegmentRecord } from "../index.ts";
import { writeExport } from "./exports.ts";
import { readSegment } from "./pictures.ts";

const WIDTH = 320;
const HEIGHT = 240;
const START_MS = Date.parse("2026-03-01T12:00:00.000Z");
const BASE = START_MS * 90;
/** Frames of each recorded file; the last two belong to another run, four seconds later. */
const FILES = [
  { first: 0, count: 50, run: "a", lateMs: 0 },
  { first: 50, count: 50, run: "a", lateMs: 0 },
  { first: 100, count: 30, run: "b", lateMs: 4000 },
  { first: 130, count: 30, run: "b", lateMs: 4000 },
];

const wallOf = (frame: number) => START_MS + frame * 100 + (frame >= 100 ? 4000 : 0);
const ptsOf = (frame: number) => BASE + (wallOf(frame) - START_MS) * 90;

function paint(first: number, count: number): Buffer {
  const size = (WIDTH * HEIGHT * 3) / 2;
  const frames = Buffer.alloc(size * count, 128);
  for (let n = 0; n < count; n++) burnFrameNumber(frames.subarray(n * size, (n + 1) * size), WIDTH, HEIGHT, first + n);
  return frames;
}

/** As the recorder writes them: self-contained, times of the run's own clock. */
async function record(mediaDir: string, bFrames: number): Promise<SegmentRecord[]> {
  const segments: SegmentRecord[] = [];
  for (const [index, { first, count, run, lateMs }] of FILES.entries()) {
    const path = `${index}.mp4`;
    const offset = run === "a" ? first / 10 : (first - 100) / 10;
    const args =
      `-v error -f rawvideo -pix_fmt yuv420p -s ${WIDTH}x${HEIGHT} -r 10 -i pipe:0 -c:v libx264 -preset ultrafast -g 20 -bf ${bFrames}` +
      ` -crf 10 -threads 1 -output_ts_offset ${offset + 1} -movflags +frag_keyframe+empty_moov+default_base_moof+frag_discont` +
      ` -use_editlist 0 -avoid_negative_ts disabled -video_track_timescale 90000 -frag_duration 1000000 -f mp4 ${join(mediaDir, path)}`;
    execFileSync("ffmpeg", args.split(" "), { input: paint(first, count), stdio: ["pipe", "inherit", "inherit"] });
    const { init } = await readSegment(join(mediaDir, path));
    const startWallMs = START_MS + first * 100 + lateMs;
    segments.push({
      id: crypto.randomUUID(),
      cameraId: "camera",
      runId: run,
      path,
      startWallMs,
      endWallMs: startWallMs + count * 100,
      startPts90k: startWallMs * 90,
      endPts90k: (startWallMs + count * 100) * 90,
      sizeBytes: statSync(join(mediaDir, path)).size,
      initBytes: init.bytes.length,
      codec: init.codec,
      width: WIDTH,
      height: HEIGHT,
      open: false,
    });
  }
  return segments;
}

/** Where the box of frame `n` begins: another place for each of 25 frames in a row. */
const leftOf = (frame: number) => 8 + (frame % 25) * 12;

function drawingOf(frame: number, layer = "model"): Drawing {
  const left = leftOf(frame) / WIDTH;
  const top = layer === "model" ? 0.5 : 0.75;
  return {
    pts90k: ptsOf(frame),
    layer,
    shapes: [{ box: [left, top, left + 16 / WIDTH, top + 0.1], label: "", colour: 0 }],
  };
}

async function* each(drawings: Drawing[]): AsyncGenerator<Drawing> {
  yield* drawings;
}

type Shown = { frame: number | null; boxes: (number | null)[]; ms: number };

/** Every frame of an MP4: its number, the left edge of the box in each of two rows, and when it is shown. */
function watch(file: string): Shown[] {
  const read = (args: string) =>
    execFileSync("ffmpeg", `-v error -i ${file} ${args}`.split(" "), { maxBuffer: 512 * 1024 * 1024 });
  const pictures = read("-fps_mode passthrough -f rawvideo -pix_fmt yuv420p pipe:1");
  const times = read("-fps_mode passthrough -enc_time_base 1:1000 -f framecrc pipe:1")
    .toString()
    .split("\n")
    .filter((line) => line.startsWith("0,"))
    .map((line) => Number(line.split(",")[2]));
  const size = (WIDTH * HEIGHT * 3) / 2;
  assert.equal(pictures.length, size * times.length);
  return times.map((ms, at) => {
    const picture = pictures.subarray(at * size, (at + 1) * size);
    const red = (y: number) => {
      const row = WIDTH * HEIGHT * 1.25 + (y >> 1) * (WIDTH / 2);
      for (let x = 0; x < WIDTH / 2; x++) if ((picture[row + x] ?? 0) > 180) return 2 * x;
      return null;
    };
    return {
      frame: readFrameNumber(picture, WIDTH, HEIGHT, WIDTH),
      boxes: [red(HEIGHT * 0.55), red(HEIGHT * 0.8)],
      ms,
    };
  });
}

function setUp(t: TestContext): string {
  const mediaDir = mkdtempSync(join(tmpdir(), "vas-export-"));
  t.after(() => rmSync(mediaDir, { recursive: true }));
  return mediaDir;
}

const request = (segments: SegmentRecord[], more: Partial<ExportRequest> = {}): ExportRequest => ({
  segments,
  fromWallMs: START_MS,
  toWallMs: wallOf(160),
  path: "exports/out.mp4",
  onProgress: () => undefined,
  signal: AbortSignal.timeout(120_000),
  ...more,
});

/** Milliseconds into the file at which a frame is, as the export says. */
function timeOf({ parts }: Exported, frame: number): number | undefined {
  const part = parts.find((entry) => ptsOf(frame) >= entry.startPts90k && ptsOf(frame) < entry.endPts90k);
  return part && (part.atTicks + ptsOf(frame) - part.startPts90k) / 90;
}

for (const bFrames of [0, 2]) {
  test(`burned in, every frame has the boxes of its own result, or of the newest before it for 2 s [B-frames:${bFrames}]`, async (t) => {
    const mediaDir = setUp(t);
    const segments = await record(mediaDir, bFrames);
    // A model that looks at every third frame and falls silent from 60 to 90; and one that looks at every frame.
    const looked = Array.from({ length: 160 }, (_, n) => n).filter((n) => n % 3 === 0 && (n < 60 || n > 90));
    const drawings = [
      ...looked.map((n) => drawingOf(n)),
      ...Array.from({ length: 160 }, (_, n) => drawingOf(n, "every")),
    ];
    drawings.sort((a, b) => a.pts90k - b.pts90k);
    const fractions: number[] = [];
    const [from, to] = [7, 155];
    const exported = await writeExport(
      mediaDir,
      request(segments, {
        drawings: each(drawings.filter((drawing) => drawing.pts90k >= ptsOf(from) - 2 * 90_000)),
        fromWallMs: wallOf(from),
        toWallMs: wallOf(to),
        onProgress: (fraction) => fractions.push(fraction),
      }),
    );
    const shown = watch(join(mediaDir, "exports/out.mp4"));
    assert.deepEqual(
      shown.map(({ frame }) => frame),
      Array.from({ length: to - from }, (_, n) => from + n),
      "exactly the frames of the range",
    );
    assert.equal(exported.frames, to - from);
    let errors = 0;
    for (const { frame, boxes, ms } of shown as (Shown & { frame: number })[]) {
      const newest = looked.findLast((n) => n <= frame) ?? Number.NaN;
      const held = ptsOf(frame) - ptsOf(newest) <= 2 * 90_000 ? leftOf(newest) : null;
      if (boxes[0] !== held || boxes[1] !== leftOf(frame)) errors += 1;
      assert.ok(Math.abs(ms - (timeOf(exported, frame) ?? Number.NaN)) <= 1, `frame ${frame} at ${ms} ms`);
    }
    assert.equal(errors, 0, "frames whose boxes are those of another frame");
    assert.equal(exported.parts.length, 2, "the hole between the runs is closed up");
    assert.ok(fractions.every((fraction, n) => fraction >= (fractions[n - 1] ?? 0) && fraction <= 1));
    assert.deepEqual(readdirSync(join(mediaDir, "exports")), ["out.mp4"]);
  });

  test(`copied, frames keep their bytes and their times say where each is [B-frames:${bFrames}]`, async (t) => {
    const mediaDir = setUp(t);
    const segments = await record(mediaDir, bFrames);
    const [from, to] = [27, 145];
    const exported = await writeExport(mediaDir, request(segments, { fromWallMs: wallOf(from), toWallMs: wallOf(to) }));
    const shown = watch(join(mediaDir, "exports/out.mp4"));
    assert.equal(shown[0]?.frame, 20, "from the key frame before");
    const frames = shown.map(({ frame }) => frame as number);
    for (let frame = from; frame < to; frame++) assert.ok(frames.includes(frame), `frame ${frame} is there`);
    assert.equal(exported.frames, shown.length);
    for (const { frame, ms } of shown as (Shown & { frame: number })[])
      assert.ok(Math.abs(ms - (timeOf(exported, frame) ?? Number.NaN)) <= 1, `frame ${frame} at ${ms} ms`);
    const copied = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
    assert.ok(exported.sizeBytes < copied, "nothing was encoded again");
  });
}

test("an export survives that garbage is collected all the time, over many objects of FFmpeg", async (t) => {
  const mediaDir = setUp(t);
  const segments = await record(mediaDir, 0);
  const drawings = Array.from({ length: 160 }, (_, n) => drawingOf(n));
  const collect = "setInterval(() => gc(), 1).unref(); process.once('beforeExit', () => gc())";
  const flags = ["--expose-gc", "--import", `data:text/javascript,${encodeURIComponent(collect)}`];
  for (const more of [{ drawings: each(drawings) }, {}]) {
    const exported = await writeExport(mediaDir, request(segments, more), flags);
    assert.equal(exported.frames, 160);
  }
});

test("an export that is cancelled, or cannot be made, says so and leaves nothing behind", async (t) => {
  const mediaDir = setUp(t);
  const segments = await record(mediaDir, 0);
  const cancel = new AbortController();
  const endless = async function* () {
    yield drawingOf(0);
    cancel.abort(new Error("cancelled by the test"));
    for (let n = 1; ; n++) {
      yield drawingOf(n);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await assert.rejects(writeExport(mediaDir, request(segments, { drawings: endless(), signal: cancel.signal })), {
    message: "cancelled by the test",
  });
  await assert.rejects(writeExport(mediaDir, request(segments, { signal: AbortSignal.abort(new Error("before")) })), {
    message: "before",
  });
  writeFileSync(join(mediaDir, "1.mp4"), "no film");
  await assert.rejects(writeExport(mediaDir, request(segments)), { code: "export_failed" });
  const gone = request(segments, { fromWallMs: START_MS + 3_600_000, toWallMs: START_MS + 3_700_000 });
  await assert.rejects(writeExport(mediaDir, { ...gone, segments: [] }), { code: "export_failed" });
  const left = existsSync(join(mediaDir, "exports")) ? readdirSync(join(mediaDir, "exports")) : [];
  assert.deepEqual(left, []);
});
