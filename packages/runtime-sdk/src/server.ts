/**
 * W2 as a runtime serves it: one Unix socket, many connections, one request at a time.
 *
 * Each connection has at most one request in the queue; the next one joins at the end when its predecessor was
 * answered. So requests are served in the order of their arrival, and no connection can crowd the others out.
 */
import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import type { Clock } from "@vas/base/clock.ts";
import type { Log } from "@vas/base/log.ts";
import { type Heartbeat, MAX_REQUEST_BYTES, MessageDecoder, socketPath } from "@vas/contracts/inference.ts";
import { type Answer, type Answerer, answer, errorReply, type ReplyCode } from "./answer.ts";
import { FrameReader } from "./frame-reader.ts";
import type { Handler } from "./handler.ts";
import { hasHungUp } from "./hangup.ts";
import type { LoadedModel } from "./model-folder.ts";

/** sun_path is 108 bytes with its closing zero. */
const MAX_SOCKET_PATH_BYTES = 107;
const MAX_CONNECTIONS = 256;
/** Unanswered requests of one connection before it is no longer read. */
const MAX_WAITING = 8;
/** Bytes of unanswered and unfinished requests, over all connections. */
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024;
const SWEEP_INTERVAL_MS = 5_000;
/** What replies may take to leave when the server ends. */
const FLUSH_MS = 1_000;
const PREFIX_BYTES = 4;
const NOTHING = Buffer.alloc(0);

export type InferenceServerOptions = {
  model: LoadedModel;
  handler: Handler;
  socketDir: string;
  shmDir: string;
  clock: Clock;
  log: Log;
  /** What the model runs on; `cpu` unless told otherwise. */
  device?: string;
};

type Connection = {
  socket: Socket;
  decoder: MessageDecoder;
  waiting: Buffer[];
  /** Bytes that arrived and belong to no answered request. */
  heldBytes: number;
  /** Its next request is in the queue. */
  queued: boolean;
  /** One of its requests is with the handler. */
  served: boolean;
  /** The caller sends nothing more. */
  ended: boolean;
  /** No further request of it is served. */
  closing: boolean;
  /** What is said after the last whole request was answered, before the connection is closed. */
  broken: { code: ReplyCode; text: string } | undefined;
};

