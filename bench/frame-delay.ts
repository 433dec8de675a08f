/**
 * How long after its decoding a frame can be read by another process, at 30 fps and 1080p, beside a memcpy of that frame;
 * and how many frames a reader that keeps up misses.
 *
 *   node bench/frame-delay.ts [rounds] [seconds per round]
 */
import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closeEnd, openPipe } from "../apps/vas/src/kernel/frames/pipe.ts";
import { startTap } from "../apps/vas/src/kernel/frames/tap.ts";
import { tapOutputArguments } from "../apps/vas/src/kernel/frames/tap-output.ts";
import { buildPrograms } from "./native/build.ts";
import { makeClip, median } from "./native/stats.ts";

const rounds = Number(process.argv[2] ?? 5);
const seconds = Number(process.argv[3] ?? 10);
const work = mkdtempSync(join(tmpdir(), "bench-delay-"));
const shmDir = mkdtempSync("/dev/shm/bench-delay-");
using programs = buildPrograms(["delay"]);
const clip = join(work, "clip.ts");
makeClip(clip, "1920x1080", 30, (rounds + 2) * (seconds + 2));

// Where it may, ahead of everything else on the machine, whose turns would be measured instead; it needs a fifth of a processor.
const ahead = spawnSync("chrt", ["-f", "-p", "1", String(process.pid)]).status === 0;
const cameraId = randomUUID();
const pipe = openPipe();
const running = new Promise<ReturnType<typeof startTap>>((resolve) => {
  const tap = startTap({
    ...{ cameraId, shmDir, slotCount: 8, inputFd: pipe.readFd, pts90kBase: 0 },
    onState: ({ state }) => state === "running" && resolve(tap),
  });
});
const camera = spawn("ffmpeg", [..."-v error -nostdin -re -i".split(" "), clip, ...tapOutputArguments("pipe:3")], {
  stdio: ["ignore", "ignore", "inherit", pipe.writeFd],
});
const tap = await running;
type Said = Record<"delay50" | "delay99" | "copy50" | "copy99" | "missed" | "torn", number>;
const rows: Said[] = [];
for (let round = 0; round < rounds; round++) {
  const reader = spawn(programs.path("delay"), [shmDir, cameraId, String(seconds * 30)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  reader.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  await once(reader, "close");
  rows.push(JSON.parse(said) as Said);
}
camera.kill("SIGKILL");
closeEnd(pipe.writeFd);
await tap.stop();
closeEnd(pipe.readFd);
for (const folder of [work, shmDir]) rmSync(folder, { recursive: true, force: true });

const ms = (name: keyof Said) => (median(rows.map((row) => row[name])) / 1e6).toFixed(3);
const ratio = (name: "50" | "99") => median(rows.map((row) => row[`delay${name}`] / row[`copy${name}`])).toFixed(2);
console.log(
  `1920x1080 at 30 fps, medians of ${rounds} rounds of ${seconds * 30} frames${ahead ? ", scheduled first in, first out" : ""}`,
);
console.log(`decoded to readable p50 ${ms("delay50")} ms, memcpy p50 ${ms("copy50")} ms, ratio ${ratio("50")}`);
console.log(`decoded to readable p99 ${ms("delay99")} ms, memcpy p99 ${ms("copy99")} ms, ratio ${ratio("99")}`);
const sum = (name: "missed" | "torn") => rows.reduce((total, row) => total + row[name], 0);
console.log(`missed ${sum("missed")}, torn ${sum("torn")} of ${rounds * seconds * 30}`);
