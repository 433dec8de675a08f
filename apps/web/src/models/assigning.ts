/** Between the assignments that are stored and the form that changes one or several of them. */
import type { Assignment } from "@vas/contracts/http.ts";
import type { ApiError } from "../api/client.ts";
import type { Asked } from "./forecast.ts";

/**
 * What every camera would ask of a model once the form is saved.
 *
 * @param chosen cameras that the form is saved for, each with `fps`
 */
export function asksOf(
  assignments: readonly Assignment[],
  modelId: string,
  chosen: readonly string[],
  fps: number,
): Asked[] {
  const others = assignments.filter(
    (one) => one.model_id === modelId && one.enabled && !chosen.includes(one.camera_id),
  );
  return [
    ...others.map((one) => ({ cameraId: one.camera_id, fps: one.desired_fps })),
    ...chosen.map((cameraId) => ({ cameraId, fps })),
  ];
}

/** VAS names the parameter that it refused; its words belong to that field. */
export function fieldErrorOf(error: ApiError): Record<string, string> {
  const field = (error.details as { field?: unknown } | undefined)?.field;
  if (error.code !== "parameters_invalid" || typeof field !== "string" || field === "") return {};
  return { [field.split(".")[0] ?? field]: error.message };
}
