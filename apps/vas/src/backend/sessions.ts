/**
 * Who is logged in. A session is an opaque token in a cookie; the store keeps its hash only. It lasts 30 days from
 * its last use.
 */
import { createHash, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import type { Clock } from "@vas/base/clock.ts";
import { hideSecret } from "@vas/base/redact.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import { LoginDelays } from "./login-delays.ts";
import { hashPassword, verifyPassword } from "./passwords.ts";
import { isStoreUnavailable } from "./store/failure.ts";
import type { Database } from "./store/database.ts";
import * as store from "./store/users.ts";

export const SESSION_MS = 30 * 86_400_000;
/** A used session is written back at most this often. */
const RENEW_MS = 86_400_000;
/** While the store does not answer, who was seen in it not longer ago than this goes on. */
export const REMEMBER_MS = 10 * 60_000;
const MAX_REMEMBERED = 1000;
/** scrypt takes 32 MiB and a core; more tries than this at once are told to wait. */
const MAX_VERIFYING = 4;

export type User = { id: string; username: string; role: string };
export type Session = { user: User; tokenHash: string; renewed: boolean };

export class Sessions {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #delays = new LoginDelays();
  readonly #watchers = new Map<string, Set<() => void>>();
  /** Sessions as the store last had them, the longest unused first. */
  readonly #remembered = new Map<string, { user: User; expiresAt: number; seenNs: bigint }>();
  /** Verified where the name is unknown, so that the time does not tell. */
  readonly #nobody = hashPassword(randomBytes(16).toString("hex"));
  #verifying = 0;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /**
   * @returns the new session's token
   * @throws CodedError login_failed, login_delayed
   */
  async login(username: string, password: string, address: string): Promise<{ token: string; user: User }> {
    const wait = this.#delays.begin(username, address, this.#clock.wallMs());
    if (wait > 0 || this.#verifying >= MAX_VERIFYING) {
      const seconds = Math.max(1, Math.ceil(wait / 1000));
      throw new CodedError("login_delayed", undefined, { retry_after_seconds: seconds });
    }
    this.#verifying++;
    try {
      const row = await store.userByName(this.#db, username);
      const matches = await verifyPassword(password, row?.password_hash ?? (await this.#nobody));
      if (!row || !matches) throw new CodedError("login_failed");
      this.#delays.succeeded(username, address);
      const token = randomBytes(32).toString("base64url");
      const now = this.#clock.wallMs();
      await store.deleteExpiredSessions(this.#db, now);
      await store.insertSession(this.#db, {
        token_hash: hashToken(token),
        user_id: row.id,
        created_at: now,
        expires_at: now + SESSION_MS,
      });
      return { token, user: { id: row.id, username: row.username, role: row.role } };
    } finally {
      this.#verifying--;
    }
  }

  /** The session of a cookie's token; undefined where there is none, or no longer. */
  find(token: string): Promise<Session | undefined> {
    return this.findByHash(hashToken(token));
  }

  async findByHash(tokenHash: string): Promise<Session | undefined> {
    const now = this.#clock.wallMs();
    try {
      const row = await store.sessionByHash(this.#db, tokenHash);
      this.#remembered.delete(tokenHash);
      if (!row || row.expires_at <= now) return undefined;
      const renewed = row.expires_at - now < SESSION_MS - RENEW_MS;
      if (renewed) await store.renewSession(this.#db, tokenHash, now + SESSION_MS);
      const user = { id: row.user_id, username: row.username, role: row.role };
      this.#remember(tokenHash, user, row.expires_at);
      return { user, tokenHash, renewed };
    } catch (error) {
      const known = isStoreUnavailable(error) ? this.#recall(tokenHash, now) : undefined;
      if (!known) throw error;
      return known;
    }
  }

  #remember(tokenHash: string, user: User, expiresAt: number): void {
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined && this.#remembered.size >= MAX_REMEMBERED) this.#remembered.delete(oldest);
    this.#remembered.set(tokenHash, { user, expiresAt, seenNs: this.#clock.monotonicNs() });
  }

  #recall(tokenHash: string, nowWallMs: number): Session | undefined {
    const known = this.#remembered.get(tokenHash);
    const isRecent = known && this.#clock.monotonicNs() - known.seenNs < BigInt(REMEMBER_MS) * 1_000_000n;
    return isRecent && known.expiresAt > nowWallMs ? { user: known.user, tokenHash, renewed: false } : undefined;
  }

  /** Ends a session at once, and what is open under it. */
  async end(tokenHash: string): Promise<void> {
    this.#remembered.delete(tokenHash);
    await store.deleteSession(this.#db, tokenHash);
    for (const ended of this.#watchers.get(tokenHash) ?? []) ended();
  }

  /**
   * @param ended called when the session is ended by a logout; expiry is the caller's to ask
   * @returns a function that stops watching
   */
  watch(tokenHash: string, ended: () => void): () => void {
    const watchers = this.#watchers.get(tokenHash) ?? new Set();
    this.#watchers.set(tokenHash, watchers.add(ended));
    return () => {
      watchers.delete(ended);
      if (watchers.size === 0 && this.#watchers.get(tokenHash) === watchers) this.#watchers.delete(tokenHash);
    };
  }

  /**
   * Makes the administrator at the first start; gives it `password` where that is set and another one is stored, which
   * ends its sessions.
   *
   * @returns the password that was made up, to be shown once; undefined where none was
   */
  async ensureAdministrator(password: string | undefined): Promise<string | undefined> {
    const admin = await store.userByName(this.#db, "admin");
    if (!admin) {
      const chosen = password ?? randomBytes(15).toString("base64url");
      hideSecret(chosen);
      await store.insertUser(this.#db, {
        id: randomUUID(),
        username: "admin",
        password_hash: await hashPassword(chosen),
        role: "administrator",
        created_at: this.#clock.wallMs(),
      });
      return password === undefined ? chosen : undefined;
    }
    if (password !== undefined && !(await verifyPassword(password, admin.password_hash)))
      await store.changePassword(this.#db, admin.id, await hashPassword(password));
    return undefined;
  }
}

function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** Compares a presented key in constant time. */
export function isServiceKey(presented: string, serviceKey: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(presented), digest(serviceKey));
}
