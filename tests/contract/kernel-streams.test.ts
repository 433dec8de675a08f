/**
 * A camera with two streams, against GStreamer's RTSP server: both encode the same numbered pictures, so that what one
 * stream shows can be looked for in the other.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { systemClock } from "@vas/base/clock.ts";
import { createLog } from "@vas/base/log.ts";
import { readGeometry, readNewest, readSlotRecord } from "@vas/contracts/frames.ts";
import type { StreamRole } from "@vas/contracts/http.ts";
import { startGstCamera } from "@vas/testkit/gst-camera.ts";
import { readFrameNumber } from "@vas/testkit/picture.ts";
import { descendants, freePorts, isRunning, killNow, waitFor } from "@vas/testkit/processes.ts";
import { type CameraSpec, createKernel, type Kernel, type SegmentRecord } from "../../apps/vas/src/kernel/index.ts";

const MAIN = { width: 640, height: 360, fps: 15, gop: 15 };
const SUB = { width: 320, height: 180 };
const WAIT = { withinMs: 60_000 };

async function startKernel(allowLoopbackCameras: boolean) {
  const mediaDir = await mkdtemp(join(tmpdir(), "kernel-streams-"));
  const shmDir = `/dev/shm/vas-test-${randomUUID()}`;
  const said = { segments: new Map<string, SegmentRecord>(), gaps: [] as string[], log: [] as string[] };
  const workerBin = process.env.MEDIASOUP_WORKER_BIN;
  assert.ok(workerBin, "MEDIASOUP_WORKER_BIN must name the media worker; npm test sets it");
  const kernel = await createKernel({
    ffmpeg: "ffmpeg",
    mediasoupWorkerBin: workerBin,
    mediaWorkers: 1,
    rtcPort: await freePorts(1),
    rtcListenIp: "127.0.0.1",
    announcedAddress: undefined,
    mediaDir,
    frameExport: { enabled: true, shmDir, slotCount: 8 },
    allowLoopbackCameras,
    log: createLog((line) => said.log.push(line)),
    clock: systemClock,
    listener: {
      cameraStatus: () => undefined,
      run: () => undefined,
      segmentOpened: (segment) => said.segments.set(segment.id, segment),
      segmentClosed: (segment) => said.segments.set(segment.id, segment),
      gapOpened: (gap) => said.gaps.push(gap.reason),
    },
  });
  after(async () => {
    await kernel.close();
    await rm(mediaDir, { recursive: true });
    await rm(shmDir, { recursive: true, force: true });
  });
  return { kernel, said, shmDir };
}

const streamOf = (kernel: Kernel, id: string, stream: StreamRole) =>
  kernel.status(id).streams?.find((one) => one.stream === stream);
const isLive = (kernel: Kernel, id: string, stream: StreamRole) => () => streamOf(kernel, id, stream)?.state === "live";
const ffmpegs = () =>
  descendants(process.pid)
    .filter((row) => row.command.includes("ffmpeg") && isRunning(row.pid))
    .map((row) => row.pid);

type Seen = { pts90k: number; frameId: number; number: number | null; width: number };

/** The newest frame of a ring; undefined where there is none, or it was overwritten meanwhile. */
function newestFrame(folder: string): Seen | undefined {
  if (!existsSync(join(folder, "frame.meta"))) return undefined;
  const view = (bytes: Buffer) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    const data = readFileSync(join(folder, "frame.data"));
    const before = view(readFileSync(join(folder, "frame.meta")));
    const geometry = readGeometry(before, data.length);
    if (typeof geometry !== "object") return undefined;
    const { frameId, slot } = readNewest(before);
    const record = readSlotRecord(before, slot);
    const pixels = readFileSync(join(folder, "frame.data")).subarray(record.offset, record.offset + geometry.dataSize);
    const again = readSlotRecord(view(readFileSync(join(folder, "frame.meta"))), slot);
    if (frameId === 0 || record.sequence % 2 !== 0 || again.sequence !== record.sequence) return undefined;
    const { width, height, stride } = geometry;
    return { pts90k: record.pts90k, frameId, number: readFrameNumber(pixels, width, height, stride), width };
  } catch (error) {
    // Another size has other files; between the two there are none.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

test("a camera's streams live and die by themselves, and frames are exported of the one that is chosen", async () => {
  const auth = { username: "operator", password: "canary-streams" };
  await using camera = await startGstCamera({ ...MAIN, sub: SUB, auth });
  const { kernel, said, shmDir } = await startKernel(true);
  const id = randomUUID();
  const sub = { ...auth, url: camera.subUrl };
  const spec = (stream: StreamRole, withSub: boolean): CameraSpec => ({
    ...{ id, url: camera.url, ...auth, record: true, sub: withSub ? sub : null },
    frameExport: { enabled: true, maxFps: null, height: null, stream },
  });
  const folder = join(shmDir, id);
  const sized = (width: number) => () => {
    const frame = newestFrame(folder);
    return frame?.width === width && frame.number !== null ? frame : undefined;
  };

  // Main alone, though the sub stream's frames are wished for.
  kernel.startCamera(spec("sub", false));
  await waitFor("main to be live", isLive(kernel, id, "main"), WAIT);
  await waitFor("frames of main", sized(MAIN.width), WAIT);
  const { runId } = await waitFor("a segment", () => kernel.openSegment(id), WAIT);
  const [mainPid] = ffmpegs();
  assert.equal(streamOf(kernel, id, "sub"), undefined);

  // The sub stream comes: its frames are exported, main goes on.
  kernel.startCamera(spec("sub", true));
  await waitFor("sub to be live", isLive(kernel, id, "sub"), { ...WAIT, seen: () => said.log });
  const small = await waitFor("frames of sub", sized(SUB.width), { ...WAIT, seen: () => kernel.status(id) });
  assert.equal(kernel.streamOfFrame(id, small.frameId), "sub");
  const status = kernel.status(id);
  assert.deepEqual(
    status.streams?.map(({ stream, width, height, codec }) => [stream, width, height, codec]),
    [
      ["main", 640, 360, "H.264"],
      ["sub", 320, 180, "H.264"],
    ],
  );
  assert.equal(status.frame_export.stream, "sub");
  assert.equal(status.width, 640, "what is said of the camera is said of main");
  assert.equal(kernel.live.run(id, "sub")?.stream, "sub");
  assert.notEqual(kernel.live.run(id, "sub")?.run_id, kernel.live.run(id)?.run_id);

  // Frames of sub stand on main's time line by arrival: near the frame of main with the same number, and not more than that.
  assert.ok(await kernel.recordedUpTo(id, small.pts90k + 270_000, AbortSignal.timeout(60_000)), "recorded that far");
  const subRunId = kernel.live.run(id, "sub")?.run_id;
  kernel.startCamera(spec("main", true));
  const large = await waitFor("frames of main again", sized(MAIN.width), WAIT);
  assert.equal(kernel.streamOfFrame(id, large.frameId), "main");
  assert.equal(kernel.streamOfFrame(id, small.frameId), "sub");
  const apart = ((large.number as number) - (small.number as number)) * (90_000 / MAIN.fps);
  const error = large.pts90k - small.pts90k - apart;
  assert.ok(Math.abs(error) < 3 * 90_000, `sub stands ${error} ticks from main`);
  assert.equal(kernel.live.run(id, "sub")?.run_id, subRunId, "neither ingest noticed");
  assert.equal(kernel.openSegment(id)?.runId, runId);

  // The sub stream's FFmpeg dies; main, its viewers and its recording go on.
  let closed = false;
  await kernel.live.createTransport(id, () => (closed = true), "main");
  const subPid = ffmpegs().find((pid) => pid !== mainPid);
  assert.ok(subPid, "the sub stream has a process of its own");
  killNow(subPid);
  await waitFor("another run of sub", () => ![undefined, subRunId].includes(kernel.live.run(id, "sub")?.run_id), WAIT);
  const reached = kernel.newestPts90k(id) as number;
  assert.ok(await kernel.recordedUpTo(id, reached + 180_000, AbortSignal.timeout(60_000)), "recording went on");
  assert.equal(kernel.openSegment(id)?.runId, runId);
  assert.ok(ffmpegs().includes(mainPid as number));
  assert.equal(closed, false);
  assert.deepEqual(said.gaps, ["connecting"]);
  const open = kernel.openSegment(id) as SegmentRecord;
  const files = [...new Map(said.segments).set(open.id, open).values()].toSorted(
    (x, y) => x.startPts90k - y.startPts90k,
  );
  for (const [at, { startPts90k }] of files.entries())
    if (at > 0) assert.equal(startPts90k, files[at - 1]?.endPts90k, "a segment begins where the one before it ends");

  // It is taken away.
  kernel.startCamera(spec("sub", false));
  await waitFor("one FFmpeg to be left", () => ffmpegs().length === 1, WAIT);
  assert.equal(kernel.live.run(id, "sub"), undefined);
  await waitFor("frames of main", sized(MAIN.width), WAIT);
  assert.ok(!JSON.stringify(said.log).includes("canary"), "no credential in the log");
  await kernel.stopCamera(id);
  assert.deepEqual(ffmpegs(), []);
  assert.equal(existsSync(folder), false, "no shared memory is left");
});

test("the test camera needs no hardware and no address, and is a camera like any other", async () => {
  const { kernel, said, shmDir } = await startKernel(false);
  const id = randomUUID();
  const none = { url: "", username: null, password: null };
  kernel.startCamera({ id, ...none, sub: none, test: true, record: true });
  await waitFor("main to be live", isLive(kernel, id, "main"), { ...WAIT, seen: () => said.log });
  await waitFor("sub to be live", isLive(kernel, id, "sub"), WAIT);
  await waitFor("a segment", () => kernel.openSegment(id), WAIT);
  await waitFor("its frames", () => newestFrame(join(shmDir, id))?.width === 1280, WAIT);
  const [main, sub] = kernel.status(id).streams ?? [];
  assert.deepEqual([main?.width, main?.codec, main?.live_transcoded], [1280, "H.264", null]);
  assert.deepEqual([sub?.width, sub?.codec, sub?.live_transcoded], [640, "H.264", null]);
  await kernel.stopCamera(id);
  assert.deepEqual(ffmpegs(), []);
});
