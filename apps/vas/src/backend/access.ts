/**
 * Who may call what: the one place that decides for every route. A route's `config.access` says what is needed and of
 * which camera; a route that says nothing is the administrator's alone, and a test names it.
 *
 * A camera that the caller may not see, and everything of it, answers as what does not exist. So sight is asked before
 * rights: "forbidden" is said only of what the caller may look at.
 */
import { CodedError, type ErrorCode } from "@vas/contracts/errors.ts";
import type { Permission } from "@vas/contracts/http.ts";
import type { FastifyReply, FastifyRequest } from "fastify";
import { type Caller, type Callers, SESSION_COOKIE } from "./callers.ts";
import type { App } from "./context.ts";
import { SESSION_MS } from "./sessions.ts";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
/** Routes of a plugin, which cannot say for themselves. */
const API_PAGES = /^\/docs(\/|$)/;
const UNDECLARED: Access = { need: "administer", of: "site" };

/**
 * | of | whose object the route is about |
 * | --- | --- |
 * | site | no camera's |
 * | listed | the handler leaves out what `request.caller.grants` does not see |
 * | everything | every camera's at once: whoever does not see all is refused |
 * | {camera} | the camera whose id this path parameter holds |
 * | ObjectsOfCameras | the camera of the object whose id the path parameter `id` holds |
 * | ObjectsOfManyCameras | the same of an object of several cameras, which is there for whoever sees one of them |
 */
export type Target = "site" | "listed" | "everything" | { camera: string } | ObjectsOfCameras | ObjectsOfManyCameras;
export type ObjectsOfCameras = {
  /** Finds an object's camera; undefined where there is no such object. */
  cameraOf(id: string): Promise<string | undefined>;
  /** What is answered where there is no such object. */
  missing: ErrorCode;
};

export type ObjectsOfManyCameras = {
  /** Finds an object's cameras; none where there is no such object. */
  camerasOf(id: string): Promise<string[]>;
  missing: ErrorCode;
};

/**
 * `public` needs nobody, `core` the service key. `core: true` lets the service key in beside the others, `personal`
 * keeps API keys out: what a person does with the own account, and what would let a stolen key make further ones.
 */
export type Access = "public" | "core" | { need: Permission; of: Target; core?: true; personal?: true };

/** What one registered route declares; `access` is undefined where it declares nothing. */
export type DeclaredAccess = { method: string; url: string; access: Access | undefined };

declare module "fastify" {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    /** Whoever opened this request. Only routes that are not public may ask. */
    caller: Caller;
  }
  interface FastifyInstance {
    declaredAccess: DeclaredAccess[];
  }
}

type Guard = { callers: Pick<Callers, "of">; secureCookies: boolean };

/** Must be added before any route. */
export function guardEveryRoute(app: App, guard: Guard): void {
  const declared: DeclaredAccess[] = [];
  app.decorate("declaredAccess", declared);
  app.decorateRequest("caller");
  app.addHook("onRoute", (route) => {
    if (API_PAGES.test(route.url)) route.config = { ...route.config, access: { need: "view", of: "site" } };
    const access = route.config?.access;
    for (const method of [route.method].flat()) declared.push({ method, url: route.url, access });
  });
  app.addHook("onRequest", async (request, reply) => {
    if (!SAFE_METHODS.has(request.method) || isUpgrade(request)) checkOrigin(request);
    const access = accessOf(request);
    // An address without a route has nothing to guard; its handler says so.
    if (access === "public" || request.is404) return;
    const caller = await guard.callers.of(request);
    if (!caller || !isLetIn(caller, access)) throw new CodedError("not_logged_in");
    request.caller = caller;
    if (caller.kind === "person" && caller.session.renewed) {
      const token = request.cookies[SESSION_COOKIE];
      if (token) setSessionCookie(request, reply, token, guard.secureCookies);
    }
  });
  // After the parameters were checked against their schema.
  app.addHook("preHandler", async (request) => {
    const access = accessOf(request);
    if (typeof access === "string" || request.is404) return;
    await checkAccess(access, request.caller, request.params as Record<string, string>);
  });
}

/** @throws CodedError forbidden, or what the route answers for an object that does not exist */
async function checkAccess(
  { need, of, personal }: Exclude<Access, string>,
  { kind, grants }: Caller,
  params: Record<string, string>,
): Promise<void> {
  const mustSee = (cameraId: string | undefined, missing: ErrorCode) => {
    if (cameraId === undefined || !grants.sees(cameraId)) throw new CodedError(missing);
  };
  if (grants.cameras !== "all") {
    if (of === "everything") throw new CodedError("forbidden");
    if (typeof of === "object" && "camera" in of) mustSee(params[of.camera], "camera_not_found");
    if (typeof of === "object" && "camerasOf" in of) {
      const ids = await of.camerasOf((params["id"] ?? "").toLowerCase());
      mustSee(
        ids.find((id) => grants.sees(id)),
        of.missing,
      );
    }
    if (typeof of === "object" && "cameraOf" in of)
      mustSee(await of.cameraOf((params["id"] ?? "").toLowerCase()), of.missing);
  }
  if (!grants.may(need) || (personal && kind !== "person")) throw new CodedError("forbidden");
}

function accessOf(request: FastifyRequest): Access {
  return request.routeOptions.config?.access ?? UNDECLARED;
}

/** Whether this kind of caller is one of the route's at all. */
function isLetIn(caller: Caller, access: Exclude<Access, "public">): boolean {
  if (access === "core") return caller.kind === "core";
  return caller.kind !== "core" || access.core === true;
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
