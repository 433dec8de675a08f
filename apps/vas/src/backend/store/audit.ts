/** The audit list: rows are only inserted; the oldest are deleted where there are too many. */
import type { AuditQuery } from "@vas/contracts/audit.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import type { Insertable, Selectable } from "kysely";
import type { Database } from "./database.ts";
import type { Tables } from "./schema.ts";

export type AuditRow = Selectable<Tables["audit"]>;

/** Rows that are kept at least; some more may stand there for a while. */
export const MAX_AUDIT_ROWS = 100_000;
const PRUNE_EVERY = 256;

export async function insertAudit(db: Database, row: Omit<Insertable<Tables["audit"]>, "seq">): Promise<void> {
  const { seq } = await db.insertInto("audit").values(row).returning("seq").executeTakeFirstOrThrow();
  if (seq % PRUNE_EVERY === 0) await pruneAudit(db, seq - MAX_AUDIT_ROWS);
}

/** Deletes what was inserted before `seq` and with it. */
export async function pruneAudit(db: Database, seq: number): Promise<void> {
  if (seq > 0) await db.deleteFrom("audit").where("seq", "<=", seq).execute();
}

/**
 * Newest first; one row more than a page says that there is another.
 *
 * @param range Unix milliseconds
 */
export async function listAudit(
  db: Database,
  query: Pick<AuditQuery, "actor" | "action" | "camera_id" | "cursor">,
  range: { fromWallMs?: number; toWallMs?: number },
  limit: number,
): Promise<AuditRow[]> {
  let select = db.selectFrom("audit").selectAll().orderBy("seq", "desc").limit(limit);
  if (query.actor !== undefined) select = select.where("actor_name", "=", query.actor);
  if (query.camera_id !== undefined) select = select.where("camera_id", "=", query.camera_id.toLowerCase());
  if (query.action !== undefined)
    select = query.action.includes(".")
      ? select.where("action", "=", query.action)
      : // The character after the dot ends the range of names that begin with it; an index finds both ends.
        select.where("action", ">=", `${query.action}.`).where("action", "<", `${query.action}/`);
  if (range.fromWallMs !== undefined) select = select.where("at_ms", ">=", range.fromWallMs);
  if (range.toWallMs !== undefined) select = select.where("at_ms", "<", range.toWallMs);
  if (query.cursor !== undefined) {
    if (!/^[1-9]\d{0,14}$/.test(query.cursor)) throw new CodedError("cursor_invalid");
    select = select.where("seq", "<", Number(query.cursor));
  }
  return select.execute();
}
