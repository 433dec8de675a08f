/** A process that keeps results until it is killed: `node track.ts <media folder> <first result>`; prints each flushed frame id. */
import { systemClock } from "@vas/base/clock.ts";
import { createLog } from "@vas/base/log.ts";
import { writeSync } from "node:fs";
import type { Result } from "@vas/contracts/live.ts";
import { Track } from "../track/track.ts";

export const TRACK_CAMERA = "11111111-1111-4111-8111-111111111111";
export const START_MS = Date.parse("2026-03-01T12:00:00.000Z");

/** The n-th result of a model that sees every frame of a camera with 5 fps. */
export function resultAt(n: number, more: Partial<Result> = {}): Result {
  const wallMs = START_MS + n * 200;
  return {
    camera_id: TRACK_CAMERA,
    model_id: "person",
    frame_id: n + 1,
    pts90k: wallMs * 90,
    wall_ms: wallMs,
    width: 1920,
    height: 1080,
    detections: Array.from({ length: 4 }, (_, box) => ({
      class_id: box % 2,
      class_name: box % 2 ? "bicycle" : "person",
      confidence: 0.5 + ((n + box) % 50) / 100,
      bbox: [(n % 100) / 200, box / 10, ((n % 100) + 40) / 200, (box + 3) / 10],
      track_id: n + box,
    })),
    inference_ms: 10,
    latency_ms: 12,
    ...more,
  };
}

export function openTrack(mediaDir: string, more: { models?: string[]; cameras?: string[] } = {}): Track {
  return new Track({
    mediaDir,
    log: createLog(() => undefined),
    clock: systemClock,
    newestPts90k: () => 0,
    known: async () => ({
      cameras: new Set(more.cameras ?? [TRACK_CAMERA]),
      models: new Set(more.models ?? ["person", "pose", "face"]),
    }),
  });
}

const [, script, mediaDir, first] = process.argv;
if (script === import.meta.filename && mediaDir) {
  const track = openTrack(mediaDir);
  for (let n = Number(first); ; n++) {
    track.keep(resultAt(n));
    if (n % 3 !== 0) continue;
    await track.flush();
    writeSync(1, `${n + 1}\n`);
  }
}
