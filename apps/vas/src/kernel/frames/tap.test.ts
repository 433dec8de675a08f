import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { waitFor } from "@vas/testkit/processes.ts";
import { openRing } from "./ring-reader.testing.ts";
import type { ReadSlot } from "./ring-reader.testing.ts";
import { freeBytes } from "./ring-writer.ts";
import { tapOutputArguments } from "./tap-output.ts";
import {
  BASE,
  bFramesClip,
  childrenOf,
  encode,
  framesIn,
  makeTap,
  plainClip,
  shmDir,
  source,
  work,
  x264,
} from "./tap.testing.ts";

/** Presentation times of a file's video packets in 90 kHz ticks, in order of presentation. */
function ptsOf(path: string): number[] {
  const show = [
    "-v",
    "error",
    "-select_streams",
    "v",
    "-show_entries",
    "stream=time_base:packet=pts",
    "-of",
    "json",
    path,
  ];
  const found = JSON.parse(execFileSync("ffprobe", show, { encoding: "utf8" })) as {
    streams: { time_base: string }[];
    packets: { pts: number }[];
  };
  const ticks = 90_000 / Number(found.streams[0]?.time_base.split("/")[1]);
  return found.packets.map((packet) => packet.pts * ticks).sort((a, b) => a - b);
}

// A decoder has to hold as many pictures back as the stream's order of decoding differs from that of display.
for (const [title, clip, heldBack] of [
  ["without B-frames", plainClip, 0],
  ["with B-frames", bFramesClip, 2],
] as const)
  test(`every frame of a stream ${title} is exported once, in order, with the time that the recording gives it`, async (t) => {
    const it = makeTap(t);
    const recorded = join(work, `${randomUUID()}.mp4`);
    const record = "-map 0:v:0 -c copy -f mp4 -movflags frag_keyframe+empty_moov".split(" ");
    const child = it.ffmpeg("-i", clip(), ...tapOutputArguments("pipe:3"), ...record, recorded);
    await Promise.all([once(child, "exit"), it.exported(60 - heldBack)]);
    const { frames } = framesIn(it.folder);
    const expected = ptsOf(recorded).slice(0, 60 - heldBack);
    assert.deepEqual(
      frames.map((frame) => frame.pts90k - BASE),
      expected,
    );
    const first = frames[0]?.frameId ?? 0;
    assert.deepEqual(
      frames.map((frame) => frame.frameId - first),
      expected.map((_, index) => index),
    );
    for (let at = 1; at < frames.length; at++)
      assert.ok((frames[at] as ReadSlot).timestampNs > (frames[at - 1] as ReadSlot).timestampNs);
    it.closeWriter();
    await it.ended();
    assert.ok(!existsSync(it.folder));
    const steps = it.states.map(({ state }) => state);
    assert.deepEqual([steps[0], steps.includes("running"), steps.at(-1)], ["starting", true, "stopped"]);
  });

test("the exported pixels are the pictures that FFmpeg decodes", async (t) => {
  const it = makeTap(t);
  it.ffmpeg("-i", plainClip(), ...tapOutputArguments("pipe:3"));
  await it.exported(60);
  const raw = execFileSync("ffmpeg", ["-v", "error", "-i", plainClip(), "-f", "rawvideo", "-pix_fmt", "nv12", "-"], {
    maxBuffer: 64 * 1024 * 1024,
  });
  const reader = openRing(it.folder);
  const { dataSize } = reader.header();
  assert.equal(reader.header().stride, 320);
  for (let frame = 0; frame < 60; frame++)
    assert.ok(reader.pixels(frame).equals(raw.subarray(frame * dataSize, (frame + 1) * dataSize)), `frame ${frame}`);
  reader.close();
});

test("H.265 is exported too", async (t) => {
  const it = makeTap(t);
  const clip = encode(
    "h265.ts",
    ...source("320x240", 2),
    ..."-c:v libx265 -preset ultrafast -x265-params log-level=none:pools=1:frame-threads=1".split(" "),
  );
  it.ffmpeg("-i", clip, ...tapOutputArguments("pipe:3"));
  await it.exported(28);
  const times = framesIn(it.folder).frames.map((frame) => frame.pts90k - BASE);
  assert.deepEqual(
    times,
    Array.from({ length: 28 }, (_, frame) => (times[0] as number) + frame * 6000),
  );
});

