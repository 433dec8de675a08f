/**
 * Who is logged in. A session is an opaque token in a cookie; the store keeps its hash only. It lasts 30 days from
 * its last use.
 */
import { createHash, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import type { Clock } from "@vas/base/clock.ts";
import { hideSecret } from "@vas/base/redact.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import type { Session as ApiSession } from "@vas/contracts/http.ts";
import { Grants, roleOf } from "./grants.ts";
import { LoginDelays } from "./login-delays.ts";
import { hashPassword, verifyPassword } from "./passwords.ts";
import { isStoreUnavailable } from "./store/failure.ts";
import type { Database } from "./store/database.ts";
import * as store from "./store/users.ts";
import { isoTime } from "./validation.ts";
import { Watchers } from "./watchers.ts";

export const SESSION_MS = 30 * 86_400_000;
/** A used session is written back at most this often. */
const RENEW_MS = 86_400_000;
/** The moment of its last use is written at most this often. */
const TOUCH_MS = 5 * 60_000;
const MAX_AGENT = 200;
const ADMIN = "admin";
/** While the store does not answer, who was seen in it not longer ago than this goes on. */
export const REMEMBER_MS = 10 * 60_000;
const MAX_REMEMBERED = 1000;
/** scrypt takes 32 MiB and a core; more tries than this at once are told to wait. */
const MAX_VERIFYING = 4;

export type User = { id: string; username: string; role: string };
export type Session = { user: User; grants: Grants; tokenHash: string; renewed: boolean };

export class Sessions {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #delays = new LoginDelays();
  /** By user id: told when a session of the user ends, or when what the user may do changes. */
  readonly watchers = new Watchers();
  /** Sessions as the store last had them, the longest unused first. */
  readonly #remembered = new Map<string, { session: Session; expiresAt: number; seenNs: bigint }>();
  /** Verified where the name is unknown, so that the time does not tell. */
  readonly #nobody = hashPassword(randomBytes(16).toString("hex"));
  #verifying = 0;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /**
   * @param username in any case
   * @param agent what the browser calls itself, for the list of sessions
   * @returns the new session's token
   * @throws CodedError login_failed, login_delayed
   */
  async login(
    username: string,
    password: string,
    address: string,
    agent = "",
  ): Promise<{ token: string; user: User; grants: Grants }> {
    const name = username.toLowerCase();
    const row = await this.#guess(name, address, async () => {
      const found = await store.userByName(this.#db, name);
      const matches = await verifyPassword(password, found?.password_hash ?? (await this.#nobody));
      if (!found || !matches) throw new CodedError("login_failed");
      return found;
    });
    const token = randomBytes(32).toString("base64url");
    const now = this.#clock.wallMs();
    await store.deleteExpiredSessions(this.#db, now);
    await store.insertSession(this.#db, {
      token_hash: hashToken(token),
      user_id: row.id,
      created_at: now,
      expires_at: now + SESSION_MS,
      last_used_at: now,
      address,
      agent: agent.slice(0, MAX_AGENT),
    });
    return { token, user: { id: row.id, username: row.username, role: row.role }, grants: await this.#grantsOf(row) };
  }

  /**
   * Sets a person's own password and ends the person's other sessions.
   *
   * @throws CodedError password_wrong, login_delayed
   */
  async changePassword(session: Session, oldPassword: string, newPassword: string, address: string): Promise<void> {
    const { id, username } = session.user;
    await this.#guess(username, address, async () => {
      const row = await store.userById(this.#db, id);
      if (!row || !(await verifyPassword(oldPassword, row.password_hash))) throw new CodedError("password_wrong");
    });
    await store.changePassword(this.#db, id, await hashPassword(newPassword), session.tokenHash);
    this.userChanged(id);
  }

  /** The session of a cookie's token; undefined where there is none, or no longer. */
  find(token: string): Promise<Session | undefined> {
    return this.findByHash(hashToken(token));
  }

  async findByHash(tokenHash: string): Promise<Session | undefined> {
    const now = this.#clock.wallMs();
    try {
      const row = await store.sessionByHash(this.#db, tokenHash);
      if (!row || row.expires_at <= now) {
        this.#remembered.delete(tokenHash);
        return undefined;
      }
      const user = { id: row.user_id, username: row.username, role: row.role };
      const grants = await this.#grantsOf({ ...row, id: row.user_id });
      const renewed = row.expires_at - now < SESSION_MS - RENEW_MS;
      const session = { user, grants, tokenHash, renewed };
      this.#remember(session, row.expires_at);
      if (renewed) await store.renewSession(this.#db, tokenHash, now + SESSION_MS);
      if (now - row.last_used_at >= TOUCH_MS) await store.touchSession(this.#db, tokenHash, now);
      return session;
    } catch (error) {
      const known = isStoreUnavailable(error) ? this.#recall(tokenHash, now) : undefined;
      if (!known) throw error;
      return known;
    }
  }

  /** Ends a session at once, and what is open under it. */
  async end(tokenHash: string): Promise<void> {
    this.#remembered.delete(tokenHash);
    const userId = await store.deleteSession(this.#db, tokenHash);
    if (userId !== undefined) this.watchers.tell(userId);
  }

  /** Ends every session of a user. */
  async endAll(userId: string): Promise<void> {
    await store.deleteSessionsOf(this.#db, userId);
    this.userChanged(userId);
  }

  /** The open sessions of the person whose session this is. */
  async list(session: Session): Promise<ApiSession[]> {
    const rows = await store.sessionsOf(this.#db, session.user.id, this.#clock.wallMs());
    return rows.map((row) => ({
      id: sessionId(row.token_hash),
      current: row.token_hash === session.tokenHash,
      created_at: isoTime(row.created_at),
      last_used_at: isoTime(row.last_used_at || row.created_at),
      address: row.address,
      agent: row.agent,
    }));
  }

  /** Ends one of the person's own sessions, by the id that `list` gave. @throws CodedError session_not_found */
  async revoke(session: Session, id: string): Promise<void> {
    const rows = await store.sessionsOf(this.#db, session.user.id, this.#clock.wallMs());
    const row = rows.find((one) => sessionId(one.token_hash) === id.toLowerCase());
    if (!row) throw new CodedError("session_not_found");
    await this.end(row.token_hash);
  }

  /** What the user may do, or which sessions it has, was changed in the store: nothing older counts any more. */
  userChanged(userId: string): void {
    for (const [hash, { session }] of this.#remembered) if (session.user.id === userId) this.#remembered.delete(hash);
    this.watchers.tell(userId);
  }

  /**
   * Makes the administrator where the site has none; a `password` that was not given at an earlier start is set, which
   * ends the sessions. One that was is not set again: the administrator may have chosen another since.
   *
   * @returns the password that was made up, to be shown once; undefined where none was
   */
  async ensureAdministrator(password: string | undefined): Promise<string | undefined> {
    if (password === undefined) {
      if (await store.hasAdministrator(this.#db)) return undefined;
      const chosen = randomBytes(15).toString("base64url");
      hideSecret(chosen);
      await this.#setAdministrator(await hashPassword(chosen));
      return chosen;
    }
    const given = await store.givenPassword(this.#db);
    if (given !== undefined && (await verifyPassword(password, given))) return undefined;
    const hash = await hashPassword(password);
    const admin = await store.userByName(this.#db, ADMIN);
    const isSame = admin?.role === "administrator" && (await verifyPassword(password, admin.password_hash));
    if (!isSame) await this.#setAdministrator(hash);
    await store.keepGivenPassword(this.#db, hash);
    return undefined;
  }

  async #setAdministrator(passwordHash: string): Promise<void> {
    const admin = await store.userByName(this.#db, ADMIN);
    if (admin) {
      await store.changeUser(this.#db, admin.id, { role: "administrator", passwordHash });
      return this.userChanged(admin.id);
    }
    await store.insertUser(this.#db, {
      id: randomUUID(),
      username: ADMIN,
      password_hash: passwordHash,
      role: "administrator",
      created_at: this.#clock.wallMs(),
    });
  }

  /** One try of a password, which counts as failed until it has succeeded. @throws CodedError login_delayed */
  async #guess<T>(name: string, address: string, verify: () => Promise<T>): Promise<T> {
    const wait = this.#delays.begin(name, address, this.#clock.wallMs());
    if (wait > 0 || this.#verifying >= MAX_VERIFYING) {
      const seconds = Math.max(1, Math.ceil(wait / 1000));
      throw new CodedError("login_delayed", undefined, { retry_after_seconds: seconds });
    }
    this.#verifying++;
    try {
      const verified = await verify();
      this.#delays.succeeded(name, address);
      return verified;
    } finally {
      this.#verifying--;
    }
  }

  async #grantsOf(user: { id: string; role: string; all_cameras: number }): Promise<Grants> {
    const role = roleOf(user.role);
    const hasAll = role === "administrator" || user.all_cameras === 1;
    return new Grants(role, hasAll ? "all" : await store.grantedToUser(this.#db, user.id));
  }

  #remember(session: Session, expiresAt: number): void {
    this.#remembered.delete(session.tokenHash);
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined && this.#remembered.size >= MAX_REMEMBERED) this.#remembered.delete(oldest);
    this.#remembered.set(session.tokenHash, { session, expiresAt, seenNs: this.#clock.monotonicNs() });
  }

  #recall(tokenHash: string, nowWallMs: number): Session | undefined {
    const known = this.#remembered.get(tokenHash);
    const isRecent = known && this.#clock.monotonicNs() - known.seenNs < BigInt(REMEMBER_MS) * 1_000_000n;
    return isRecent && known.expiresAt > nowWallMs ? { ...known.session, renewed: false } : undefined;
  }
}

function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** What a session is called in lists: it leads neither to the token nor to its hash in the store. */
/** A session's id for people: it opens nothing. */
export function sessionId(tokenHash: string): string {
  const hex = createHash("sha256").update(`session ${tokenHash}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Compares a presented key in constant time. */
export function isServiceKey(presented: string, serviceKey: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(presented), digest(serviceKey));
}
