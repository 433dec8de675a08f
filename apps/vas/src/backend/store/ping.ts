/** Whether the store answers at all. */
import { sql } from "kysely";
import type { Database } from "./database.ts";

export async function pingStore(db: Database): Promise<void> {
  await sql`select 1`.execute(db);
}
