/** The HTTP server: what holds for every request, and all routes. */
import { randomUUID } from "node:crypto";
import cookie from "@fastify/cookie";
import fastifyStatic from "@fastify/static";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import websocket from "@fastify/websocket";
import { CodedError, ErrorBody } from "@vas/contracts/errors.ts";
import { MAX_RESULTS_MESSAGE_BYTES } from "@vas/contracts/results.ts";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Socket } from "node:net";
import { guardEveryRoute } from "./access.ts";
import { ApiKeys } from "./api-keys.ts";
import { Callers } from "./callers.ts";
import type { Cameras } from "./cameras.ts";
import { auditEveryChange } from "./audit.ts";
import type { App, Backend } from "./context.ts";
import type { Counters } from "./counters.ts";
import { errorBody, tell } from "./errors.ts";
import type { Observer } from "./health/observer.ts";
import type { ModelDrafts } from "./model-drafts.ts";
import type { NoticeFeed } from "./notices.ts";
import { registerAiEventRoutes } from "./routes/ai-events.ts";
import { registerAiHealthRoutes } from "./routes/ai-health.ts";
import { registerAssignmentRoutes } from "./routes/ai-model-assignments.ts";
import { registerModelDraftRoutes } from "./routes/ai-model-drafts.ts";
import { registerAiModelRoutes } from "./routes/ai-models.ts";
import { registerApiKeyRoutes } from "./routes/api-keys.ts";
import { registerAuditRoutes } from "./routes/audit.ts";
import { registerAuthRoutes } from "./routes/auth.ts";
import { registerCameraGroupRoutes } from "./routes/camera-groups.ts";
import { registerCameraRoutes } from "./routes/cameras.ts";
import { registerExportRoutes } from "./routes/exports.ts";
import type { Exports } from "./exports.ts";
import { registerClipRoutes } from "./routes/clips.ts";
import { registerDetectionRoutes } from "./routes/detections.ts";
import { registerFlightRoutes } from "./routes/flights.ts";
import { registerHealthHistoryRoutes } from "./routes/health-history.ts";
import { registerRecordingRoutes } from "./routes/recordings.ts";
import { registerSessionRoutes } from "./routes/sessions.ts";
import { registerSiteRoutes, VERSION } from "./routes/site.ts";
import { registerSnapshotRoutes } from "./routes/snapshots.ts";
import { registerUserRoutes } from "./routes/users.ts";
import type { Sessions } from "./sessions.ts";
import { registerAiResults } from "./signaling/ai-results.ts";
import { CLOSE, registerLive } from "./signaling/live.ts";
import { Users } from "./users.ts";
import { compileValidator } from "./validation.ts";
import { registerWeb } from "./web.ts";

