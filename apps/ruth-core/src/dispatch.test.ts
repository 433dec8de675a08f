import assert from "node:assert/strict";
import { test } from "node:test";
import { checkInferenceRequest } from "@vas/contracts/inference.ts";
import { judgeReply, Lane, type LaneMember, RequestEncoder } from "./dispatch.ts";
import type { SubscriptionSpec } from "./reconcile.ts";

const SPEC: SubscriptionSpec = {
  cameraId: "aaaaaaaa-0000-4000-8000-000000000000",
  modelId: "m",
  maxFps: 5,
  priority: 0,
  parameters: { threshold: 0.5 },
  zones: [],
  invalid: null,
};
const REPLY = { model_id: "m", camera_id: SPEC.cameraId, frame_id: 7, detections: [], metadata: {}, error: null };

function judge(reply: unknown) {
  const bytes = Buffer.from(typeof reply === "string" ? reply : JSON.stringify(reply));
  const judged = judgeReply(bytes, SPEC, 7);
  return "reply" in judged ? "believed" : judged.broken ? "broken" : "error";
}

test("a request is valid on the wire and carries nanoseconds beyond 2^53 exactly", () => {
  const geometry = { width: 64, height: 48, stride: 64, dataSize: 4608, slotCount: 8, generation: 3 };
  const times = { timestampNs: 2n ** 60n + 1n, pts90k: 2 ** 50, wallMs: 1 };
  const record = { sequence: 4, frameId: 7, ...times, offset: 4608, fullRange: false };
  const bytes = new RequestEncoder(SPEC, "/dev/shm/vas/x").encode({ ...record, slot: 1, geometry }, 1500);
  assert.equal(bytes.readUInt32BE(0), bytes.length - 4);
  const checked = checkInferenceRequest(JSON.parse(bytes.subarray(4).toString()));
  assert.ok(checked.ok, JSON.stringify(checked));
  assert.equal(checked.value.frame_metadata.timestamp_ns, "1152921504606846977");
  assert.equal(checked.value.timestamp, 1.5);
  assert.deepEqual(checked.value.config, { threshold: 0.5 });
});

test("only a valid reply to this very request is believed", () => {
  assert.equal(judge(REPLY), "believed");
  assert.equal(judge({ ...REPLY, error: "torn: the frame was overwritten" }), "error");
  assert.equal(judge({ ...REPLY, model_id: "", camera_id: "", frame_id: 0, error: "bad_request: not JSON" }), "error");
  assert.equal(judge({ ...REPLY, frame_id: 6, error: "torn: late" }), "broken");
  assert.equal(judge({ ...REPLY, frame_id: 6 }), "broken");
  assert.equal(judge({ ...REPLY, camera_id: "x" }), "broken");
  assert.equal(judge({ ...REPLY, model_id: "other" }), "broken");
  assert.equal(judge({ ...REPLY, detections: null }), "error");
  assert.equal(judge("null"), "error");
  assert.equal(judge("{"), "error");
});

/** A simulated camera: always has a frame unless its request is outstanding. */
class Camera implements LaneMember {
  readonly priority: number;
  lastTurnMs = Number.NEGATIVE_INFINITY;
  sentMs: number | null = null;
  turns = 0;
  constructor(priority: number) {
    this.priority = priority;
  }
  readonly hasFrame = true;
  get wantsTurn(): boolean {
    return this.sentMs === null;
  }
  takeTurn(nowMs: number): void {
    this.sentMs = nowMs;
    this.lastTurnMs = nowMs;
    this.turns++;
  }
}

function join(lane: Lane, camera: Camera): void {
  lane.join(camera);
  lane.waits(camera);
}

/** Runs a runtime that needs `serviceMs` a request and serves `parallel` at once. @returns the worst latency, ms */
function run(lane: Lane, cameras: Camera[], serviceMs: number, parallel: number, forMs: number): number {
  for (const camera of cameras) join(lane, camera);
  const queue: { camera: Camera; doneMs: number }[] = [];
  let worst = 0;
  const known = new Set<Camera>();
  for (let nowMs = 0; nowMs < forMs; nowMs++) {
    lane.give(nowMs);
    for (const camera of cameras)
      if (camera.sentMs !== null && !known.has(camera)) {
        known.add(camera);
        const ahead = queue.at(-parallel)?.doneMs ?? 0;
        queue.push({ camera, doneMs: Math.max(nowMs, ahead) + serviceMs });
      }
    while (queue[0] && queue[0].doneMs <= nowMs) {
      const { camera } = queue.shift() as { camera: Camera };
      worst = Math.max(worst, nowMs - (camera.sentMs as number));
      lane.answered(camera.sentMs as number, nowMs);
      camera.sentMs = null;
      known.delete(camera);
    }
  }
  return worst;
}

test("twenty cameras at a model of 100 ms share it fairly and none waits for the timeout", () => {
  const cameras = Array.from({ length: 20 }, () => new Camera(0));
  const worst = run(new Lane(1000), cameras, 100, 1, 60_000);
  assert.ok(worst <= 600, String(worst));
  const turns = cameras.map((camera) => camera.turns);
  assert.ok(Math.max(...turns) - Math.min(...turns) <= 1, turns.join(","));
  assert.ok(turns.reduce((a, b) => a + b) >= 595, "the runtime is never left idle");
});

test("a higher priority goes first when the model is slower than asked for", () => {
  const cameras = [0, 0, 5, 0].map((priority) => new Camera(priority));
  run(new Lane(1000), cameras, 300, 1, 60_000);
  const [first, , high] = cameras as [Camera, Camera, Camera, Camera];
  assert.ok(high.turns > first.turns, `${high.turns} against ${first.turns}`);
});

test("a runtime that serves many at once gets many at once", () => {
  const lane = new Lane(1000);
  const cameras = Array.from({ length: 16 }, () => new Camera(0));
  run(lane, cameras, 40, 16, 5000);
  assert.ok(lane.limit >= 16, String(lane.limit));
});

test("turns that end without an answer free their place", () => {
  const lane = new Lane(1000);
  for (let n = 0; n < 10; n++) join(lane, new Camera(0));
  lane.give(0);
  assert.equal(lane.outstanding, 2);
  lane.abandoned();
  lane.abandoned();
  lane.give(1);
  assert.equal(lane.outstanding, 2);
});

test("a model that may have one request at a time has one, however fast it is", () => {
  const lane = new Lane(1000, 1);
  const cameras = [0, 0, 0, 0].map((priority) => new Camera(priority));
  for (const camera of cameras) join(lane, camera);
  let nowMs = 0;
  for (let turn = 0; turn < 40; turn++) {
    lane.give(nowMs);
    const sent = cameras.filter((camera) => camera.sentMs !== null);
    assert.equal(sent.length, 1);
    lane.answered(nowMs, ++nowMs);
    (sent[0] as Camera).sentMs = null;
  }
  assert.deepEqual(
    cameras.map((camera) => camera.turns),
    [10, 10, 10, 10],
  );
  lane.setLimits(500);
  assert.equal(lane.timeoutMs, 500);
  lane.give(nowMs);
  assert.equal(lane.outstanding, 4, "without the limit all go");
});