export class InferenceServer implements AsyncDisposable {
  readonly #options: InferenceServerOptions;
  readonly #path: string;
  readonly #answerer: Answerer;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #stop = new AbortController();
  #queue: Connection[] = [];
  #bufferedBytes = 0;
  #serving: Promise<void> | undefined;
  #sweeping: Promise<void> | undefined;
  #startedMs = 0;
  #requests = 0;
  #errors = 0;
  #averageMs = 0;
  #failuresUntold = 0;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(options: InferenceServerOptions) {
    this.#options = options;
    this.#path = socketPath(options.socketDir, options.model.yaml.model_id);
    this.#answerer = {
      model: options.model,
      handler: options.handler,
      reader: new FrameReader({ shmDir: options.shmDir }),
      device: options.device ?? "cpu",
    };
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  get path(): string {
    return this.#path;
  }

  /** Bytes that callers have sent and that belong to no answered request. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /**
   * Takes the socket and begins to serve.
   *
   * @throws Error where another process answers on it, or it cannot be made
   */
  async listen(): Promise<void> {
    await clearSocket(this.#path);
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      // listen() binds before it returns, so the socket never exists with wider permissions than these.
      const before = process.umask(0o177);
      try {
        this.#server.listen(this.#path, () => {
          this.#server.off("error", reject);
          resolve();
        });
      } finally {
        process.umask(before);
      }
    });
    chmodSync(this.#path, 0o600);
    this.#server.on("error", (error) => this.#options.log.error("the socket failed", { error }));
    this.#startedMs = this.#nowMs();
    this.#sweeping = this.#sweepUntilStopped();
  }

  /** The heartbeat's figures; `avg_latency_ms` weighs recent requests more. */
  metrics(): Heartbeat["metrics"] {
    return {
      total_requests: this.#requests,
      total_errors: this.#errors,
      avg_latency_ms: Math.round(this.#averageMs * 1000) / 1000,
      uptime_seconds: Math.round((this.#nowMs() - this.#startedMs) / 1000),
      memory_bytes: process.memoryUsage.rss(),
    };
  }

  /** Accepts nothing more, finishes the request that is being served, removes the socket. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) this.#close(connection);
    await this.#serving;
    for (const { socket } of this.#connections) socket.destroySoon();
    // A caller that does not read its reply must not hold up the end.
    await Promise.race([closed, this.#options.clock.sleep(FLUSH_MS)]);
    for (const { socket } of this.#connections) socket.destroy();
    await closed;
    await this.#sweeping;
    this.#answerer.reader.close();
  }

  #accept(socket: Socket): void {
    const connection: Connection = {
      socket,
      decoder: new MessageDecoder(MAX_REQUEST_BYTES),
      waiting: [],
      heldBytes: 0,
      queued: false,
      served: false,
      ended: false,
      closing: false,
      broken: undefined,
    };
    this.#connections.add(connection);
    socket.on("data", (chunk: Buffer) => this.#read(connection, chunk));
    socket.on("end", () => {
      connection.ended = true;
      // A caller that waited too long closes: what it asked for and is not being served has lost its reader.
      if (hasHungUp(socket)) this.#close(connection);
      else this.#schedule(connection);
    });
    // A caller may vanish at any moment; "close" follows and does what has to be done.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#connections.delete(connection);
      this.#forget(connection);
      this.#hold(connection, -connection.heldBytes);
    });
    socket.on("drain", () => this.#schedule(connection));
  }

  #read(connection: Connection, chunk: Buffer): void {
    if (connection.closing || connection.broken) return;
    this.#hold(connection, chunk.length);
    let messages = connection.decoder.push(chunk);
    // What came before a broken length is still answered; asking again tells whether there is one.
    while (typeof messages !== "string" && messages.length > 0) {
      connection.waiting.push(...messages);
      messages = connection.decoder.push(NOTHING);
    }
    if (typeof messages === "string") connection.broken = { code: "protocol", text: messages };
    else if (this.#bufferedBytes > MAX_BUFFERED_BYTES)
      connection.broken = { code: "overloaded", text: `too much is waiting [max:${MAX_BUFFERED_BYTES}]` };
    if (connection.waiting.length >= MAX_WAITING || connection.broken) connection.socket.pause();
    this.#schedule(connection);
  }

  /** Puts a connection's next request into the queue, where it has one and its last reply has left. */
  #schedule(connection: Connection): void {
    if (connection.queued || connection.served || connection.socket.writableNeedDrain) return;
    if (connection.closing) return this.#close(connection);
    if (connection.waiting.length > 0) {
      connection.queued = true;
      this.#queue.push(connection);
      this.#serving ??= this.#serve();
      return;
    }
    if (connection.ended && connection.heldBytes > 0)
      connection.broken ??= { code: "protocol", text: "the caller's stream ended inside a message" };
    if (connection.broken) {
      const nobody = { modelId: this.#options.model.yaml.model_id, cameraId: "", frameId: 0 };
      const reply = errorReply(nobody, connection.broken.code, connection.broken.text);
      this.#count(reply, 0);
      connection.socket.write(reply.bytes);
      this.#close(connection);
    } else if (connection.ended) this.#close(connection);
    else connection.socket.resume();
  }

  /** Ends a connection as soon as its request is answered and what was written has left. */
  #close(connection: Connection): void {
    connection.closing = true;
    this.#forget(connection);
    if (!connection.served) connection.socket.destroySoon();
  }

  async #serve(): Promise<void> {
    for (;;) {
      const connection = this.#queue.shift();
      if (connection === undefined) break;
      connection.queued = false;
      const message = connection.waiting.shift();
      if (message === undefined) continue;
      connection.served = true;
      const start = this.#nowMs();
      const replied = await answer(message, this.#answerer);
      connection.served = false;
      this.#count(replied, this.#nowMs() - start);
      this.#hold(connection, -(message.length + PREFIX_BYTES));
      if (!connection.socket.destroyed && connection.socket.writable) connection.socket.write(replied.bytes);
      this.#schedule(connection);
      if (this.#queue.length === 0) break;
      // A handler without a real wait would otherwise keep the sockets from being read.
      await setImmediate();
    }
    this.#serving = undefined;
  }

  #forget(connection: Connection): void {
    connection.waiting = [];
    this.#queue = this.#queue.filter((queued) => queued !== connection);
    connection.queued = false;
  }

  #hold(connection: Connection, bytes: number): void {
    if (connection.socket.destroyed && bytes > 0) return;
    const change = Math.max(bytes, -connection.heldBytes);
    connection.heldBytes += change;
    this.#bufferedBytes += change;
  }

  #count(replied: Answer, tookMs: number): void {
    this.#requests++;
    const weight = Math.max(1 / this.#requests, 0.05);
    this.#averageMs += (tookMs - this.#averageMs) * weight;
    if (replied.error === null) return;
    this.#errors++;
    if (!replied.error.startsWith("model_failed")) return;
    this.#failuresUntold++;
    const now = this.#nowMs();
    if (now - this.#toldMs < 1000) return;
    this.#options.log.warn("the model failed", {
      error: replied.error,
      failure: replied.failure,
      failures: this.#failuresUntold,
    });
    this.#toldMs = now;
    this.#failuresUntold = 0;
  }

  async #sweepUntilStopped(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#options.clock.sleep(SWEEP_INTERVAL_MS, signal);
      this.#answerer.reader.sweep();
    }
  }

  #nowMs(): number {
    return Number(this.#options.clock.monotonicNs() / 1000n) / 1000;
  }
}

/**
 * Makes a socket's path free: removes the socket of a process that is gone.
 *
 * @throws Error where something answers on it, or it is no socket
 */
async function clearSocket(path: string): Promise<void> {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES)
    throw new Error(`the socket's path is too long [max:${MAX_SOCKET_PATH_BYTES}, found:${Buffer.byteLength(path)}]`);
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) throw new Error(`${path} is there and is no socket; remove it`);
  if (await answers(path)) throw new Error(`another process serves ${path}; a model has one runtime`);
  unlinkSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED" || error.code === "ENOENT") resolve(false);
      else reject(error);
    });
  });
}