const MAX_BODY_BYTES = 256 * 1024;
/** A peer that does not answer a close is given this long; ws would give it 30 s, and the end of VAS would wait. */
const WEBSOCKET_OPTIONS = { maxPayload: MAX_RESULTS_MESSAGE_BYTES, closeTimeout: 1000 };
const SECURITY_HEADERS = {
  "content-security-policy":
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self' ws: wss:; " +
    "worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; object-src 'none'; frame-ancestors 'none'; base-uri 'self'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

export type ServerParts = {
  backend: Backend;
  cameras: Cameras;
  exports: Exports;
  observer: Observer;
  drafts: ModelDrafts;
  sessions: Sessions;
  feed: NoticeFeed;
  counters: Counters;
  /** Milliseconds between pings of a live WebSocket; 20 s where absent. */
  pingMs?: number;
};

/** A server that is ready to listen. */
export async function createServer(parts: ServerParts): Promise<App> {
  const { backend, counters, sessions } = parts;
  const { config, log } = backend;
  const app: App = fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    trustProxy: config.trustProxy,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 256 },
    frameworkErrors: (error, request, reply) => answer(error, request, reply as unknown as FastifyReply),
    clientErrorHandler: refuseConnection,
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.setValidatorCompiler(compileValidator);
  app.setErrorHandler(answer);

  app.addHook("onRequest", async (request, reply) => {
    void reply.headers(SECURITY_HEADERS).header("x-request-id", request.id);
    if (request.url.startsWith("/api/")) void reply.header("cache-control", "no-store");
  });
  app.addHook("onResponse", async (_request, reply) => {
    counters.add("http_requests_total", 1, { status: `${Math.floor(reply.statusCode / 100)}xx` });
  });
  app.addHook("onRoute", (route) => {
    if (!route.url.startsWith("/api/") || !route.schema) return;
    const response = route.schema.response as Record<string, unknown> | undefined;
    if (response) route.schema.response = { ...response, "4xx": ErrorBody, "5xx": ErrorBody };
  });

  await app.register(cookie);
  // Before the guard: the socket of a refused upgrade is destroyed only where this plugin's first hook has run.
  await app.register(websocket, { options: WEBSOCKET_OPTIONS, preClose: closeWebSockets });
  const keys = new ApiKeys(backend.db, backend.clock, log);
  const callers = new Callers(sessions, keys, backend.serviceKey);
  guardEveryRoute(app, { callers, secureCookies: config.secureCookies });
  auditEveryChange(app, backend, counters);
  app.setNotFoundHandler(() => {
    throw new CodedError("not_found");
  });
  await app.register(fastifyStatic, { serve: false });
  await app.register(swagger, {
    openapi: {
      info: { title: "VAS", version: VERSION, description: "Video in, live view, recordings and frames out." },
    },
  });

  app.get("/openapi.json", { config: { access: { need: "view", of: "site" } }, schema: { hide: true } }, () =>
    app.swagger(),
  );
  await app.register(swaggerUi, { routePrefix: "/docs" });
  registerAuthRoutes(app, backend, sessions);
  registerSessionRoutes(app, sessions);
  registerUserRoutes(app, new Users(backend.db, backend.clock, sessions));
  registerApiKeyRoutes(app, keys);
  registerCameraRoutes(app, backend, parts.cameras);
  registerCameraGroupRoutes(app, backend);
  registerRecordingRoutes(app, backend);
  registerSnapshotRoutes(app, backend);
  registerClipRoutes(app, backend);
  registerExportRoutes(app, backend, parts.exports);
  registerDetectionRoutes(app, backend);
  registerAiEventRoutes(app, backend);
  registerAiModelRoutes(app, backend);
  await registerModelDraftRoutes(app, backend, parts.drafts);
  registerAssignmentRoutes(app, backend);
  registerAiHealthRoutes(app, backend, parts.observer.since);
  registerHealthHistoryRoutes(app, parts.observer);
  registerFlightRoutes(app, backend);
  registerAuditRoutes(app, backend);
  const aiResults = registerAiResults(app, backend);
  registerLive(app, backend, { ...parts, callers });
  registerSiteRoutes(app, backend, parts.cameras, () => [
    ...counters.samples(),
    ...aiResults.counters(),
    ...backend.track.counters(),
  ]);
  registerWeb(app, config.webDir);
  await app.ready();
  return app;

  function answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    if (isAbort(error) && reply.raw.destroyed) {
      reply.hijack(); // the caller is gone, and what was begun for it has ended: nobody to tell, nothing to log
      return;
    }
    const told = tell(error, log, { request_id: request.id, method: request.method, route: request.routeOptions?.url });
    void reply.code(told.status).type("application/json; charset=utf-8").send(errorBody(told, request.id));
  }
}

function closeWebSockets(this: FastifyInstance, done: () => void): void {
  for (const client of this.websocketServer.clients) client.close(CLOSE.goingAway, "VAS is stopping");
  this.websocketServer.close();
  done();
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** What is no HTTP at all gets the same kind of answer, where it can still be told. */
function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy(error);
    return;
  }
  const told = { status: 400, code: "bad_request", message: "The request is not valid HTTP." } as const;
  const body = JSON.stringify(errorBody(told, randomUUID()));
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
}
