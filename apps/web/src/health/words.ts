/** Health in words. */
import type { AiHealth, Health, SubscriptionMetrics } from "@vas/contracts/http.ts";
import { healthText } from "../strings/health.ts";
import { ago, duration, rate } from "../ui/format.ts";

/** `model still busy 12, no answer in time 3`, most frequent first; `none` where nothing was skipped. */
export function skippedWords(skipped: SubscriptionMetrics["skipped"]): string {
  const parts = Object.entries(skipped)
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([reason, count]) => `${healthText.skippedFor(reason)} ${count}`);
  return parts.length === 0 ? healthText.none : parts.join(", ");
}

export function latencyWords({ p50, p95 }: SubscriptionMetrics["latency_ms"]): string {
  return p50 === null && p95 === null ? "-" : `${rate(p50)} / ${rate(p95, "ms")}`;
}

export function coreWords(core: AiHealth["core"], nowMs: number): string {
  const words = core.connected ? healthText.connected(ago(core.last_report_at, nowMs)) : healthText.notConnected;
  return core.reason === null || core.reason === words ? words : `${words} ${core.reason}`;
}

export function siteWords(health: Health): string {
  const { cameras } = health;
  if (health.store === "unavailable") return healthText.storeAway;
  if (cameras.total === 0) return healthText.noCameras;
  const parts = (["live", "connecting", "retrying", "stopped"] as const)
    .filter((state) => cameras[state] > 0)
    .map((state) => `${cameras[state]} ${state}`);
  return healthText.sum(cameras.total, parts.join(", "));
}

/** `for 5 min`; empty where nobody has looked yet. */
export function sinceWords(since: string | null | undefined, nowMs = Date.now()): string {
  return since == null ? "" : healthText.since(duration((nowMs - Date.parse(since)) / 1000));
}
