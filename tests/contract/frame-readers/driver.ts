/**
 * Puts the SDK's frame reader behind a line protocol; driver.py and driver.c do the same for the others, so that one test
 * asks all three. Argument: VAS_SHM_DIR. One command per line, one JSON object per answer:
 *
 * | command | answer |
 * | --- | --- |
 * | newest CAMERA | the frame and a checksum of its pixels, or {code, text} |
 * | slot CAMERA SLOT | the same |
 * | sum | {sum}: the checksum of the held frame's pixels, now |
 * | valid | {valid}: what the reader says of the held frame |
 * | release | {} |
 * | stress CAMERA | counts, four times a second, until the process is ended; see pattern.ts |
 *
 * A frame is held until the next newest, slot or release.
 */
import { createInterface } from "node:readline";
import { type FrameProblem, FrameReader, type FrameView } from "@vas/runtime-sdk/frame-reader.ts";
import { PATTERN_STEP, PATTERN_WRAP, patternNoise } from "./pattern.ts";

const reader = new FrameReader({ shmDir: process.argv[2] ?? "" });
let held: FrameView | undefined;

for await (const line of createInterface({ input: process.stdin })) {
  const [command, camera = "", slot = ""] = line.split(" ");
  if (command === "newest") say(hold(reader.openNewest(camera)));
  else if (command === "slot") say(hold(reader.openSlot(camera, Number(slot))));
  else if (command === "sum") say({ sum: held && sumOf(held) });
  else if (command === "valid") say({ valid: held?.stillValid() ?? false });
  else if (command === "release") {
    hold(undefined);
    say({});
  } else if (command === "stress") stress(camera);
  else throw new Error(`unknown command ${line}`);
}

function hold(found: FrameView | FrameProblem | undefined): object {
  held?.release();
  held = undefined;
  if (found === undefined || "code" in found) return found ?? {};
  held = found;
  const { width, height, stride, generation, record } = found;
  const { sequence, frameId, timestampNs, pts90k, wallMs, fullRange } = record;
  return {
    ok: true,
    ...{ width, height, stride, slot: found.slot, generation, sequence, frame_id: frameId },
    ...{ timestamp_ns: String(timestampNs), pts90k, wall_ms: wallMs, full_range: fullRange, sum: sumOf(found) },
  };
}

function sumOf({ y, uv, width, height, stride }: FrameView): number {
  let sum = 0;
  for (const [plane, rows] of [
    [y, height],
    [uv, height / 2],
  ] as const)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < width; column++)
        sum = (Math.imul(sum, 31) + (plane[row * stride + column] as number)) >>> 0;
  return sum;
}

function stress(camera: string): never {
  const counts = { accepted: 0, wrong: 0, mixed: 0, torn: 0, gone: 0 };
  let noise = new Uint8Array();
  let saidMs = 0;
  for (;;) {
    if (performance.now() - saidMs > 250) {
      saidMs = performance.now();
      say(counts);
    }
    const frame = reader.openNewest(camera);
    if ("code" in frame) {
      counts[frame.code === "torn" ? "torn" : "gone"]++;
      continue;
    }
    const luma = Buffer.from(frame.y.buffer, frame.y.byteOffset, frame.y.length + frame.uv.length);
    if (noise.length === 0) noise = patternNoise(luma.length);
    const start = (frame.record.frameId * PATTERN_STEP) % PATTERN_WRAP;
    const same = luma.equals(noise.subarray(start, start + luma.length));
    const valid = frame.stillValid();
    frame.release();
    counts[valid ? (same ? "accepted" : "wrong") : same ? "torn" : "mixed"]++;
  }
}

function say(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
