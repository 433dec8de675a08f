/** Why there is no event to be seen, as far as that can be told from here. */
import type { AiModel, Assignment } from "@vas/contracts/http.ts";
import type { EventFilters } from "./filters.ts";

/**
 * | why | meaning |
 * | --- | --- |
 * | no_model | no model is switched on for any camera |
 * | no_model_here | none for the camera that is asked for |
 * | core_away | Ruth Core is not connected, so no frame is looked at |
 * | never_found | no model that runs here can find the label |
 * | all_reviewed | what was found has been looked at |
 * | filters | nothing fits |
 * | nothing_yet | models look, and have found nothing |
 */
export type WhyEmpty =
  | "no_model"
  | "no_model_here"
  | "core_away"
  | "never_found"
  | "all_reviewed"
  | "filters"
  | "nothing_yet";

export type Facts = {
  /** Null while it is not known. */
  assignments: readonly Pick<Assignment, "camera_id" | "model_id" | "enabled">[] | null;
  models: readonly Pick<AiModel, "model_id" | "enabled" | "class_names">[] | null;
  coreConnected: boolean | null;
};

export function whyEmpty(filters: EventFilters, facts: Facts): WhyEmpty {
  const { camera, label, model, minConfidence, reviewed, time } = filters;
  const onlyNow = time === "any" || time === "hour" || time === "today";
  const enabled = facts.models === null ? null : new Set(facts.models.filter((one) => one.enabled).map(idOf));
  const running = facts.assignments?.filter((one) => one.enabled && (enabled === null || enabled.has(one.model_id)));
  const here = running?.filter((one) => camera === "" || one.camera_id === camera);
  if (onlyNow) {
    if (running?.length === 0) return "no_model";
    if (here?.length === 0) return "no_model_here";
    if (facts.coreConnected === false) return "core_away";
  }
  if (label !== "" && here && facts.models) {
    const ids = new Set(here.map(idOf));
    const classes = facts.models.filter((one) => ids.has(one.model_id)).map((one) => one.class_names);
    // A model without a list of classes names what it likes.
    if (classes.length > 0 && classes.every((names) => names.length > 0 && !names.includes(label)))
      return "never_found";
  }
  const others = camera !== "" || label !== "" || model !== "" || minConfidence > 0 || time !== "any";
  if (reviewed === "no" && !others) return "all_reviewed";
  return others || reviewed !== "any" ? "filters" : "nothing_yet";
}

function idOf(one: { model_id: string }): string {
  return one.model_id;
}
