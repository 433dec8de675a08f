/** Snapshots and clips, and what they have in common with exports: a list from the newest on, and a name. */
import type { Selectable } from "kysely";
import { anyOf, type Database } from "./database.ts";
import type { Tables } from "./schema.ts";

export type SnapshotRow = Selectable<Tables["snapshots"]>;
export type ClipRow = Selectable<Tables["clips"]>;
/** Rows before this one, in the order newest first. */
export type After = { createdAt: number; id: string };
export type MediaFilter = {
  cameraId: string | undefined;
  /** Of these cameras only; of every one where undefined. */
  cameraIds?: string[] | undefined;
  after: After | undefined;
  limit: number;
};

/** What a person keeps of a camera. */
export type KeptRows = { snapshots: SnapshotRow; clips: ClipRow; exports: Selectable<Tables["exports"]> };
export type KeptTable = keyof KeptRows;

/** One page, newest first by keyset. */
export async function newestOf<T extends KeptTable>(
  db: Database,
  table: T,
  { cameraId, cameraIds, after, limit }: MediaFilter,
): Promise<KeptRows[T][]> {
  // The columns that are named here are those of every one of the three.
  const rows = await db
    .selectFrom(table as "snapshots")
    .selectAll()
    .$if(cameraId !== undefined, (query) => query.where("camera_id", "=", cameraId as string))
    .$if(cameraIds !== undefined, (query) => query.where("camera_id", "in", anyOf(cameraIds as string[])))
    .$if(after !== undefined, (query) =>
      query.where((eb) =>
        eb.or([
          eb("created_at", "<", (after as After).createdAt),
          eb("created_at", "=", (after as After).createdAt).and("id", "<", (after as After).id),
        ]),
      ),
    )
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
  return rows as unknown as KeptRows[T][];
}

/** @returns the row with its new name; undefined where it is gone */
export async function renameKept<T extends KeptTable>(
  db: Database,
  table: T,
  id: string,
  label: string | null,
): Promise<KeptRows[T] | undefined> {
  const row = await db
    .updateTable(table as "snapshots")
    .set({ label })
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirst();
  return row as unknown as KeptRows[T] | undefined;
}

export async function insertSnapshot(db: Database, row: SnapshotRow): Promise<void> {
  await db.insertInto("snapshots").values(row).execute();
}

export function snapshotById(db: Database, id: string): Promise<SnapshotRow | undefined> {
  return db.selectFrom("snapshots").selectAll().where("id", "=", id).executeTakeFirst();
}

export function deleteSnapshot(db: Database, id: string): Promise<SnapshotRow | undefined> {
  return db.deleteFrom("snapshots").where("id", "=", id).returningAll().executeTakeFirst();
}

export async function insertClip(db: Database, row: ClipRow): Promise<void> {
  await db.insertInto("clips").values(row).execute();
}

export function clipById(db: Database, id: string): Promise<ClipRow | undefined> {
  return db.selectFrom("clips").selectAll().where("id", "=", id).executeTakeFirst();
}

export function deleteClip(db: Database, id: string): Promise<ClipRow | undefined> {
  return db.deleteFrom("clips").where("id", "=", id).returningAll().executeTakeFirst();
}
