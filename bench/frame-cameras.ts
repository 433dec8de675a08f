/**
 * How many cameras fit on a machine: live streams of 720p at 15 fps, each decoded and exported by a tap, beside as many
 * that FFmpeg decodes to nowhere, all at the same time. Processor time of both over the same windows; a machine is full when
 * its processors are, so the ratio of counts is the inverse ratio of what one stream uses.
 *
 *   node bench/frame-cameras.ts [windows] [seconds per window] [cameras of each kind]
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { descendants, waitFor } from "@vas/testkit/processes.ts";
import { openPipe } from "../apps/vas/src/kernel/frames/pipe.ts";
import { startTap } from "../apps/vas/src/kernel/frames/tap.ts";
import { tapOutputArguments } from "../apps/vas/src/kernel/frames/tap-output.ts";
import { cpuMs, makeClip, median, residentKb } from "./native/stats.ts";

const windows = Number(process.argv[2] ?? 5);
const seconds = Number(process.argv[3] ?? 10);
const cameras = Number(process.argv[4] ?? 2);
const work = mkdtempSync(join(tmpdir(), "bench-cameras-"));
const shmDir = mkdtempSync("/dev/shm/bench-cameras-");
const clip = join(work, "clip.ts");
makeClip(clip, "1280x720", 15, (windows + 2) * (seconds + 2));

/** A live camera that writes into a pipe what an ingest FFmpeg gives its tap. */
function startCamera() {
  const pipe = openPipe();
  const feed = ["-v", "error", "-nostdin", "-re", "-i", clip, ...tapOutputArguments("pipe:3")];
  const child = spawn("ffmpeg", feed, { stdio: ["ignore", "ignore", "inherit", pipe.writeFd] });
  return { pipe, child };
}
const live = Array.from({ length: 2 * cameras }, startCamera);
const taps = live.slice(0, cameras).map(({ pipe }) =>
  startTap({
    ...{ cameraId: randomUUID(), shmDir, slotCount: 8, inputFd: pipe.readFd, pts90kBase: 0 },
    onState: () => undefined,
  }),
);
const peers = live.slice(cameras).map(({ pipe }) =>
  spawn("ffmpeg", "-v error -nostdin -threads 1 -f mpegts -i pipe:0 -map 0:v -f null -".split(" "), {
    stdio: [pipe.readFd, "ignore", "inherit"],
  }),
);
await waitFor("every tap to export", () => taps.every((tap) => tap.counters().framesExported > 30));
const tapPids = descendants(process.pid)
  .map(({ pid }) => pid)
  .filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("tap-process.ts"));
const peerPids = peers.map(({ pid }) => pid as number);
const before = taps.map((tap) => tap.counters().framesExported);
const startMs = performance.now();
const rows: { tap: number; peer: number }[] = [];
for (let window = 0; window < windows; window++) {
  const [tap, peer, start] = [cpuMs(tapPids), cpuMs(peerPids), performance.now()];
  await pause(seconds * 1000);
  const each = cameras * ((performance.now() - start) / 1000);
  rows.push({ tap: (cpuMs(tapPids) - tap) / each, peer: (cpuMs(peerPids) - peer) / each });
}
const expected = ((performance.now() - startMs) / 1000) * 15;
const exported = taps.map((tap, at) => tap.counters().framesExported - (before[at] as number));
const resident = tapPids.map(residentKb);
for (const { child } of live) child.kill("SIGKILL");
for (const peer of peers) peer.kill("SIGKILL");
await Promise.all(taps.map((tap) => tap.stop()));
for (const folder of [work, shmDir]) rmSync(folder, { recursive: true, force: true });

const tapMs = median(rows.map((row) => row.tap));
const peerMs = median(rows.map((row) => row.peer));
const fit = (ms: number) => ((availableParallelism() * 1000) / ms).toFixed(0);
console.log(`1280x720 at 15 fps, ${cameras} streams of each kind, medians of ${windows} windows of ${seconds} s`);
console.log(`tap ${tapMs.toFixed(1)} ms a second, ${fit(tapMs)} cameras; resident ${resident.join(", ")} kB`);
console.log(`ffmpeg to nowhere ${peerMs.toFixed(1)} ms a second, ${fit(peerMs)} cameras`);
console.log(`cameras, of FFmpeg's count: ${median(rows.map((row) => row.peer / row.tap)).toFixed(2)}`);
console.log(`exported ${exported.join(", ")} of ${expected.toFixed(0)} frames`);
process.exit(0);
