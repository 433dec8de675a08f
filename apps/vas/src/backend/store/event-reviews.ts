/** Which events people have looked at. Marks come and go; the events stay as they were inserted. */
import type { EventReview } from "@vas/contracts/http.ts";
import { isoTime } from "../validation.ts";
import { anyOf, type Database } from "./database.ts";

/** Rows of one statement; each binds four values. */
const ROWS_PER_STATEMENT = 500;

export type ReviewWish = {
  /** In lower case. */
  eventIds: string[];
  reviewed: boolean;
  /** Name of who looked. */
  by: string;
  wallMs: number;
  /** Events of these cameras only; of every one where undefined. */
  cameraIds?: string[] | undefined;
};

/** What changed, by camera. `review` is null where marks were taken away. */
export type ReviewChange = { review: EventReview | null; byCamera: Map<string, string[]> };

/**
 * Marks events, or takes their marks away, in one transaction. A mark that is there stays with its name and time.
 *
 * @throws whatever the store throws; then nothing changed
 */
export async function storeReviews(db: Database, wish: ReviewWish): Promise<ReviewChange> {
  const byCamera = new Map<string, string[]>();
  await db.transaction().execute(async (tx) => {
    const ids = [...new Set(wish.eventIds)];
    for (let at = 0; at < ids.length; at += ROWS_PER_STATEMENT) {
      const found = await tx
        .selectFrom("ai_events")
        .select(["seq", "id", "camera_id"])
        .where("id", "in", ids.slice(at, at + ROWS_PER_STATEMENT))
        .$if(wish.cameraIds !== undefined, (query) => query.where("camera_id", "in", anyOf(wish.cameraIds ?? [])))
        .execute();
      if (found.length === 0) continue;
      const changed = wish.reviewed
        ? await tx
            .insertInto("ai_event_reviews")
            .values(
              found.map(({ seq, camera_id }) => ({
                event_seq: seq,
                camera_id,
                reviewed_by: wish.by,
                reviewed_at: wish.wallMs,
              })),
            )
            .onConflict((conflict) => conflict.column("event_seq").doNothing())
            .returning("event_seq")
            .execute()
        : await tx
            .deleteFrom("ai_event_reviews")
            .where(
              "event_seq",
              "in",
              found.map(({ seq }) => seq),
            )
            .returning("event_seq")
            .execute();
      const seqs = new Set(changed.map((row) => row.event_seq));
      for (const { seq, id, camera_id } of found) {
        if (!seqs.has(seq)) continue;
        const list = byCamera.get(camera_id) ?? [];
        list.push(id);
        byCamera.set(camera_id, list);
      }
    }
  });
  return { review: wish.reviewed ? { by: wish.by, at: isoTime(wish.wallMs) } : null, byCamera };
}
