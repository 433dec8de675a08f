/** Assignments: which model should look at which camera. Intent only; what runs is Core's to say. */
import { CodedError } from "@vas/contracts/errors.ts";
import type { Assignment, AssignmentPut, AssignmentQuery, Zone } from "@vas/contracts/http.ts";
import { sql } from "kysely";
import { isoTime } from "../validation.ts";
import { anyOf, type Database } from "./database.ts";

export type AssignmentWish = Required<AssignmentPut>;

/** What a new assignment has where the request says nothing. */
export const ASSIGNMENT_DEFAULTS: Readonly<AssignmentWish> = {
  enabled: true,
  desired_fps: 5,
  priority: 50,
  parameters: {},
  clip: false,
  zones: [],
};

/**
 * One page by camera and model. Assignments of deleted cameras are not shown.
 *
 * @param cameraIds of these cameras only; of every one where undefined
 * @param effective true for Core: the assignment of a model that a person disabled reads `enabled: false`, so that Core
 *   stops it and the stored wish is still there when the model is enabled again
 * @throws CodedError cursor_invalid
 */
export async function listAssignments(
  db: Database,
  query: AssignmentQuery,
  effective: boolean,
  cameraIds?: string[],
): Promise<{ items: Assignment[]; next_cursor: string | null }> {
  const limit = query.limit ?? 100;
  let select = db
    .selectFrom("ai_model_assignments as a")
    .innerJoin("cameras as camera", "camera.id", "a.camera_id")
    .leftJoin("ai_models as model", "model.model_id", "a.model_id")
    .selectAll("a")
    .select("model.enabled as model_enabled")
    .orderBy("a.camera_id")
    .orderBy("a.model_id")
    .limit(limit + 1);
  if (query.camera_id !== undefined) select = select.where("a.camera_id", "=", query.camera_id.toLowerCase());
  if (cameraIds !== undefined) select = select.where("a.camera_id", "in", anyOf(cameraIds));
  if (query.model_id !== undefined) select = select.where("a.model_id", "=", query.model_id);
  if (query.cursor !== undefined) {
    const { cameraId, modelId } = decodeCursor(query.cursor);
    select = select.where(sql<boolean>`(a.camera_id, a.model_id) > (${cameraId}, ${modelId})`);
  }
  const rows = await select.execute();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map((row) => {
      const assignment = apiAssignment(row);
      return effective && row.model_enabled === 0 ? { ...assignment, enabled: false } : assignment;
    }),
    next_cursor: rows.length > limit && last ? encodeCursor(last.camera_id, last.model_id) : null,
  };
}

export async function findAssignment(db: Database, cameraId: string, modelId: string): Promise<Assignment | undefined> {
  const row = await db
    .selectFrom("ai_model_assignments")
    .selectAll()
    .where("camera_id", "=", cameraId)
    .where("model_id", "=", modelId)
    .executeTakeFirst();
  return row && apiAssignment(row);
}

/** Inserts or replaces; the camera and the model were checked by the caller. */
export async function storeAssignment(
  db: Database,
  cameraId: string,
  modelId: string,
  wish: AssignmentWish,
  nowWallMs: number,
): Promise<Assignment> {
  const fields = {
    enabled: Number(wish.enabled),
    desired_fps: wish.desired_fps,
    priority: wish.priority,
    parameters: JSON.stringify(wish.parameters),
    clip: wish.clip ? 1 : 0,
    zones: JSON.stringify(wish.zones),
    updated_at: nowWallMs,
  };
  const row = await db
    .insertInto("ai_model_assignments")
    .values({ camera_id: cameraId, model_id: modelId, created_at: nowWallMs, ...fields })
    .onConflict((conflict) => conflict.columns(["camera_id", "model_id"]).doUpdateSet(fields))
    .returningAll()
    .executeTakeFirstOrThrow();
  return apiAssignment(row);
}

/** @returns whether there was one */
export async function deleteAssignment(db: Database, cameraId: string, modelId: string): Promise<boolean> {
  const result = await db
    .deleteFrom("ai_model_assignments")
    .where("camera_id", "=", cameraId)
    .where("model_id", "=", modelId)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

function apiAssignment(row: {
  camera_id: string;
  model_id: string;
  enabled: number;
  desired_fps: number;
  priority: number;
  parameters: string;
  clip: number;
  zones: string;
  created_at: number;
  updated_at: number;
}): Assignment {
  return {
    camera_id: row.camera_id,
    model_id: row.model_id,
    enabled: row.enabled !== 0,
    desired_fps: row.desired_fps,
    priority: row.priority,
    parameters: JSON.parse(row.parameters) as Record<string, unknown>,
    clip: row.clip !== 0,
    zones: JSON.parse(row.zones) as Zone[],
    created_at: isoTime(row.created_at),
    updated_at: isoTime(row.updated_at),
  };
}

function encodeCursor(cameraId: string, modelId: string): string {
  return Buffer.from(`${cameraId} ${modelId}`).toString("base64url");
}

function decodeCursor(cursor: string): { cameraId: string; modelId: string } {
  const [cameraId = "", modelId = "", ...more] = Buffer.from(cursor, "base64url").toString("latin1").split(" ");
  if (cameraId === "" || modelId === "" || more.length > 0 || encodeCursor(cameraId, modelId) !== cursor)
    throw new CodedError("cursor_invalid");
  return { cameraId, modelId };
}
