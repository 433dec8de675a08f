/**
 * What a sub stream and a test camera cost: processor time of their FFmpegs beside the main stream's, in the same windows.
 *
 *   MEDIASOUP_WORKER_BIN=... node_modules/.bin/node bench/streams.ts
 *
 * Prints percent of a core, medians of windows, from /proc/<pid>/schedstat, and the ratio of sub to main.
 */
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startGstCamera } from "@vas/testkit/gst-camera.ts";
import { descendants, waitFor } from "@vas/testkit/processes.ts";
import { startKernel } from "./kernel-site.ts";

const WINDOWS = 7;
const WINDOW_MS = 4_000;
const NONE = { url: "", username: null, password: null };

const mediaDir = await mkdtemp(join(tmpdir(), "bench-streams-"));
const kernel = await startKernel(mediaDir);
const camera = await startGstCamera({ width: 1280, height: 720, fps: 15, sub: { width: 640, height: 360 } });
const outside = new Set(ffmpegs());
const roles = new Map<string, number[]>();

/** Starts something, and takes the FFmpegs that came with it. */
async function added(what: string, cameraId: string, streams: number, start: () => void): Promise<void> {
  const before = new Set(ffmpegs());
  start();
  const isLive = () => {
    const found = kernel.status(cameraId).streams ?? [];
    return found.length === streams && found.every(({ state }) => state === "live");
  };
  await waitFor(`${what} to be live`, isLive, { withinMs: 60_000, seen: () => kernel.status(cameraId) });
  roles.set(
    what,
    ffmpegs().filter((pid) => !before.has(pid) && !outside.has(pid)),
  );
}

const id = randomUUID();
const main = { id, url: camera.url, username: null, password: null, record: true };
const test = { id: randomUUID(), ...NONE, test: true, record: true };
await added("main 720p 15 fps", id, 1, () => kernel.startCamera(main));
await added("sub 360p 15 fps", id, 2, () => kernel.startCamera({ ...main, sub: { ...NONE, url: camera.subUrl } }));
await added("test camera, both streams", test.id, 2, () => kernel.startCamera({ ...test, sub: NONE }));
const seen = new Map<string, number[]>([...roles.keys()].map((what) => [what, []]));
for (let window = 0; window < WINDOWS; window++) {
  const startNs = process.hrtime.bigint();
  const before = new Map([...roles].map(([what, pids]) => [what, cpuNs(pids)]));
  await delay(WINDOW_MS);
  const wallNs = Number(process.hrtime.bigint() - startNs);
  for (const [what, pids] of roles) seen.get(what)?.push((100 * (cpuNs(pids) - (before.get(what) as number))) / wallNs);
}
for (const [what, percents] of seen) console.log(`${what}: ${median(percents).toFixed(2)} % of a core`);
const [ofMain = [], ofSub = []] = [...seen.values()];
console.log(`sub / main: ${median(ofSub.map((value, at) => value / (ofMain[at] as number))).toFixed(2)}`);
await kernel.close();
await camera.close();
await rm(mediaDir, { recursive: true });

function ffmpegs(): number[] {
  return descendants(process.pid)
    .filter((row) => row.command.includes("ffmpeg"))
    .map((row) => row.pid);
}

function cpuNs(pids: readonly number[]): number {
  return pids
    .flatMap((pid) => threadsOf(pid).map((path) => Number(readFileSync(path, "utf8").split(" ")[0])))
    .reduce((sum, ns) => sum + ns, 0);
}

/** A process's own line counts its first thread only. */
function threadsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}/schedstat`);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
