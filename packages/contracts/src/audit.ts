/** W3, the audit list: who changed what, when and from where. Rows are only inserted, and the oldest go. */
import { type Static, Type } from "typebox";
import { IsoTime, Nullable, Uuid } from "./schema.ts";

const closed = { additionalProperties: false };

/**
 * What is done, as `object.verb`. A request that is none of these is written as its method and route; reading, probing and
 * what a person merely looks at is not written.
 */
export const AUDIT_ACTIONS = [
  "auth.login",
  "auth.logout",
  "auth.password",
  "session.end",
  "user.create",
  "user.edit",
  "user.delete",
  "user.end_sessions",
  "key.create",
  "key.delete",
  "camera.create",
  "camera.edit",
  "camera.delete",
  "camera.start",
  "camera.stop",
  "assignment.create",
  "assignment.edit",
  "assignment.pause",
  "assignment.resume",
  "assignment.delete",
  "model.add",
  "model.remove",
  "model.enable",
  "model.disable",
  "group.create",
  "group.edit",
  "group.delete",
  "snapshot.delete",
  "clip.delete",
  "export.create",
  "export.delete",
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

export const AuditEntry = Type.Object({
  id: Type.String(),
  at: IsoTime,
  actor: Type.Object({
    kind: Type.Union([Type.Literal("person"), Type.Literal("key"), Type.Literal("core")]),
    /** Empty for Core. */
    id: Type.String(),
    name: Type.String(),
  }),
  /** Network address that the request came from. */
  address: Type.String(),
  /** The session it came with, as `sessions` lists it; null for a key. */
  session: Nullable(Type.String()),
  action: Type.String(),
  object_id: Nullable(Type.String()),
  /** Its name at that time, where it has one. */
  object_name: Nullable(Type.String()),
  camera_id: Nullable(Type.String()),
  /** `fields` names what the request set; beside it values that say what was meant. Never a secret. */
  details: Type.Record(Type.String(), Type.Unknown()),
});
export type AuditEntry = Static<typeof AuditEntry>;

export const AuditQuery = Type.Object(
  {
    actor: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    /** An action, or the object before its dot for all that is done to such objects. */
    action: Type.Optional(Type.String({ pattern: "^[a-z_]+(\\.[a-z_]+)?$", maxLength: 64 })),
    camera_id: Type.Optional(Uuid),
    from: Type.Optional(IsoTime),
    to: Type.Optional(IsoTime),
    cursor: Type.Optional(Type.String({ maxLength: 64 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
  },
  closed,
);
export type AuditQuery = Static<typeof AuditQuery>;
/** Newest first. */
export const AuditPage = Type.Object({ items: Type.Array(AuditEntry), next_cursor: Nullable(Type.String()) });
export type AuditPage = Static<typeof AuditPage>;
