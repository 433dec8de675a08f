/**
 * How far from main a sub stream stands that was placed by arrival: the difference of `pts90k` of the two frames that show
 * the same burned number, for one new run of the sub stream after the other.
 *
 *   MEDIASOUP_WORKER_BIN=... node_modules/.bin/node bench/stream-placement.ts
 *
 * Prints milliseconds; positive where the sub stream's frame stands later than main's.
 */
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readGeometry, readNewest, readSlotRecord } from "@vas/contracts/frames.ts";
import type { StreamRole } from "@vas/contracts/http.ts";
import { startGstCamera } from "@vas/testkit/gst-camera.ts";
import { readFrameNumber } from "@vas/testkit/picture.ts";
import { waitFor } from "@vas/testkit/processes.ts";
import { startKernel } from "./kernel-site.ts";

const ROUNDS = 11;
const FPS = 15;
const WAIT = { withinMs: 60_000 };

const mediaDir = await mkdtemp(join(tmpdir(), "bench-placement-"));
const shmDir = `/dev/shm/vas-bench-${randomUUID()}`;
const kernel = await startKernel(mediaDir, shmDir);
const camera = await startGstCamera({ width: 640, height: 360, fps: FPS, gop: FPS, sub: { width: 320, height: 180 } });
const id = randomUUID();
const start = (stream: StreamRole, withSub: boolean) =>
  kernel.startCamera({
    ...{ id, url: camera.url, username: null, password: null, record: true },
    sub: withSub ? { url: camera.subUrl, username: null, password: null } : null,
    frameExport: { enabled: true, maxFps: null, height: null, stream },
  });

/** The newest frame of the camera, where it is one of this width and its number can be read. */
async function frameOf(width: number): Promise<{ pts90k: number; number: number } | undefined> {
  const [meta, data] = await Promise.all(
    ["frame.meta", "frame.data"].map((name) => readFile(join(shmDir, id, name)).catch(() => Buffer.alloc(0))),
  );
  if (!meta?.length || !data?.length) return undefined;
  const view = new DataView(meta.buffer, meta.byteOffset, meta.length);
  const geometry = readGeometry(view, data.length);
  if (typeof geometry !== "object" || geometry.width !== width) return undefined;
  const record = readSlotRecord(view, readNewest(view).slot);
  const number = readFrameNumber(data.subarray(record.offset), geometry.width, geometry.height, geometry.stride);
  return number === null || record.sequence % 2 !== 0 ? undefined : { pts90k: record.pts90k, number };
}

/** @returns milliseconds that a number's picture stands at on the time line, less its place in the sequence */
const offsetMs = ({ pts90k, number }: { pts90k: number; number: number }) => pts90k / 90 - (number * 1000) / FPS;

start("main", false);
const apartMs: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const main = offsetMs(await waitFor("a frame of main", () => frameOf(640), WAIT));
  start("sub", true);
  apartMs.push(offsetMs(await waitFor("a frame of sub", () => frameOf(320), WAIT)) - main);
  start("main", false);
}
const sorted = apartMs.toSorted((a, b) => a - b);
console.log(`each: ${apartMs.map(Math.round).join(", ")} ms`);
console.log(
  `least ${sorted[0]?.toFixed(0)}, median ${sorted[ROUNDS >> 1]?.toFixed(0)}, most ${sorted.at(-1)?.toFixed(0)} ms`,
);
await kernel.close();
await camera.close();
await rm(mediaDir, { recursive: true });
await rm(shmDir, { recursive: true, force: true });
