/**
 * Writes frames whose every pixel says which frame it belongs to, as fast as one processor can, with VAS's own ring writer.
 * Arguments: export folder of the camera, width, height, slots, frames between two makings of the files (0: never).
 * Ends, and says how many frames it wrote, when standard input ends.
 */
import { RingWriter } from "../../../apps/vas/src/kernel/frames/ring-writer.ts";
import { PATTERN_STEP, PATTERN_WRAP, patternNoise } from "./pattern.ts";

const [folder = "", width, height, slotCount, remakeEvery] = process.argv.slice(2);
const options = {
  folder,
  width: Number(width),
  height: Number(height),
  slotCount: Number(slotCount),
  nowMs: Date.now(),
};
const remake = Number(remakeEvery);
let ring = new RingWriter({ ...options, lastFrameId: 0 });
const { dataSize } = ring.geometry;
const noise = patternNoise(dataSize);
let written = 0;
let ended = false;
process.stdin.on("end", () => {
  ended = true;
});
process.stdin.resume();
writeSome();

function writeSome(): void {
  for (let frame = 0; frame < 256; frame++) {
    const start = ((ring.frameId + 1) * PATTERN_STEP) % PATTERN_WRAP;
    ring.beginFrame().pixels.set(noise.subarray(start, start + dataSize));
    ring.commit({ timestampNs: process.hrtime.bigint(), pts90k: written, wallMs: 0 });
    written++;
    if (remake > 0 && written % remake === 0) {
      const lastFrameId = ring.frameId;
      ring.close();
      ring = new RingWriter({ ...options, lastFrameId });
    }
  }
  if (!ended) setImmediate(writeSome);
  else {
    ring.close();
    process.stdout.write(`${JSON.stringify({ written })}\n`);
  }
}
