/**
 * One browser's WebSocket: signaling of its viewers and its feed of notices (contracts/live.ts). What a connection
 * makes in the kernel is reachable by that connection only, and goes when it goes. A camera that the caller may not see
 * does not exist here; when that changes, what is open of it is closed.
 */
import { Buffer } from "node:buffer";
import type { Log } from "@vas/base/log.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import type { StreamRole } from "@vas/contracts/http.ts";
import {
  LiveRequest,
  type LiveNotice,
  type LiveReply,
  type LiveResults,
  MAX_LIVE_MESSAGE_BYTES,
} from "@vas/contracts/live.ts";
import { checker } from "@vas/contracts/schema.ts";
import type { RawData, WebSocket } from "ws";
import type { Caller, Callers } from "../callers.ts";
import type { App, Backend } from "../context.ts";
import type { Counters } from "../counters.ts";
import { tell } from "../errors.ts";
import type { ViewerConsumer, ViewerTransport } from "../../kernel/index.ts";
import type { NoticeFeed } from "../notices.ts";
import { cameraById } from "../store/cameras.ts";
import { isStoreUnavailable } from "../store/failure.ts";

export const MAX_TRANSPORTS = 64;
const MAX_CONSUMERS = 64;
const MAX_PENDING = 256;
const MAX_BUFFERED_BYTES = 1024 * 1024;
const PING_MS = 20_000;

/** WebSocket close codes: RFC 6455 7.4.1, and 4401 of our own for a session that ended. */
export const CLOSE = { goingAway: 1001, unsupportedData: 1003, tooBig: 1009, tooMany: 1008, loggedOut: 4401 } as const;

export type LiveParts = { callers: Callers; feed: NoticeFeed; counters: Counters; pingMs?: number };

const checkRequest = checker(LiveRequest);

export function registerLive(app: App, backend: Backend, parts: LiveParts): void {
  const connections = new Set<LiveConnection>();
  app.get(
    "/api/v1/live",
    { config: { access: { need: "view", of: "listed" } }, websocket: true },
    (socket, request) => {
      const connection = new LiveConnection(backend, parts, socket, request.caller, request.id);
      connections.add(connection);
      socket.once("close", () => connections.delete(connection));
      connection.open();
    },
  );
  // A browser that does not answer the close keeps its socket a while longer, but not its viewers.
  app.addHook("preClose", async () => {
    for (const connection of connections) connection.close(CLOSE.goingAway, "VAS is stopping");
  });
}

type Handlers = {
  [Method in LiveRequest["method"]]: (
    params: Extract<LiveRequest, { method: Method }>["params"],
  ) => Promise<LiveResults[Method]>;
};

class LiveConnection {
  readonly #backend: Backend;
  readonly #parts: LiveParts;
  readonly #socket: WebSocket;
  readonly #log: Log;
  readonly #transports = new Map<string, { cameraId: string; transport: ViewerTransport }>();
  readonly #consumers = new Map<string, { transportId: string; consumer: ViewerConsumer }>();
  readonly #detections = new Set<string>();
  readonly #cleanups: (() => void)[] = [];
  /** As it was when it was last looked at. */
  #caller: Caller;
  #looking: Promise<void> = Promise.resolve();
  #openingTransports = 0;
  #openingConsumers = 0;
  #pending = 0;
  #closed = false;

  constructor(backend: Backend, parts: LiveParts, socket: WebSocket, caller: Caller, requestId: string) {
    this.#backend = backend;
    this.#parts = parts;
    this.#socket = socket;
    this.#caller = caller;
    this.#log = backend.log.with({ request_id: requestId });
  }

