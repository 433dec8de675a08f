import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { type GstCameraOptions, startGstCamera } from "./gst-camera.ts";
import { readFrameNumber } from "./picture.ts";
import { spawnTied, within } from "./processes.ts";
import { testData } from "./test-data.ts";

const WIDTH = 320;
const HEIGHT = 180;
const SMALL = { width: WIDTH, height: HEIGHT, fps: 10, gop: 10 };

async function decode(url: string, count: number): Promise<Buffer[]> {
  const child = spawnTied("ffmpeg", [
    ...`-v error -nostdin -rtsp_transport tcp -i ${url} -frames:v ${count}`.split(" "),
    ..."-fps_mode passthrough -map 0:v -f rawvideo -pix_fmt yuv420p pipe:1".split(" "),
  ]);
  const chunks: Buffer[] = [];
  const words: string[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => words.push(chunk.toString()));
  try {
    await within(`${count} frames`, once(child, "close"), 30_000);
  } finally {
    child.kill("SIGKILL");
  }
  const all = Buffer.concat(chunks);
  const bytes = (WIDTH * HEIGHT * 3) / 2;
  assert.ok(all.length >= bytes, `no picture: ${words.join("")}`);
  return Array.from({ length: all.length / bytes }, (_, at) => all.subarray(at * bytes, (at + 1) * bytes));
}

const numbersOf = (frames: Buffer[]) => frames.map((frame) => readFrameNumber(frame, WIDTH, HEIGHT, WIDTH));

for (const [name, auth] of [
  ["without a password", undefined],
  ["with digest authentication", { username: "viewer", password: "s3cret" }],
] as const)
  test(`GStreamer's server ${name} sends painted frames to one client after the other`, async () => {
    const options: GstCameraOptions = auth === undefined ? SMALL : { ...SMALL, auth };
    await using camera = await startGstCamera(options);
    const url = auth ? camera.url.replace("://", `://${auth.username}:${auth.password}@`) : camera.url;
    let last = -1;
    for (let client = 0; client < 2; client++) {
      const numbers = numbersOf(await decode(url, 12));
      assert.equal(numbers.length, 12);
      for (const number of numbers) {
        assert.ok(number !== null && number > last, `numbers read: ${numbers.join(" ")}, before: ${last}`);
        last = number;
      }
    }
    if (auth) await assert.rejects(decode(camera.url, 1), /401/);
  });

test("GStreamer's server plays a file", async () => {
  const video = testData("one-by-one-person-detection.mp4");
  await using camera = await startGstCamera({ ...SMALL, video });
  const frames = await decode(camera.url, 12);
  assert.equal(frames.length, 12);
  const luma = frames[0]?.subarray(0, WIDTH * HEIGHT) ?? Buffer.alloc(0);
  assert.ok(Math.max(...luma) - Math.min(...luma) > 50, "the picture is flat");
});