test("a stream that changes its size gets new files of another generation, and frame_id goes on", async (t) => {
  const it = makeTap(t);
  it.ffmpeg("-i", plainClip(), ...tapOutputArguments("pipe:3"));
  await it.exported(60);
  const before = framesIn(it.folder);
  const other = encode("other.ts", ...source("854x480", 2), ...x264(0));
  it.ffmpeg("-i", other, ...tapOutputArguments("pipe:3"));
  await it.exported(90);
  const now = framesIn(it.folder);
  assert.deepEqual([now.header.width, now.header.height], [854, 480]);
  assert.deepEqual(it.tap.counters().size, { width: 854, height: 480 });
  assert.notEqual(now.header.generation, before.header.generation);
  assert.equal(now.frames.at(-1)?.frameId, (before.frames[0]?.frameId ?? 0) + 89);
});

test("odd sizes are rounded down to even, and other pixel formats become NV12", async (t) => {
  const it = makeTap(t);
  const odd = encode("odd.ts", ...source("321x241", 2), "-pix_fmt", "yuv444p", ...x264(0));
  it.ffmpeg("-i", odd, ...tapOutputArguments("pipe:3"));
  await it.exported(30);
  const { header } = framesIn(it.folder);
  assert.deepEqual([header.width, header.height, header.stride, header.pixelFormat], [320, 240, 320, 0]);
});

test("a tap that joins in the middle of a stream begins at the next key frame", async (t) => {
  const it = makeTap(t);
  const bytes = readFileSync(plainClip());
  const middle = join(work, "middle.ts");
  writeFileSync(middle, bytes.subarray(Math.floor(bytes.length / 2) + 77));
  await it.feed(middle);
  await it.ended();
  const { framesExported } = it.tap.counters();
  assert.ok(framesExported === 15 || framesExported === 30, `${framesExported} frames, whole groups of 15`);
});

test("damage in the stream costs the frames it hits, and is counted", async (t) => {
  const it = makeTap(t);
  const bytes = readFileSync(plainClip());
  // The second group of pictures: noise in the payload of every fifth transport packet.
  for (let at = Math.floor(bytes.length * 0.3); at < bytes.length * 0.45; at += 188 * 5) {
    const packet = Math.floor(at / 188) * 188;
    for (let byte = packet + 40; byte < packet + 180; byte++) bytes[byte] = (byte * 7919) & 0xff;
  }
  const damaged = join(work, "damaged.ts");
  writeFileSync(damaged, bytes);
  await it.feed(damaged);
  await it.ended();
  const { framesExported, decodeErrors } = it.tap.counters();
  assert.ok(decodeErrors > 0 && framesExported >= 30 && framesExported < 60, JSON.stringify(it.tap.counters()));
});

test("a tap that is killed is started again on the same pipe and goes on where time is", async (t) => {
  const it = makeTap(t);
  const clip = encode("long.ts", ...source("320x240", 60), ...x264(0));
  it.ffmpeg("-re", "-i", clip, ...tapOutputArguments("pipe:3"));
  await it.exported(1);
  const before = framesIn(it.folder);
  const pid = await waitFor("the tap process", () => it.tapPid());
  process.kill(pid, "SIGKILL");
  await waitFor(
    "the tap to run again",
    () => it.tap.counters().restarts === 1 && it.states.at(-1)?.state === "running",
    {
      seen: () => ({ states: it.states, counters: it.tap.counters() }),
    },
  );
  const now = framesIn(it.folder);
  assert.notEqual(now.header.generation, before.header.generation);
  const [last, next] = [before.frames.at(-1) as ReadSlot, now.frames[0] as ReadSlot];
  assert.ok(next.frameId > last.frameId && next.pts90k > last.pts90k);
  assert.equal((next.pts90k - BASE) % 6000, 0);
  assert.ok(it.states.some((state) => state.state === "stopped" && /SIGKILL/.test(state.reason ?? "")));
  await it.tap.stop();
  assert.ok(!existsSync(it.folder));
});

test("a tap that stands still holds up nothing: the other output of the same FFmpeg goes on at full rate", async (t) => {
  const it = makeTap(t);
  // 8 Mbit/s fill the pipe and the queue of 60 packets within seconds.
  const clip = encode(
    "heavy.ts",
    ...source("640x360", 20, 25),
    ...x264(0, 25),
    ..."-b:v 8M -minrate 8M -maxrate 8M -bufsize 8M -nal-hrd cbr".split(" "),
  );
  const recorded = join(work, "beside.mp4");
  it.ffmpeg(
    "-re",
    "-i",
    clip,
    ...tapOutputArguments("pipe:3"),
    ..."-map 0:v:0 -c copy -f mp4 -movflags frag_every_frame+empty_moov -flush_packets 1".split(" "),
    recorded,
  );
  await it.exported(5);
  const pid = await waitFor("the tap process", () => it.tapPid());
  process.kill(pid, "SIGSTOP");
  const [bytes, startedMs] = [statSync(recorded).size, performance.now()];
  const growth = 8 * 1_000_000;
  await waitFor("the recording to grow by 8 s of stream", () => statSync(recorded).size - bytes > growth, {
    withinMs: 60_000,
    seen: () => `${statSync(recorded).size - bytes} bytes in ${performance.now() - startedMs} ms`,
  });
  const { framesExported } = it.tap.counters();
  process.kill(pid, "SIGCONT");
  await it.exported(framesExported + 10);
  const times = framesIn(it.folder).frames.map((frame) => frame.pts90k);
  assert.deepEqual(
    times,
    [...times].sort((a, b) => a - b),
  );
  assert.equal(it.tap.counters().restarts, 0);
});

