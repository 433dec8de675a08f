/**
 * The way to VAS: one WebSocket that carries the registry, results, events and metrics. Nothing waits for it and nothing
 * is sent twice. What cannot be sent now is dropped and counted: while there is no connection, while too many messages
 * are unacknowledged, while the connection does not take bytes. A message whose connection ends before its ack counts
 * as dropped too.
 *
 * The registry and metrics are states, not records: the newest is sent when it can be, and older ones never.
 */
import { type Backoff, createBackoff } from "@vas/base/backoff.ts";
import type { Log } from "@vas/base/log.ts";
import type { CoreFlight } from "@vas/contracts/flights.ts";
import type { CoreMetrics, DiscoveredModel } from "@vas/contracts/http.ts";
import type { Result } from "@vas/contracts/live.ts";
import {
  checkVasMessage,
  type EventClosed,
  type EventOpened,
  MAX_RESULTS_MESSAGE_BYTES,
} from "@vas/contracts/results.ts";
import { WebSocket } from "ws";
import type { EventChanges } from "./events.ts";
import type { KeyAnswer } from "./service-key.ts";

export const MAX_UNACKNOWLEDGED = 64;
/** Between two messages of records. */
export const BATCH_MS = 50;
const MAX_BATCH = 256;
/** What one message's records may have together; the rest is the message around them. */
const MAX_BATCH_BYTES = MAX_RESULTS_MESSAGE_BYTES - 4096;
/** Bytes that wait in the connection: beyond it VAS does not read, and more would only grow this process. */
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;
/** Metrics go every second, so a connection on which nothing is acknowledged for so long is dead. */
const ACK_DEADLINE_MS = 15_000;
const HANDSHAKE_MS = 5_000;
const MAX_VAS_MESSAGE_BYTES = 1024 * 1024;
/** VAS serves one Core; two that were started by mistake must not take turns four times a second. */
const CLOSED_BY_ANOTHER_CORE = 4000;
const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 5_000;

export type UplinkOptions = {
  /** Without a trailing slash. */
  vasUrl: string;
  key(): Promise<KeyAnswer>;
  log: Log;
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** The newest registry, asked for at connect and on change. */
  models(): readonly DiscoveredModel[];
  onAssignmentsChanged(): void;
  /** The newest frames of a subscription; none where there is no such. */
  flights(cameraId: string, modelId: string): CoreFlight[];
  onConnected(): void;
};

/** What is lost if a message gets no ack. */
type Unacknowledged = { results: number; events: number; opened: string[]; sentMs: number };

/** Records of one kind that wait for the next sending, already as JSON. */
type Batch = { json: string[]; bytes: number };
const emptyBatch = (): Batch => ({ json: [], bytes: 0 });

export class Uplink {
  readonly #options: UplinkOptions;
  readonly #backoff: Backoff = createBackoff(FIRST_RETRY_MS, MAX_RETRY_MS);
  readonly #unacknowledged = new Map<number, Unacknowledged>();
  /** Events whose opening was sent; the closing of any other would name a row that VAS does not have. */
  readonly #openedSent = new Set<string>();
  #socket: WebSocket | null = null;
  #isOpen = false;
  #isStopped = false;
  #nextId = 1;
  #results = emptyBatch();
  #opened = emptyBatch();
  #openedIds: string[] = [];
  #closed = emptyBatch();
  #batchTimer: NodeJS.Timeout | null = null;
  #flushedMs = Number.NEGATIVE_INFINITY;
  #retryTimer: NodeJS.Timeout | null = null;
  #areModelsSent = false;
  #resultsDropped = 0;
  #eventsDropped = 0;
  #lastProblem = "";
  #lastProblemMs = Number.NEGATIVE_INFINITY;

  constructor(options: UplinkOptions) {
    this.#options = options;
  }

  get isConnected(): boolean {
    return this.#isOpen;
  }
  get unacknowledged(): number {
    return this.#unacknowledged.size;
  }
  get resultsDropped(): number {
    return this.#resultsDropped;
  }
  /** Openings and closings. */
  get eventsDropped(): number {
    return this.#eventsDropped;
  }

  start(): void {
    void this.#connect();
  }

