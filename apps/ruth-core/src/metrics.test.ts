import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { heartbeatPath } from "@vas/contracts/inference.ts";
import { modelMetrics } from "./metrics.ts";

const NOW = Date.UTC(2026, 0, 1);
const METRICS = { total_requests: 5, total_errors: 1, avg_latency_ms: 12.5, uptime_seconds: 60 };

test("a heartbeat under 30 s is healthy, an older one degraded, an absent or unreadable one unknown", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "heartbeat-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const beat = (modelId: string, ageMs: number, more = {}) =>
    JSON.stringify({
      model_id: modelId,
      timestamp: new Date(NOW - ageMs).toISOString(),
      status: "running",
      metrics: METRICS,
      ...more,
    });
  const files: [string, string | null, string][] = [
    ["fresh", beat("fresh", 29_999), "healthy"],
    ["old", beat("old", 30_000), "degraded"],
    ["future", beat("future", -60_000), "degraded"],
    ["absent", null, "unknown"],
    ["broken", "{", "unknown"],
    ["shape", "{}", "unknown"],
    ["other", beat("somebody-else", 0), "unknown"],
    ["timeless", beat("timeless", 0, { timestamp: "yesterday" }), "unknown"],
    ["far", beat("far", 0, { timestamp: "+020000-01-01T00:00:00.000Z" }), "unknown"],
    ["huge", beat("huge", 0, { padding: "x".repeat(100_000) }), "unknown"],
  ];
  for (const [modelId, text] of files) if (text !== null) writeFileSync(heartbeatPath(dir, modelId), text);
  symlinkSync(heartbeatPath(dir, "fresh"), heartbeatPath(dir, "link"));
  for (const [modelId, , health] of [...files, ["link", null, "unknown"] as const]) {
    const metrics = await modelMetrics(dir, modelId, NOW);
    assert.equal(metrics.health, health, `${modelId}: ${metrics.reason}`);
    assert.equal(metrics.reason === null, health === "healthy", modelId);
  }
  const fresh = await modelMetrics(dir, "fresh", NOW);
  assert.deepEqual(
    [fresh.total_requests, fresh.total_errors, fresh.avg_latency_ms, fresh.uptime_seconds],
    [5, 1, 12.5, 60],
  );
});
