/**
 * Where a frame's cost is spent: the tap's own decoder, converter and ring in this process, blocks of frames exported and
 * blocks only decoded in turns, beside the same in C (native/beside.c) with as many targets as a ring has slots, with fewer,
 * and with one. Differences within a process a second apart scatter far less than those of two long runs.
 *
 *   node bench/frame-beside.ts [rounds] [height, 1080 or 720]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AVERROR_EOF } from "node-av/constants";
import { FormatContext, Frame, Packet } from "node-av/lib";
import { Converter, isFullRange } from "../apps/vas/src/kernel/frames/converter.ts";
import { Decoder } from "../apps/vas/src/kernel/frames/decoder.ts";
import { RingWriter } from "../apps/vas/src/kernel/frames/ring-writer.ts";
import { buildPrograms } from "./native/build.ts";
import { median } from "./native/stats.ts";

const rounds = Number(process.argv[2] ?? 5);
const height = Number(process.argv[3] ?? 1080);
const width = (height * 16) / 9;
const BLOCK = 15;
const WAYS = 5;

const work = mkdtempSync(join(tmpdir(), "bench-beside-"));
const shm = mkdtempSync("/dev/shm/bench-beside-");
process.on("exit", () => {
  for (const folder of [work, shm]) rmSync(folder, { recursive: true, force: true });
});
using programs = buildPrograms(["beside", "conversion"], ["libavformat", "libavcodec", "libavutil", "libswscale"]);
const clip = join(work, "clip.ts");
execFileSync("ffmpeg", [
  ...`-v error -f lavfi -i testsrc=size=${width}x${height}:rate=30:duration=60`.split(" "),
  ...`-pix_fmt yuv420p -c:v libx264 -preset ultrafast -tune fastdecode -bf 0 -g 60 ${clip}`.split(" "),
]);

type Row = Record<"tap" | "slots8" | "buffers8" | "buffers3" | "buffer1" | "conversion" | "memcpy", number>;
const rows: Row[] = [];
for (let round = 0; round < rounds; round++) {
  const native = run("beside", clip, String(BLOCK), join(shm, "native"));
  const bare = run("conversion", String(width), String(height), "1000");
  rows.push({ tap: await tapMs(), ...native, ...bare } as Row);
}
console.log(
  `${width}x${height}, blocks of ${BLOCK} frames in turns, medians of ${rounds} rounds: ms per frame, the tap's share of it`,
);
for (const [name, key] of [
  ["the tap: convert into the next of 8 slots and commit", "tap"],
  ["C, beside its decoder: swscale into 8 slots in shared memory", "slots8"],
  ["C, beside its decoder: swscale into 8 buffers of its own", "buffers8"],
  ["C, beside its decoder: swscale into 3 buffers", "buffers3"],
  ["C, beside its decoder: swscale into one buffer", "buffer1"],
  ["C, nothing beside it: swscale, 4 pictures and 8 buffers in turns", "conversion"],
  ["C, nothing beside it: memcpy of as many bytes", "memcpy"],
] as [string, keyof Row][])
  console.log(
    `${name.padEnd(68)} ${median(rows.map((row) => row[key])).toFixed(4)}   ${median(rows.map((row) => row.tap / row[key])).toFixed(2)}`,
  );

/** Milliseconds by name of a program that prints nanoseconds. */
function run(name: string, ...args: string[]): Record<string, number> {
  const said = JSON.parse(execFileSync(programs.path(name), args, { encoding: "utf8" })) as Record<string, number>;
  return Object.fromEntries(Object.entries(said).map(([key, ns]) => [key, ns / 1e6]));
}

/** As tap-process.ts does it, but for its reports. One block in `WAYS` is exported, so that both meet the same pictures. */
async function tapMs(): Promise<number> {
  const input = new FormatContext();
  input.allocContext();
  if ((await input.openInput(clip)) < 0) throw new Error("the clip cannot be opened");
  const packet = new Packet();
  packet.alloc();
  const frame = new Frame();
  frame.alloc();
  let decoder: Decoder | undefined;
  let ring: RingWriter | undefined;
  let converter: Converter | undefined;
  let frames = 0;
  let start = process.cpuUsage();
  const took: [number[], number[]] = [[], []];
  while ((await input.readFrame(packet)) !== AVERROR_EOF) {
    const stream = input.streams[packet.streamIndex];
    if (stream === undefined) continue;
    decoder ??= new Decoder(stream, frame, undefined, {
      onError: () => undefined,
      onDecoder: () => undefined,
      onFrame(picture, layout) {
        ring ??= new RingWriter({
          ...{ folder: join(shm, "camera"), width, height, slotCount: 8, lastFrameId: 0, nowMs: Date.now() },
        });
        converter ??= new Converter(
          ring.geometry,
          ring.slots.map(({ pixels }) => pixels),
        );
        const exports = Math.floor(frames / BLOCK) % WAYS === 1;
        if (exports) {
          const timestampNs = process.hrtime.bigint();
          converter.convert(picture, layout, ring.beginFrame().index);
          ring.commit({ timestampNs, pts90k: frames, wallMs: Date.now(), fullRange: isFullRange(picture, layout) });
        }
        if (++frames % BLOCK === 0) {
          const { user, system } = process.cpuUsage(start);
          const kind = exports ? 0 : Math.floor((frames - 1) / BLOCK) % WAYS === 0 ? 1 : undefined;
          if (kind !== undefined && frames > BLOCK * WAYS) took[kind].push((user + system) / 1000 / BLOCK);
          start = process.cpuUsage();
        }
        return true;
      },
    });
    decoder.decode(packet);
    packet.unref();
  }
  converter?.free();
  ring?.close();
  await input.closeInput();
  return median(took[0].map((ms, at) => ms - (took[1][at] ?? ms)));
}
