/**
 * The AI part of the backend for tests: real Fastify, a real SQLite file, real WebSockets. What it does not need of a
 * site is absent: the kernel refuses every call, and a person is whoever sends `x-test-person`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastifyWebsocket from "@fastify/websocket";
import { type Clock, systemClock } from "@vas/base/clock.ts";
import { createLog } from "@vas/base/log.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import type { DiscoveredModel, StreamRole } from "@vas/contracts/http.ts";
import type { LiveNotice } from "@vas/contracts/live.ts";
import type { EventClosed, EventOpened, VasMessage } from "@vas/contracts/results.ts";
import { MAX_RESULTS_MESSAGE_BYTES } from "@vas/contracts/results.ts";
import Fastify, { type FastifyRequest } from "fastify";
import { WebSocket } from "ws";
import type { Config } from "../../config.ts";
import type { Kernel } from "../../kernel/index.ts";
import { guardEveryRoute } from "../access.ts";
import type { Caller } from "../callers.ts";
import type { App, Backend } from "../context.ts";
import { errorBody, tell } from "../errors.ts";
import { FlightLog } from "../flights.ts";
import { Grants } from "../grants.ts";
import { HealthSince } from "../health/since.ts";
import { registerAiEventRoutes } from "../routes/ai-events.ts";
import { registerAiHealthRoutes } from "../routes/ai-health.ts";
import { registerAssignmentRoutes } from "../routes/ai-model-assignments.ts";
import { registerDetectionRoutes } from "../routes/detections.ts";
import { registerFlightRoutes } from "../routes/flights.ts";
import { registerAiModelRoutes } from "../routes/ai-models.ts";
import { type AiResultsFeed, registerAiResults } from "../signaling/ai-results.ts";
import { knownIds } from "../store/ai-models.ts";
import { openDatabase } from "../store/database.ts";
import { Track } from "../track/track.ts";
import type { TakeSnapshot } from "../triggers.ts";
import { compileValidator } from "../validation.ts";

const SERVICE_KEY = "key-of-the-test";
const WATCHDOG_MS = 20_000;

export const CAMERA = "11111111-1111-4111-8111-111111111111";
export const OTHER_CAMERA = "22222222-2222-4222-8222-222222222222";

export type AiSite = {
  app: App;
  backend: Backend;
  feed: AiResultsFeed;
  /** Everything published, in order. */
  notices: LiveNotice[];
  logLines: Record<string, unknown>[];
  /** Of which stream each camera's frames are; main where nothing is said. */
  frameStreams: Map<string, StreamRole>;
  databasePath: string;
  /** As a person; `as: "core"` sends the service key instead. */
  request(
    method: "GET" | "PUT" | "PATCH" | "DELETE" | "POST",
    path: string,
    body?: unknown,
    as?: "person" | "core",
  ): Promise<{ status: number; body: any }>;
  connectCore(): Promise<TestCore>;
  counter(outcome: string): number;
  waitingRows(): number;
  [Symbol.asyncDispose](): Promise<void>;
};

