/**
 * Writes down who changed what. One place looks at every request that was answered well and was not merely reading, so a
 * route cannot forget it; what such a request is called stands in the table below, and one that does not stand there is
 * written as its method and route. The entry is in the store before the answer is out.
 *
 * What is already done is not undone where the entry cannot be written: that is logged and counted.
 */
import { errorText } from "@vas/base/log.ts";
import type { AuditAction } from "@vas/contracts/audit.ts";
import type { FastifyRequest } from "fastify";
import type { App, Backend } from "./context.ts";
import type { Counters } from "./counters.ts";
import { sessionId } from "./sessions.ts";
import { insertAudit } from "./store/audit.ts";
import { cameraById } from "./store/cameras.ts";
import { userById } from "./store/users.ts";

type Body = Record<string, unknown>;
/** The action, or how it follows from the request; null is not written. */
type Rule = AuditAction | null | ((body: Body, isMade: boolean) => AuditAction);

const V1 = "/api/v1";
const RULES: Record<string, Rule> = {
  [`POST ${V1}/auth/login`]: "auth.login",
  [`POST ${V1}/auth/logout`]: "auth.logout",
  [`POST ${V1}/auth/password`]: "auth.password",
  [`DELETE ${V1}/sessions/:id`]: "session.end",
  [`POST ${V1}/users`]: "user.create",
  [`PATCH ${V1}/users/:id`]: "user.edit",
  [`DELETE ${V1}/users/:id`]: "user.delete",
  [`DELETE ${V1}/users/:id/sessions`]: "user.end_sessions",
  [`POST ${V1}/api-keys`]: "key.create",
  [`DELETE ${V1}/api-keys/:id`]: "key.delete",
  [`POST ${V1}/cameras`]: "camera.create",
  [`POST ${V1}/cameras/probe`]: null,
  [`PATCH ${V1}/cameras/:id`]: "camera.edit",
  [`DELETE ${V1}/cameras/:id`]: "camera.delete",
  [`POST ${V1}/cameras/:id/start`]: "camera.start",
  [`POST ${V1}/cameras/:id/stop`]: "camera.stop",
  [`PUT ${V1}/ai-model-assignments/:camera_id/:model_id`]: assignmentAction,
  [`DELETE ${V1}/ai-model-assignments/:camera_id/:model_id`]: "assignment.delete",
  [`PATCH ${V1}/ai-models/:model_id`]: ({ enabled }) => (enabled === true ? "model.enable" : "model.disable"),
  [`DELETE ${V1}/ai-models/:model_id`]: "model.remove",
  [`POST ${V1}/ai-model-drafts`]: null,
  [`DELETE ${V1}/ai-model-drafts/:id`]: null,
  [`PUT ${V1}/ai-model-drafts/:id/files/:name`]: null,
  [`POST ${V1}/ai-model-drafts/:id/examine`]: null,
  [`POST ${V1}/ai-model-drafts/:id/try`]: null,
  [`POST ${V1}/ai-model-drafts/:id/add`]: "model.add",
  [`POST ${V1}/camera-groups`]: "group.create",
  [`PATCH ${V1}/camera-groups/:id`]: "group.edit",
  [`DELETE ${V1}/camera-groups/:id`]: "group.delete",
  [`POST ${V1}/cameras/:id/snapshots`]: null,
  [`DELETE ${V1}/snapshots/:id`]: "snapshot.delete",
  [`POST ${V1}/cameras/:id/clips`]: null,
  [`DELETE ${V1}/clips/:id`]: "clip.delete",
  [`POST ${V1}/cameras/:id/exports`]: "export.create",
  [`DELETE ${V1}/exports/:id`]: "export.delete",
  [`PUT ${V1}/ai-events/:id/review`]: null,
  [`DELETE ${V1}/ai-events/:id/review`]: null,
  [`POST ${V1}/ai-events/reviews`]: null,
};

/** A request that says nothing but the switch is a person's pause or its end. */
function assignmentAction(body: Body, isMade: boolean): AuditAction {
  if (isMade) return "assignment.create";
  if (Object.keys(body).length !== 1 || typeof body["enabled"] !== "boolean") return "assignment.edit";
  return body["enabled"] ? "assignment.resume" : "assignment.pause";
}

const READING = new Set(["GET", "HEAD", "OPTIONS"]);
/** Values that may be shown to every administrator; of other fields the name alone is written. */
const SHOWN = new Set(["enabled", "desired_fps", "priority", "clip", "role", "record", "all_cameras", "from", "to"]);
const MAX_TEXT = 128;

