/** What the routes of snapshots, clips and exports have in common: lists from the newest on, and names. */
import { CodedError, type ErrorCode } from "@vas/contracts/errors.ts";
import type { MediaQuery } from "@vas/contracts/http.ts";
import type { Caller } from "../callers.ts";
import { decodeCursor, encodeCursor } from "../cursor.ts";
import type { Database } from "../store/database.ts";
import { type KeptRows, type KeptTable, newestOf, renameKept } from "../store/media.ts";

const PAGE = 50;

/** One page of what the caller may see. @throws CodedError cursor_invalid */
export async function keptPage<T extends KeptTable, Item>(
  db: Database,
  table: T,
  { query, caller }: { query: MediaQuery; caller: Caller },
  toItem: (row: KeptRows[T]) => Item,
): Promise<{ items: Item[]; next_cursor: string | null }> {
  const limit = query.limit ?? PAGE;
  const after = decodeCursor(query.cursor);
  const cameraIds = caller.grants.cameraIds();
  const rows = await newestOf(db, table, { cameraId: query.camera_id, cameraIds, after, limit: limit + 1 });
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  const next_cursor = last ? encodeCursor({ createdAt: last.created_at, id: last.id }) : null;
  return { items: page.map(toItem), next_cursor };
}

/** An empty name takes it away. @throws CodedError with the code that says that it is not there */
export async function rename<T extends KeptTable>(
  db: Database,
  table: T,
  change: { id: string; label: string; missing: ErrorCode },
): Promise<KeptRows[T]> {
  const row = await renameKept(db, table, change.id, change.label.trim() || null);
  if (!row) throw new CodedError(change.missing);
  return row;
}