export async function startAiSite(options: { clock?: Clock; takeSnapshot?: TakeSnapshot } = {}): Promise<AiSite> {
  const folder = mkdtempSync(join(tmpdir(), "vas-ai-site-"));
  const databasePath = join(folder, "vas.db");
  const db = openDatabase(databasePath);
  const notices: LiveNotice[] = [];
  const logLines: Record<string, unknown>[] = [];
  const log = createLog((line) => void logLines.push(JSON.parse(line)));
  const clock = options.clock ?? systemClock;
  const flights = new FlightLog(clock);
  const track = new Track({
    mediaDir: folder,
    log,
    clock,
    known: () => knownIds(db),
    newestPts90k: () => 0,
    written: (...results) => flights.stored(...results),
  });
  const frameStreams = new Map<string, StreamRole>();
  const backend: Backend = {
    config: { dataDir: folder } as Config,
    db,
    kernel: absentKernel(),
    log,
    clock,
    notices: { publish: (notice) => void notices.push(notice) },
    core: {
      connected: false,
      lastReportWallMs: null,
      metrics: null,
      presentModels: new Set(),
      notifyAssignmentsChanged() {},
      flights: () => Promise.reject(new CodedError("core_unavailable")),
    },
    serviceKey: SERVICE_KEY,
    streamOfFrame: (cameraId) => frameStreams.get(cameraId) ?? "main",
    track,
    flights,
    recorded: async () => {},
  };
  const app = Fastify() as unknown as App;
  app.setValidatorCompiler(compileValidator as never);
  await app.register(fastifyWebsocket, { options: { maxPayload: MAX_RESULTS_MESSAGE_BYTES } });
  const callers = {
    async of({ headers }: FastifyRequest): Promise<Caller | undefined> {
      const person = headers["x-test-person"];
      const grants = new Grants("administrator", "all");
      if (headers.authorization === `Bearer ${SERVICE_KEY}`) return { kind: "core", id: "", name: "Ruth Core", grants };
      return typeof person === "string" ? { kind: "key", id: person, name: person, grants, keyHash: "" } : undefined;
    },
  };
  guardEveryRoute(app, { callers, secureCookies: false });
  app.setErrorHandler((error, request, reply) => {
    const told = tell(error, backend.log, { request_id: request.id });
    return reply.code(told.status).send(errorBody(told, request.id));
  });
  registerDetectionRoutes(app, backend);
  registerAiEventRoutes(app, backend);
  registerAiModelRoutes(app, backend);
  registerAssignmentRoutes(app, backend);
  registerAiHealthRoutes(app, backend, new HealthSince());
  registerFlightRoutes(app, backend);
  const feed = options.takeSnapshot
    ? registerAiResults(app, backend, options.takeSnapshot)
    : registerAiResults(app, backend, async () => {
        throw new CodedError("not_recorded");
      });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as { port: number };
  for (const [id, name] of [
    [CAMERA, "door"],
    [OTHER_CAMERA, "yard"],
  ] as const)
    await db
      .insertInto("cameras")
      .values({
        id,
        name,
        rtsp_url: "rtsp://192.0.2.1/",
        username: null,
        password_sealed: null,
        record: 1,
        retention_days: null,
        started: 1,
        created_at: 0,
        updated_at: 0,
      })
      .execute();
  const cores: TestCore[] = [];
  return {
    app,
    backend,
    feed,
    notices,
    logLines,
    frameStreams,
    databasePath,
    async request(method, path, body, as = "person") {
      const reply = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`, {
        method,
        headers: {
          ...(as === "core" ? { authorization: `Bearer ${SERVICE_KEY}` } : { "x-test-person": "ada" }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await reply.text();
      return { status: reply.status, body: text === "" ? null : JSON.parse(text) };
    },
    async connectCore() {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/ai-results`, {
        headers: { authorization: `Bearer ${SERVICE_KEY}` },
      });
      const core = new TestCore(socket);
      cores.push(core);
      await core.opened;
      return core;
    },
    counter: (outcome) => feed.counters().find((sample) => sample.labels.outcome === outcome)?.value ?? 0,
    waitingRows: () => feed.counters().find((sample) => sample.name === "ai_ingest_waiting_rows")?.value ?? 0,
    async [Symbol.asyncDispose]() {
      for (const core of cores) core.socket.terminate();
      await app.close();
      await track.close();
      await db.destroy();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A Core as VAS sees it: it sends what the test says and remembers what came back. */
export class TestCore {
  readonly socket: WebSocket;
  readonly opened: Promise<void>;
  readonly closed: Promise<number>;
  readonly answers: VasMessage[] = [];
  #nextId = 1;
  #woken: (() => void)[] = [];

  constructor(socket: WebSocket) {
    this.socket = socket;
    const opened = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<number>();
    this.opened = opened.promise;
    this.closed = closed.promise;
    socket.on("open", () => opened.resolve());
    socket.on("error", (error) => opened.reject(error));
    socket.on("close", (code) => closed.resolve(code));
    socket.on("message", (data) => {
      this.answers.push(JSON.parse(String(data)));
      for (const wake of this.#woken.splice(0)) wake();
    });
  }

  /** Sends a message under the next id. @returns that id */
  post(message: Record<string, unknown>): number {
    const id = this.#nextId++;
    this.socket.send(JSON.stringify({ id, ...message }));
    return id;
  }

  /** Sends a message and waits for its answer. */
  async ask(message: Record<string, unknown>): Promise<VasMessage> {
    return this.answer(this.post(message));
  }

  async answer(id: number | null): Promise<VasMessage> {
    return this.find(
      `an answer to message ${id}`,
      (answer) => ("ack" in answer && answer.ack === id) || ("nack" in answer && answer.nack === id),
    );
  }

  async find(what: string, matches: (answer: VasMessage) => boolean): Promise<VasMessage> {
    for (;;) {
      const found = this.answers.find(matches);
      if (found) return found;
      const next = new Promise<void>((resolve) => this.#woken.push(resolve));
      await watched(what, next);
    }
  }
}

/** Waits under a watchdog that says what was missing. */
export async function watched<T>(what: string, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`never came: ${what}`)), WATCHDOG_MS);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until a condition holds, looking again on every turn of the event loop. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + WATCHDOG_MS;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`never came: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

let frame = 0;
export function openedAt(wallMs: number, more: Partial<EventOpened> = {}): EventOpened {
  frame += 1;
  return {
    event_id: crypto.randomUUID(),
    camera_id: CAMERA,
    model_id: "person",
    timestamp: new Date(wallMs).toISOString(),
    frame_id: frame,
    pts90k: wallMs * 90,
    label: "person",
    detections: [{ class_id: 0, class_name: "person", confidence: 0.9, bbox: [0.1, 0.2, 0.3, 0.4] }],
    confidence: 0.9,
    event_metadata: { zone: "gate" },
    ...more,
  };
}

export function closedAt(event: EventOpened, wallMs: number): EventClosed {
  return {
    event_id: event.event_id,
    ended_at: new Date(wallMs).toISOString(),
    frames: 12,
    best_confidence: 0.95,
    best_frame_id: 7,
  };
}

export function discovered(modelId: string, more: Partial<DiscoveredModel> = {}): DiscoveredModel {
  return {
    model_id: modelId,
    folder: modelId,
    valid: true,
    reason: null,
    name: modelId,
    version: "1",
    type: "module",
    description: null,
    author: null,
    license: null,
    supported_tasks: ["object_detection"],
    class_names: ["person"],
    expected_resolution: [640, 480],
    output_type: "detection",
    weights_sha256: null,
    config_schema: null,
    ...more,
  };
}

/** Video must not be touched by the AI part: every call is a failure of the test. */
function absentKernel(): Kernel {
  return new Proxy({} as Kernel, {
    get: (_target, name) => {
      throw new Error(`the AI part of the backend called the kernel [member:${String(name)}]`);
    },
  });
}
