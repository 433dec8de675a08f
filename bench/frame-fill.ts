/**
 * Fills the machine: so many live cameras of 720p at 15 fps as can be exported until frames drop, and as many as FFmpeg
 * decodes to nowhere until it drops frames. Steps of both kinds take turns, each with more cameras, until both have dropped.
 *
 *   node bench/frame-fill.ts [seconds per step] [cameras more per step] [cameras of the first step] [at most]
 *
 * A camera is an FFmpeg that sends a file at its own pace into the pipe of a tap, which drops whole groups of pictures when
 * the pipe is full for 4 s, as an ingest does. Frames are missing that lie between two presentation times and were not
 * counted; a step drops where more than one in two hundred is missing. The cameras' own cost is the same for both kinds.
 */
import { execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { closeEnd, openPipe } from "../apps/vas/src/kernel/frames/pipe.ts";
import { startTap } from "../apps/vas/src/kernel/frames/tap.ts";
import { tapOutputArguments } from "../apps/vas/src/kernel/frames/tap-output.ts";

const seconds = Number(process.argv[2] ?? 12);
const more = Number(process.argv[3] ?? 2);
const first = Number(process.argv[4] ?? 4);
const most = Number(process.argv[5] ?? 60);
const FPS = 15;
const START_WITHIN_MS = 60_000;
const MISSING = 1 / 200;

const work = mkdtempSync(join(tmpdir(), "bench-fill-"));
const shmDir = mkdtempSync("/dev/shm/bench-fill-");
const clip = join(work, "clip.ts");
// In one piece, and longer than a step: where a clip repeats itself a decoder loses frames of its own.
execFileSync("ffmpeg", [
  ...`-v error -f lavfi -i testsrc2=size=1280x720:rate=${FPS}:duration=${60 + seconds} -vf noise=alls=6:allf=t`.split(
    " ",
  ),
  ...`-pix_fmt yuv420p -c:v libx264 -preset veryfast -bf 0 -g ${2 * FPS} -b:v 4M ${clip}`.split(" "),
]);
process.on("exit", () => {
  for (const folder of [work, shmDir]) rmSync(folder, { recursive: true, force: true });
});

type Progress = { frames: number; seconds: number };
type Camera = { progress(): Progress; stop(): Promise<void> };
type Kind = "exported by VAS" | "decoded by FFmpeg to nowhere";

function startCamera(kind: Kind): Camera {
  const pipe = openPipe();
  const feed = ["-v", "quiet", "-nostdin", "-re", "-i", clip, ...tapOutputArguments("pipe:3")];
  const live = spawn("ffmpeg", feed, { stdio: ["ignore", "ignore", "inherit", pipe.writeFd] });
  closeEnd(pipe.writeFd);
  const consumer = kind === "exported by VAS" ? startExport(pipe.readFd) : startDecoding(pipe.readFd);
  return {
    progress: consumer.progress,
    async stop() {
      live.kill("SIGKILL");
      await once(live, "exit");
      await consumer.stop();
      closeEnd(pipe.readFd);
    },
  };
}

function startExport(inputFd: number): Camera {
  const options = { cameraId: randomUUID(), shmDir, slotCount: 8, inputFd, pts90kBase: 0 };
  const tap = startTap({ ...options, onState: () => undefined });
  return {
    progress() {
      const { framesExported, lastPts90k } = tap.counters();
      return { frames: framesExported, seconds: (lastPts90k ?? 0) / 90_000 };
    },
    stop: () => tap.stop(),
  };
}

function startDecoding(inputFd: number): Camera {
  const args = "-v quiet -nostdin -threads 1 -f mpegts -copyts -i pipe:0 -map 0:v -fps_mode passthrough -f null -";
  const peer = spawn("ffmpeg", [...args.split(" "), "-progress", "pipe:1", "-stats_period", "1"], {
    stdio: [inputFd, "pipe", "inherit"],
  });
  let frames = 0;
  let microseconds = 0;
  peer.stdout?.setEncoding("utf8").on("data", (text: string) => {
    frames = Number(/^frame=(\d+)/m.exec(text)?.[1] ?? frames);
    microseconds = Number(/^out_time_us=(\d+)/m.exec(text)?.[1] ?? microseconds);
  });
  return {
    progress: () => ({ frames, seconds: microseconds / 1e6 }),
    async stop() {
      if (peer.exitCode !== null || peer.signalCode !== null) return;
      peer.kill("SIGKILL");
      await once(peer, "exit");
    },
  };
}

/** @returns the share of frames that is missing, of all cameras together; 1 where one never began */
async function run(kind: Kind, count: number): Promise<number> {
  const cameras = Array.from({ length: count }, () => startCamera(kind));
  try {
    const startMs = performance.now();
    while (cameras.some(({ progress }) => progress().frames < 3 * FPS)) {
      if (performance.now() - startMs > START_WITHIN_MS) return 1;
      await pause(200);
    }
    // What was late because all began at once is caught up with or dropped by now.
    await pause(6000);
    const before = cameras.map(({ progress }) => progress());
    const windowMs = performance.now();
    await pause(seconds * 1000);
    const over = (performance.now() - windowMs) / 1000;
    const after = cameras.map(({ progress }) => progress());
    let missing = 0;
    let expected = 0;
    for (const [at, { frames, seconds: time }] of after.entries()) {
      const [was, began] = [before[at]?.frames ?? 0, before[at]?.seconds ?? 0];
      // Reports come once a second: one that stands still for two seconds and more is behind, not between two reports.
      const due = Math.max(time - began, over - 2) * FPS;
      expected += due;
      missing += Math.max(0, due - (frames - was));
    }
    return missing / expected;
  } finally {
    await Promise.all(cameras.map((camera) => camera.stop()));
  }
}

const fits = new Map<Kind, number>();
const dropped = new Set<Kind>();
const KINDS: Kind[] = ["exported by VAS", "decoded by FFmpeg to nowhere"];
for (let count = first; count <= most && dropped.size < KINDS.length; count += more) {
  // Whoever begins has the other's leavings in the caches: they take turns.
  const order = ((count - first) / more) % 2 === 0 ? KINDS : KINDS.toReversed();
  for (const kind of order) {
    if (dropped.has(kind)) continue;
    const share = await run(kind, count);
    console.log(
      `${String(count).padStart(3)} ${kind.padEnd(30)} ${(share * 100).toFixed(2)} % missing, load ${loadavg()[0]?.toFixed(1)}`,
    );
    if (share > MISSING) dropped.add(kind);
    else fits.set(kind, count);
  }
}
const [exported, decoded] = KINDS.map((kind) => fits.get(kind) ?? 0) as [number, number];
console.log(
  `cameras without a dropped frame: ${exported} exported, ${decoded} decoded to nowhere: ${(exported / decoded).toFixed(2)}`,
);
process.exit(0);
