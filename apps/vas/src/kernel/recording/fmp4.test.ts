import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { Fmp4Error, type Fmp4Part, Fmp4Splitter } from "./fmp4.ts";
import { newestAtOrBefore } from "./pictures.ts";

const run = promisify(execFile);

/** 4 s of a test picture, 10 frames a second, a key frame every second. */
async function recorded(...codec: string[]): Promise<Buffer> {
  const { stdout } = await run(
    "ffmpeg",
    [
      ..."-v error -f lavfi -i testsrc=size=320x240:rate=10:duration=4 -pix_fmt yuv420p".split(" "),
      ...codec,
      ..."-movflags +frag_keyframe+empty_moov+default_base_moof -video_track_timescale 90000".split(" "),
      ..."-frag_duration 500000 -f mp4 pipe:1".split(" "),
    ],
    { encoding: "buffer", maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout;
}

function parts(bytes: Buffer, chunkBytes: number): Fmp4Part[] {
  const splitter = new Fmp4Splitter();
  const found: Fmp4Part[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes)
    found.push(...splitter.push(bytes.subarray(at, at + chunkBytes)));
  return found;
}

const X264 = "-c:v libx264 -preset ultrafast -g 10 -keyint_min 10 -sc_threshold 0".split(" ");

test("a stream is cut into its init and fragments with every sample's presentation time", async () => {
  const bytes = await recorded(...X264, "-bf", "0");
  const found = parts(bytes, 1000);
  const init = found[0];
  assert.ok(init?.kind === "init");
  assert.match(init.init.codec, /^avc1\.42/);
  assert.deepEqual([init.init.width, init.init.height], [320, 240]);
  const fragments = found.flatMap((part) => (part.kind === "fragment" ? [part.fragment] : []));
  assert.deepEqual(
    fragments.flatMap((fragment) => fragment.pts),
    Array.from({ length: 40 }, (_, frame) => frame * 9000),
  );
  assert.deepEqual(
    fragments.filter((fragment) => fragment.key).map((fragment) => fragment.startDts),
    [0, 90_000, 180_000, 270_000],
  );
  assert.ok(fragments.every((fragment) => !fragment.reordered));
  assert.equal(fragments.at(-1)?.endDts, 360_000);
  assert.equal(newestAtOrBefore(fragments, 100_000), 99_000);
  assert.equal(newestAtOrBefore(fragments, -5), 0);
});

test("how the bytes arrive makes no difference", async () => {
  const bytes = await recorded(...X264, "-bf", "0");
  const whole = parts(bytes, bytes.length);
  for (const chunkBytes of [1, 7, 4096]) assert.deepEqual(parts(bytes, chunkBytes), whole);
});

test("B-frames are seen as samples that are shown in another order", async () => {
  const found = parts(await recorded(...X264, "-bf", "2", "-x264-params", "b-adapt=0"), 5000);
  assert.ok(found.some((part) => part.kind === "fragment" && part.fragment.reordered));
});

test("H.265 is named as browsers ask for it", async () => {
  const found = parts(await recorded("-c:v", "libx265", "-x265-params", "log-level=error", "-tag:v", "hvc1"), 5000);
  assert.ok(found[0]?.kind === "init");
  assert.match(found[0].init.codec, /^hvc1\.1\.6\.L\d+/);
});

test("what is no fragmented MP4 is refused, not guessed at", async () => {
  assert.throws(() => new Fmp4Splitter().push(Buffer.from("\0\0\0\x01ftyp....")), Fmp4Error);
  const bytes = await recorded(...X264);
  const broken = Buffer.from(bytes);
  broken.writeUInt32BE(0x7fffffff, broken.indexOf("mdhd") - 4);
  assert.throws(() => new Fmp4Splitter().push(broken), Fmp4Error);
});
