/** Why a camera shows no detections: one answer per model, the first thing that is in the way, and where it is put right. */
import type { AiHealth, AiModel, Assignment, Camera } from "@vas/contracts/http.ts";
import { camerasText } from "../strings/cameras.ts";
import { duration, rate } from "../ui/format.ts";
import { HEALTH_PATH } from "../ui/route.ts";
import type { Tone } from "./words.ts";

export type Fix = "models" | "health" | "settings";
export type Answer = { tone: Tone; words: string; fix: Fix | null };

/** A model's last result on this camera. */
export type LastResult = { modelId: string; wallMs: number; detections: number };

export type Known = {
  camera: Pick<Camera, "id" | "export_frames" | "status">;
  /** `frame_export_enabled` of the site; null while it is not known. */
  siteExports: boolean | null;
  /** null: not known yet. */
  assignments: readonly Assignment[] | null;
  models: readonly AiModel[] | null;
  health: AiHealth | null;
  results: readonly LastResult[];
  /** When the results were asked for: their ages are those of that moment, since newer ones have come meanwhile. */
  resultsWallMs: number;
};

const say = (tone: Tone, words: string, fix: Fix | null = null): Answer => ({ tone, words, fix });

/** @returns null while too little is known to say anything */
export function whyNot(known: Known): Answer[] | null {
  const { camera, assignments, health } = known;
  if (known.siteExports === null || assignments === null) return null;
  if (!known.siteExports) return [say("warn", camerasText.siteOff, "health")];
  if (!camera.export_frames) return [say("warn", camerasText.cameraOff, "settings")];
  const own = assignments.filter((one) => one.camera_id === camera.id);
  if (own.length === 0) return [say("plain", camerasText.noModel, "models")];
  if (camera.status.state === "stopped") return [say("plain", camerasText.off)];
  if (camera.status.state !== "live") return [say("warn", camerasText.noPicture)];
  const wanted = own.filter((one) => one.enabled);
  if (wanted.length > 0 && health && !health.core.connected) return [say("bad", camerasText.coreAway, "health")];
  // Of several models that nothing is known of yet it is said once.
  return [
    ...new Map(own.map((assignment) => ofModel(known, assignment)).map((answer) => [answer.words, answer])).values(),
  ];
}

function ofModel(known: Known, assignment: Assignment): Answer {
  const id = assignment.model_id;
  const model = known.models?.find((one) => one.model_id === id);
  const name = model?.name ?? id;
  if (!assignment.enabled) return say("plain", camerasText.assignmentOff(name), "models");
  if (known.models && (!model || !model.present)) return say("bad", camerasText.modelGone(name), "models");
  if (model && !model.valid) return say("bad", camerasText.modelInvalid(name, model.reason?.message ?? null), "models");
  if (model && !model.enabled) return say("warn", camerasText.modelOff(name), "models");
  if (!known.health) return say("plain", camerasText.looking);
  const subscription = known.health.subscriptions.find(
    (one) => one.camera_id === known.camera.id && one.model_id === id,
  );
  if (!subscription) return say("warn", camerasText.notBegun(name), "health");
  const { frame_export } = known.camera.status;
  if (subscription.health !== "healthy" && frame_export.state !== "running")
    return say("warn", camerasText.exportWaits(frame_export.reason), "health");
  if (subscription.health === "unknown") return say("warn", camerasText.notYet(name), "health");
  if (subscription.health === "degraded")
    return say("bad", camerasText.failing(name, subscription.reason ?? camerasText.notKnown), "health");
  const last = known.results.find((one) => one.modelId === id);
  if (!last) return say("good", camerasText.works(name, rate(subscription.achieved_fps, "fps")));
  const when = `${duration(Math.max(0, known.resultsWallMs - last.wallMs) / 1_000)} ago`;
  return say(
    "good",
    last.detections === 0 ? camerasText.foundNothing(name, when) : camerasText.found(name, last.detections, when),
  );
}

/** Where a fix is made, and what the link says. */
export function fixOf(fix: Fix, cameraId: string): { to: string; words: string } {
  switch (fix) {
    case "models":
      return { to: "/models", words: camerasText.openModels };
    case "health":
      return { to: HEALTH_PATH, words: camerasText.openHealth };
    case "settings":
      return { to: `/cameras/${cameraId}/edit`, words: camerasText.openSettings };
  }
}

/** The newest result of each model. @param results in any order */
export function lastResults(
  results: readonly { model_id: string; wall_ms: number; detections: readonly unknown[] }[],
): LastResult[] {
  const newest = new Map<string, LastResult>();
  for (const { model_id, wall_ms, detections } of results) {
    const known = newest.get(model_id);
    if (!known || wall_ms > known.wallMs)
      newest.set(model_id, { modelId: model_id, wallMs: wall_ms, detections: detections.length });
  }
  return [...newest.values()];
}
