/**
 * What a copied camera costs: processor time of everything VAS runs for it, frame export off, no viewer, recording on,
 * beside a bare `ffmpeg -c copy` that records the same RTSP stream at the same time.
 *
 *   MEDIASOUP_WORKER_BIN=... node bench/copy-cost.ts [windows] [seconds per window]
 */
import { execFileSync, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Camera } from "@vas/contracts/http.ts";
import { descendants, waitFor } from "@vas/testkit/processes.ts";
import { startSite } from "@vas/testkit/site.ts";
import { startSyntheticCamera } from "@vas/testkit/synthetic-camera.ts";

const windows = Number(process.argv[2] ?? 5);
const seconds = Number(process.argv[3] ?? 20);
const stream = { width: 1920, height: 1080, fps: 25, gop: 50, bitrate: 6_000_000 };

const work = await mkdtemp(join(tmpdir(), "bench-copy-"));
// Noise, so that the encoder needs all the bits it is given.
const video = join(work, "noise.mp4");
execFileSync("ffmpeg", [
  ...[
    "-v",
    "error",
    "-f",
    "lavfi",
    "-i",
    `testsrc2=size=${stream.width}x${stream.height}:rate=${stream.fps},noise=alls=12`,
  ],
  ...["-t", "8", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "23", video],
]);
await using camera = await startSyntheticCamera({ ...stream, video });
await using site = await startSite({
  start: { core: false, runtimes: false },
  vasEnv: { VAS_ALLOW_LOOPBACK_CAMERAS: "true" },
});
const api = await site.api();
const idle: number[] = [];
for (let window = 0; window < windows; window++) idle.push(await used(() => tree(site.vas.pid()), seconds / 4));

const { id } = await api.post<Camera>("cameras", { name: "Copied", rtsp_url: camera.url });
await waitFor("the camera to be live", async () => (await api.get<Camera>(`cameras/${id}`)).status.state === "live");
const bare = spawn(
  "ffmpeg",
  [
    ...["-v", "error", "-nostdin", "-rtsp_transport", "tcp", "-i", camera.url, "-map", "0:v:0", "-c", "copy"],
    ...["-movflags", "+frag_keyframe+empty_moov", "-y", join(work, "bare.mp4")],
  ],
  { stdio: "inherit" },
);
await used(() => [bare.pid as number], 5);

const rows: { vas: number; ffmpeg: number; bare: number }[] = [];
for (let window = 0; window < windows; window++) {
  const ingest = () => tree(site.vas.pid()).filter((pid) => argv(pid).includes("-f concat"));
  const [vas, ffmpeg, peer] = await Promise.all([
    used(() => tree(site.vas.pid()), seconds),
    used(ingest, seconds),
    used(() => [bare.pid as number], seconds),
  ]);
  rows.push({ vas, ffmpeg, bare: peer });
}
bare.kill("SIGKILL");
const { bitrate_kbps: kbps } = (await api.get<Camera>(`cameras/${id}`)).status;
await rm(work, { recursive: true, force: true });

const idleMs = median(idle);
const bareMs = median(rows.map((row) => row.bare));
const figure = (name: string, ms: number) =>
  console.log(`${name.padEnd(58)} ${ms.toFixed(2).padStart(7)} ms/s   ${(ms / bareMs).toFixed(2).padStart(6)}`);
console.log(
  `${stream.width}x${stream.height} at ${stream.fps} fps, ${kbps} kbit/s, medians of ${windows} windows of ${seconds} s, processor ms per second, ratio`,
);
figure("bare ffmpeg -c copy to a file", bareMs);
figure("VAS's ingest FFmpeg (RTP and recording)", median(rows.map((row) => row.ffmpeg)));
figure("everything VAS runs (FFmpeg, VAS, media workers)", median(rows.map((row) => row.vas)));
figure("VAS without a camera", idleMs);
figure("everything VAS runs, less what it uses without a camera", median(rows.map((row) => row.vas)) - idleMs);

/** Processor milliseconds per second of the processes, over so many seconds. */
async function used(pids: () => number[], overSeconds: number): Promise<number> {
  const before = cpuNs(pids());
  const start = performance.now();
  await new Promise((resolve) => setTimeout(resolve, overSeconds * 1000));
  return (cpuNs(pids()) - before) / 1e6 / ((performance.now() - start) / 1000);
}

function tree(pid: number): number[] {
  return [pid, ...descendants(pid).map((row) => row.pid)];
}

/** Nanoseconds on a processor of all threads; proc(5), schedstat. */
function cpuNs(pids: number[]): number {
  let sum = 0;
  for (const pid of pids)
    for (const thread of readdirSync(`/proc/${pid}/task`))
      sum += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
  return sum;
}

function argv(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
