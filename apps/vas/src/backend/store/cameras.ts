/** Cameras, and everything that goes when one is deleted. */
import { type Insertable, type Selectable, sql, type Updateable } from "kysely";
import type { Database } from "./database.ts";
import { EXPORT_ENDINGS } from "./exports.ts";
import type { Tables } from "./schema.ts";

export type CameraRow = Selectable<Tables["cameras"]>;

export function listCameras(db: Database): Promise<CameraRow[]> {
  return db.selectFrom("cameras").selectAll().orderBy("created_at").orderBy("id").execute();
}

export function cameraById(db: Database, id: string): Promise<CameraRow | undefined> {
  return db.selectFrom("cameras").selectAll().where("id", "=", id).executeTakeFirst();
}

/** @returns false where the site has `limit` cameras already */
export function insertCamera(db: Database, camera: Insertable<Tables["cameras"]>, limit: number): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const { count } = await tx
      .selectFrom("cameras")
      .select((eb) => eb.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    if (Number(count) >= limit) return false;
    await tx.insertInto("cameras").values(camera).execute();
    return true;
  });
}

/** @returns the row as it is now; undefined where it is gone */
export function updateCamera(
  db: Database,
  id: string,
  fields: Updateable<Tables["cameras"]>,
): Promise<CameraRow | undefined> {
  return db.updateTable("cameras").set(fields).where("id", "=", id).returningAll().executeTakeFirst();
}

/** What `deleteCamera` would take along; the newest segment may still grow. */
export async function holdings(db: Database, id: string) {
  const recorded = await db
    .selectFrom("segments")
    .where("camera_id", "=", id)
    .select((eb) => [
      eb.fn.min<number | null>("start_wall_ms").as("since"),
      sql<number | null>`sum(end_wall_ms - start_wall_ms)`.as("ms"),
      eb.fn.sum<number | null>("size_bytes").as("bytes"),
    ])
    .executeTakeFirstOrThrow();
  const count = async (table: "snapshots" | "clips" | "exports" | "ai_events" | "ai_model_assignments") => {
    const row = await db
      .selectFrom(table)
      .where("camera_id", "=", id)
      .select((eb) => eb.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    return Number(row.count);
  };
  return {
    sinceMs: recorded.since === null ? null : Number(recorded.since),
    recordedMs: Number(recorded.ms ?? 0),
    size_bytes: Number(recorded.bytes ?? 0),
    snapshots: await count("snapshots"),
    clips: await count("clips"),
    exports: await count("exports"),
    events: await count("ai_events"),
    assignments: await count("ai_model_assignments"),
  };
}

/** Deletes the camera and all that belongs to it. @returns its files' paths below the media folder */
export function deleteCamera(db: Database, id: string): Promise<string[]> {
  return db.transaction().execute(async (tx) => {
    const segments = await tx.deleteFrom("segments").where("camera_id", "=", id).returning("path").execute();
    const snapshots = await tx.deleteFrom("snapshots").where("camera_id", "=", id).returning("path").execute();
    const clips = await tx
      .deleteFrom("clips")
      .where("camera_id", "=", id)
      .returning(["path", "thumbnail_path"])
      .execute();
    const exported = await tx.deleteFrom("exports").where("camera_id", "=", id).returning("path").execute();
    await tx.deleteFrom("gaps").where("camera_id", "=", id).execute();
    await tx
      .deleteFrom("ai_event_closings")
      .where("event_id", "in", (eb) => eb.selectFrom("ai_events").select("id").where("camera_id", "=", id))
      .execute();
    await tx.deleteFrom("ai_event_reviews").where("camera_id", "=", id).execute();
    await tx.deleteFrom("ai_events").where("camera_id", "=", id).execute();
    await tx.deleteFrom("ai_model_assignments").where("camera_id", "=", id).execute();
    await tx.deleteFrom("cameras").where("id", "=", id).execute();
    const paths = [...segments, ...snapshots, ...clips].map((row) => row.path);
    paths.push(...exported.flatMap(({ path }) => EXPORT_ENDINGS.map((ending) => `${path}.${ending}`)));
    return [...paths, ...clips.map((row) => row.thumbnail_path)].filter((path) => path !== "");
  });
}
