/** Groups of cameras, each with its cameras in the order of their tiles. */
import type { Selectable } from "kysely";
import type { Database } from "./database.ts";
import type { Tables } from "./schema.ts";
import { camerasExist } from "./users.ts";

export type GroupRow = Selectable<Tables["camera_groups"]>;
export type StoredGroup = GroupRow & { camera_ids: string[] };

/** By name. */
export async function listGroups(db: Database): Promise<StoredGroup[]> {
  const groups = await db.selectFrom("camera_groups").selectAll().orderBy("name").orderBy("id").execute();
  const members = await db.selectFrom("camera_group_cameras").selectAll().orderBy("place").execute();
  const byGroup = Map.groupBy(members, (row) => row.group_id);
  return groups.map((group) => ({ ...group, camera_ids: (byGroup.get(group.id) ?? []).map((row) => row.camera_id) }));
}

export async function groupById(db: Database, id: string): Promise<StoredGroup | undefined> {
  const group = await db.selectFrom("camera_groups").selectAll().where("id", "=", id).executeTakeFirst();
  return group && { ...group, camera_ids: await camerasOfGroup(db, id) };
}

export async function camerasOfGroup(db: Database, id: string): Promise<string[]> {
  const rows = await db
    .selectFrom("camera_group_cameras")
    .select("camera_id")
    .where("group_id", "=", id)
    .orderBy("place")
    .execute();
  return rows.map((row) => row.camera_id);
}

/**
 * Makes the group, or replaces the one with its id.
 *
 * @param cameraIds each once
 * @returns false where one of the cameras does not exist; then nothing was stored
 */
export function storeGroup(db: Database, group: GroupRow, cameraIds: string[]): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    if (!(await camerasExist(tx, cameraIds))) return false;
    await tx
      .insertInto("camera_groups")
      .values(group)
      .onConflict((conflict) => conflict.column("id").doUpdateSet({ name: group.name, updated_at: group.updated_at }))
      .execute();
    await tx.deleteFrom("camera_group_cameras").where("group_id", "=", group.id).execute();
    const rows = cameraIds.map((camera_id, place) => ({ group_id: group.id, camera_id, place }));
    if (rows.length > 0) await tx.insertInto("camera_group_cameras").values(rows).execute();
    return true;
  });
}

export async function deleteGroup(db: Database, id: string): Promise<void> {
  await db.deleteFrom("camera_groups").where("id", "=", id).execute();
}
