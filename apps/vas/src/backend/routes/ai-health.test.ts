import assert from "node:assert/strict";
import { test } from "node:test";
import type { CoreMetrics } from "@vas/contracts/http.ts";
import { CAMERA, discovered, OTHER_CAMERA, startAiSite, until } from "../testing/ai-site.ts";

const T0 = Date.parse("2026-05-01T12:00:00.000Z");

function subscription(camera_id: string, model_id: string): CoreMetrics["subscriptions"][number] {
  return {
    camera_id,
    model_id,
    health: "healthy",
    reason: null,
    desired_fps: 5,
    achieved_fps: 4.9,
    dispatched: 10,
    results: 9,
    skipped: { cap: 20, torn: 1 },
    queue_depth: 0,
    latency_ms: { p50: 12, p95: null },
    last_success_at: "2026-05-01T12:00:00.000Z",
    last_error: null,
  };
}

const METRICS: CoreMetrics = {
  uptime_seconds: 60,
  results_dropped: 2,
  cameras: [CAMERA, OTHER_CAMERA].map((camera_id) => ({
    camera_id,
    state: "running",
    frames_seen: 7,
    frame_fps: 25,
    last_frame_at: null,
  })),
  subscriptions: [subscription(CAMERA, "person"), subscription(OTHER_CAMERA, "cat")],
  models: ["person", "cat"].map((model_id) => ({
    model_id,
    health: "healthy",
    reason: null,
    heartbeat_at: null,
    total_requests: 1,
    total_errors: 0,
    avg_latency_ms: 3,
    uptime_seconds: 9,
  })),
};

test("Core's health is told from its connection and the age of its last report", async () => {
  let wallMs = T0;
  const clock = { wallMs: () => wallMs, monotonicNs: () => 1n, sleep: async () => {} };
  await using site = await startAiSite({ clock });
  const core = async () => (await site.request("GET", "ai-health")).body.core;
  assert.deepEqual(await core(), {
    health: "unknown",
    reason: "Ruth Core has not reported since VAS started.",
    connected: false,
    last_report_at: null,
    uptime_seconds: null,
    results_dropped: null,
  });
  const peer = await site.connectCore();
  assert.equal((await core()).reason, "Ruth Core is connected but has not reported yet.");
  await peer.ask({ type: "metrics", metrics: METRICS });
  wallMs = T0 + 4999;
  assert.deepEqual(await core(), {
    health: "healthy",
    reason: null,
    connected: true,
    last_report_at: "2026-05-01T12:00:00.000Z",
    uptime_seconds: 60,
    results_dropped: 2,
  });
  assert.deepEqual((await site.request("GET", "ai-health")).body.subscriptions, METRICS.subscriptions);
  wallMs = T0 + 5000;
  assert.equal((await core()).health, "degraded");
  assert.equal((await core()).reason, "Ruth Core is connected but last reported 5 s ago.");
  const { body } = await site.request("GET", "ai-health");
  assert.deepEqual(
    [body.subscriptions[0].health, body.models[0].reason],
    ["unknown", "Ruth Core last reported 5 s ago; it was healthy then."],
  );
  wallMs = T0 + 1000;
  peer.socket.close();
  await until("the end of the connection", () => !site.backend.core.connected);
  assert.equal((await core()).health, "degraded");
  assert.equal((await core()).reason, "Ruth Core is not connected; its last report is 1 s old.");
});

test("the health of a camera or a model holds what concerns it", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  await core.ask({ type: "models", models: [discovered("person"), discovered("idle")] });
  await core.ask({ type: "metrics", metrics: METRICS });
  const ids = (body: typeof METRICS) => [
    body.cameras.map((camera) => camera.camera_id),
    body.subscriptions.map((subscription) => `${subscription.camera_id} ${subscription.model_id}`),
    body.models.map((model) => model.model_id),
  ];
  const expected = [[CAMERA], [`${CAMERA} person`], ["person"]];
  assert.deepEqual(ids((await site.request("GET", `ai-health/cameras/${CAMERA}`)).body), expected);
  assert.deepEqual(ids((await site.request("GET", "ai-health/models/person")).body), expected);
  assert.deepEqual(ids((await site.request("GET", "ai-health/models/idle")).body), [[], [], []]);
  const camera = await site.request("GET", `ai-health/cameras/${crypto.randomUUID()}`);
  assert.deepEqual([camera.status, camera.body.error.code], [404, "camera_not_found"]);
  const model = await site.request("GET", "ai-health/models/nobody");
  assert.deepEqual([model.status, model.body.error.code], [404, "model_not_found"]);
});
