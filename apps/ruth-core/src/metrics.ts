/** What Core says of itself every second: numbers as they are, and a health word with its reason. Only reads. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { CameraAgentMetrics, ModelMetrics, SubscriptionMetrics } from "@vas/contracts/http.ts";
import { checkHeartbeat, HEARTBEAT_STALE_MS, heartbeatPath, socketPath } from "@vas/contracts/inference.ts";
import type { Agent } from "./agent.ts";
import { runtimeDir } from "./runtime-dir.ts";
import type { Subscription } from "./subscription.ts";

const MAX_HEARTBEAT_BYTES = 16 * 1024;
/** The end of the year 9999. */
const MAX_WALL_MS = 253_402_300_799_999;
/** A subscription without a result for so long is not well, even if nothing failed. */
const RESULTS_STALE_MS = 10_000;

type Health = { health: SubscriptionMetrics["health"]; reason: string | null };

const round = (value: number) => Math.round(value * 100) / 100;
export const roundOrNull = (value: number | null) => (value === null ? null : round(value));
const isoOrNull = (wallMs: number | null) => (wallMs === null ? null : new Date(wallMs).toISOString());

/** @param nowMs monotonic */
export function cameraMetrics(agent: Agent, nowMs: number): CameraAgentMetrics {
  return {
    camera_id: agent.cameraId,
    state: agent.state,
    frames_seen: agent.framesSeen,
    frame_fps: round(agent.frameFps(nowMs)),
    last_frame_at: isoOrNull(agent.lastFrameWallMs),
  };
}

/**
 * @param nowMs monotonic
 * @param wallMs Unix time
 */
export function subscriptionMetrics(
  agent: Agent,
  subscription: Subscription,
  socketDir: string,
  nowMs: number,
  wallMs: number,
): SubscriptionMetrics {
  const { spec, latencies, lastSuccessWallMs } = subscription;
  return {
    camera_id: spec.cameraId,
    model_id: spec.modelId,
    ...subscriptionHealth(agent, subscription, socketDir, wallMs),
    desired_fps: spec.maxFps,
    achieved_fps: round(subscription.achievedFps(nowMs)),
    dispatched: subscription.dispatched,
    results: subscription.results,
    skipped: { ...subscription.skipped },
    queue_depth: subscription.queueDepth,
    latency_ms: { p50: roundOrNull(latencies.percentile(0.5)), p95: roundOrNull(latencies.percentile(0.95)) },
    last_success_at: isoOrNull(lastSuccessWallMs),
    last_error: subscription.lastError,
  };
}

/**
 * | health | when, the first that is true |
 * | --- | --- |
 * | degraded | the assignment cannot run; no runtime is connected; the newest request failed; the camera exports nothing |
 * | healthy | a result came within the last 10 s |
 * | unknown | nothing was answered yet |
 * | degraded | results came once, but none in the last 10 s |
 */
function subscriptionHealth(agent: Agent, subscription: Subscription, socketDir: string, wallMs: number): Health {
  const degraded = (reason: string): Health => ({ health: "degraded", reason });
  const { spec, disconnected, failing, lastSuccessWallMs } = subscription;
  if (spec.invalid !== null) return degraded(spec.invalid);
  if (disconnected !== null) {
    const since = new Date(disconnected.sinceWallMs).toISOString();
    return degraded(
      `no runtime answers at ${socketPath(runtimeDir(socketDir, spec.modelId), spec.modelId)} since ${since}: ${disconnected.problem}`,
    );
  }
  if (failing !== null) return degraded(failing);
  if (agent.problem !== null) return degraded(agent.problem);
  if (lastSuccessWallMs === null) return { health: "unknown", reason: "no frame was answered yet" };
  if (wallMs - lastSuccessWallMs > RESULTS_STALE_MS)
    return degraded(`no result since ${new Date(lastSuccessWallMs).toISOString()}`);
  return { health: "healthy", reason: null };
}

/** Reads a runtime's heartbeat. @param wallMs Unix time */
export async function modelMetrics(socketDir: string, modelId: string, wallMs: number): Promise<ModelMetrics> {
  const path = heartbeatPath(runtimeDir(socketDir, modelId), modelId);
  const unknown = (reason: string): ModelMetrics => ({
    model_id: modelId,
    health: "unknown",
    reason,
    heartbeat_at: null,
    total_requests: null,
    total_errors: null,
    avg_latency_ms: null,
    uptime_seconds: null,
    memory_bytes: null,
  });
  let value: unknown;
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_HEARTBEAT_BYTES), 0, MAX_HEARTBEAT_BYTES, null);
    value = JSON.parse(buffer.toString("utf8", 0, bytesRead));
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    return unknown(code === "ENOENT" ? `no heartbeat at ${path}` : `the heartbeat at ${path} cannot be read`);
  }
  const checked = checkHeartbeat(value);
  if (!checked.ok) return unknown(`the heartbeat at ${path} is not valid: ${checked.message}`);
  const { metrics, timestamp, status, model_id } = checked.value;
  const beatMs = Date.parse(timestamp);
  // Date.parse takes years that no ISO time of the contract has; their age would be no number to show either.
  if (model_id !== modelId || !(beatMs >= 0 && beatMs <= MAX_WALL_MS))
    return unknown(`the heartbeat at ${path} is not this model's`);
  const ageMs = wallMs - beatMs;
  const isFresh = ageMs < HEARTBEAT_STALE_MS && ageMs > -HEARTBEAT_STALE_MS;
  return {
    model_id: modelId,
    health: isFresh ? "healthy" : "degraded",
    reason: isFresh ? null : `the last heartbeat is ${Math.round(ageMs / 1000)} s old [status:${status.slice(0, 64)}]`,
    heartbeat_at: new Date(beatMs).toISOString(),
    ...metrics,
    memory_bytes: metrics.memory_bytes ?? null,
  };
}
