/** Snapshots and clips, newest first by keyset. */
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

export async function insertSnapshot(db: Database, row: SnapshotRow): Promise<void> {
  await db.insertInto("snapshots").values(row).execute();
}

export function snapshotById(db: Database, id: string): Promise<SnapshotRow | undefined> {
  return db.selectFrom("snapshots").selectAll().where("id", "=", id).executeTakeFirst();
}

export function deleteSnapshot(db: Database, id: string): Promise<SnapshotRow | undefined> {
  return db.deleteFrom("snapshots").where("id", "=", id).returningAll().executeTakeFirst();
}

export function listSnapshots(
  db: Database,
  { cameraId, cameraIds, after, limit }: MediaFilter,
): Promise<SnapshotRow[]> {
  return db
    .selectFrom("snapshots")
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

export function listClips(db: Database, { cameraId, cameraIds, after, limit }: MediaFilter): Promise<ClipRow[]> {
  return db
    .selectFrom("clips")
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
}
