import type { Camera } from "@vas/contracts/http.ts";
import { useMemo } from "react";
import { useSite } from "../site.ts";
import { useLoad, useWhileVisible } from "../ui/hooks.ts";
import { type Known, lastResults } from "./why.ts";

const AGAIN_MS = 10_000;
const RECENT_MS = 15_000;

/** What VAS knows of a camera's models, asked again while the page is seen. */
export function useAiOfCamera(camera: Camera): Known {
  const { vas } = useSite();
  const site = useLoad("site", () => vas.health());
  const models = useLoad("models", () => vas.models());
  const assignments = useLoad(`assignments ${camera.id}`, () => vas.assignmentsOf(camera.id));
  const health = useLoad(`health ${camera.id}`, () => vas.aiHealthOf(camera.id));
  const answers = health.value?.subscriptions.some((one) => one.health === "healthy") ?? false;
  const results = useLoad(`results ${camera.id} ${answers}`, async () => {
    const now = Date.now();
    if (!answers) return { ok: true, value: { items: [], wallMs: now } };
    const [from, to] = [now - RECENT_MS, now + RECENT_MS].map((ms) => new Date(ms).toISOString()) as [string, string];
    const outcome = await vas.detections(camera.id, { from, to, limit: 1_000 }, AbortSignal.timeout(AGAIN_MS));
    return outcome.ok ? { ok: true, value: { items: lastResults(outcome.value.items), wallMs: now } } : outcome;
  });
  useWhileVisible(() => {
    for (const part of [models, assignments, health, results]) part.reload();
  }, AGAIN_MS);
  const [siteValue, modelsValue] = [site.value, models.value];
  const [assigned, told, found] = [assignments.value, health.value, results.value];
  return useMemo(
    () => ({
      camera,
      siteExports: siteValue?.frame_export_enabled ?? null,
      assignments: assigned,
      models: modelsValue?.items ?? null,
      health: told,
      results: found?.items ?? [],
      resultsWallMs: found?.wallMs ?? 0,
    }),
    [camera, siteValue, modelsValue, assigned, told, found],
  );
}
