/**
 * Decoding by hardware, on any machine: an NVIDIA driver that draws pictures instead of decoding them
 * (drawn-nvdec.testing.c) takes the real one's place. FFmpeg's side of it, the download and everything after are the real ones.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import type { TestContext } from "node:test";
import { waitFor } from "@vas/testkit/processes.ts";
import { openRing } from "./ring-reader.testing.ts";
import { tapOutputArguments } from "./tap-output.ts";
import {
  BASE,
  bFramesClip,
  encode,
  framesIn,
  liveCamera,
  makeTap,
  plainClip,
  source,
  work,
  x264,
} from "./tap.testing.ts";
import type { TapState } from "./tap-types.ts";

const CUDA = { kind: "cuda", device: null } as const;

before(() => {
  const driver = join(work, "driver");
  mkdirSync(driver);
  const build = ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-o", join(driver, "libcuda.so.1")];
  execFileSync("gcc", [...build, join(import.meta.dirname, "drawn-nvdec.testing.c")]);
  copyFileSync(join(driver, "libcuda.so.1"), join(driver, "libnvcuvid.so.1"));
  process.env["LD_LIBRARY_PATH"] = driver;
});

/** What goes wrong with the hardware of the taps that this test starts. */
function hardwareThat(t: TestContext, goesWrong: string): void {
  process.env["DRAWN_NVDEC"] = goesWrong;
  t.after(() => delete process.env["DRAWN_NVDEC"]);
}

/** The picture order counts that the driver drew into the slots, by frame_id; fails where a sample is not where it belongs. */
function drawnIn(folder: string): number[] {
  const reader = openRing(folder);
  const { width, height, stride, slotCount } = reader.header();
  const found: { frameId: number; count: number }[] = [];
  for (let slot = 0; slot < slotCount; slot++) {
    const { frameId, sequence } = reader.slot(slot);
    if (sequence === 0n) continue;
    const pixels = reader.pixels(slot);
    // 205 times 5 is 1 more than a multiple of 256.
    const count = ((pixels[0] as number) * 205) & 255;
    for (const row of [0, 1, height / 2 - 1, height - 1])
      for (const column of [0, 1, width - 1])
        assert.equal(pixels[row * stride + column], (5 * count + row + 2 * column) & 255, `luma ${row}, ${column}`);
    for (const row of [0, 1, height / 2 - 1])
      for (const column of [0, 1, width / 2 - 1]) {
        const at = (height + row) * stride + 2 * column;
        const expected = [(3 * count + row) & 255, (7 * count + column) & 255];
        assert.deepEqual([...pixels.subarray(at, at + 2)], expected, `chroma ${row}, ${column}`);
      }
    found.push({ frameId, count });
  }
  reader.close();
  return found.sort((a, b) => a.frameId - b.frameId).map(({ count }) => count);
}

const lastRunning = (states: TapState[]) => states.findLast(({ state }) => state === "running");

/** Twice a picture's number within its group of 15. */
const countsOf = (frames: number) => Array.from({ length: frames }, (_, frame) => 2 * (frame % 15));

for (const [title, size, clip, frames] of [
  ["", [320, 240], plainClip, 60],
  [", B-frames included", [320, 240], bFramesClip, 57],
  [", without the rows that only the decoder needs", [318, 180], cropped, 60],
] as const)
  test(`what hardware decodes goes straight into the slots, in order of display${title}`, async (t) => {
    const it = makeTap(t, { hardware: CUDA });
    it.ffmpeg("-i", clip(), ...tapOutputArguments("pipe:3"));
    await it.exported(frames);
    const { header, frames: exported } = framesIn(it.folder);
    assert.deepEqual([header.width, header.height], size);
    assert.deepEqual(drawnIn(it.folder).slice(0, frames), countsOf(frames));
    const first = exported[0]?.pts90k ?? 0;
    assert.ok(first >= BASE);
    assert.deepEqual(
      exported.slice(0, frames).map(({ pts90k }) => pts90k - first),
      Array.from({ length: frames }, (_, frame) => frame * 6000),
    );
    assert.deepEqual([it.tap.counters().hardware, it.tap.counters().decodeErrors], ["cuda", 0]);
    assert.equal(lastRunning(it.states)?.reason, null);
  });

function cropped(): string {
  return encode("cropped.ts", ...source("318x180", 4), ...x264(0));
}

