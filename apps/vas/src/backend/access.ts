/**
 * Who may call what. Every route is closed: a session opens it, unless the route's `config.access` says otherwise.
 * A route that forgets to say anything is therefore closed, not open.
 */
import type { Log } from "@vas/base/log.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { App } from "./context.ts";
import { isServiceKey, SESSION_MS, type Session, type Sessions } from "./sessions.ts";

export const SESSION_COOKIE = "vas_session";
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

declare module "fastify" {
  interface FastifyRequest {
    /** The session that opened this request; undefined for public routes and the service key. */
    session?: Session;
  }
}

type Guard = { sessions: Sessions; serviceKey: string; secureCookies: boolean; log: Log };

/** Must be added before any route. */
export function guardEveryRoute(app: App, guard: Guard): void {
  app.addHook("onRequest", async (request, reply) => {
    if (!SAFE_METHODS.has(request.method) || isUpgrade(request)) checkOrigin(request);
    const access = request.routeOptions.config?.access ?? "session";
    // An address without a route has nothing to guard; its handler says so.
    if (access === "public" || request.is404) return;
    if (access !== "session" && hasServiceKey(request, guard.serviceKey)) return;
    if (access !== "service") {
      const token = request.cookies[SESSION_COOKIE];
      const session = token ? await guard.sessions.find(token) : undefined;
      if (session) {
        request.session = session;
        request.user = session.user;
        if (session.renewed && token) setSessionCookie(request, reply, token, guard.secureCookies);
        return;
      }
    }
    throw new CodedError("not_logged_in");
  });
}

export function setSessionCookie(request: FastifyRequest, reply: FastifyReply, token: string, secure: boolean): void {
  void reply.setCookie(SESSION_COOKIE, token, { ...cookieOptions(request, secure), maxAge: SESSION_MS / 1000 });
}

export function clearSessionCookie(request: FastifyRequest, reply: FastifyReply, secure: boolean): void {
  void reply.clearCookie(SESSION_COOKIE, cookieOptions(request, secure));
}

function cookieOptions(request: FastifyRequest, secure: boolean) {
  const isSecure = secure || request.protocol === "https";
  return { path: "/", httpOnly: true, sameSite: "strict", secure: isSecure } as const;
}

/**
 * A page of another site must not act with this browser's cookie. Browsers send Origin with every unsafe request and
 * every WebSocket; other clients send none, and carry no cookie that they did not ask for.
 */
function checkOrigin(request: FastifyRequest): void {
  const origin = request.headers.origin;
  const fetchSite = request.headers["sec-fetch-site"];
  if (origin === undefined) {
    if (fetchSite === undefined || fetchSite === "same-origin" || fetchSite === "none") return;
    throw new CodedError("origin_refused");
  }
  const from = URL.canParse(origin) ? new URL(origin) : undefined;
  // The scheme's default port is left out by both sides, so the two texts are comparable.
  const isSame = from !== undefined && request.host !== "" && from.host === request.host.toLowerCase();
  if (!isSame) throw new CodedError("origin_refused");
}

function isUpgrade(request: FastifyRequest): boolean {
  return request.headers.upgrade !== undefined;
}

function hasServiceKey(request: FastifyRequest, serviceKey: string): boolean {
  const [scheme, key, ...rest] = (request.headers.authorization ?? "").split(" ");
  return scheme?.toLowerCase() === "bearer" && key !== undefined && rest.length === 0 && isServiceKey(key, serviceKey);
}
