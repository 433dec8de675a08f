/** `/api/v1/ai-model-assignments`: intent. It is checked against the registry here; Core converges to it. */
import { isDeepStrictEqual } from "node:util";
import { limited } from "@vas/base/limited.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import { Assignment, AssignmentPage, AssignmentParams, AssignmentPut, AssignmentQuery } from "@vas/contracts/http.ts";
import { zonesProblem } from "@vas/contracts/zones.ts";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { App, Backend } from "../context.ts";
import {
  ASSIGNMENT_DEFAULTS,
  deleteAssignment,
  findAssignment,
  listAssignments,
  storeAssignment,
} from "../store/ai-assignments.ts";
import { findModel } from "../store/ai-models.ts";

const MAX_BODY_BYTES = 64 * 1024;
/** By the clock: at a load of 20 on two cores, a good schema that takes 2 ms was cut short at 100. */
const CHECK_MS = 1_000;

export function registerAssignmentRoutes(app: App, backend: Backend): void {
  app.get(
    "/api/v1/ai-model-assignments",
    {
      config: { access: { need: "view", of: "listed", core: true } },
      schema: { querystring: AssignmentQuery, response: { 200: AssignmentPage } },
    },
    // Core reads what should run, everyone else what was chosen.
    ({ query, caller }) => listAssignments(backend.db, query, caller.kind === "core", caller.grants.cameraIds()),
  );

  app.put(
    "/api/v1/ai-model-assignments/:camera_id/:model_id",
    {
      config: { access: { need: "operate", of: { camera: "camera_id" } } },
      bodyLimit: MAX_BODY_BYTES,
      schema: { params: AssignmentParams, body: AssignmentPut, response: { 200: Assignment } },
    },
    async (request) => {
      const { model_id } = request.params;
      const camera_id = request.params.camera_id.toLowerCase();
      const { stored, changed } = await backend.db.transaction().execute(async (tx) => {
        const camera = await tx.selectFrom("cameras").select("id").where("id", "=", camera_id).executeTakeFirst();
        if (!camera) throw new CodedError("camera_not_found");
        const model = await findModel(tx, model_id);
        if (!model) throw new CodedError("model_not_found", `There is no model ${model_id}.`);
        if (!model.discovered.valid)
          throw new CodedError("model_invalid", undefined, { reason: model.discovered.reason });
        if (!model.enabled) throw new CodedError("model_disabled", `The model ${model_id} is disabled.`);
        const before = await findAssignment(tx, camera_id, model_id);
        const {
          created_at: _created,
          updated_at: _updated,
          ...known
        } = before ?? {
          ...ASSIGNMENT_DEFAULTS,
          camera_id,
          model_id,
          created_at: "",
          updated_at: "",
        };
        const { clip, zones } = request.body;
        const wish = {
          ...known,
          ...request.body,
          clip: clip ?? known.clip ?? false,
          zones: zones ?? known.zones ?? [],
        };
        const problem = zonesProblem(wish.zones);
        if (problem) throw new CodedError("zones_invalid", problem.message, { name: problem.name });
        // Whoever only switches an assignment off need not mend parameters that a newer model no longer takes.
        if (wish.enabled || request.body.parameters !== undefined)
          checkParameters(model.discovered.config_schema, wish.parameters);
        if (before && isDeepStrictEqual(wish, known)) return { stored: before, changed: false };
        const stored = await storeAssignment(tx, camera_id, model_id, wish, backend.clock.wallMs());
        return { stored, changed: true };
      });
      if (changed) backend.core.notifyAssignmentsChanged();
      return stored;
    },
  );

  app.delete(
    "/api/v1/ai-model-assignments/:camera_id/:model_id",
    {
      config: { access: { need: "operate", of: { camera: "camera_id" } } },
      schema: { params: AssignmentParams, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      const { camera_id, model_id } = request.params;
      if (!(await deleteAssignment(backend.db, camera_id.toLowerCase(), model_id)))
        throw new CodedError("assignment_not_found");
      backend.core.notifyAssignmentsChanged();
      return reply.code(204).send(null);
    },
  );
}

/**
 * @param schema the model's config_schema; null takes anything
 * @throws CodedError parameters_invalid naming the field, model_invalid where the schema itself cannot be used
 */
export function checkParameters(schema: Record<string, unknown> | null, parameters: Record<string, unknown>): void {
  if (schema === null) return;
  const found = parameterError(schema, parameters);
  if (found === undefined) return;
  const { field, rule } = found;
  throw new CodedError("parameters_invalid", `The parameter ${field || "set"} ${rule}.`, { field, rule });
}

function parameterError(
  schema: Record<string, unknown>,
  parameters: Record<string, unknown>,
): { field: string; rule: string } | undefined {
  let errors: { keyword: string; instancePath: string; message: string; params: object }[];
  try {
    // A pattern that backtracks for hours must hold up neither the recordings nor the people that this process serves.
    const found = limited(CHECK_MS, () => {
      const compiled = Compile(schema);
      return compiled.Check(parameters) ? undefined : compiled.Errors(parameters);
    });
    if (found === undefined) return undefined;
    errors = found;
  } catch (thrown) {
    // The schema comes from a model's folder: a broken pattern or one that refers to itself without end is that model's
    // fault, not ours and not the caller's.
    const cause = thrown instanceof Error ? thrown.message : String(thrown);
    throw new CodedError("model_invalid", "The model's config_schema cannot be used.", { cause });
  }
  // Where a field is one too many, the checker speaks of the field's impossible schema first.
  const first = errors.find((error) => error.keyword === "additionalProperties") ?? errors[0];
  if (first === undefined) return { field: "", rule: "does not fit" };
  const names = Object.values(first.params as Record<string, unknown>).find(Array.isArray) as unknown[] | undefined;
  const at = (path: string) => path.slice(1).replaceAll("/", ".");
  if (first.keyword === "additionalProperties" || first.keyword === "required") {
    const field = [at(first.instancePath), String(names?.[0] ?? "")].filter((part) => part !== "").join(".");
    return { field, rule: first.keyword === "required" ? "is missing" : "is not known to the model" };
  }
  return { field: at(first.instancePath), rule: first.message };
}
