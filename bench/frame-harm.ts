/**
 * What readers can do to video: four live cameras at once, each one FFmpeg with the outputs of an ingest (RTP, recording,
 * tap). The first has no reader; one has a reader that stands still in the middle of a frame, one has readers that are
 * killed once a second, one has a reader that overwrites both files with noise, as only their owner may.
 *
 *   node bench/frame-harm.ts [seconds] [height] [fps]
 *
 * Counts the frames that arrive live (RTP timestamps), in the recording (packets of the file) and in shared memory.
 */
import { execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort, waitFor } from "@vas/testkit/processes.ts";
import { ingestArgs } from "../apps/vas/src/kernel/camera/ffmpeg-args.ts";
import { closeEnd, openPipe } from "../apps/vas/src/kernel/frames/pipe.ts";
import { startTap } from "../apps/vas/src/kernel/frames/tap.ts";

const seconds = Number(process.argv[2] ?? 60);
const height = Number(process.argv[3] ?? 720);
const fps = Number(process.argv[4] ?? 15);
const work = mkdtempSync(join(tmpdir(), "bench-harm-"));
const shmDir = mkdtempSync("/dev/shm/bench-harm-");
const clip = join(work, "clip.ts");
// In one piece: where a clip repeats itself a decoder loses frames of its own.
execFileSync("ffmpeg", [
  ...`-v error -f lavfi -i testsrc2=size=${(height * 16) / 9}x${height}:rate=${fps}:duration=${seconds}`.split(" "),
  ...`-vf noise=alls=6:allf=t -pix_fmt yuv420p -c:v libx264 -preset ultrafast -bf 0 -g ${2 * fps} -b:v 4M ${clip}`.split(
    " ",
  ),
]);

const HOLD = `readSync(data, Buffer.alloc(1000)); console.log("ready"); setInterval(() => undefined, 1000);`;
const SCRIBBLE = `
  const noise = randomFillSync(Buffer.alloc(65536));
  let written = 0;
  console.log("ready");
  setInterval(() => {
    for (const fd of [meta, data]) {
      const { size } = fstatSync(fd);
      const at = Math.floor(Math.random() * size);
      written += writeSync(fd, noise, 0, Math.min(noise.length, size - at), at);
    }
  }, 1);`;

type Camera = Awaited<ReturnType<typeof startCamera>>;

async function startCamera(name: string) {
  const pipe = openPipe();
  const cameraId = randomUUID();
  const sourcePort = await freePort();
  const live = new Set<number>();
  const socket = createSocket({ type: "udp4", recvBufferSize: 8_000_000 });
  socket.on("message", (packet) => live.add(packet.readUInt32BE(4)));
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  const recording = join(work, `${cameraId}.mp4`);
  // The pipe's write end stays open here, so that the tap and its files outlive the stream until all is counted.
  const recordingFd = openSync(recording, "w");
  const all = ingestArgs({ rtp: { port, sourcePort, ssrc: 1 }, live: "copy", tap: true });
  const outputs = all.slice(all.indexOf("-map"));
  // A file of MPEG-TS gives its video a tag that RTSP does not give, and that MP4 refuses.
  outputs.splice(outputs.indexOf("mp4") - 3, 0, "-tag:v", "avc1");
  const args = ["-v", "error", "-nostdin", "-copytb", "1", "-re", "-t", String(seconds), "-i", clip, ...outputs];
  const ingest = spawn("ffmpeg", args, { stdio: ["ignore", "ignore", "inherit", recordingFd, pipe.writeFd] });
  closeSync(recordingFd);
  const tap = startTap({
    ...{ cameraId, shmDir, slotCount: 8, inputFd: pipe.readFd, pts90kBase: 0 },
    onState: (state) => state.reason && console.error(`${name}: ${state.state}, ${state.reason}`),
  });
  return { name, pipe, ended: once(ingest, "exit"), folder: join(shmDir, cameraId), tap, live, recording, socket };
}

async function startReader({ folder }: Camera, does: string) {
  const script = `
    import { fstatSync, openSync, readSync, writeSync } from "node:fs";
    import { randomFillSync } from "node:crypto";
    const [meta, data] = ["frame.meta", "frame.data"].map((name) => openSync(${JSON.stringify(folder)} + "/" + name, "r+"));
    ${does}`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

const cameras = await Promise.all(["no reader", "stopped", "killed", "scribbling"].map(startCamera));
const [, stopped, killed, scribbling] = cameras as [Camera, Camera, Camera, Camera];
const startMs = performance.now();
await waitFor("every tap to export", () => cameras.every(({ tap }) => tap.counters().framesExported > 0));
const stands = await startReader(stopped, HOLD);
stands.kill("SIGSTOP");
const scribbles = await startReader(scribbling, SCRIBBLE);
const withReadersMs = performance.now() - startMs;
// A tap that starts on a busy machine may join late; what counts is what is lost once it runs and the readers are there.
const from = cameras.map(({ tap }) => tap.counters());
let kills = 0;
const over = new AbortController();
void killed.ended.then(() => over.abort());
while (!over.signal.aborted) {
  const reader = await startReader(killed, HOLD);
  await Promise.race([pause(700), killed.ended]);
  reader.kill("SIGKILL");
  kills++;
}
await Promise.all(cameras.map(({ ended }) => ended));
const expected = seconds * fps;
await waitFor("the taps to be done", () => cameras.every(({ tap }) => tap.counters().packetsRead >= expected), {
  withinMs: 15_000,
}).catch(() => undefined);
for (const reader of [stands, scribbles]) reader.kill("SIGKILL");

console.log(
  `${(height * 16) / 9}x${height} at ${fps} fps for ${seconds} s, four cameras at once, readers from ${(withReadersMs / 1000).toFixed(1)} s on, ${kills} readers killed`,
);
for (const [at, { name, live, recording, tap, socket }] of cameras.entries()) {
  const show = "-v error -select_streams v -show_entries packet=pts -of csv=p=0".split(" ");
  const recorded = execFileSync("ffprobe", [...show, recording], { encoding: "utf8" })
    .trim()
    .split(/[\s,]+/)
    .map(Number);
  const [before, after] = [from[at], tap.counters()];
  const exported = after.framesExported - (before?.framesExported ?? 0);
  // What was sent while the readers were there, by the recording's count between the first and the last frame's time.
  const sent = recorded.filter((pts) => pts > (before?.lastPts90k ?? 0) && pts <= (after.lastPts90k ?? 0)).length;
  console.log(
    `${name.padEnd(12)} live ${live.size} and recorded ${recorded.length} of ${expected}, exported with readers ${exported} of ${sent}; tap restarts ${after.restarts}`,
  );
  socket.close();
}
for (const { pipe } of cameras) closeEnd(pipe.writeFd);
await Promise.all(cameras.map(({ tap }) => tap.stop()));
for (const folder of [work, shmDir]) rmSync(folder, { recursive: true, force: true });
process.exit(0);
