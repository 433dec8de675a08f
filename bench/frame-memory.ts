/**
 * Resident memory of a tap over an hour's frames: 108,000 frames, an hour at 30 fps, as fast as they can be decoded.
 *
 *   node bench/frame-memory.ts [frames]
 *   node bench/frame-memory.ts --by-the-clock [frames]      1280x720 at 30 fps, as a camera sends them: an hour lasts an hour
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { descendants } from "@vas/testkit/processes.ts";
import { closeEnd, openPipe } from "../apps/vas/src/kernel/frames/pipe.ts";
import { startTap } from "../apps/vas/src/kernel/frames/tap.ts";
import { makeClip, residentKb } from "./native/stats.ts";

const byTheClock = process.argv.includes("--by-the-clock");
const frames = Number(process.argv.slice(2).find((word) => !word.startsWith("--")) ?? 108_000);
const work = mkdtempSync(join(tmpdir(), "bench-memory-"));
const shmDir = mkdtempSync("/dev/shm/bench-memory-");
const clip = join(work, "clip.ts");
makeClip(clip, byTheClock ? "1280x720" : "640x360", 30, 60);
const pipe = openPipe();
const tap = startTap({
  ...{ cameraId: randomUUID(), shmDir, slotCount: 8, inputFd: pipe.readFd, pts90kBase: 0 },
  onState: () => undefined,
});
// The file ends and begins again, so time steps back every minute: a camera that repairs its clock.
const live = `ffmpeg -v error -re -stream_loop -1 -i ${clip} -c copy -f mpegts pipe:3`;
const feed = spawn("bash", ["-c", byTheClock ? `exec ${live}` : `while cat ${clip} >&3; do :; done`], {
  stdio: ["ignore", "ignore", "inherit", pipe.writeFd],
});
const started = performance.now();
const samples: { exported: number; kb: number }[] = [];
while (tap.counters().framesExported < frames) {
  await pause(500);
  const pid = descendants(process.pid)
    .map((row) => row.pid)
    .find((each) => readFileSync(`/proc/${each}/cmdline`, "latin1").includes("tap-process.ts"));
  const { framesExported: exported, restarts } = tap.counters();
  if (restarts > 0 || pid === undefined) throw new Error("the tap died");
  if (exported > 0) samples.push({ exported, kb: residentKb(pid) });
}
feed.kill("SIGKILL");
await once(feed, "exit");
closeEnd(pipe.writeFd);
await tap.stop();
for (const folder of [work, shmDir]) rmSync(folder, { recursive: true, force: true });

console.log(`${frames} frames in ${((performance.now() - started) / 60_000).toFixed(1)} minutes`);
for (let tenth = 0; tenth < 10; tenth++) {
  const part = samples.filter(({ exported }) => Math.min(9, Math.floor((exported / frames) * 10)) === tenth);
  const kb = part.map((sample) => sample.kb).sort((a, b) => a - b);
  console.log(`frames ${(frames * tenth) / 10} and more: resident ${kb[0]} to ${kb.at(-1)} kB`);
}
process.exit(0);
