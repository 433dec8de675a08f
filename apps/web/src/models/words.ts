/** Wanted and running, which are never the same thing. */
import type { AiHealth, AiModel, Assignment, SubscriptionMetrics } from "@vas/contracts/http.ts";
import { assignmentText } from "../strings/assignments.ts";
import { rate } from "../ui/format.ts";

export type Tone = "good" | "warn" | "bad" | "plain";

export function healthTone(health: "healthy" | "degraded" | "unknown"): Tone {
  return ({ healthy: "good", degraded: "bad", unknown: "warn" } as const)[health];
}

export function wantedWords(assignment: Assignment | undefined): string {
  if (!assignment) return assignmentText.notWanted;
  return assignment.enabled ? assignmentText.upTo(rate(assignment.desired_fps, "fps")) : assignmentText.off;
}

export function subscriptionOf(health: AiHealth | null, cameraId: string, modelId: string): SubscriptionMetrics | null {
  return health?.subscriptions.find((one) => one.camera_id === cameraId && one.model_id === modelId) ?? null;
}

/** What Core last reported; `wanted` decides only which reason explains an absence. */
export function runningWords(
  health: AiHealth | null,
  subscription: SubscriptionMetrics | null,
  wanted: boolean,
): string {
  if (!health) return "not known";
  if (!health.core.connected) return assignmentText.coreUnknown(health.core.reason);
  if (!subscription) return wanted ? assignmentText.notYet : assignmentText.no;
  return assignmentText.runs(rate(subscription.achieved_fps, "fps"), subscription.health, subscription.reason);
}

/** Why a model may not be assigned now, or null. */
export function whyNotAssignable(model: AiModel): string | null {
  if (!model.valid) return assignmentText.folderNotValid;
  if (!model.enabled) return assignmentText.switchedOff;
  return null;
}
