/** API keys: what a program shows in place of a session. The store keeps the hash only; the key itself is shown once. */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import type { Clock } from "@vas/base/clock.ts";
import { errorText, type Log } from "@vas/base/log.ts";
import { hideSecret } from "@vas/base/redact.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import type { ApiKey, ApiKeyCreate, ApiKeyCreated } from "@vas/contracts/http.ts";
import { Grants, roleOf } from "./grants.ts";
import * as store from "./store/api-keys.ts";
import type { Database } from "./store/database.ts";
import { isoTime, parseTime } from "./validation.ts";
import { Watchers } from "./watchers.ts";

/** Every key begins so: scanners of source code and logs can find one that leaked. */
export const API_KEY_PREFIX = "vas_";
const FORM = /^vas_[\w-]{43}$/;
/** The moment of its last use is written at most this often. */
const TOUCH_MS = 60_000;

export type FoundKey = { id: string; name: string; grants: Grants; keyHash: string };

export class ApiKeys {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #log: Log;
  /** By key id: told when the key is revoked. */
  readonly watchers = new Watchers();

  constructor(db: Database, clock: Clock, log: Log) {
    this.#db = db;
    this.#clock = clock;
    this.#log = log;
  }

  async list(): Promise<ApiKey[]> {
    return (await store.listApiKeys(this.#db)).map(toApiKey);
  }

  /**
   * @param createdBy the administrator's name
   * @throws CodedError camera_not_found, bad_request
   */
  async create(wish: ApiKeyCreate, createdBy: string): Promise<ApiKeyCreated> {
    const expiresAt = wish.expires_at ? parseTime("expires_at", wish.expires_at) : null;
    if (expiresAt !== null && expiresAt <= this.#clock.wallMs())
      throw new CodedError("bad_request", "/expires_at: is not in the future");
    const key = API_KEY_PREFIX + randomBytes(32).toString("base64url");
    hideSecret(key);
    const hasAll = wish.role === "administrator" || wish.all_cameras === true;
    const cameraIds = hasAll ? [] : (wish.camera_ids ?? []).map((id) => id.toLowerCase());
    const row: store.ApiKeyRow = {
      id: randomUUID(),
      name: wish.name.trim(),
      key_hash: hashKey(key),
      role: wish.role,
      all_cameras: Number(hasAll),
      created_by: createdBy,
      created_at: this.#clock.wallMs(),
      last_used_at: null,
      expires_at: expiresAt,
    };
    if (!(await store.insertApiKey(this.#db, row, cameraIds))) throw new CodedError("camera_not_found");
    return { ...toApiKey({ ...row, camera_ids: cameraIds }), key };
  }

  /** What uses it is closed at once. @throws CodedError api_key_not_found */
  async revoke(id: string): Promise<void> {
    if (!(await store.deleteApiKey(this.#db, id))) throw new CodedError("api_key_not_found");
    this.watchers.tell(id);
  }

  /** undefined where it is no key, or no longer. */
  async find(key: string): Promise<FoundKey | undefined> {
    return FORM.test(key) ? this.findByHash(hashKey(key)) : undefined;
  }

  /** The one place that says whether a key opens anything: requests ask it, and WebSockets at every ping. */
  async findByHash(keyHash: string): Promise<FoundKey | undefined> {
    const row = await store.apiKeyByHash(this.#db, keyHash);
    if (!row || (row.expires_at !== null && row.expires_at <= this.#clock.wallMs())) return undefined;
    const role = roleOf(row.role);
    const cameras = row.all_cameras === 1 ? "all" : await store.grantedToKey(this.#db, row.id);
    this.#touch(row);
    return { id: row.id, name: row.name, grants: new Grants(role, cameras), keyHash };
  }

  /** A store that cannot write now must not keep a program from reading. */
  #touch(row: store.ApiKeyRow): void {
    const now = this.#clock.wallMs();
    if (row.last_used_at !== null && now - row.last_used_at < TOUCH_MS) return;
    store.touchApiKey(this.#db, row.id, now).catch((error: unknown) => {
      this.#log.warn("the last use of an API key was not kept", { api_key_id: row.id, cause: errorText(error) });
    });
  }
}

function toApiKey(row: store.ApiKeyRow & { camera_ids: string[] }): ApiKey {
  return {
    id: row.id,
    name: row.name,
    role: roleOf(row.role),
    all_cameras: row.all_cameras === 1,
    camera_ids: row.camera_ids,
    created_by: row.created_by,
    created_at: isoTime(row.created_at),
    last_used_at: row.last_used_at === null ? null : isoTime(row.last_used_at),
    expires_at: row.expires_at === null ? null : isoTime(row.expires_at),
  };
}

/** A key is 256 random bits: a slow hash would protect nothing. */
function hashKey(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
