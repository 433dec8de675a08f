/** Users, what they were granted, and their sessions. */
import type { Insertable, Selectable } from "kysely";
import type { Database } from "./database.ts";
import type { Tables } from "./schema.ts";

export type UserRow = Selectable<Tables["users"]>;
export type SessionRow = Selectable<Tables["sessions"]>;
export type UserWithCameras = UserRow & { camera_ids: string[]; last_used_at: number | null };
export type UserChange = {
  username?: string | undefined;
  role?: string | undefined;
  passwordHash?: string | undefined;
  allCameras?: boolean | undefined;
  cameraIds?: string[] | undefined;
};
export type Refusal = "user_not_found" | "username_taken" | "last_administrator" | "camera_not_found";

const GIVEN_PASSWORD = "given_administrator_password";

export function userByName(db: Database, username: string): Promise<UserRow | undefined> {
  return db.selectFrom("users").selectAll().where("username", "=", username).executeTakeFirst();
}

export function userById(db: Database, id: string): Promise<UserRow | undefined> {
  return db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst();
}

export async function hasAdministrator(db: Database): Promise<boolean> {
  return (await administrators(db)).length > 0;
}

/** By name. `last_used_at` is of their sessions that have not expired. */
export async function listUsers(db: Database, nowMs: number): Promise<UserWithCameras[]> {
  const users = await db.selectFrom("users").selectAll().orderBy("username").execute();
  const granted = await db.selectFrom("user_cameras").selectAll().orderBy("camera_id").execute();
  const used = await db
    .selectFrom("sessions")
    .select((eb) => ["user_id", eb.fn.max("last_used_at").as("last_used_at")])
    .where("expires_at", ">", nowMs)
    .groupBy("user_id")
    .execute();
  const lastUse = new Map(used.map((row) => [row.user_id, Number(row.last_used_at)]));
  const cameras = Map.groupBy(granted, (row) => row.user_id);
  return users.map((user) => ({
    ...user,
    camera_ids: (cameras.get(user.id) ?? []).map((row) => row.camera_id),
    last_used_at: lastUse.get(user.id) || null,
  }));
}

export async function grantedToUser(db: Database, userId: string): Promise<string[]> {
  const rows = await db.selectFrom("user_cameras").select("camera_id").where("user_id", "=", userId).execute();
  return rows.map((row) => row.camera_id);
}

/** @returns why it was not stored; undefined where it was */
export function insertUser(
  db: Database,
  user: Insertable<Tables["users"]>,
  cameraIds: string[] = [],
): Promise<Refusal | undefined> {
  return db.transaction().execute(async (tx) => {
    if (await userByName(tx, user.username)) return "username_taken";
    if (!(await camerasExist(tx, cameraIds))) return "camera_not_found";
    await tx.insertInto("users").values(user).execute();
    await grant(tx, user.id, cameraIds);
    return undefined;
  });
}

/** A new password ends every session of the user. @returns why nothing was changed; undefined where it was */
export function changeUser(db: Database, id: string, change: UserChange): Promise<Refusal | undefined> {
  return db.transaction().execute(async (tx) => {
    const user = await userById(tx, id);
    if (!user) return "user_not_found";
    const { username = user.username, role, passwordHash, allCameras, cameraIds } = change;
    if (username !== user.username && (await userByName(tx, username))) return "username_taken";
    if (role !== undefined && role !== "administrator" && (await isLastAdministrator(tx, id)))
      return "last_administrator";
    if (cameraIds && !(await camerasExist(tx, cameraIds))) return "camera_not_found";
    await tx
      .updateTable("users")
      .set({
        username,
        role: role ?? user.role,
        password_hash: passwordHash ?? user.password_hash,
        all_cameras: allCameras === undefined ? user.all_cameras : Number(allCameras),
      })
      .where("id", "=", id)
      .execute();
    if (cameraIds) {
      await tx.deleteFrom("user_cameras").where("user_id", "=", id).execute();
      await grant(tx, id, cameraIds);
    }
    if (passwordHash !== undefined) await tx.deleteFrom("sessions").where("user_id", "=", id).execute();
    return undefined;
  });
}

