import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readFrameNumber } from "./picture.ts";
import { cpuMs, descendants, isRunning, killNow, spawnTied, waitFor, within } from "./processes.ts";
import { type SyntheticCameraOptions, startSyntheticCamera } from "./synthetic-camera.ts";

const SMALL = { width: 320, height: 180, fps: 10, gop: 10 } as const;

function withCredentials(url: string, username: string, password: string): string {
  return url.replace("rtsp://", `rtsp://${username}:${password}@`);
}

/** Decodes `count` frames of a stream and answers their burned numbers and times in 90 kHz ticks. */
async function watch(url: string, count: number, transport: "tcp" | "udp" = "tcp") {
  const child = spawnTied("ffmpeg", [
    ...`-v error -nostdin -rtsp_transport ${transport} -i ${url} -frames:v ${count}`.split(" "),
    ..."-fps_mode passthrough -map 0:v -f rawvideo -pix_fmt yuv420p pipe:1".split(" "),
  ]);
  const chunks: Buffer[] = [];
  const words: string[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => words.push(chunk.toString()));
  try {
    await within(`${count} frames of ${transport}`, once(child, "close"), 30_000);
  } finally {
    child.kill("SIGKILL");
  }
  const all = Buffer.concat(chunks);
  const bytes = (SMALL.width * SMALL.height * 3) / 2;
  assert.ok(all.length >= bytes, `no picture: ${words.join("")}`);
  return Array.from({ length: all.length / bytes }, (_, at) =>
    readFrameNumber(all.subarray(at * bytes), SMALL.width, SMALL.height, SMALL.width),
  );
}

const variants: Record<string, SyntheticCameraOptions & { transport?: "udp" }> = {
  "H.264": {},
  "H.264 over UDP": { transport: "udp" },
  "H.264 with B-frames": { bFrames: 2 },
  "H.265": { codec: "h265" },
};
for (const [name, { transport = "tcp", ...options }] of Object.entries(variants))
  test(`frames of ${name} arrive in order with readable numbers`, async () => {
    await using camera = await startSyntheticCamera({ ...SMALL, ...options });
    const numbers = (await watch(camera.url, 25, transport)).filter((number) => number !== null);
    assert.ok(numbers.length >= 10, `numbers read: ${numbers.join(" ")}`);
    for (const [at, number] of numbers.entries())
      assert.ok(at === 0 || number > (numbers[at - 1] ?? 0), `numbers read: ${numbers.join(" ")}`);
    assert.ok(camera.framesSent() > 0);
  });

test("the RTP timestamp of a frame is its number times 90000 / fps from one base, also when frames were left out", async () => {
  await using camera = await startSyntheticCamera(SMALL);
  const child = spawnTied("ffmpeg", [
    ...`-v error -nostdin -rtsp_transport tcp -i ${camera.url} -frames:v 40`.split(" "),
    ..."-fps_mode passthrough -copyts -enc_time_base 1:90000 -pix_fmt yuv420p".split(" "),
    ..."-c:v rawvideo -f framecrc pipe:1".split(" "),
  ]);
  let text = "";
  let busy = false;
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    // The machine is so busy that frames are late: the camera leaves some out.
    if (busy || text.split("\n").length < 8) return;
    busy = true;
    for (const end = performance.now() + 450; performance.now() < end; );
  });
  await within("25 frames", once(child, "close"), 30_000);
  const ticks = text.split("\n").flatMap((line) => (/^\d/.test(line) ? [Number(line.split(",")[2])] : []));
  assert.ok(ticks.length >= 20, text);
  const steps = ticks.slice(1).map((tick, at) => tick - (ticks[at] ?? 0));
  for (const step of steps) assert.ok(step > 0 && step % 9000 === 0, `steps: ${steps.join(" ")}`);
  assert.ok(
    steps.some((step) => step > 9000),
    `no frame was left out: ${steps.join(" ")}`,
  );
});

for (const scheme of ["basic", "digest"] as const)
  test(`${scheme} authentication lets the right password in and no other`, async () => {
    await using camera = await startSyntheticCamera({
      ...SMALL,
      auth: { username: "viewer", password: "s3cret", scheme },
    });
    assert.ok((await watch(withCredentials(camera.url, "viewer", "s3cret"), 3)).length > 0);
    await assert.rejects(watch(withCredentials(camera.url, "viewer", "wrong"), 3), /401/);
    await assert.rejects(watch(camera.url, 3), /401/);
  });

