/**
 * From what should run and what runs to what must change. Pure: the same input gives the same changes, and applying
 * them and asking again gives none. An assignment of a model that is unknown or invalid, or whose parameters its
 * config_schema does not take, still gets a subscription, one that sends nothing and says why; so a model folder that is
 * repaired later needs no new assignment.
 */
import type { Assignment, DiscoveredModel, Zone } from "@vas/contracts/http.ts";
import { parameterProblem } from "./parameters.ts";

/** What one (camera, model) pair runs with. `invalid` says why nothing is sent, and is null where frames are sent. */
export type SubscriptionSpec = {
  cameraId: string;
  modelId: string;
  maxFps: number;
  priority: number;
  parameters: Record<string, unknown>;
  /** Where a detection must stand to make an event; anywhere where there are none. */
  zones: readonly Zone[];
  invalid: string | null;
};

/** In the order of application: removals, then updates, then additions, each sorted by key. */
export type Changes = {
  remove: { cameraId: string; modelId: string }[];
  update: SubscriptionSpec[];
  add: SubscriptionSpec[];
};

/** Names a (camera, model) pair. A model id has no "/". */
export function pairKey(cameraId: string, modelId: string): string {
  return `${cameraId}/${modelId}`;
}

/**
 * @param wanted the stored assignments; of two for one pair the later counts
 * @param running what runs, as it was last specified
 * @param models the registry
 */
export function reconcile(
  wanted: readonly Assignment[],
  running: readonly SubscriptionSpec[],
  models: readonly DiscoveredModel[],
): Changes {
  const registry = new Map(models.map((model) => [model.model_id, model]));
  const target = new Map<string, SubscriptionSpec>();
  for (const assignment of wanted) {
    const key = pairKey(assignment.camera_id, assignment.model_id);
    if (assignment.enabled) target.set(key, specOf(assignment, registry.get(assignment.model_id)));
    else target.delete(key);
  }
  const current = new Map(running.map((spec) => [pairKey(spec.cameraId, spec.modelId), spec]));
  const changes: Changes = { remove: [], update: [], add: [] };
  for (const [key, spec] of sorted(current))
    if (!target.has(key)) changes.remove.push({ cameraId: spec.cameraId, modelId: spec.modelId });
  for (const [key, spec] of sorted(target)) {
    const now = current.get(key);
    if (now === undefined) changes.add.push(spec);
    else if (!sameSpec(now, spec)) changes.update.push(spec);
  }
  return changes;
}

function specOf(assignment: Assignment, model: DiscoveredModel | undefined): SubscriptionSpec {
  let invalid: string | null = null;
  if (model === undefined) invalid = `model ${assignment.model_id} is not in the registry`;
  else if (!model.valid) invalid = `model ${assignment.model_id} is invalid: ${model.reason?.message ?? "no reason"}`;
  else if (!(assignment.desired_fps > 0 && Number.isFinite(assignment.desired_fps)))
    invalid = `desired_fps must be above 0 [found:${assignment.desired_fps}]`;
  else invalid = parameterProblem(model.config_schema, assignment.parameters);
  return {
    cameraId: assignment.camera_id,
    modelId: assignment.model_id,
    maxFps: assignment.desired_fps,
    priority: assignment.priority,
    parameters: assignment.parameters,
    zones: assignment.zones ?? [],
    invalid,
  };
}

function sameSpec(a: SubscriptionSpec, b: SubscriptionSpec): boolean {
  return (
    a.maxFps === b.maxFps &&
    a.priority === b.priority &&
    a.invalid === b.invalid &&
    canonical(a.parameters) === canonical(b.parameters) &&
    canonical(a.zones) === canonical(b.zones)
  );
}

/** JSON with sorted keys, so that the order in which the store returns them is no change. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function sorted(specs: Map<string, SubscriptionSpec>): [string, SubscriptionSpec][] {
  return [...specs].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