  /** Queues one result for the next batch, or drops and counts it. */
  result(result: Result): void {
    const json = JSON.stringify(result);
    const bytes = Buffer.byteLength(json) + 1;
    if (!this.#canSend() || bytes > MAX_BATCH_BYTES) {
      this.#resultsDropped++;
      return;
    }
    if (this.#results.json.length >= MAX_BATCH || this.#results.bytes + bytes > MAX_BATCH_BYTES) this.#flush();
    add(this.#results, json, bytes);
    this.#startBatch();
  }

  /** Queues events for the next batch, or drops and counts them. */
  events(changes: EventChanges): void {
    for (const event of changes.opened) this.#openedEvent(event);
    for (const event of changes.closed) this.#closedEvent(event);
  }

  /** The registry changed. */
  modelsChanged(): void {
    this.#areModelsSent = false;
    this.#sendModels();
  }

  /** Sends metrics, unless VAS is behind. */
  metrics(metrics: CoreMetrics): void {
    this.#checkAcks();
    this.#sendModels();
    if (this.#canSend()) this.#send("metrics", `"metrics":${JSON.stringify(metrics)}`, nothingLost());
  }

  /** Sends what waits and closes; gives VAS at most `graceMs` to take it. */
  async stop(graceMs: number): Promise<void> {
    this.#flush();
    this.#isStopped = true;
    if (this.#retryTimer) clearTimeout(this.#retryTimer);
    const socket = this.#socket;
    if (socket === null) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      socket.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      socket.close(1000);
    });
    socket.terminate();
  }

  #openedEvent(event: EventOpened): void {
    const json = JSON.stringify(event);
    const bytes = Buffer.byteLength(json) + 1;
    if (!this.#canSend() || bytes > MAX_BATCH_BYTES) {
      this.#eventsDropped++;
      return;
    }
    this.#makeRoomForEvent(bytes);
    add(this.#opened, json, bytes);
    this.#openedIds.push(event.event_id);
    this.#openedSent.add(event.event_id);
    this.#startBatch();
  }

  #closedEvent(event: EventClosed): void {
    const wasOpened = this.#openedSent.delete(event.event_id);
    if (!this.#canSend() || !wasOpened) {
      this.#eventsDropped++;
      return;
    }
    const json = JSON.stringify(event);
    const bytes = Buffer.byteLength(json) + 1;
    this.#makeRoomForEvent(bytes);
    add(this.#closed, json, bytes);
    this.#startBatch();
  }

  #makeRoomForEvent(bytes: number): void {
    const isFull =
      this.#opened.json.length >= MAX_BATCH ||
      this.#closed.json.length >= MAX_BATCH ||
      this.#opened.bytes + this.#closed.bytes + bytes > MAX_BATCH_BYTES;
    if (isFull) this.#flush();
  }

  #startBatch(): void {
    if (this.#batchTimer) return;
    // What comes alone goes at once; only what follows within the pause waits for its end.
    const restMs = this.#flushedMs + BATCH_MS - this.#options.nowMs();
    this.#batchTimer = setTimeout(() => this.#flush(), Math.max(0, restMs));
  }

  #flush(): void {
    if (this.#batchTimer) clearTimeout(this.#batchTimer);
    this.#batchTimer = null;
    this.#flushedMs = this.#options.nowMs();
    const results = this.#results;
    const opened = this.#opened;
    const closed = this.#closed;
    const openedIds = this.#openedIds;
    this.#results = emptyBatch();
    this.#opened = emptyBatch();
    this.#closed = emptyBatch();
    this.#openedIds = [];
    // Events first: they are few, and when only one message fits they are worth more than one batch of the track.
    if (opened.json.length + closed.json.length > 0) {
      const lost = { ...nothingLost(), events: opened.json.length + closed.json.length, opened: openedIds };
      const body = `"opened":[${opened.json.join(",")}],"closed":[${closed.json.join(",")}]`;
      if (this.#canSend()) this.#send("events", body, lost);
      else this.#lose(lost);
    }
    if (results.json.length > 0) {
      const lost = { ...nothingLost(), results: results.json.length };
      if (this.#canSend()) this.#send("results", `"results":[${results.json.join(",")}]`, lost);
      else this.#lose(lost);
    }
  }

  #sendModels(): void {
    if (this.#areModelsSent || !this.#canSend()) return;
    this.#areModelsSent = true;
    let json = JSON.stringify(this.#options.models());
    if (Buffer.byteLength(json) > MAX_BATCH_BYTES) {
      this.#options.log.warn("the registry is too large to send; class names and config schemas are left out");
      json = JSON.stringify(this.#options.models().map((m) => ({ ...m, class_names: [], config_schema: null })));
    }
    this.#send("models", `"models":${json}`, nothingLost());
  }

  #canSend(): boolean {
    return (
      this.#isOpen &&
      this.#unacknowledged.size < MAX_UNACKNOWLEDGED &&
      (this.#socket?.bufferedAmount ?? 0) < MAX_BUFFERED_BYTES
    );
  }

  #send(type: string, body: string, lost: Unacknowledged): void {
    const id = this.#nextId++;
    this.#unacknowledged.set(id, { ...lost, sentMs: this.#options.nowMs() });
    this.#socket?.send(`{"id":${id},"type":"${type}",${body}}`);
  }

  #lose(lost: Unacknowledged): void {
    this.#resultsDropped += lost.results;
    this.#eventsDropped += lost.events;
    for (const eventId of lost.opened) this.#openedSent.delete(eventId);
  }

  #checkAcks(): void {
    const oldest = this.#unacknowledged.values().next().value;
    if (oldest === undefined || this.#options.nowMs() - oldest.sentMs < ACK_DEADLINE_MS) return;
    this.#problem(`VAS acknowledged nothing for ${ACK_DEADLINE_MS} ms`);
    this.#socket?.terminate();
  }

  async #connect(): Promise<void> {
    this.#retryTimer = null;
    const answer = await this.#options.key();
    if (this.#isStopped) return;
    if ("problem" in answer) {
      this.#problem(answer.problem);
      return this.#retry(this.#backoff.nextMs());
    }
    const socket = new WebSocket(`${this.#options.vasUrl.replace(/^http/, "ws")}/api/v1/ai-results`, {
      headers: { authorization: `Bearer ${answer.key}` },
      perMessageDeflate: false,
      maxPayload: MAX_VAS_MESSAGE_BYTES,
      handshakeTimeout: HANDSHAKE_MS,
    });
    this.#socket = socket;
    socket.on("open", () => {
      this.#isOpen = true;
      this.#areModelsSent = false;
      this.#options.log.info("connected to VAS");
      this.#lastProblem = "";
      this.#sendModels();
      this.#options.onConnected();
    });
    socket.on("message", (data, isBinary) => this.#onMessage(isBinary ? "" : (data as Buffer).toString("utf8")));
    socket.on("error", (error) => this.#problem(`no connection to VAS: ${error.message}`));
    socket.on("close", (code) => {
      this.#socket = null;
      if (this.#isOpen && !this.#isStopped) this.#problem(`the connection to VAS ended [code:${code}]`);
      this.#isOpen = false;
      for (const lost of this.#unacknowledged.values()) this.#lose(lost);
      this.#unacknowledged.clear();
      this.#flush();
      this.#retry(code === CLOSED_BY_ANOTHER_CORE ? MAX_RETRY_MS : this.#backoff.nextMs());
    });
  }

  #retry(waitMs: number): void {
    if (!this.#isStopped) this.#retryTimer = setTimeout(() => void this.#connect(), waitMs);
  }

  #onMessage(text: string): void {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return this.#problem("VAS sent something that is not JSON");
    }
    const checked = checkVasMessage(value);
    // By addition only: a notice this Core does not know is for a newer one.
    if (!checked.ok) return;
    const message = checked.value;
    if ("notice" in message) {
      if (message.notice === "assignments_changed") return this.#options.onAssignmentsChanged();
      const { request, camera_id, model_id } = message;
      const flights = JSON.stringify(this.#options.flights(camera_id, model_id));
      if (this.#canSend()) this.#send("flights", `"request":${request},"flights":${flights}`, nothingLost());
      return;
    }
    if ("ack" in message) {
      if (this.#unacknowledged.delete(message.ack)) this.#backoff.reset();
      return;
    }
    const { nack, error } = message;
    this.#problem(`VAS refused a message [${error.code}]: ${error.message}`);
    if (nack === null) return;
    const lost = this.#unacknowledged.get(nack);
    this.#unacknowledged.delete(nack);
    if (lost) this.#lose(lost);
  }

  /** Says the same thing at most once a minute, and anything at most once a second. */
  #problem(text: string): void {
    const nowMs = this.#options.nowMs();
    const sinceMs = nowMs - this.#lastProblemMs;
    if (sinceMs < (text === this.#lastProblem ? 60_000 : 1000)) return;
    this.#lastProblem = text;
    this.#lastProblemMs = nowMs;
    this.#options.log.warn(text);
  }
}

function add(batch: Batch, json: string, bytes: number): void {
  batch.json.push(json);
  batch.bytes += bytes;
}

function nothingLost(): Unacknowledged {
  return { results: 0, events: 0, opened: [], sentMs: 0 };
}