test("misbehaviour is answered as the camera in question would", async () => {
  await using camera = await startSyntheticCamera(SMALL);
  for (const [behaviour, said] of [
    ["unauthorized", /401/],
    ["not_found", /404/],
    ["busy", /453/],
    [{ redirectTo: "rtsp://127.0.0.1:1/elsewhere" }, /refused/i],
  ] as const) {
    camera.server.behave(behaviour);
    await assert.rejects(watch(camera.url, 1), said);
  }
  camera.server.behave("drip");
  const socket = connect(camera.server.port, "127.0.0.1");
  socket.write("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n");
  const [byte] = (await within("the first byte", once(socket, "data"))) as [Buffer];
  assert.equal(byte.toString(), "R");
  socket.destroy();
  camera.server.behave("normal");
  assert.ok((await watch(camera.url, 3)).length > 0);
});

test("a client that does not read is dropped, and others go on", async () => {
  await using camera = await startSyntheticCamera({ ...SMALL, width: 640, height: 360, bitrate: 8_000_000, fps: 15 });
  const socket = connect(camera.server.port, "127.0.0.1");
  for (const [method, more] of [
    ["SETUP", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"],
    ["PLAY", ""],
  ])
    socket.write(`${method} ${camera.url} RTSP/1.0\r\nCSeq: 1\r\n${more}\r\n`);
  socket.pause();
  await waitFor("the client to play", () => camera.server.playing() === 1);
  // The kernel's buffers take some megabytes before the server's own queue grows: fill both.
  const filler = Buffer.alloc(1200, 0x80);
  await waitFor("the client to be dropped", () => {
    for (let count = 0; count < 2000 && camera.server.dropped() === 0; count++) camera.server.send(filler);
    return camera.server.dropped() === 1;
  });
  socket.destroy();
  assert.equal(camera.server.playing(), 0);
  const sent = camera.framesSent();
  await waitFor("more frames", () => camera.framesSent() > sent);
});

test("nothing of the camera survives a killed parent", async () => {
  const main = new URL("./synthetic-camera-main.ts", import.meta.url).pathname;
  const parent = spawn(process.execPath, [main, "--width", "320", "--height", "180"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const pid = parent.pid ?? 0;
  const [line] = (await within("the camera's address", once(parent.stdout, "data"))) as [Buffer];
  assert.match(JSON.parse(line.toString()).url, /^rtsp:\/\/127\.0\.0\.1:\d+\/stream$/);
  const children = await waitFor("ffmpeg", () => {
    const found = descendants(pid);
    return found.length > 0 && found;
  });
  assert.ok(cpuMs(pid) >= 0);
  killNow(pid);
  await waitFor("ffmpeg to be gone", () => children.every((child) => !isRunning(child.pid)));
});

test("a file of odd length is played in a loop whose timestamps go on growing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "vas-camera-"));
  try {
    const video = join(folder, "odd.mp4");
    const made = spawnTied("ffmpeg", [
      ..."-v error -nostdin -f lavfi -i testsrc2=size=320x180:rate=10:duration=1.7".split(" "),
      ..."-c:v libx264 -bf 2 -g 12 -pix_fmt yuv420p".split(" "),
      video,
    ]);
    const [code] = (await within("the file", once(made, "close"))) as [number];
    assert.equal(code, 0);
    await using camera = await startSyntheticCamera({ video, fps: 10 });
    const child = spawnTied("ffmpeg", [
      ..."-v error -nostdin -rtsp_transport tcp -i".split(" "),
      camera.url,
      ..."-frames:v 60 -c copy -copyts -f framecrc pipe:1".split(" "),
    ]);
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    await within("60 frames, three rounds of the file", once(child, "close"), 30_000);
    const times = text.split("\n").flatMap((line) => (/^\d/.test(line) ? [Number(line.split(",")[2])] : []));
    assert.ok(times.length >= 50, text);
    for (const [at, time] of times.entries())
      assert.ok(at === 0 || time > (times[at - 1] ?? 0), `times: ${times.join(" ")}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
