/** Entries of the audit list in words. Pure. */
import type { AuditEntry } from "@vas/contracts/audit.ts";
import { healthText as text } from "../strings/health.ts";

/** What the address asks for, as far as VAS takes it. */
export function auditQuery(search: URLSearchParams): Partial<Record<"actor" | "action" | "camera_id", string>> {
  const found: Partial<Record<"actor" | "action" | "camera_id", string>> = {};
  for (const name of ["actor", "action", "camera_id"] as const) {
    const value = search.get(name);
    if (value) found[name] = value;
  }
  return found;
}

/** What it was done to: a model on a camera, or what has a name; empty where the action says it all. */
export function auditObject(entry: AuditEntry): string {
  const [object] = entry.action.split(".");
  if (object === "auth" || object === "session") return "";
  if (object === "assignment" && entry.object_id !== null)
    return text.onCamera(entry.object_id, entry.object_name ?? entry.camera_id ?? "");
  return entry.object_name ?? entry.object_id ?? "";
}

/** What was set, and to which values; empty where nothing was. */
export function auditDetails({ action, details }: AuditEntry): string {
  if (action === "assignment.pause" || action === "assignment.resume" || action.startsWith("auth.")) return "";
  const { fields, ...values } = details;
  if (!Array.isArray(fields)) return "";
  const words = (fields as string[]).map((field) => {
    const value = values[field];
    if (value === undefined) return field;
    return `${field} ${Array.isArray(value) ? `[${value.join(", ")}]` : String(value)}`;
  });
  return words.length === 0 ? "" : text.setFields(words.join(", "));
}
