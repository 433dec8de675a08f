/** `/api/v1/ai-health`: what Core last reported and how old that is. It only reads, and never asks Core anything. */
import { CodedError } from "@vas/contracts/errors.ts";
import { AiHealth, CameraParams } from "@vas/contracts/http.ts";
import { ModelId } from "@vas/contracts/schema.ts";
import { Type } from "typebox";
import type { App, Backend, CoreObservation } from "../context.ts";
import type { Grants } from "../grants.ts";
import { sinceKey } from "../health/observer.ts";
import type { HealthSince } from "../health/since.ts";
import { findModel } from "../store/ai-models.ts";

/** A report younger than this speaks for the present. */
export const REPORT_FRESH_MS = 5_000;

const ModelParams = Type.Object({ model_id: ModelId }, { additionalProperties: false });

export function registerAiHealthRoutes(app: App, backend: Backend, since: HealthSince): void {
  const healthFor = (grants: Grants) => {
    const nowWallMs = backend.clock.wallMs();
    return seenBy(grants, withSince(aiHealth(backend.core, nowWallMs), since, nowWallMs));
  };
  app.get(
    "/api/v1/ai-health",
    { config: { access: { need: "view", of: "listed" } }, schema: { response: { 200: AiHealth } } },
    async ({ caller }) => healthFor(caller.grants),
  );

  app.get(
    "/api/v1/ai-health/cameras/:id",
    {
      config: { access: { need: "view", of: { camera: "id" } } },
      schema: { params: CameraParams, response: { 200: AiHealth } },
    },
    async (request) => {
      const id = request.params.id.toLowerCase();
      const camera = await backend.db.selectFrom("cameras").select("id").where("id", "=", id).executeTakeFirst();
      if (!camera) throw new CodedError("camera_not_found");
      const health = healthFor(request.caller.grants);
      const subscriptions = health.subscriptions.filter((subscription) => subscription.camera_id === id);
      const models = new Set(subscriptions.map((subscription) => subscription.model_id));
      return {
        core: health.core,
        cameras: health.cameras.filter((agent) => agent.camera_id === id),
        subscriptions,
        models: health.models.filter((model) => models.has(model.model_id)),
      };
    },
  );

  app.get(
    "/api/v1/ai-health/models/:model_id",
    {
      config: { access: { need: "view", of: "listed" } },
      schema: { params: ModelParams, response: { 200: AiHealth } },
    },
    async (request) => {
      const { model_id } = request.params;
      if (!(await findModel(backend.db, model_id)))
        throw new CodedError("model_not_found", `There is no model ${model_id}.`);
      const health = healthFor(request.caller.grants);
      const subscriptions = health.subscriptions.filter((subscription) => subscription.model_id === model_id);
      const cameras = new Set(subscriptions.map((subscription) => subscription.camera_id));
      return {
        core: health.core,
        cameras: health.cameras.filter((agent) => cameras.has(agent.camera_id)),
        subscriptions,
        models: health.models.filter((model) => model.model_id === model_id),
      };
    },
  );
}

function withSince(health: AiHealth, since: HealthSince, nowWallMs: number): AiHealth {
  const dated = <T extends { health: AiHealth["core"]["health"] }>(item: T, key: string) => {
    const found = since.of(key, item.health, nowWallMs);
    return found === null ? item : { ...item, since: found };
  };
  return {
    core: dated(health.core, "core"),
    cameras: health.cameras,
    subscriptions: health.subscriptions.map((one) => dated(one, sinceKey(one))),
    models: health.models.map((one) => dated(one, sinceKey({ model_id: one.model_id }))),
  };
}

/** Counts of Core and of a model run over every camera: they would tell of those that the caller may not see. */
function seenBy(grants: Grants, health: AiHealth): AiHealth {
  if (grants.cameras === "all") return health;
  return {
    core: { ...health.core, results_dropped: null },
    cameras: health.cameras.filter((agent) => grants.sees(agent.camera_id)),
    subscriptions: health.subscriptions.filter((subscription) => grants.sees(subscription.camera_id)),
    models: health.models.map((model) => ({
      ...model,
      total_requests: null,
      total_errors: null,
      avg_latency_ms: null,
    })),
  };
}

/**
 * | core | when |
 * | --- | --- |
 * | healthy | connected, and its last report is under 5 s old |
 * | degraded | it reported once, but is not connected or has been silent for longer |
 * | unknown | it never reported |
 *
 * What Core said of a subscription or a model stands only while Core is healthy; afterwards nobody knows.
 */
export function aiHealth(core: CoreObservation, nowWallMs: number): AiHealth {
  const { metrics, lastReportWallMs, connected } = core;
  const ageMs = lastReportWallMs === null ? null : Math.max(0, nowWallMs - lastReportWallMs);
  const seconds = Math.floor((ageMs ?? 0) / 1000);
  const word =
    ageMs === null
      ? {
          health: "unknown" as const,
          reason: connected
            ? "Ruth Core is connected but has not reported yet."
            : "Ruth Core has not reported since VAS started.",
        }
      : !connected
        ? {
            health: "degraded" as const,
            reason: `Ruth Core is not connected; its last report is ${seconds} s old.`,
          }
        : ageMs >= REPORT_FRESH_MS
          ? { health: "degraded" as const, reason: `Ruth Core is connected but last reported ${seconds} s ago.` }
          : { health: "healthy" as const, reason: null };
  const aged = <T extends { health: AiHealth["core"]["health"]; reason: string | null }>(item: T): T =>
    word.health === "healthy"
      ? item
      : { ...item, health: "unknown", reason: `Ruth Core last reported ${seconds} s ago; it was ${item.health} then.` };
  return {
    core: {
      ...word,
      connected,
      last_report_at: lastReportWallMs === null ? null : new Date(lastReportWallMs).toISOString(),
      uptime_seconds: metrics?.uptime_seconds ?? null,
      results_dropped: metrics?.results_dropped ?? null,
    },
    cameras: metrics?.cameras ?? [],
    subscriptions: (metrics?.subscriptions ?? []).map(aged),
    models: (metrics?.models ?? []).map(aged),
  };
}
