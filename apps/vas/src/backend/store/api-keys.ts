/** API keys by the hash of what is shown once, and what they were granted. */
import type { Insertable, Selectable } from "kysely";
import type { Database } from "./database.ts";
import type { Tables } from "./schema.ts";
import { camerasExist } from "./users.ts";

export type ApiKeyRow = Selectable<Tables["api_keys"]>;

/** Newest first. */
export async function listApiKeys(db: Database): Promise<(ApiKeyRow & { camera_ids: string[] })[]> {
  const keys = await db.selectFrom("api_keys").selectAll().orderBy("created_at", "desc").orderBy("id").execute();
  const granted = await db.selectFrom("api_key_cameras").selectAll().orderBy("camera_id").execute();
  const cameras = Map.groupBy(granted, (row) => row.key_id);
  return keys.map((key) => ({ ...key, camera_ids: (cameras.get(key.id) ?? []).map((row) => row.camera_id) }));
}

export function apiKeyByHash(db: Database, keyHash: string): Promise<ApiKeyRow | undefined> {
  return db.selectFrom("api_keys").selectAll().where("key_hash", "=", keyHash).executeTakeFirst();
}

export async function grantedToKey(db: Database, keyId: string): Promise<string[]> {
  const rows = await db.selectFrom("api_key_cameras").select("camera_id").where("key_id", "=", keyId).execute();
  return rows.map((row) => row.camera_id);
}

/** @returns false where one of the cameras does not exist; then nothing was stored */
export function insertApiKey(db: Database, key: Insertable<Tables["api_keys"]>, cameraIds: string[]): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    if (!(await camerasExist(tx, cameraIds))) return false;
    await tx.insertInto("api_keys").values(key).execute();
    const rows = [...new Set(cameraIds)].map((camera_id) => ({ key_id: key.id, camera_id }));
    if (rows.length > 0) await tx.insertInto("api_key_cameras").values(rows).execute();
    return true;
  });
}

export async function touchApiKey(db: Database, id: string, nowMs: number): Promise<void> {
  await db.updateTable("api_keys").set({ last_used_at: nowMs }).where("id", "=", id).execute();
}

/** @returns whether there was one */
export async function deleteApiKey(db: Database, id: string): Promise<boolean> {
  const result = await db.deleteFrom("api_keys").where("id", "=", id).executeTakeFirst();
  return result.numDeletedRows > 0n;
}
