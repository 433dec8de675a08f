import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { callRuntime, createTestRing, decodeFrames, requestFor } from "@vas/runtime-sdk/testing/ring.ts";
import { median, type ServedModel, serveModel, testData } from "@vas/runtime-sdk/testing/serve.ts";
import { confidenceOf, createHandler } from "./handler.ts";

const VIDEO = testData("one-by-one-person-detection.mp4");

let server: ServedModel;

before(async () => {
  server = await serveModel(import.meta.dirname, createHandler);
});
after(() => server.end());

test("walkers are found where they are, and an empty room holds nobody", async () => {
  const size = { width: 768, height: 432 };
  const ring = createTestRing(server.shmDir, { ...size, stride: 832 });
  const caller = await callRuntime(server.path);
  const look = async (fromSeconds: number, count: number) => {
    const counts: number[] = [];
    for (const frame of decodeFrames(VIDEO, size, { fromSeconds, everySeconds: 1, count })) {
      const reply = await caller.ask(requestFor(ring, "person-hog", ring.write(frame)));
      assert.equal(reply.error, null);
      for (const { class_name, bbox } of reply.detections) {
        assert.equal(class_name, "person");
        assert.ok(bbox[0] < bbox[2] && bbox[1] < bbox[3], String(bbox));
        assert.ok(bbox[3] - bbox[1] > 0.25, `a person is at least a quarter of the picture high: ${bbox}`);
      }
      counts.push(reply.detections.length);
    }
    return counts;
  };
  const walking = await look(25, 8);
  assert.ok(walking.filter((found) => found > 0).length >= 4, `people in frames with walkers: ${walking}`);
  const empty = await look(87, 4);
  assert.ok(
    empty.every((found) => found === 0),
    `people in frames of the empty room: ${empty}`,
  );
  caller.close();
  ring.close();
});

test("how long a frame takes is printed", async () => {
  const caller = await callRuntime(server.path);
  for (const size of [
    { width: 640, height: 360 },
    { width: 768, height: 432 },
    { width: 1920, height: 1080 },
  ]) {
    const ring = createTestRing(server.shmDir, size);
    const [frame] = decodeFrames(VIDEO, size, { fromSeconds: 28, everySeconds: 1, count: 1 });
    const metadata = ring.write(frame as Buffer);
    const took: number[] = [];
    for (let round = 0; round < 5; round++) {
      const reply = await caller.ask(requestFor(ring, "person-hog", metadata));
      assert.equal(reply.error, null);
      took.push((reply.metadata.inference_ms ?? 0) + (reply.metadata.preprocess_ms ?? 0));
    }
    process.stdout.write(`person-hog ${size.width}x${size.height}: median ${median(took).toFixed(1)} ms a frame\n`);
    ring.close();
  }
  caller.close();
});

test("min_confidence leaves out what is less certain, and a picture without room for a person is empty", async () => {
  const size = { width: 640, height: 360 };
  const ring = createTestRing(server.shmDir, size);
  const caller = await callRuntime(server.path);
  const [frame] = decodeFrames(VIDEO, size, { fromSeconds: 28, everySeconds: 1, count: 1 });
  const metadata = ring.write(frame as Buffer);
  const all = await caller.ask(requestFor(ring, "person-hog", metadata, { min_confidence: 0 }));
  const none = await caller.ask(requestFor(ring, "person-hog", metadata, { min_confidence: 1 }));
  assert.ok(all.detections.length > 0 && none.detections.length === 0);
  const small = createTestRing(server.shmDir, { width: 64, height: 64 });
  const reply = await caller.ask(requestFor(small, "person-hog", small.write(new Uint8Array(6144).fill(128))));
  assert.deepEqual([reply.error, reply.detections], [null, []]);
  caller.close();
  ring.close();
  small.close();
});

test("confidence grows with the SVM's weight and stays between 0 and 1", () => {
  assert.equal(confidenceOf(0.5), 0.5);
  assert.ok(confidenceOf(0) > 0.26 && confidenceOf(0) < 0.28);
  assert.ok(confidenceOf(1) > confidenceOf(0.9) && confidenceOf(50) <= 1 && confidenceOf(-50) >= 0);
});
