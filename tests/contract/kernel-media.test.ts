/**
 * The media plane against a camera that numbers its frames: the same number must be read, for the same presentation
 * time, from shared memory, from the recording and from a snapshot.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { systemClock } from "@vas/base/clock.ts";
import { createLog } from "@vas/base/log.ts";
import { readGeometry, readNewest, readSlotRecord } from "@vas/contracts/frames.ts";
import type { CameraStatus } from "@vas/contracts/http.ts";
import type { Run } from "@vas/contracts/live.ts";
import { readFrameNumber } from "@vas/testkit/picture.ts";
import { descendants, freePorts, isRunning, killNow, waitFor } from "@vas/testkit/processes.ts";
import { startSyntheticCamera } from "@vas/testkit/synthetic-camera.ts";
import { createKernel, type Kernel, type SegmentRecord } from "../../apps/vas/src/kernel/index.ts";

const SIZE = { width: 640, height: 360, fps: 15, gop: 15 };

type Said = {
  status: CameraStatus[];
  runs: Run[];
  opened: SegmentRecord[];
  closed: SegmentRecord[];
  gaps: { reason: string; startWallMs: number }[];
  log: string[];
};

async function startKernel(frameExport: boolean) {
  const mediaDir = await mkdtemp(join(tmpdir(), "kernel-media-"));
  const shmDir = `/dev/shm/vas-test-${randomUUID()}`;
  const said: Said = { status: [], runs: [], opened: [], closed: [], gaps: [], log: [] };
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
    frameExport: { enabled: frameExport, shmDir, slotCount: 8 },
    allowLoopbackCameras: true,
    log: createLog((line) => said.log.push(line)),
    clock: systemClock,
    listener: {
      cameraStatus: (status) => said.status.push(status),
      run: (_camera, run) => said.runs.push(run),
      segmentOpened: (segment) => said.opened.push(segment),
      segmentClosed: (segment) => said.closed.push(segment),
      gapOpened: (gap) => said.gaps.push(gap),
    },
  });
  after(async () => {
    await kernel.close();
    await rm(mediaDir, { recursive: true });
    await rm(shmDir, { recursive: true, force: true });
  });
  return { kernel, said, mediaDir, shmDir };
}

const isLive = (kernel: Kernel, id: string) => () => kernel.status(id).state === "live";

/** Reads the newest frame of a ring as any other program would: the files, and a sequence compared before and after. */
function newestFrame(folder: string): { pts90k: number; number: number | null } | undefined {
  if (!existsSync(join(folder, "frame.meta"))) return undefined;
  const view = (bytes: Buffer) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const data = readFileSync(join(folder, "frame.data"));
  const before = view(readFileSync(join(folder, "frame.meta")));
  const geometry = readGeometry(before, data.length);
  assert.ok(typeof geometry === "object", String(geometry));
  const { frameId, slot } = readNewest(before);
  if (frameId === 0) return undefined;
  const record = readSlotRecord(before, slot);
  const pixels = readFileSync(join(folder, "frame.data")).subarray(record.offset, record.offset + geometry.dataSize);
  const after = readSlotRecord(view(readFileSync(join(folder, "frame.meta"))), slot);
  if (record.sequence % 2 !== 0 || after.sequence !== record.sequence) return undefined;
  return { pts90k: record.pts90k, number: readFrameNumber(pixels, geometry.width, geometry.height, geometry.stride) };
}

