import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { exportedSize } from "./converter.ts";
import { openRing } from "./ring-reader.testing.ts";
import { startTap } from "./tap.ts";
import { tapOutputArguments } from "./tap-output.ts";
import { BASE, bFramesClip, encode, framesIn, makeTap, plainClip, source, x264 } from "./tap.testing.ts";

for (const [title, clip] of [
  ["without B-frames", plainClip],
  ["with B-frames", bFramesClip],
] as const)
  test(`of 15 frames a second ${title}, 5 are exported: every third, with its own time, and frame_id counts those`, async (t) => {
    const it = makeTap(t, { maxFps: 5 });
    it.ffmpeg("-i", clip(), ...tapOutputArguments("pipe:3"));
    await it.exported(19);
    const { frames } = framesIn(it.folder);
    const first = frames[0];
    assert.ok(first);
    assert.deepEqual(
      frames.slice(0, 19).map(({ frameId, pts90k }) => [frameId - first.frameId, pts90k - first.pts90k]),
      Array.from({ length: 19 }, (_, at) => [at, at * 18_000]),
    );
    it.closeWriter();
    await it.ended();
    const { framesExported, framesOverRate, packetsRead, decodeErrors } = it.tap.counters();
    assert.deepEqual([packetsRead, decodeErrors], [60, 0]);
    // Without B-frames everything has to be decoded; B-frames that come after the decoder gave the last exported frame are passed over.
    if (clip === plainClip) assert.equal(framesExported + framesOverRate, 60);
    else assert.ok(framesOverRate <= 30, `${framesOverRate} frames decoded for nothing`);
  });

test("the frames of a capped rate are the very pictures of the whole stream", async (t) => {
  const whole = makeTap(t);
  const capped = makeTap(t, { maxFps: 5 });
  for (const it of [whole, capped]) it.ffmpeg("-i", bFramesClip(), ...tapOutputArguments("pipe:3"));
  await Promise.all([whole.exported(58), capped.exported(19)]);
  const [all, some] = [openRing(whole.folder), openRing(capped.folder)];
  const slotAt = new Map(Array.from({ length: 58 }, (_, slot) => [all.slot(slot).pts90k, slot]));
  for (let slot = 0; slot < 19; slot++) {
    const same = slotAt.get(some.slot(slot).pts90k);
    assert.ok(same !== undefined && some.pixels(slot).equals(all.pixels(same)), `slot ${slot}`);
  }
  all.close();
  some.close();
});

test("frames are exported at the size wished for, and are the picture made smaller", async (t) => {
  const it = makeTap(t, { width: 160, height: 90 });
  const clip = encode("large.ts", ...source("1280x720", 1), ...x264(0));
  it.ffmpeg("-i", clip, ...tapOutputArguments("pipe:3"));
  await it.exported(15);
  const { header } = framesIn(it.folder);
  assert.deepEqual([header.width, header.height, header.stride, header.dataSize], [160, 90, 192, 192 * 135]);
  assert.deepEqual(it.tap.counters().size, { width: 160, height: 90 });
  const raw = execFileSync(
    "ffmpeg",
    ["-v", "error", "-i", clip, "-vf", "scale=160:90:flags=area", "-pix_fmt", "nv12", "-f", "rawvideo", "-"],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  const reader = openRing(it.folder);
  for (let frame = 0; frame < 15; frame++) {
    const pixels = reader.pixels(frame);
    let difference = 0;
    for (let row = 0; row < 135; row++)
      for (let column = 0; column < 160; column++)
        difference += Math.abs(
          (pixels[row * 192 + column] as number) - (raw[(frame * 135 + row) * 160 + column] as number),
        );
    assert.ok(difference / (160 * 135) < 1, `frame ${frame} differs by ${difference / (160 * 135)} on average`);
  }
  reader.close();
});

test("a camera's full range is kept to the sample and said of every frame; so is limited range", async (t) => {
  const range = "scale=out_range=pc,format=yuvj420p,setrange=pc".split(" ");
  const full = encode("full.ts", ...source("320x240", 1), "-vf", ...range, "-color_range", "pc", ...x264(0));
  for (const [clip, format, expected] of [
    [full, "yuvj420p", 1],
    [plainClip(), "yuv420p", 0],
  ] as const) {
    const it = makeTap(t);
    it.ffmpeg("-i", clip, ...tapOutputArguments("pipe:3"));
    await it.exported(15);
    const decoded = execFileSync(
      "ffmpeg",
      ["-v", "error", "-i", clip, "-frames:v", "15", "-f", "rawvideo", "-pix_fmt", format, "-"],
      { maxBuffer: 64 * 1024 * 1024 },
    );
    const reader = openRing(it.folder);
    for (const frame of [0, 14]) {
      assert.equal(reader.slot(frame).range, expected);
      const planar = decoded.subarray(frame * 115_200, (frame + 1) * 115_200);
      const pixels = reader.pixels(frame);
      assert.ok(pixels.subarray(0, 76_800).equals(planar.subarray(0, 76_800)), `luma of frame ${frame}`);
      for (let at = 0; at < 19_200; at += 7)
        assert.deepEqual(
          [pixels[76_800 + 2 * at], pixels[76_801 + 2 * at]],
          [planar[76_800 + at], planar[96_000 + at]],
        );
    }
    reader.close();
  }
});

test("a wished size outlives a change of the stream's: readers keep their mapping", async (t) => {
  const it = makeTap(t, { width: 160, height: 120 });
  it.ffmpeg("-i", plainClip(), ...tapOutputArguments("pipe:3"));
  await it.exported(60);
  const before = framesIn(it.folder).header;
  it.ffmpeg("-i", encode("other.ts", ...source("854x480", 2), ...x264(0)), ...tapOutputArguments("pipe:3"));
  await it.exported(90);
  assert.equal(framesIn(it.folder).header.generation, before.generation);
});

test("one side alone keeps the stream's proportions, and every exported side is even", () => {
  assert.deepEqual(exportedSize({ width: 640 }, 1920, 1080), { width: 640, height: 360 });
  assert.deepEqual(exportedSize({ height: 480 }, 1920, 1080), { width: 854, height: 480 });
  assert.deepEqual(exportedSize({ width: 640, height: 640 }, 1920, 1080), { width: 640, height: 640 });
  assert.deepEqual(exportedSize({}, 321, 241), { width: 320, height: 240 });
  assert.deepEqual(exportedSize({ width: 2 }, 16_384, 16), { width: 2, height: 2 });
});

test("a tap of a camera whose export is off is no process and no shared memory", async (t) => {
  const it = makeTap(t, { enabled: false });
  assert.deepEqual(it.states, [{ state: "stopped", reason: "frame export is off for this camera" }]);
  const child = it.ffmpeg("-i", plainClip(), ...tapOutputArguments("pipe:3"));
  assert.equal(it.tapPid(), undefined);
  assert.ok(!existsSync(it.folder));
  child.kill("SIGKILL");
  await once(child, "exit");
});

test("a rate or size that no frame can have is refused at once", () => {
  const options = {
    cameraId: "00000000-0000-4000-8000-000000000000",
    shmDir: "/dev/shm/none",
    slotCount: 8,
    inputFd: 0,
    pts90kBase: BASE,
    onState: () => undefined,
  };
  for (const wrong of [
    { maxFps: 0 },
    { maxFps: -1 },
    { maxFps: Number.NaN },
    { maxFps: 1001 },
    { width: 641 },
    { height: 0 },
    { height: 16_386 },
    { width: 3.5 },
  ])
    assert.throws(() => startTap({ ...options, ...wrong }), RangeError, JSON.stringify(wrong));
});
