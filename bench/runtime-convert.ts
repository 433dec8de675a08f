/**
 * NV12 to a float tensor, resized and scaled, beside OpenCV's cvtColor, resize and scaling on one thread (Debian's
 * python3-opencv, which this needs). Processor time of the one thread: medians of paired rounds, each the mean of its runs.
 *
 *   node bench/runtime-convert.ts [rounds] [runs per round]
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type ConvertOptions, convertNv12, outputLength } from "@vas/runtime-sdk/convert.ts";
import { testData } from "@vas/runtime-sdk/testing/serve.ts";

const rounds = Number(process.argv[2] ?? 7);
const runs = Number(process.argv[3] ?? 40);
const [width, height] = [1920, 1080];

const work = mkdtempSync(join(tmpdir(), "bench-convert-"));
const file = join(work, "frame.nv12");
const video = testData("one-by-one-person-detection.mp4");
execFileSync("ffmpeg", [
  ...["-v", "error", "-ss", "27", "-i", video, "-frames:v", "1", "-vf", `scale=${width}:${height}`],
  ...["-pix_fmt", "nv12", "-f", "rawvideo", file],
]);
const nv12 = new Uint8Array(readFileSync(file));
const source = {
  y: nv12.subarray(0, width * height),
  uv: nv12.subarray(width * height),
  width,
  height,
  stride: width,
};

console.log(
  `${width}x${height}, ${rounds} rounds of ${runs}, load ${loadavg()[0]?.toFixed(1)}; ms of processor time, ratio`,
);
for (const [name, size] of [
  ["640x640", [640, 640]],
  ["352x352", [352, 352]],
] as const) {
  const options: ConvertOptions = { width: size[0], height: size[1], color: "rgb", scale: 1 / 255 };
  const out = new Float32Array(outputLength(options));
  const python = spawn(
    "/usr/bin/python3",
    [join(import.meta.dirname, "runtime-convert.py"), file, ...[width, height, ...size, runs].map(String)],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const ours: number[] = [];
  const theirs: Record<string, number[]> = {};
  took(() => convertNv12(source, options, out));
  for (let round = 0; round < rounds; round++) {
    ours.push(took(() => convertNv12(source, options, out)));
    python.stdin.write("\n");
    const { value } = (await lines.next()) as { value: string };
    for (const [peer, ms] of Object.entries(JSON.parse(value) as Record<string, number>))
      (theirs[peer] ??= []).push(ms);
  }
  python.stdin.end();
  console.log(`${name}: convertNv12 ${median(ours).toFixed(2)}`);
  for (const [peer, times] of Object.entries(theirs)) {
    const ratio = median(ours.map((ms, round) => ms / (times[round] as number)));
    console.log(`  OpenCV ${peer.padEnd(12)} ${median(times).toFixed(2).padStart(6)}   ${ratio.toFixed(2)}`);
  }
}
rmSync(work, { recursive: true, force: true });

/** The mean run, in milliseconds of this thread: another process on the core does not count. Node's clock is coarse. */
function took(what: () => unknown): number {
  const start = process.threadCpuUsage();
  for (let run = 0; run < runs; run++) what();
  const { user, system } = process.threadCpuUsage(start);
  return (user + system) / 1000 / runs;
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
