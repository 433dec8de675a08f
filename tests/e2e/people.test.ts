/**
 * The walking-person video through RTSP from a server that we did not write: a detector without weights (person-hog) and
 * a downloaded network (FastestDet, with its decoder in the model's folder) find people, events are stored, and each has a
 * snapshot of the very frame that shows the person.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { AiEvent, AiHealth, Camera, Snapshot } from "@vas/contracts/http.ts";
import { startGstCamera } from "@vas/testkit/gst-camera.ts";
import { waitFor } from "@vas/testkit/processes.ts";
import { REPOSITORY, startSite } from "@vas/testkit/site.ts";
import { testData } from "@vas/testkit/test-data.ts";

const VIDEO = testData("one-by-one-person-detection.mp4");
const WEIGHTS = testData("FastestDet.onnx");
const [WIDTH, HEIGHT] = [768, 432];

test("two models find the people of a real video, and every event's snapshot shows them", async () => {
  const models = mkdtempSync(join(tmpdir(), "vas-models-"));
  after(() => rmSync(models, { recursive: true }));
  cpSync(join(REPOSITORY, "runtimes/onnx/examples/fastestdet"), join(models, "fastestdet"), { recursive: true });
  cpSync(WEIGHTS, join(models, "fastestdet/FastestDet.onnx"));

  const camera = await startGstCamera({ width: WIDTH, height: HEIGHT, fps: 10, gop: 10, video: VIDEO });
  after(() => camera.close());
  const site = await startSite({
    frameExport: true,
    modelsDirs: [join(REPOSITORY, "runtimes"), models],
    vasEnv: { VAS_ALLOW_LOOPBACK_CAMERAS: "true" },
  });
  after(() => site.stop());
  const api = await site.api();
  const { id } = await api.post<Camera>("cameras", { name: "Room", rtsp_url: camera.url });
  const wanted = {
    "person-hog": { desired_fps: 2 },
    fastestdet: { desired_fps: 5, parameters: { min_confidence: 0.6 } },
  };
  await waitFor("both models to be registered", async () => {
    const known = (await api.get<{ items: { model_id: string; valid: boolean }[] }>("ai-models")).items;
    return Object.keys(wanted).every((model) => known.some((one) => one.model_id === model && one.valid));
  });
  for (const [model, assignment] of Object.entries(wanted))
    await api.put(`ai-model-assignments/${id}/${model}`, assignment);

  const empty = luma(["-ss", "0", "-i", VIDEO]);
  for (const model of Object.keys(wanted)) {
    const event = await waitFor(
      `an event with its picture from ${model}`,
      async () => {
        const { items } = await api.get<{ items: AiEvent[] }>(
          `ai-events?camera_id=${id}&model_id=${model}&label=person`,
        );
        return items.find((one) => one.snapshot_id !== null);
      },
      { withinMs: 150_000, everyMs: 500, seen: () => api.get<AiHealth>("ai-health") },
    );
    const person = event.detections.find((detection) => detection.class_name === "person");
    assert.ok(person, JSON.stringify(event));
    const snapshot = await api.get<Snapshot>(`snapshots/${event.snapshot_id}`);
    assert.equal(snapshot.pts90k, event.pts90k, "the snapshot is of the event's very frame");
    const answer = await api.request("GET", `snapshots/${snapshot.id}/image`);
    const picture = luma(["-f", "mjpeg", "-i", "pipe:0"], answer.body as Buffer);
    const inside = difference(picture, empty, person.bbox);
    const outside = difference(picture, empty, [0, 0, 1, 1]);
    assert.ok(
      inside > 12 && inside > 1.5 * outside,
      `${model}: someone is in the box [inside:${inside}, all:${outside}]`,
    );
  }
  const health = await api.get<AiHealth>("ai-health");
  for (const subscription of health.subscriptions) {
    assert.equal(subscription.skipped.error, 0, JSON.stringify(subscription));
    // A rate is counted over whole seconds, few of them so soon after the start: one result more may fall into them.
    assert.ok(subscription.achieved_fps <= subscription.desired_fps + 1, JSON.stringify(subscription));
  }
});

/** The first picture of an input as grey pixels. */
function luma(input: string[], bytes?: Buffer): Buffer {
  return execFileSync(
    "ffmpeg",
    [
      "-v",
      "error",
      ...input,
      "-frames:v",
      "1",
      "-s",
      `${WIDTH}x${HEIGHT}`,
      "-f",
      "rawvideo",
      "-pix_fmt",
      "gray",
      "pipe:1",
    ],
    { maxBuffer: 16 * 1024 * 1024, ...(bytes ? { input: bytes } : {}) },
  );
}

/** Mean absolute difference of two grey pictures inside a box given as fractions. */
function difference(
  a: Buffer,
  b: Buffer,
  [left, top, right, bottom]: readonly [number, number, number, number],
): number {
  let sum = 0;
  let count = 0;
  for (let y = Math.floor(top * HEIGHT); y < bottom * HEIGHT; y++)
    for (let x = Math.floor(left * WIDTH); x < right * WIDTH; x++) {
      sum += Math.abs((a[y * WIDTH + x] ?? 0) - (b[y * WIDTH + x] ?? 0));
      count++;
    }
  return sum / Math.max(1, count);
}