test("what hardware decodes is made smaller where a smaller size is wished for", async (t) => {
  const it = makeTap(t, { hardware: CUDA, width: 160 });
  it.ffmpeg("-i", plainClip(), ...tapOutputArguments("pipe:3"));
  await it.exported(60);
  assert.deepEqual([framesIn(it.folder).header.width, it.tap.counters().hardware], [160, "cuda"]);
  // Four neighbours of a ramp, averaged: the mean of their positions.
  const reader = openRing(it.folder);
  const pixels = reader.pixels(0);
  const { stride } = reader.header();
  for (const [row, column] of [
    [10, 10],
    [20, 40],
  ] as const)
    assert.ok(Math.abs((pixels[row * stride + column] as number) - (2 * row + 4 * column + 1.5)) <= 1.5);
  reader.close();
});

for (const [title, hardware, goesWrong, reason] of [
  ["there is no such device", CUDA, "no-device", /^decoded in software: no hardware decoder answers \[cuda: /],
  [
    "there is no such render node",
    { kind: "vaapi", device: "/dev/dri/renderD191" },
    "",
    /^decoded in software: no hardware decoder answers \[vaapi: .*, device:\/dev\/dri\/renderD191\]$/,
  ],
  [
    "it does not take the stream",
    CUDA,
    "refuses",
    /^decoded in software: cuda does not decode this stream \[codec:h264\]$/,
  ],
] as const)
  test(`where ${title}, every frame is decoded in software all the same, and that is said once`, async (t) => {
    hardwareThat(t, goesWrong);
    const it = makeTap(t, { hardware });
    it.ffmpeg("-i", plainClip(), ...tapOutputArguments("pipe:3"));
    await it.exported(60);
    const software = execFileSync(
      "ffmpeg",
      [...["-v", "error", "-i", plainClip(), "-f", "rawvideo", "-pix_fmt", "nv12", "-"]],
      { maxBuffer: 64 * 1024 * 1024 },
    );
    const reader = openRing(it.folder);
    const { dataSize } = reader.header();
    for (const frame of [0, 30, 59])
      assert.ok(reader.pixels(frame).equals(software.subarray(frame * dataSize, (frame + 1) * dataSize)));
    reader.close();
    assert.equal(it.tap.counters().hardware, null);
    const said = it.states.filter((state) => state.reason?.startsWith("decoded in software"));
    assert.equal(said.length, 1, JSON.stringify(it.states));
    assert.equal(said[0]?.state, "running");
    assert.match(said[0]?.reason ?? "", reason);
  });

test("hardware that stops decoding costs the frames up to a key frame, and software goes on in the same process", async (t) => {
  hardwareThat(t, "fails:20");
  const it = makeTap(t, { hardware: CUDA });
  it.ffmpeg("-i", plainClip(), ...tapOutputArguments("pipe:3"));
  // 20 of the device, and the third and the fourth group of 15 from software.
  await it.exported(50);
  const { hardware, restarts, decodeErrors } = it.tap.counters();
  assert.deepEqual([hardware, restarts], [null, 0]);
  assert.ok(decodeErrors >= 5, `${decodeErrors} errors`);
  assert.match(lastRunning(it.states)?.reason ?? "", /^decoded in software: cuda stopped decoding/);
});

for (const [how, words] of [
  ["crashes", /^decoded in software: cuda is not used again, for it ended with SIGABRT$/],
  ["hangs", /^decoded in software: cuda is not used again, for it stood still$/],
] as const)
  test(`a driver that ${how} takes a process along and no recorded frame, and the next process decodes in software`, async (t) => {
    hardwareThat(t, `${how}:20`);
    const it = makeTap(t, { hardware: CUDA });
    const camera = liveCamera(it, 60);
    await it.exported(20);
    await waitFor(
      "the tap to run again",
      () => it.tap.counters().restarts === 1 && it.tap.counters().framesExported >= 50,
      { withinMs: 90_000, seen: () => ({ states: it.states, counters: it.tap.counters() }) },
    );
    assert.equal(it.tap.counters().hardware, null);
    assert.match(lastRunning(it.states)?.reason ?? "", words);
    camera.child.kill("SIGINT");
    await camera.ended;
    assert.ok(camera.recordedFrames() > 50);
  });
