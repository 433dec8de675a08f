/** Users and their sessions. */
import type { Insertable, Selectable } from "kysely";
import type { Database } from "./database.ts";
import type { Tables } from "./schema.ts";

export function userByName(db: Database, username: string): Promise<Selectable<Tables["users"]> | undefined> {
  return db.selectFrom("users").selectAll().where("username", "=", username).executeTakeFirst();
}

export async function insertUser(db: Database, user: Insertable<Tables["users"]>): Promise<void> {
  await db.insertInto("users").values(user).execute();
}

/** Every session of the user ends with the old password. */
export async function changePassword(db: Database, userId: string, passwordHash: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx.updateTable("users").set({ password_hash: passwordHash }).where("id", "=", userId).execute();
    await tx.deleteFrom("sessions").where("user_id", "=", userId).execute();
  });
}

export async function insertSession(db: Database, session: Insertable<Tables["sessions"]>): Promise<void> {
  await db.insertInto("sessions").values(session).execute();
}

export function sessionByHash(
  db: Database,
  tokenHash: string,
): Promise<{ user_id: string; username: string; role: string; expires_at: number } | undefined> {
  return db
    .selectFrom("sessions")
    .innerJoin("users", "users.id", "sessions.user_id")
    .select(["sessions.user_id", "users.username", "users.role", "sessions.expires_at"])
    .where("sessions.token_hash", "=", tokenHash)
    .executeTakeFirst();
}

export async function renewSession(db: Database, tokenHash: string, expiresAt: number): Promise<void> {
  await db.updateTable("sessions").set({ expires_at: expiresAt }).where("token_hash", "=", tokenHash).execute();
}

export async function deleteSession(db: Database, tokenHash: string): Promise<void> {
  await db.deleteFrom("sessions").where("token_hash", "=", tokenHash).execute();
}

export async function deleteExpiredSessions(db: Database, nowMs: number): Promise<void> {
  await db.deleteFrom("sessions").where("expires_at", "<=", nowMs).execute();
}
