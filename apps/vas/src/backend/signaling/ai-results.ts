/**
 * The `ai-results` WebSocket: Core's side door. Results are passed on and kept in the track, events and models are
 * stored, metrics are remembered. One Core at a time: a new connection replaces the old one.
 *
 * Nothing here trusts Core. Every message is checked whole before any of it is used, what waits for the store is bounded
 * by pausing the socket, and Core gets at most half of each second of this thread, because viewers are on it too.
 */
import type { WebSocket } from "@fastify/websocket";
import { errorText } from "@vas/base/log.ts";
import { CodedError, type ErrorCode } from "@vas/contracts/errors.ts";
import type { CoreFlight } from "@vas/contracts/flights.ts";
import type { StreamRole } from "@vas/contracts/http.ts";
import type { CoreMessage, VasMessage } from "@vas/contracts/results.ts";
import type { RawData } from "ws";
import type { CounterSample } from "../../kernel/index.ts";
import type { App, Backend } from "../context.ts";
import { limitedWarn } from "../log-limit.ts";
import { makeClip, takeSnapshot } from "../media.ts";
import { type EventBatch, eventsById, openedEvent, storeEvents } from "../store/ai-events.ts";
import { MAX_MODELS, storeModels } from "../store/ai-models.ts";
import { type MakeClip, type TakeSnapshot, Triggers } from "../triggers.ts";
import { readMessage } from "./core-message.ts";

/** Rows waiting for the store at which Core's socket is paused; it goes on below half of it. */
export const MAX_WAITING_ROWS = 2048;
/** Rows of one transaction: enough that the flush to disk is shared, few enough that an ack does not wait long. */
const MAX_ROWS_PER_COMMIT = 1024;
/** Answers a Core may leave unread before it is cut off. */
const MAX_UNSENT_BYTES = 1024 * 1024;
const BUDGET_WINDOW_NS = 1_000_000_000n;
const BUDGET_NS = BUDGET_WINDOW_NS / 2n;
const PING_INTERVAL_MS = 15_000;

/** A person waits for the answer; a Core that runs gives it within its next turn. */
const ASK_MS = 5000;
const MAX_ASKED = 32;

type GiveFlights = (flights: CoreFlight[] | undefined) => void;

export type AiResultsFeed = { counters(): CounterSample[] };

type StoreWork = { session: Session; id: number; rows: number } & (
  | { type: "events"; batch: EventBatch }
  | { type: "models"; models: Extract<CoreMessage, { type: "models" }>["models"] }
);

/** @returns the counters of ingestion and triggers, for `/metrics` */
export function registerAiResults(
  app: App,
  backend: Backend,
  snapshot: TakeSnapshot = takeSnapshot,
  clip: MakeClip = makeClip,
): AiResultsFeed {
  const triggers = new Triggers(backend, snapshot, clip);
  const ingest = new Ingest(backend, triggers);
  backend.core.notifyAssignmentsChanged = () => ingest.notifyAssignmentsChanged();
  backend.core.flights = (cameraId, modelId) => ingest.flights(cameraId, modelId);
  app.get("/api/v1/ai-results", { websocket: true, config: { access: "core" } }, (socket) => ingest.accept(socket));
  app.addHook("preClose", (done) => {
    ingest.disconnect();
    done();
  });
  app.addHook("onClose", async () => {
    await ingest.idle();
    await triggers.close();
  });
  return { counters: () => [...ingest.counters(), ...triggers.counters()] };
}

class Ingest {
  readonly #backend: Backend;
  readonly #triggers: Triggers;
  readonly #warn: ReturnType<typeof limitedWarn>;
  readonly #waiting: StoreWork[] = [];
  readonly #counts = { results: 0, events: 0, closings: 0, refused: 0, left_out: 0, store_failed: 0 };
  #waitingRows = 0;
  #draining: Promise<void> | undefined;
  #current: Session | undefined;
  #closed = false;
  /** What Core was asked and has not answered, by request id. */
  readonly #asked = new Map<number, { key: string; answer: Promise<CoreFlight[]>; give: GiveFlights }>();
  #request = 0;

  constructor(backend: Backend, triggers: Triggers) {
    this.#backend = backend;
    this.#triggers = triggers;
    this.#warn = limitedWarn(backend.log, backend.clock);
  }

