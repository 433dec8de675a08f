/** Which key points a line joins, model by model, as their model.yaml declares it. */
import type { AiModel } from "@vas/contracts/http.ts";
import type { Vas } from "../api/vas.ts";

export type Bones = readonly (readonly [number, number])[];
/** By model id; a model that declares none is not in it. */
export type Skeletons = ReadonlyMap<string, Bones>;

export const NO_SKELETONS: Skeletons = new Map();
/** A grid of tiles asks once. */
const KEPT_MS = 60_000;

export function skeletonsOf(models: readonly Pick<AiModel, "model_id" | "skeleton">[]): Skeletons {
  return new Map(models.flatMap(({ model_id, skeleton }) => (skeleton ? [[model_id, skeleton] as const] : [])));
}

const asked = new WeakMap<Vas, { atMs: number; skeletons: Promise<Skeletons> }>();

/** Empty where VAS does not answer: points are then drawn without lines, and nobody is told of it. */
export function loadSkeletons(vas: Vas, nowMs: number): Promise<Skeletons> {
  const before = asked.get(vas);
  if (before && nowMs - before.atMs < KEPT_MS) return before.skeletons;
  const skeletons = vas.models().then((outcome) => (outcome.ok ? skeletonsOf(outcome.value.items) : NO_SKELETONS));
  asked.set(vas, { atMs: nowMs, skeletons });
  return skeletons;
}