/** The user's grants and sessions go along. @returns why nothing was deleted; undefined where it was */
export function deleteUser(db: Database, id: string): Promise<Refusal | undefined> {
  return db.transaction().execute(async (tx) => {
    if (!(await userById(tx, id))) return "user_not_found";
    if (await isLastAdministrator(tx, id)) return "last_administrator";
    await tx.deleteFrom("users").where("id", "=", id).execute();
    return undefined;
  });
}

/**
 * Every session of the user but one ends with the old password.
 *
 * @param keepTokenHash the session that stays; none where absent
 */
export async function changePassword(
  db: Database,
  userId: string,
  passwordHash: string,
  keepTokenHash = "",
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx.updateTable("users").set({ password_hash: passwordHash }).where("id", "=", userId).execute();
    await tx.deleteFrom("sessions").where("user_id", "=", userId).where("token_hash", "!=", keepTokenHash).execute();
  });
}

export async function insertSession(db: Database, session: Insertable<Tables["sessions"]>): Promise<void> {
  await db.insertInto("sessions").values(session).execute();
}

export type SessionUser = SessionRow & { username: string; role: string; all_cameras: number };

export function sessionByHash(db: Database, tokenHash: string): Promise<SessionUser | undefined> {
  return db
    .selectFrom("sessions")
    .innerJoin("users", "users.id", "sessions.user_id")
    .selectAll("sessions")
    .select(["users.username", "users.role", "users.all_cameras"])
    .where("sessions.token_hash", "=", tokenHash)
    .executeTakeFirst();
}

/** Those that have not expired, the newest use first. */
export function sessionsOf(db: Database, userId: string, nowMs: number): Promise<SessionRow[]> {
  return db
    .selectFrom("sessions")
    .selectAll()
    .where("user_id", "=", userId)
    .where("expires_at", ">", nowMs)
    .orderBy("last_used_at", "desc")
    .orderBy("created_at", "desc")
    .execute();
}

export async function renewSession(db: Database, tokenHash: string, expiresAt: number): Promise<void> {
  await db.updateTable("sessions").set({ expires_at: expiresAt }).where("token_hash", "=", tokenHash).execute();
}

export async function touchSession(db: Database, tokenHash: string, nowMs: number): Promise<void> {
  await db.updateTable("sessions").set({ last_used_at: nowMs }).where("token_hash", "=", tokenHash).execute();
}

/** @returns whose it was; undefined where there was none */
export async function deleteSession(db: Database, tokenHash: string): Promise<string | undefined> {
  const row = await db
    .deleteFrom("sessions")
    .where("token_hash", "=", tokenHash)
    .returning("user_id")
    .executeTakeFirst();
  return row?.user_id;
}

export async function deleteSessionsOf(db: Database, userId: string): Promise<void> {
  await db.deleteFrom("sessions").where("user_id", "=", userId).execute();
}

export async function deleteExpiredSessions(db: Database, nowMs: number): Promise<void> {
  await db.deleteFrom("sessions").where("expires_at", "<=", nowMs).execute();
}

/** Hash of the administrator's password that was last given from outside; undefined where none ever was. */
export async function givenPassword(db: Database): Promise<string | undefined> {
  const row = await db.selectFrom("site").select("value").where("key", "=", GIVEN_PASSWORD).executeTakeFirst();
  return row?.value;
}

export async function keepGivenPassword(db: Database, passwordHash: string): Promise<void> {
  await db
    .insertInto("site")
    .values({ key: GIVEN_PASSWORD, value: passwordHash })
    .onConflict((conflict) => conflict.column("key").doUpdateSet({ value: passwordHash }))
    .execute();
}

/** Whether each of these is a camera of the site. */
export async function camerasExist(db: Database, ids: string[]): Promise<boolean> {
  if (ids.length === 0) return true;
  const found = await db.selectFrom("cameras").select("id").where("id", "in", ids).execute();
  return found.length === new Set(ids).size;
}

async function isLastAdministrator(db: Database, id: string): Promise<boolean> {
  const all = await administrators(db);
  return all.length === 1 && all[0]?.id === id;
}

function administrators(db: Database): Promise<{ id: string }[]> {
  return db.selectFrom("users").select("id").where("role", "=", "administrator").limit(2).execute();
}

async function grant(db: Database, userId: string, cameraIds: string[]): Promise<void> {
  const rows = [...new Set(cameraIds)].map((camera_id) => ({ user_id: userId, camera_id }));
  if (rows.length > 0) await db.insertInto("user_cameras").values(rows).execute();
}