  accept(socket: WebSocket): void {
    if (this.#closed) return socket.terminate();
    const { core, log } = this.#backend;
    const old = this.#current;
    const session = new Session(socket, this.#backend, {
      message: (data, isBinary) => this.#message(session, data, isBinary),
      closed: (why) => {
        if (this.#current !== session) return;
        this.#current = undefined;
        for (const asked of this.#asked.values()) asked.give(undefined);
        core.connected = false;
        core.presentModels = new Set();
        log.info("Ruth Core is gone", { why });
      },
    });
    this.#current = session;
    core.connected = true;
    core.presentModels = new Set();
    log.info("Ruth Core is connected", { replaced: old !== undefined });
    old?.close(4000, "another Ruth Core has connected");
    if (this.#waitingRows >= MAX_WAITING_ROWS) session.hold("store");
  }

  notifyAssignmentsChanged(): void {
    this.#current?.send({ notice: "assignments_changed" });
  }

  /** Whoever asks for the same while it is under way gets the same answer. */
  flights(cameraId: string, modelId: string): Promise<CoreFlight[]> {
    const key = `${cameraId} ${modelId}`;
    for (const asked of this.#asked.values()) if (asked.key === key) return asked.answer;
    const session = this.#current;
    if (!session || this.#asked.size >= MAX_ASKED) return Promise.reject(new CodedError("core_unavailable"));
    const request = ++this.#request;
    const { promise: answer, resolve, reject } = Promise.withResolvers<CoreFlight[]>();
    const give: GiveFlights = (flights) => {
      clearTimeout(timer);
      this.#asked.delete(request);
      if (flights) resolve(flights);
      else reject(new CodedError("core_unavailable"));
    };
    const timer = setTimeout(() => give(undefined), ASK_MS);
    this.#asked.set(request, { key, answer, give });
    session.send({ notice: "flights", request, camera_id: cameraId, model_id: modelId });
    return answer;
  }

  disconnect(): void {
    this.#closed = true;
    this.#current?.close(1001, "VAS is stopping");
  }

  /** Resolves when everything that was accepted is stored or refused. */
  async idle(): Promise<void> {
    await this.#draining;
  }

  counters(): CounterSample[] {
    const help = "What became of what Ruth Core sent; refused and store_failed count messages, the others rows.";
    return [
      ...Object.entries(this.#counts).map(([outcome, value]) => ({
        name: "ai_ingest_total",
        help,
        type: "counter" as const,
        labels: { outcome },
        value,
      })),
      {
        name: "ai_ingest_waiting_rows",
        help: "Rows from Ruth Core that wait for the store.",
        type: "gauge",
        labels: {},
        value: this.#waitingRows,
      },
    ];
  }

  #message(session: Session, data: RawData, isBinary: boolean): void {
    const checked = readMessage(data, isBinary);
    if (!checked.ok) return this.#refuse(session, checked.id, checked.message);
    const message = checked.value;
    const { core, clock, flights, notices, track } = this.#backend;
    switch (message.type) {
      case "results":
        for (const told of message.results) {
          const result = this.#ofStream(told);
          notices.publish({ notice: "result", result });
          flights.delivered(result);
          track.keep(result);
        }
        this.#counts.results += message.results.length;
        return session.send({ ack: message.id });
      case "flights":
        if (session === this.#current) this.#asked.get(message.request)?.give(message.flights);
        return session.send({ ack: message.id });
      case "metrics":
        if (session === this.#current) {
          core.metrics = message.metrics;
          core.lastReportWallMs = clock.wallMs();
        }
        return session.send({ ack: message.id });
      case "events": {
        const opened = message.opened.map((event) => this.#ofStream(event));
        const { closed } = message;
        return this.#enqueue({
          session,
          id: message.id,
          type: "events",
          batch: { opened, closed },
          rows: 1 + opened.length + closed.length,
        });
      }
      case "models":
        return this.#enqueue({
          session,
          id: message.id,
          type: "models",
          models: message.models,
          rows: 1 + message.models.length,
        });
    }
  }

