/** Health in words. */
import type { AiHealth, Health, SubscriptionMetrics } from "@vas/contracts/http.ts";
import { ago, rate } from "../ui/format.ts";

const SKIP_WORDS: Record<string, string> = {
  cap: "over the wanted rate",
  busy: "model still busy",
  no_new_frame: "no new frame",
  torn: "frame overwritten",
  no_runtime: "model not running",
  timeout: "no answer in time",
  error: "model error",
  invalid_assignment: "invalid assignment",
};

/** `model still busy 12, no answer in time 3`, most frequent first; `none` where nothing was skipped. */
export function skippedWords(skipped: SubscriptionMetrics["skipped"]): string {
  const parts = Object.entries(skipped)
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([reason, count]) => `${SKIP_WORDS[reason] ?? reason} ${count}`);
  return parts.length === 0 ? "none" : parts.join(", ");
}

export function latencyWords({ p50, p95 }: SubscriptionMetrics["latency_ms"]): string {
  return p50 === null && p95 === null ? "-" : `${rate(p50)} / ${rate(p95, "ms")}`;
}

export function coreWords(core: AiHealth["core"], nowMs: number): string {
  const words = core.connected ? `Connected; last report ${ago(core.last_report_at, nowMs)}.` : "Not connected.";
  return core.reason === null || core.reason === words ? words : `${words} ${core.reason}`;
}

export function siteWords(health: Health): string {
  const { cameras } = health;
  if (health.store === "unavailable")
    return "The store does not answer: live view and recording go on, nothing else is kept.";
  if (cameras.total === 0) return "No cameras yet.";
  const parts = (["live", "connecting", "retrying", "stopped"] as const)
    .filter((state) => cameras[state] > 0)
    .map((state) => `${cameras[state]} ${state}`);
  return `${cameras.total} ${cameras.total === 1 ? "camera" : "cameras"}: ${parts.join(", ")}.`;
}
