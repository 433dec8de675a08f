/**
 * Who asks: a person by the session's cookie, a program by an API key, Core by the service key. A caller that stays
 * (a WebSocket) looks again whenever something about it has changed.
 */
import type { FastifyRequest } from "fastify";
import { API_KEY_PREFIX, type ApiKeys, type FoundKey } from "./api-keys.ts";
import { Grants } from "./grants.ts";
import { isServiceKey, type Session, type Sessions } from "./sessions.ts";

export const SESSION_COOKIE = "vas_session";

export type Caller =
  | { kind: "person"; id: string; name: string; grants: Grants; session: Session }
  | { kind: "key"; id: string; name: string; grants: Grants; keyHash: string }
  | { kind: "core"; id: ""; name: "Ruth Core"; grants: Grants };

/** Core reads intent of every camera; what else it may is said by the routes that let it in. */
const CORE: Caller = { kind: "core", id: "", name: "Ruth Core", grants: new Grants("viewer", "all") };

export class Callers {
  readonly #sessions: Sessions;
  readonly #keys: ApiKeys;
  readonly #serviceKey: string;

  constructor(sessions: Sessions, keys: ApiKeys, serviceKey: string) {
    this.#sessions = sessions;
    this.#keys = keys;
    this.#serviceKey = serviceKey;
  }

  /** undefined where nobody is known. An API key that is shown counts alone: a wrong one is not made good by a cookie. */
  async of(request: FastifyRequest): Promise<Caller | undefined> {
    const bearer = bearerOf(request);
    if (bearer !== undefined && isServiceKey(bearer, this.#serviceKey)) return CORE;
    if (bearer?.startsWith(API_KEY_PREFIX)) return ofKey(await this.#keys.find(bearer));
    const token = request.cookies[SESSION_COOKIE];
    return token ? ofSession(await this.#sessions.find(token)) : undefined;
  }

  /** The same caller as it is now; undefined where it may no longer ask at all. */
  async again(caller: Caller): Promise<Caller | undefined> {
    if (caller.kind === "person") return ofSession(await this.#sessions.findByHash(caller.session.tokenHash));
    if (caller.kind === "key") return ofKey(await this.#keys.findByHash(caller.keyHash));
    return caller;
  }

  /**
   * @param look called when something about the caller may have changed; `again` says what
   * @returns a function that stops watching
   */
  watch(caller: Caller, look: () => void): () => void {
    return (caller.kind === "person" ? this.#sessions : this.#keys).watchers.watch(caller.id, look);
  }
}

function ofSession(session: Session | undefined): Caller | undefined {
  if (!session) return undefined;
  const { user, grants } = session;
  return { kind: "person", id: user.id, name: user.username, grants, session };
}

function ofKey(key: FoundKey | undefined): Caller | undefined {
  return key && { kind: "key", ...key };
}

function bearerOf(request: FastifyRequest): string | undefined {
  const [scheme, key, ...rest] = (request.headers.authorization ?? "").split(" ");
  return scheme?.toLowerCase() === "bearer" && key && rest.length === 0 ? key : undefined;
}

/** The session of a caller that its route lets in as a person only. */
export function sessionOf(caller: Caller): Session {
  if (caller.kind !== "person") throw new Error(`a personal route was opened by another caller [kind:${caller.kind}]`);
  return caller.session;
}
