/**
 * What exporting a decoded frame costs its writer, beyond decoding it: VAS's tap beside FFmpeg's rawvideo through a pipe,
 * GStreamer's shmsink, the least native tap, and one swscale conversion in C.
 *
 *   node bench/frame-export.ts [rounds] [height, 1080 or 720]
 *
 * Each round runs every program once with and once without export on the same file, one after the other; what is beyond
 * decoding is the difference of their processor time. Medians over the rounds, ratios within a round.
 * Needs gcc, pkg-config, libswscale-dev, libavformat-dev and Debian's GStreamer with python3-gi.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildPrograms } from "./native/build.ts";
import { median } from "./native/stats.ts";

const rounds = Number(process.argv[2] ?? 7);
const height = Number(process.argv[3] ?? 1080);
const width = (height * 16) / 9;
const seconds = 30;
const frames = seconds * 30;
const TAP = join(import.meta.dirname, "../apps/vas/src/kernel/frames/tap-process.ts");

const work = mkdtempSync(join(tmpdir(), "bench-export-"));
const shm = mkdtempSync("/dev/shm/bench-export-");
using programs = buildPrograms(
  ["pipe_reader", "conversion", "tap"],
  ["libavformat", "libavcodec", "libavutil", "libswscale"],
);
process.on("exit", () => {
  for (const folder of [work, shm]) rmSync(folder, { recursive: true, force: true });
});
const clip = join(work, "clip.ts");
// Cheap to decode, so that the difference of two runs is not lost in the noise of decoding.
execFileSync("ffmpeg", [
  ...`-v error -f lavfi -i testsrc=size=${width}x${height}:rate=30:duration=${seconds}`.split(" "),
  ...`-pix_fmt yuv420p -c:v libx264 -preset ultrafast -tune fastdecode -bf 0 -g 60 ${clip}`.split(" "),
]);

const tap = (more: object) =>
  cpuMs(`${quote(process.execPath)} ${quote(TAP)} ${quote(JSON.stringify({ ...tapOptions, ...more }))} < ${clip}`);
const tapOptions = { folder: join(shm, "camera"), slotCount: 8, pts90kBase: 0, elapsedTicks: 0, lastFrameId: 0 };
const ffmpeg = "ffmpeg -v error -nostdin -threads 1 -i";

const rows: Record<"vas" | "pipe" | "reader" | "gst" | "native" | "conversion" | "memcpy", number>[] = [];
for (let round = 0; round < rounds; round++) {
  const perFrame = (on: number, off: number) => (on - off) / frames;
  // One frame in a thousand seconds: the same process, decoding everything and converting one frame.
  const vas = perFrame(tap({}), tap({ maxFps: 0.001 }));
  const toNowhere = cpuMs(`${ffmpeg} ${clip} -f null -`);
  const raw = `${ffmpeg} ${clip} -f rawvideo -pix_fmt nv12 pipe:1`;
  const pipe = perFrame(cpuMs(`${raw} | cat > /dev/null`, "writer"), toNowhere);
  const reader = cpuMs(`${raw} | ${programs.path("pipe_reader")}`, "reader") / frames;
  const gst = (sink: string) =>
    cpuMs(`/usr/bin/python3 ${join(import.meta.dirname, "native/gst_shm.py")} ${clip} ${sink}`);
  const shmsink = perFrame(gst(join(work, `socket${round}`)), gst("-"));
  const nativeTap = (...to: string[]) => cpuMs([programs.path("tap"), clip, ...to].join(" "));
  const native = perFrame(nativeTap(join(shm, "native")), nativeTap());
  const bare = spawnSync(programs.path("conversion"), [width, height, 1000].map(String), { encoding: "utf8" });
  const { conversion, memcpy } = JSON.parse(bare.stdout) as { conversion: number; memcpy: number };
  rows.push({ vas, pipe, reader, gst: shmsink, native, conversion: conversion / 1e6, memcpy: memcpy / 1e6 });
}

console.log(
  `${width}x${height}, ${frames} frames a run, medians of ${rounds} rounds: ms per frame beyond decoding, VAS's share of it`,
);
for (const [name, of] of [
  ["VAS's tap: conversion, commit, everything", (row) => row.vas],
  ["FFmpeg rawvideo to a pipe, FFmpeg's side", (row) => row.pipe],
  ["the same and a C program that only reads", (row) => row.pipe + row.reader],
  ["GStreamer videoconvert and shmsink, nobody connected", (row) => row.gst],
  ["the least native tap in C (FFmpeg 5.1)", (row) => row.native],
  ["one swscale conversion in C (FFmpeg 5.1)", (row) => row.conversion],
  ["one memcpy of as many bytes", (row) => row.memcpy],
] as [string, (row: (typeof rows)[0]) => number][])
  console.log(
    `${name.padEnd(56)} ${median(rows.map(of)).toFixed(3)} ms   ${median(rows.map((row) => row.vas / of(row))).toFixed(2)}`,
  );

/** Processor milliseconds of a command, of all of it or of one side of its pipe. */
function cpuMs(command: string, side?: "writer" | "reader"): number {
  const [left, right] = command.split(" | ");
  const timed = (part: string) => `{ time ${part} 2>&3; } 2>${quote(join(work, "time"))}`;
  const line =
    side === undefined
      ? timed(command)
      : side === "writer"
        ? `${timed(left as string)} | ${right}`
        : `${left} | ${timed(right as string)}`;
  const ran = spawnSync("bash", ["-c", `set -o pipefail; TIMEFORMAT="%3U %3S"; exec 3>&2; ${line}`], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (ran.status !== 0) throw new Error(`ended with ${ran.status ?? ran.signal}: ${command}`);
  const [user, system] = execFileSync("cat", [join(work, "time")], { encoding: "utf8" })
    .trim()
    .split(" ")
    .map(Number);
  return ((user ?? Number.NaN) + (system ?? Number.NaN)) * 1000;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