test("a tap that stands still is stopped all the same, and nothing of it stays", async (t) => {
  const it = makeTap(t);
  it.ffmpeg("-i", plainClip(), ...tapOutputArguments("pipe:3"));
  await it.exported(60);
  const pid = await waitFor("the tap process", () => it.tapPid());
  process.kill(pid, "SIGSTOP");
  await it.tap.stop();
  assert.equal(it.tapPid(), undefined);
  assert.ok(!existsSync(it.folder));
  assert.deepEqual(it.states.at(-1), { state: "stopped", reason: null });
});

test("memory that cannot be had is said with its size, and the tap goes on trying", () => {
  // Without the right to mount a small tmpfs, 256 slots have to be more than the real shared memory has left.
  const mayMount = spawnSync("unshare", ["--mount", "--map-root-user", "true"]).status === 0;
  const [slotCount, needed] = mayMount
    ? [64, 64 * (896 * 480 * 1.5 + 64) + 64]
    : [256, 256 * (896 * 480 * 1.5 + 64) + 64];
  if (!mayMount) assert.ok(freeBytes(shmDir) < needed, "needs the right to unshare --mount, or a small /dev/shm");
  const dir = mkdtempSync(join(shmDir, "small-"));
  const other = encode("other.ts", ...source("854x480", 2), ...x264(0));
  const script = `
    import { spawn } from "node:child_process";
    import { readdirSync } from "node:fs";
    import { openPipe } from ${JSON.stringify(join(import.meta.dirname, "pipe.ts"))};
    import { startTap } from ${JSON.stringify(join(import.meta.dirname, "tap.ts"))};
    const pipe = openPipe();
    let refusals = 0;
    const options = { cameraId: "${randomUUID()}", shmDir: ${JSON.stringify(dir)}, slotCount: ${slotCount} };
    const tap = startTap({ ...options, inputFd: pipe.readFd, pts90kBase: 0, onState: ({ state, reason }) => {
      if (state !== "stopped" || reason === null || ++refusals < 2) return;
      console.log(reason);
      tap.stop().then(() => { console.log(readdirSync(options.shmDir).length); process.exit(); });
    } });
    spawn("/bin/sh", ["-c", "cat ${other} ${other} ${other} >&3"], { stdio: ["ignore", "ignore", "ignore", pipe.writeFd] });`;
  const node = [process.execPath, "--input-type=module-typescript", "-e", script];
  const mounted = [
    "--mount",
    "--map-root-user",
    "/bin/sh",
    "-c",
    `mount -t tmpfs -o size=16m none ${dir} && exec "$@"`,
  ];
  const [program, ...args] = mayMount ? ["unshare", ...mounted, "sh", ...node] : node;
  const said = execFileSync(program as string, args, { encoding: "utf8", timeout: 60_000 });
  const words = `not enough shared memory for frame export \\[needed:${needed}, available:\\d+ bytes\\]`;
  assert.match(said, new RegExp(`^${words}; next try in 1 s\n0\n$`));
});

test("a VAS that is killed leaves no tap process and no shared memory", async () => {
  const cameraId = randomUUID();
  const folder = join(shmDir, cameraId);
  const script = `
    import { spawn } from "node:child_process";
    import { openPipe } from ${JSON.stringify(join(import.meta.dirname, "pipe.ts"))};
    import { startTap } from ${JSON.stringify(join(import.meta.dirname, "tap.ts"))};
    const pipe = openPipe();
    startTap({ cameraId: "${cameraId}", shmDir: "${shmDir}", slotCount: 8, inputFd: pipe.readFd, pts90kBase: 0,
      onState: (state) => { if (state.state === "running") console.log("running"); } });
    spawn("/bin/sh", ["-c", "cat ${plainClip()} >&3"], { stdio: ["ignore", "ignore", "inherit", pipe.writeFd] });`;
  const vas = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  vas.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  await waitFor("the tap to run", () => said.includes("running"));
  const pids = childrenOf(0, "tap-process.ts", folder);
  assert.equal(pids.length, 1);
  assert.ok(existsSync(join(folder, "frame.meta")));
  vas.kill("SIGKILL");
  await waitFor("the tap process to end", () => childrenOf(0, "tap-process.ts", folder).length === 0);
  assert.ok(!existsSync(folder));
});