  /** Core knows frames, not streams: what their tap was on is known here. */
  #ofStream<T extends { camera_id: string; frame_id: number; stream?: StreamRole }>(told: T): T {
    const stream = this.#backend.streamOfFrame(told.camera_id, told.frame_id);
    return stream === "main" && told.stream === undefined ? told : { ...told, stream };
  }

  #refuse(session: Session, id: number | null, message: string): void {
    this.#counts.refused += 1;
    this.#warn("a message of Ruth Core was refused", { cause: message.slice(0, 200) });
    session.send(nack(id, "bad_request", message));
  }

  #enqueue(work: StoreWork): void {
    this.#waiting.push(work);
    this.#waitingRows += work.rows;
    if (this.#waitingRows >= MAX_WAITING_ROWS) work.session.hold("store");
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = undefined;
    });
  }

  async #drain(): Promise<void> {
    for (;;) {
      const first = this.#waiting.shift();
      if (!first) return;
      const group = [first];
      let rows = first.rows;
      // Events that wait together share one transaction, and so one flush to disk.
      for (let next = this.#waiting[0]; first.type === "events" && next?.type === "events"; next = this.#waiting[0]) {
        if (rows + next.rows > MAX_ROWS_PER_COMMIT) break;
        this.#waiting.shift();
        group.push(next);
        rows += next.rows;
      }
      try {
        if (first.type === "models") await this.#storeModels(first.session, first.id, first.models);
        else await this.#storeEvents(group);
      } catch (thrown) {
        this.#counts.store_failed += group.length;
        this.#warn("the store did not take what Ruth Core sent", { messages: group.length, cause: errorText(thrown) });
        for (const work of group) work.session.send(nack(work.id, "store_unavailable"));
      }
      this.#waitingRows -= rows;
      if (this.#waitingRows < MAX_WAITING_ROWS / 2) this.#current?.release("store");
    }
  }

  async #storeEvents(group: StoreWork[]): Promise<void> {
    const { db, clock, notices } = this.#backend;
    const batches = group.map((work) => (work.type === "events" ? work.batch : { opened: [], closed: [] }));
    const nowWallMs = clock.wallMs();
    const stored = await storeEvents(db, batches, nowWallMs);
    for (const [index, work] of group.entries()) {
      const { unknownCameras = 0, unknownEvents = 0 } = stored.outcomes[index] ?? {};
      this.#counts.left_out += unknownCameras + unknownEvents;
      if (unknownCameras > 0)
        work.session.send(
          nack(work.id, "camera_not_found", `events of unknown cameras were left out [count:${unknownCameras}]`),
        );
      else if (unknownEvents > 0)
        work.session.send(
          nack(work.id, "event_not_found", `closings of unknown events were left out [count:${unknownEvents}]`),
        );
      else work.session.send({ ack: work.id });
    }
    this.#counts.events += stored.opened.length;
    this.#counts.closings += stored.closedIds.length;
    for (const event of stored.opened) {
      notices.publish({ notice: "event", event: openedEvent(event, nowWallMs) });
      this.#triggers.eventStored({
        eventId: event.event_id,
        cameraId: event.camera_id,
        modelId: event.model_id,
        pts90k: event.pts90k,
        wallMs: Date.parse(event.timestamp),
        label: event.label,
      });
    }
    // Read after the answers are out: what watches the feed may be late, what waits for an ack should not be.
    if (stored.closedIds.length === 0) return;
    try {
      for (const event of await eventsById(db, stored.closedIds)) notices.publish({ notice: "event", event });
    } catch (thrown) {
      this.#warn("closed events could not be read back", { cause: errorText(thrown) });
    }
  }

  async #storeModels(
    session: Session,
    id: number,
    models: Extract<CoreMessage, { type: "models" }>["models"],
  ): Promise<void> {
    const { db, clock, core } = this.#backend;
    if (!(await storeModels(db, models, clock.wallMs())))
      return this.#refuse(session, id, `the registry is full [max:${MAX_MODELS}]`);
    if (session === this.#current) core.presentModels = new Set(models.map((model) => model.model_id));
    session.send({ ack: id });
  }
}

/** One connection: bounds what it may send and what it may leave unread. */
class Session {
  readonly #socket: WebSocket;
  readonly #holds = new Set<string>();
  readonly #ended = new AbortController();
  #windowStartNs = 0n;
  #spentNs = 0n;

  constructor(
    socket: WebSocket,
    backend: Backend,
    on: { message(data: RawData, isBinary: boolean): void; closed(why: string): void },
  ) {
    this.#socket = socket;
    const { clock, log } = backend;
    let alive = true;
    socket.on("message", (data, isBinary) => {
      alive = true;
      if (this.#ended.signal.aborted) return;
      const startNs = process.hrtime.bigint();
      on.message(data, isBinary);
      this.#account(startNs, process.hrtime.bigint(), clock);
    });
    socket.on("pong", () => {
      alive = true;
    });
    socket.on("error", (error) => log.debug("Ruth Core's connection broke", { cause: errorText(error) }));
    // A Core whose machine vanished leaves a connection that looks open. A paused socket cannot hear the answer.
    const ping = setInterval(() => {
      if (this.#holds.size > 0) return;
      if (!alive) return socket.terminate();
      alive = false;
      socket.ping();
    }, PING_INTERVAL_MS);
    socket.on("close", (code, reason) => {
      clearInterval(ping);
      this.#ended.abort();
      on.closed(`${code} ${reason.toString()}`.trim());
    });
  }

  send(message: VasMessage): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > MAX_UNSENT_BYTES) return this.#socket.terminate();
    this.#socket.send(JSON.stringify(message));
  }

  /** Nothing more is read until every reason to hold is released. */
  hold(reason: "store" | "budget"): void {
    this.#holds.add(reason);
    this.#socket.pause();
  }

  release(reason: "store" | "budget"): void {
    if (this.#holds.delete(reason) && this.#holds.size === 0) this.#socket.resume();
  }

  close(code: number, reason: string): void {
    this.#ended.abort();
    this.#socket.close(code, reason);
    // A paused or silent peer would keep the closing handshake open for half a minute.
    this.#socket.terminate();
  }

  #account(startNs: bigint, endNs: bigint, clock: Backend["clock"]): void {
    if (startNs - this.#windowStartNs >= BUDGET_WINDOW_NS) {
      this.#windowStartNs = startNs;
      this.#spentNs = 0n;
    }
    this.#spentNs += endNs - startNs;
    if (this.#spentNs < BUDGET_NS || this.#holds.has("budget")) return;
    this.hold("budget");
    const restMs = Number(BUDGET_WINDOW_NS - (endNs - this.#windowStartNs)) / 1e6;
    void clock.sleep(Math.max(1, restMs), this.#ended.signal).then(() => this.release("budget"));
  }
}

function nack(id: number | null, code: ErrorCode, message = ""): VasMessage {
  return { nack: id, error: { code, message: (message || "The store does not answer.").slice(0, 500) } };
}