/** What is known of a request's object before it is gone, and once it is made. */
const objects = new WeakMap<FastifyRequest, { id?: string; name?: string; camera_id?: string; isMade?: boolean }>();

/** Must be added after the guard and before any route. */
export function auditEveryChange(app: App, backend: Backend, counters: Pick<Counters, "add">): void {
  const { db, log, clock } = backend;

  app.addHook("preHandler", async (request) => {
    if (ruleOf(request) === null) return;
    const params = request.params as Record<string, string>;
    const url = request.routeOptions.url ?? "";
    // Its name is gone with it.
    const id = (params["camera_id"] ?? params["id"])?.toLowerCase();
    if (id === undefined) return;
    if (url.startsWith(`${V1}/cameras/:id`) || params["camera_id"] !== undefined) {
      const name = (await cameraById(db, id))?.name;
      objects.set(request, { id: params["model_id"] ?? id, camera_id: id, ...(name === undefined ? {} : { name }) });
    } else if (url.startsWith(`${V1}/users/:id`)) {
      const name = (await userById(db, id))?.username;
      objects.set(request, { id, ...(name === undefined ? {} : { name }) });
    }
  });

  app.addHook("preSerialization", async (request, _reply, payload) => {
    if (ruleOf(request) === null || typeof payload !== "object" || payload === null) return payload;
    const answer = payload as Record<string, unknown>;
    const { model_id, id = model_id, name, username, camera_id, created_at, updated_at } = answer;
    const known = objects.get(request);
    const shown = typeof name === "string" ? name : username;
    const isCamera = request.routeOptions.url === `${V1}/cameras`;
    objects.set(request, {
      ...(typeof id === "string" ? { id } : {}),
      ...(typeof shown === "string" ? { name: shown } : {}),
      ...(typeof camera_id === "string" ? { camera_id } : isCamera && typeof id === "string" ? { camera_id: id } : {}),
      ...known,
      isMade: created_at !== undefined && created_at === updated_at,
    });
    return payload;
  });

  app.addHook("onSend", async (request, reply, payload) => {
    const rule = ruleOf(request);
    if (rule === null || reply.statusCode >= 300) return payload;
    const body = isBody(request.body) ? request.body : {};
    const object = objects.get(request);
    const params = request.params as Record<string, string>;
    try {
      await insertAudit(db, {
        at_ms: clock.wallMs(),
        ...actorOf(request, object),
        address: request.ip.slice(0, MAX_TEXT),
        action: typeof rule === "function" ? rule(body, object?.isMade === true) : rule,
        object_id: object?.id ?? params["id"] ?? params["model_id"] ?? null,
        object_name: object?.name?.slice(0, MAX_TEXT) ?? null,
        camera_id: object?.camera_id ?? null,
        details: JSON.stringify(detailsOf(body)),
      });
    } catch (error) {
      counters.add("audit_failures_total");
      log.error("what was done could not be written to the audit list", {
        request_id: request.id,
        error: errorText(error),
      });
    }
    return payload;
  });
}

function ruleOf(request: FastifyRequest): string | ((body: Body, isMade: boolean) => AuditAction) | null {
  const { url } = request.routeOptions;
  if (READING.has(request.method) || request.is404 || !url?.startsWith(`${V1}/`)) return null;
  const route = `${request.method} ${url}`;
  const rule = RULES[route];
  return rule === undefined ? route : rule;
}

function actorOf(request: FastifyRequest, object: { id?: string; name?: string } | undefined) {
  // Nobody was known before the login, and its answer says who it was.
  const caller = request.caller as FastifyRequest["caller"] | undefined;
  if (caller === undefined)
    return { actor_kind: "person", actor_id: object?.id ?? "", actor_name: object?.name ?? "", session: null };
  const session = caller.kind === "person" ? sessionId(caller.session.tokenHash) : null;
  return { actor_kind: caller.kind, actor_id: caller.id, actor_name: caller.name, session };
}

/** Names of fields, and values of those that are shown; zones by their names. */
function detailsOf(body: Body): Body {
  const fields = Object.keys(body).sort();
  if (fields.length === 0) return {};
  const details: Body = { fields };
  for (const field of fields) {
    const value = body[field];
    if (SHOWN.has(field) && (typeof value !== "object" || value === null))
      details[field] = typeof value === "string" ? value.slice(0, MAX_TEXT) : value;
    if (field === "zones" && Array.isArray(value)) details[field] = value.map((zone) => (zone as Body)["name"]);
    if (field === "parameters" && isBody(value)) details[field] = Object.keys(value).sort();
  }
  return details;
}

function isBody(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