async function numberOnJpeg(jpeg: Buffer, width: number, height: number): Promise<number | null> {
  const child = spawn("ffmpeg", "-v error -f mjpeg -i pipe:0 -f rawvideo -pix_fmt gray pipe:1".split(" "), {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stdin.end(jpeg);
  await once(child, "close");
  return readFrameNumber(Buffer.concat(chunks), width, height, width);
}

for (const variant of [
  { title: "H.264", codec: "h264", bFrames: 0 },
  { title: "H.264 with B-frames", codec: "h264", bFrames: 2 },
  { title: "H.265", codec: "h265", bFrames: 0 },
] as const)
  test(`a frame of ${variant.title} has one presentation time in shared memory, the recording and a snapshot`, async () => {
    await using camera = await startSyntheticCamera({ ...SIZE, codec: variant.codec, bFrames: variant.bFrames });
    const { kernel, said, shmDir } = await startKernel(true);
    const id = randomUUID();
    kernel.startCamera({ id, url: camera.url, username: null, password: null, record: true });
    await waitFor("the camera to be live", isLive(kernel, id), { seen: () => said.log });
    await waitFor("a segment", () => kernel.openSegment(id));
    const seen = new Map<number, number>();
    let runId: string | undefined;
    await waitFor(
      "20 exported frames with a readable number",
      () => {
        const frame = newestFrame(join(shmDir, id));
        const segment = kernel.openSegment(id);
        if (!frame?.number || !segment || frame.pts90k < segment.startPts90k) return false;
        // A stream that has to be re-encoded for live view ends its first run at once, with frames that no recording holds.
        if (segment.runId !== runId) seen.clear();
        runId = segment.runId;
        seen.set(frame.pts90k, frame.number);
        return seen.size >= 20;
      },
      { everyMs: 20, seen: () => [...seen] },
    );
    const times = [...seen.keys()];
    assert.ok(await kernel.recordedUpTo(id, times.at(-1) as number, AbortSignal.timeout(10_000)), "recorded that far");
    for (const pts90k of [times[0], times[7], times.at(-1)] as number[]) {
      const segment = [...said.closed, kernel.openSegment(id)].find(
        (entry) => entry && entry.startPts90k <= pts90k && pts90k < entry.endPts90k,
      );
      assert.ok(segment, `a segment holds ${pts90k}`);
      const picture = await kernel.pictureOf(segment, { pts90k });
      assert.equal(picture.pts90k, pts90k);
      assert.equal(await numberOnJpeg(picture.jpeg, picture.width, picture.height), seen.get(pts90k));
    }
    const run = await waitFor("the run's RTP base", () => said.runs.find((entry) => entry.rtp_base !== null));
    assert.equal(kernel.live.run(id)?.run_id, run.run_id);
    assert.equal(kernel.status(id).live_transcoded !== null, variant.title !== "H.264");
    await kernel.stopCamera(id);
    assert.equal(existsSync(join(shmDir, id)), false, "no shared memory is left");
    assert.deepEqual(said.gaps.at(-1)?.reason, "stopped");
  });

test("a camera that goes away and comes back is retried with its reason, and its time line goes on", async () => {
  await using camera = await startSyntheticCamera(SIZE);
  const { kernel, said } = await startKernel(false);
  const id = randomUUID();
  kernel.startCamera({ id, url: camera.url, username: null, password: null, record: true });
  await waitFor("the camera to be live", isLive(kernel, id));
  const first = await waitFor("a segment", () => kernel.openSegment(id));
  camera.server.behave("not_found");
  camera.server.dropClients();
  const lost = await waitFor(
    "the state retrying",
    () => {
      const status = kernel.status(id);
      return status.state === "retrying" && status.reason?.code === "stream_not_found" ? status : undefined;
    },
    { seen: () => kernel.status(id) },
  );
  assert.match(lost.reason?.message ?? "", /404/);
  assert.ok(said.gaps.some((gap) => gap.reason === "stream_not_found"));
  camera.server.behave("normal");
  await waitFor("the camera to be live again", isLive(kernel, id), { withinMs: 40_000 });
  const second = await waitFor("a segment of the new run", () => {
    const open = kernel.openSegment(id);
    return open && open.runId !== first.runId ? open : undefined;
  });
  const closed = said.closed.find((segment) => segment.runId === first.runId);
  assert.ok(closed && second.startPts90k > closed.endPts90k, "presentation times grow over runs");
  assert.ok(second.startWallMs >= closed.endWallMs);
});

test("a camera that stays connected but sends nothing is noticed", async () => {
  await using camera = await startSyntheticCamera(SIZE);
  const { kernel, said } = await startKernel(false);
  const id = randomUUID();
  kernel.startCamera({ id, url: camera.url, username: null, password: null, record: false });
  await waitFor("the camera to be live", isLive(kernel, id));
  camera.server.stall(true);
  const status = await waitFor(
    "the state retrying",
    () => {
      const now = kernel.status(id);
      return now.state === "retrying" ? now : undefined;
    },
    { withinMs: 60_000 },
  );
  assert.ok(["stalled", "timed_out", "ended"].includes(status.reason?.code ?? ""), JSON.stringify(status.reason));
  camera.server.stall(false);
  await waitFor("the camera to be live again", isLive(kernel, id), { withinMs: 40_000, seen: () => said.log });
});

test("each way a camera refuses has its own cause, and no credential is in the log or a process list", async () => {
  const password = "canary-9f3a";
  await using camera = await startSyntheticCamera({
    ...SIZE,
    auth: { username: "operator", password, scheme: "digest" },
  });
  const { kernel, said } = await startKernel(false);
  const probe = (url: string, given: string) =>
    kernel.probe({ url, username: "operator", password: given }, AbortSignal.timeout(30_000)).then(
      (reply) => reply.codec,
      (error: { code: string }) => error.code,
    );
  assert.equal(await probe(camera.url, password), "H.264");
  assert.equal(await probe(camera.url, "canary-wrong"), "probe_unauthorized");
  assert.equal(await probe("rtsp://127.0.0.1:9/x", password), "probe_refused");
  assert.equal(await probe(`${camera.url}/nothing`, password), "probe_stream_not_found");
  camera.server.behave("hang");
  assert.equal(await probe(camera.url, password), "probe_timed_out");
  camera.server.behave("normal");
  const id = randomUUID();
  kernel.startCamera({ id, url: camera.url, username: "operator", password, record: false });
  await waitFor("the camera to be live", isLive(kernel, id));
  for (const { pid, command } of descendants(process.pid)) {
    const argv = isRunning(pid) ? readFileSync(`/proc/${pid}/cmdline`, "utf8") : command;
    assert.ok(!argv.includes("canary"), argv);
  }
  assert.ok(!JSON.stringify(said).includes("canary"), "what the kernel says has no credential in it");
});

test("a media worker that dies is replaced under the running camera; the ingest and the recording do not notice", async () => {
  await using camera = await startSyntheticCamera(SIZE);
  const { kernel, said } = await startKernel(false);
  const id = randomUUID();
  kernel.startCamera({ id, url: camera.url, username: null, password: null, record: true });
  await waitFor("the camera to be live", isLive(kernel, id));
  const open = await waitFor("a segment", () => kernel.openSegment(id));
  const mine = () =>
    descendants(process.pid).filter((row) => readFileSync(`/proc/${row.pid}/cmdline`, "utf8").includes(open.cameraId));
  assert.deepEqual(mine(), [], "the camera's id is no argument of a child");
  const ingest = () =>
    descendants(process.pid)
      .filter((row) => row.command.includes("ffmpeg"))
      .map((row) => row.pid);
  const before = ingest();
  let closed = false;
  const transport = await kernel.live.createTransport(id, () => (closed = true));
  assert.ok(transport.iceCandidates.length >= 2, "a UDP and a TCP candidate");
  const worker = descendants(process.pid).find((row) => row.command.includes("mediasoup"));
  assert.ok(worker, JSON.stringify(descendants(process.pid)));
  killNow(worker.pid);
  await waitFor("the viewer to be told", () => closed);
  await waitFor(
    "a new worker",
    async () => (await kernel.live.createTransport(id, () => undefined)).id !== transport.id,
  );
  const reached = await kernel.recordedUpTo(id, open.endPts90k + 270_000, AbortSignal.timeout(15_000));
  assert.ok(reached, "recording went on");
  assert.deepEqual(ingest(), before, "the same FFmpeg");
  assert.equal(said.gaps.filter((gap) => gap.reason !== "connecting").length, 0);
});

test("with frame export off there is no tap, no shared memory and no decoder", async () => {
  await using camera = await startSyntheticCamera(SIZE);
  const { kernel, shmDir } = await startKernel(false);
  const id = randomUUID();
  kernel.startCamera({ id, url: camera.url, username: null, password: null, record: true });
  await waitFor("the camera to be live", isLive(kernel, id));
  assert.equal(existsSync(shmDir), false);
  const commands = descendants(process.pid).map((row) =>
    readFileSync(`/proc/${row.pid}/cmdline`, "utf8").replaceAll("\0", " "),
  );
  assert.equal(commands.filter((line) => line.includes("tap-process")).length, 0);
  const ingest = commands.find((line) => line.includes("-f concat"));
  assert.ok(ingest && !ingest.includes("pipe:4") && !ingest.includes("libx264"), ingest);
  assert.deepEqual(kernel.status(id).frame_export, { enabled: false, state: null, reason: null });
});

test("a camera's export rate and size change under the running camera; switching export off leaves nothing of it", async () => {
  await using camera = await startSyntheticCamera(SIZE);
  const { kernel, shmDir } = await startKernel(true);
  const id = randomUUID();
  const spec = { id, url: camera.url, username: null, password: null, record: true };
  const folder = join(shmDir, id);
  kernel.startCamera({ ...spec, frameExport: { enabled: true, maxFps: 5, height: 180 } });
  const geometry = () => {
    if (!existsSync(join(folder, "frame.meta"))) return undefined;
    const meta = readFileSync(join(folder, "frame.meta"));
    return readGeometry(new DataView(meta.buffer, meta.byteOffset, meta.length), Number.MAX_SAFE_INTEGER);
  };
  const sized = (height: number) => () => {
    const found = geometry();
    return typeof found === "object" && found.height === height ? found : undefined;
  };
  const small = await waitFor("frames of 180 rows", sized(180), { withinMs: 60_000 });
  assert.equal(small.width, 320, "the proportions stay");
  await waitFor("a segment", () => kernel.openSegment(id));
  const { runId } = kernel.openSegment(id) as SegmentRecord;
  kernel.startCamera({ ...spec, frameExport: { enabled: true, maxFps: null, height: null } });
  await waitFor("frames of the stream's own size", sized(SIZE.height), { withinMs: 60_000 });
  assert.equal(kernel.openSegment(id)?.runId, runId, "the ingest went on");
  kernel.startCamera({ ...spec, frameExport: { enabled: false, maxFps: null, height: null } });
  await waitFor("no shared memory to be left", () => !existsSync(folder));
  await waitFor("the camera to be live again", isLive(kernel, id));
  assert.deepEqual(kernel.status(id).frame_export, { enabled: false, state: null, reason: null });
  assert.equal(existsSync(folder), false);
});
