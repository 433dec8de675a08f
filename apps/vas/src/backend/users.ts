/** The people of the site, as an administrator sees them. */
import { randomUUID } from "node:crypto";
import type { Clock } from "@vas/base/clock.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import type { User, UserCreate, UserPatch } from "@vas/contracts/http.ts";
import { roleOf } from "./grants.ts";
import { hashPassword } from "./passwords.ts";
import type { Sessions } from "./sessions.ts";
import type { Database } from "./store/database.ts";
import * as store from "./store/users.ts";
import { isoTime } from "./validation.ts";

export class Users {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #sessions: Sessions;

  constructor(db: Database, clock: Clock, sessions: Sessions) {
    this.#db = db;
    this.#clock = clock;
    this.#sessions = sessions;
  }

  async list(): Promise<User[]> {
    return (await store.listUsers(this.#db, this.#clock.wallMs())).map(toUser);
  }

  /** @throws CodedError user_not_found */
  async get(id: string): Promise<User> {
    const user = (await this.list()).find((one) => one.id === id);
    if (!user) throw new CodedError("user_not_found");
    return user;
  }

  /** @throws CodedError username_taken, camera_not_found */
  async create(wish: UserCreate): Promise<User> {
    const id = randomUUID();
    const user = {
      id,
      username: wish.username.toLowerCase(),
      password_hash: await hashPassword(wish.password),
      role: wish.role,
      all_cameras: Number(wish.all_cameras === true),
      created_at: this.#clock.wallMs(),
    };
    refuse(await store.insertUser(this.#db, user, lowerCase(wish.camera_ids)));
    return this.get(id);
  }

  /**
   * @param byUserId who changes it: a person's own password is changed with the old one, by Sessions
   * @throws CodedError user_not_found, username_taken, camera_not_found, last_administrator, bad_request
   */
  async patch(id: string, patch: UserPatch, byUserId: string): Promise<User> {
    if (patch.password !== undefined && id === byUserId)
      throw new CodedError("bad_request", "/password: your own is changed with the old one, at auth/password");
    refuse(
      await store.changeUser(this.#db, id, {
        username: patch.username?.toLowerCase(),
        role: patch.role,
        passwordHash: patch.password === undefined ? undefined : await hashPassword(patch.password),
        allCameras: patch.all_cameras,
        cameraIds: patch.camera_ids && lowerCase(patch.camera_ids),
      }),
    );
    this.#sessions.userChanged(id);
    return this.get(id);
  }

  /** What the user has open ends at once. @throws CodedError user_not_found, last_administrator */
  async delete(id: string): Promise<void> {
    refuse(await store.deleteUser(this.#db, id));
    this.#sessions.userChanged(id);
  }

  /** @throws CodedError user_not_found */
  async endSessions(id: string): Promise<void> {
    await this.get(id);
    await this.#sessions.endAll(id);
  }
}

function toUser(row: store.UserWithCameras): User {
  const role = roleOf(row.role);
  return {
    id: row.id,
    username: row.username,
    role,
    all_cameras: role === "administrator" || row.all_cameras === 1,
    camera_ids: row.camera_ids,
    created_at: isoTime(row.created_at),
    last_used_at: row.last_used_at === null ? null : isoTime(row.last_used_at),
  };
}

function lowerCase(ids: string[] | undefined): string[] {
  return (ids ?? []).map((id) => id.toLowerCase());
}

function refuse(refusal: store.Refusal | undefined): void {
  if (refusal) throw new CodedError(refusal);
}
