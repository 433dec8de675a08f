import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import { burnFrameNumber, createPainter, MAX_FRAME_NUMBER, readFrameNumber, readFrameNumberRgba } from "./picture.ts";

/** Runs FFmpeg over one buffer. */
function ffmpeg(args: string[], input: Uint8Array): Buffer {
  const done = spawnSync("ffmpeg", ["-v", "error", "-nostdin", ...args], { input, maxBuffer: 512 * 1024 * 1024 });
  assert.equal(done.status, 0, `ffmpeg failed (apt-get install ffmpeg): ${done.stderr?.toString() ?? done.error}`);
  return done.stdout;
}

test("every bit of the frame number is read back, at any size", () => {
  for (const [width, height] of [
    [160, 90],
    [322, 182],
    [640, 480],
    [1920, 1080],
  ] as const)
    for (const frame of [0, 1, 2, 1023, 123_456, 2 ** 27, MAX_FRAME_NUMBER]) {
      const luma = new Uint8Array(width * height).fill(90);
      burnFrameNumber(luma, width, height, frame);
      assert.equal(readFrameNumber(luma, width, height, width), frame, `${width}x${height}`);
    }
});

test("a picture without a number answers null, and so does one whose number was damaged", () => {
  assert.equal(readFrameNumber(new Uint8Array(640 * 360).fill(128), 640, 360, 640), null);
  const noise = Uint8Array.from({ length: 640 * 360 }, (_, at) => (at * 2_654_435_761) >>> 24);
  assert.equal(readFrameNumber(noise, 640, 360, 640), null);
  const luma = new Uint8Array(640 * 360).fill(90);
  burnFrameNumber(luma, 640, 360, 77);
  for (let y = 0; y < 36; y++) luma.fill(235, y * 640 + 100, y * 640 + 120);
  assert.equal(readFrameNumber(luma, 640, 360, 640), null);
});

test("the frame number survives x264 at bad quality and being scaled to other sizes", async () => {
  for (const { size, crf, scaled } of [
    { size: [1280, 720], crf: 40, scaled: [1280, 720] },
    { size: [1280, 720], crf: 34, scaled: [320, 180] },
    { size: [640, 360], crf: 36, scaled: [160, 90] },
    { size: [768, 432], crf: 30, scaled: [1000, 562] },
    { size: [320, 180], crf: 28, scaled: [640, 480] },
  ] as const) {
    const [width, height] = size;
    const painter = await createPainter({ width, height, fps: 15, format: "i420", text: "VAS test camera" });
    const raw = new Uint8Array(painter.frameBytes * 8);
    const numbers = Array.from({ length: 8 }, (_, at) => 90_000 + at * 7);
    for (const [at, frame] of numbers.entries()) await painter.paint(frame, raw.subarray(at * painter.frameBytes));
    const source = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", `${width}x${height}`, "-r", "15", "-i", "pipe:0"];
    const encoded = ffmpeg(
      [...source, "-c:v", "libx264", "-preset", "ultrafast", "-crf", String(crf), "-f", "h264", "pipe:1"],
      raw,
    );
    const [w, h] = scaled;
    const decoded = ffmpeg(
      ["-f", "h264", "-i", "pipe:0", "-vf", `scale=${w}:${h}`, "-pix_fmt", "yuv420p", "-f", "rawvideo", "pipe:1"],
      encoded,
    );
    const bytes = w * h + 2 * Math.ceil(w / 2) * Math.ceil(h / 2);
    const read = numbers.map((_, at) => readFrameNumber(decoded.subarray(at * bytes), w, h, w));
    assert.deepEqual(read, numbers, `${width}x${height} crf ${crf} to ${w}x${h}`);
    const rgba = ffmpeg(
      ["-f", "h264", "-i", "pipe:0", "-vf", `scale=${w}:${h}`, "-pix_fmt", "rgba", "-f", "rawvideo", "pipe:1"],
      encoded,
    );
    assert.equal(readFrameNumberRgba(rgba, w, h), numbers[0]);
  }
});

test("the QR code says its text and is where qrBox says, in both pixel formats", async () => {
  const wasm = readFileSync(createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm"));
  prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer } });
  for (const format of ["i420", "nv12"] as const) {
    const painter = await createPainter({ width: 640, height: 360, fps: 15, format, text: (n) => `frame ${n}` });
    const data = new Uint8Array(painter.frameBytes);
    for (const frame of [0, 33, 100]) {
      await painter.paint(frame, data);
      const rgba = new Uint8ClampedArray(640 * 360 * 4);
      for (let at = 0; at < 640 * 360; at++) rgba.fill(data[at] ?? 0, at * 4, at * 4 + 3);
      const [code] = await readBarcodes({ data: rgba, width: 640, height: 360, colorSpace: "srgb" });
      assert.equal(code?.text, `frame ${frame}`);
      const { topLeft, bottomRight } = code.position;
      const seen = [topLeft.x / 640, topLeft.y / 360, bottomRight.x / 640, bottomRight.y / 360];
      for (const [at, edge] of painter.qrBox(frame).entries())
        assert.ok(
          Math.abs(edge - (seen[at] ?? 0)) < 0.01,
          `${painter.qrBox(frame).join(" ")} but seen at ${seen.join(" ")}`,
        );
    }
  }
});