  /** Serves the socket until either side closes it. */
  open(): void {
    const [parts, socket] = [this.#parts, this.#socket];
    parts.counters.add("live_connections");
    let answered = true;
    const timer = setInterval(() => {
      if (!answered) return socket.terminate();
      answered = false;
      socket.ping();
      this.#lookAgain((error) => this.#log.error("a session could not be checked", { error }));
    }, parts.pingMs ?? PING_MS);
    this.#cleanups.push(
      () => clearInterval(timer),
      () => parts.counters.add("live_connections", -1),
      // What was taken away must not go on because it cannot be read back: the browser comes again and is asked anew.
      parts.callers.watch(this.#caller, () => this.#lookAgain(() => this.close(CLOSE.goingAway, "ask again"))),
      parts.feed.subscribe({
        wants: (notice) => this.#wants(notice),
        take: (json) => this.#take(json),
      }),
    );
    socket.on("pong", () => {
      answered = true;
    });
    socket.on("message", (data, isBinary) => this.#message(data, isBinary));
    socket.on("error", () => socket.terminate());
    socket.once("close", () => this.#end());
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
    this.#end();
  }

  /** Asks who the caller is now, one look after the other so that an older answer never replaces a newer one. */
  #lookAgain(failed: (error: unknown) => void): void {
    this.#looking = this.#looking
      .then(() => this.#parts.callers.again(this.#caller))
      .then((caller) => {
        if (this.#closed) return;
        if (!caller) return this.close(CLOSE.loggedOut, "the session has ended");
        const before = this.#caller;
        this.#caller = caller;
        if (!caller.grants.equals(before.grants)) this.#grantsChanged();
      })
      .catch(failed);
  }

  #grantsChanged(): void {
    const { grants } = this.#caller;
    for (const [id, { cameraId, transport }] of this.#transports) {
      if (grants.sees(cameraId)) continue;
      transport.close();
      this.#forgetTransport(id);
      this.#notice({ notice: "transport_closed", camera_id: cameraId, transport_id: id });
    }
    for (const cameraId of this.#detections) if (!grants.sees(cameraId)) this.#detections.delete(cameraId);
    this.#notice({ notice: "access_changed" });
  }

  #wants(notice: LiveNotice): boolean {
    const { grants } = this.#caller;
    const cameraId = cameraOf(notice);
    if (grants.cameras !== "all" && (cameraId === undefined || !grants.sees(cameraId))) return false;
    return notice.notice !== "result" || this.#detections.has(notice.result.camera_id);
  }

  /** What a request may ask. Each answers once, or throws a CodedError that is answered in its place. */
  readonly #handlers: Handlers = {
    capabilities: async ({ camera_id, stream }) => {
      await this.#mustExist(camera_id);
      const { live } = this.#backend.kernel;
      return { rtp_capabilities: await live.rtpCapabilities(camera_id, this.#streamFor(camera_id, stream)) };
    },
    transport: async ({ camera_id, stream }) => {
      await this.#mustExist(camera_id);
      if (this.#transports.size + this.#openingTransports >= MAX_TRANSPORTS) throw new CodedError("viewer_limit");
      this.#openingTransports++;
      try {
        return await this.#openTransport(camera_id, this.#streamFor(camera_id, stream));
      } finally {
        this.#openingTransports--;
      }
    },
    connect: async ({ transport_id, dtls_parameters }) => {
      await opaque("dtls_parameters", this.#transport(transport_id).transport.connect(dtls_parameters));
      return {};
    },
    consume: async ({ transport_id, rtp_capabilities }) => {
      if (this.#consumers.size + this.#openingConsumers >= MAX_CONSUMERS) throw new CodedError("viewer_limit");
      this.#openingConsumers++;
      try {
        return await this.#consume(transport_id, rtp_capabilities);
      } finally {
        this.#openingConsumers--;
      }
    },
    resume: async ({ consumer_id }) => {
      const held = this.#consumers.get(consumer_id);
      if (!held) throw new CodedError("consumer_not_found");
      await held.consumer.resume();
      return {};
    },
    close: async ({ transport_id }) => {
      this.#transport(transport_id).transport.close();
      this.#forgetTransport(transport_id);
      return {};
    },
    detections: async ({ camera_id, on }) => {
      if (!on) this.#detections.delete(camera_id);
      else {
        await this.#mustExist(camera_id);
        this.#detections.add(camera_id);
      }
      return {};
    },
  };

  /** A sub stream that is not live is stood in for by the main one. */
  #streamFor(cameraId: string, wish: StreamRole | undefined): StreamRole {
    return wish === "sub" && this.#backend.kernel.live.run(cameraId, "sub") ? "sub" : "main";
  }

  async #openTransport(cameraId: string, stream: StreamRole): Promise<LiveResults["transport"]> {
    let id: string | undefined;
    let isGone = false;
    const onClosed = () => {
      isGone = true;
      if (id === undefined || !this.#transports.has(id)) return;
      this.#forgetTransport(id);
      this.#notice({ notice: "transport_closed", camera_id: cameraId, transport_id: id });
    };
    const transport = await this.#backend.kernel.live.createTransport(cameraId, onClosed, stream);
    // The grant may have gone while the transport was made.
    const isUnwanted = this.#closed || !this.#caller.grants.sees(cameraId);
    if (isUnwanted) transport.close();
    if (isUnwanted || isGone) throw new CodedError("media_unavailable");
    id = transport.id;
    this.#transports.set(id, { cameraId, transport });
    return {
      transport_id: id,
      stream,
      ice_parameters: transport.iceParameters,
      ice_candidates: transport.iceCandidates,
      dtls_parameters: transport.dtlsParameters,
    };
  }

  async #consume(transportId: string, rtpCapabilities: Record<string, unknown>): Promise<LiveResults["consume"]> {
    const { cameraId, transport } = this.#transport(transportId);
    let id: string | undefined;
    let hasEnded = false;
    const onEnded = () => {
      hasEnded = true;
      if (id === undefined || !this.#consumers.delete(id)) return;
      this.#notice({ notice: "stream_ended", camera_id: cameraId, consumer_id: id });
    };
    const consumer = await opaque("rtp_capabilities", transport.consume(rtpCapabilities, onEnded));
    if (hasEnded || !this.#transports.has(transportId)) {
      if (!hasEnded) consumer.close();
      throw new CodedError("camera_not_live");
    }
    id = consumer.id;
    this.#consumers.set(id, { transportId, consumer });
    return {
      consumer_id: id,
      producer_id: consumer.producerId,
      kind: "video",
      rtp_parameters: consumer.rtpParameters,
      run: consumer.run,
    };
  }

  #message(data: RawData, isBinary: boolean): void {
    if (this.#closed) return;
    const bytes = Buffer.isBuffer(data) ? data : Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
    if (bytes.length > MAX_LIVE_MESSAGE_BYTES) return this.close(CLOSE.tooBig, "a message may have 64 KiB");
    if (isBinary) return this.close(CLOSE.unsupportedData, "messages are JSON text");
    const parsed = parseJson(bytes.toString("utf8"));
    const checked = checkRequest(parsed);
    if (!checked.ok) {
      const id = idOf(parsed);
      return this.#reply({ id, ok: false, error: { code: "bad_request", message: checked.message } });
    }
    if (this.#pending >= MAX_PENDING) return this.close(CLOSE.tooMany, "too many requests wait for an answer");
    void this.#answer(checked.value);
  }

  async #answer(request: LiveRequest): Promise<void> {
    this.#pending++;
    try {
      // The schema ties params to method; the table's type cannot say so for a union.
      const handle = this.#handlers[request.method] as (params: LiveRequest["params"]) => Promise<unknown>;
      this.#reply({ id: request.id, ok: true, result: await handle(request.params) });
    } catch (error) {
      const { code, message } = tell(error, this.#log, { method: request.method });
      this.#reply({ id: request.id, ok: false, error: { code, message } });
    } finally {
      this.#pending--;
    }
  }

  #reply(reply: LiveReply): void {
    if (this.#closed) return;
    // A browser that asks and does not read is not waited for: its next message would only add to the heap.
    if (this.#socket.bufferedAmount > 4 * MAX_BUFFERED_BYTES) return this.close(CLOSE.tooMany, "answers are not read");
    this.#socket.send(JSON.stringify(reply));
  }

  #notice(notice: LiveNotice): void {
    this.#take(JSON.stringify(notice));
  }

  #take(json: string): boolean {
    if (this.#closed || this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) return false;
    this.#socket.send(json);
    return true;
  }

  /** @throws CodedError camera_not_found, also where the caller may not see it */
  async #mustExist(cameraId: string): Promise<void> {
    if (!this.#caller.grants.sees(cameraId)) throw new CodedError("camera_not_found");
    try {
      if (!(await cameraById(this.#backend.db, cameraId))) throw new CodedError("camera_not_found");
    } catch (error) {
      // Live view goes on without the store: a camera that runs is there.
      if (!isStoreUnavailable(error) || this.#backend.kernel.status(cameraId).state === "stopped") throw error;
    }
  }

  #transport(id: string): { cameraId: string; transport: ViewerTransport } {
    const held = this.#transports.get(id);
    if (!held) throw new CodedError("transport_not_found");
    return held;
  }

  /** A closed transport takes its consumers along in the kernel. */
  #forgetTransport(id: string): void {
    this.#transports.delete(id);
    for (const [consumerId, held] of this.#consumers) if (held.transportId === id) this.#consumers.delete(consumerId);
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const cleanup of this.#cleanups) cleanup();
    for (const { transport } of this.#transports.values()) transport.close();
    this.#transports.clear();
    this.#consumers.clear();
  }
}

/** undefined for what is about no single camera. */
function cameraOf(notice: LiveNotice): string | undefined {
  if ("camera_id" in notice) return notice.camera_id;
  switch (notice.notice) {
    case "camera":
      return notice.status.camera_id;
    case "result":
      return notice.result.camera_id;
    case "event":
      return notice.event.camera_id;
    default:
      return undefined;
  }
}

/** mediasoup checks its own parameter objects and throws a TypeError where the browser's are not what it knows. */
async function opaque<T>(field: string, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof TypeError) throw new CodedError("bad_request", `/params/${field}: ${error.message}`);
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the check that follows answers it as bad_request
  }
}

function idOf(message: unknown): number | null {
  const id = typeof message === "object" && message !== null && "id" in message ? message.id : undefined;
  return Number.isSafeInteger(id) ? (id as number) : null;
}
