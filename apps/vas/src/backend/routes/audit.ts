/** `/api/v1/audit`: who changed what. It only reads; audit.ts writes. */
import { type AuditEntry, AuditPage, AuditQuery } from "@vas/contracts/audit.ts";
import type { App, Backend } from "../context.ts";
import { type AuditRow, listAudit } from "../store/audit.ts";
import { isoTime, parseTime } from "../validation.ts";

const PAGE = 50;

export function registerAuditRoutes(app: App, { db }: Backend): void {
  app.get(
    "/api/v1/audit",
    {
      config: { access: { need: "administer", of: "site" } },
      schema: { tags: ["audit"], querystring: AuditQuery, response: { 200: AuditPage } },
    },
    async ({ query }) => {
      const limit = query.limit ?? PAGE;
      const range = {
        ...(query.from === undefined ? {} : { fromWallMs: parseTime("from", query.from) }),
        ...(query.to === undefined ? {} : { toWallMs: parseTime("to", query.to) }),
      };
      const rows = await listAudit(db, query, range, limit + 1);
      const page = rows.slice(0, limit);
      const last = rows.length > limit ? page.at(-1) : undefined;
      return { items: page.map(toEntry), next_cursor: last ? String(last.seq) : null };
    },
  );
}

function toEntry(row: AuditRow): AuditEntry {
  return {
    id: String(row.seq),
    at: isoTime(row.at_ms),
    actor: { kind: row.actor_kind as AuditEntry["actor"]["kind"], id: row.actor_id, name: row.actor_name },
    address: row.address,
    session: row.session,
    action: row.action,
    object_id: row.object_id,
    object_name: row.object_name,
    camera_id: row.camera_id,
    details: JSON.parse(row.details) as Record<string, unknown>,
  };
}
