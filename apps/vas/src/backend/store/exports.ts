/** Exports. */
import type { Selectable, Updateable } from "kysely";
import type { Database } from "./database.ts";
import type { Tables } from "./schema.ts";

export type ExportRow = Selectable<Tables["exports"]>;

/** The files of an export: its path with a dot and each of these. */
export const EXPORT_ENDINGS = ["mp4", "json", "vtt"] as const;

export async function insertExport(db: Database, row: ExportRow): Promise<void> {
  await db.insertInto("exports").values(row).execute();
}

export function exportById(db: Database, id: string): Promise<ExportRow | undefined> {
  return db.selectFrom("exports").selectAll().where("id", "=", id).executeTakeFirst();
}

export async function updateExport(db: Database, id: string, fields: Updateable<Tables["exports"]>): Promise<void> {
  await db.updateTable("exports").set(fields).where("id", "=", id).execute();
}

export function deleteExport(db: Database, id: string): Promise<ExportRow | undefined> {
  return db.deleteFrom("exports").where("id", "=", id).returningAll().executeTakeFirst();
}

/** Those that are not finished, oldest first. */
export function unfinishedExports(db: Database): Promise<ExportRow[]> {
  return db
    .selectFrom("exports")
    .selectAll()
    .where("state", "in", ["queued", "running"])
    .orderBy("created_at")
    .orderBy("id")
    .execute();
}
