/**
 * One persistent connection to a model's runtime (W2). It carries bytes and cuts replies; who may send, and for how long
 * an answer is waited, is dispatch's. It never waits, buffers at most one reply, and connects at most once a second.
 */
import { createConnection, type Socket } from "node:net";
import { MAX_REPLY_BYTES, MessageDecoder } from "@vas/contracts/inference.ts";

/** What dispatch needs of a connection. */
export interface Channel {
  /** Whether a request can be sent now. */
  readonly ready: boolean;
  /** Why it cannot, in words; null while it can. */
  readonly problem: string | null;
  /** Connects where that is due. @param monoMs monotonic */
  tick(monoMs: number): void;
  send(request: Buffer): void;
  /** Closes with a reason; the next connection is made when it is due. Does not call `onClosed`. */
  drop(reason: string): void;
}

export interface ChannelEvents {
  /** One complete reply's bytes. */
  onReply(reply: Buffer): void;
  /** The connection is gone without `drop` having been called. */
  onClosed(reason: string): void;
  /** Requests can be sent from now on. */
  onReady(): void;
}

const RECONNECT_EVERY_MS = 1000;
/** sun_path holds 108 bytes with its end; a longer path would be cut and name another socket. */
const MAX_SOCKET_PATH_BYTES = 107;

export class RuntimeChannel implements Channel {
  readonly #findPath: () => string;
  readonly #events: ChannelEvents;
  #socket: Socket | null = null;
  #ready = false;
  #problem: string | null = "not connected yet";
  #lastTryMs = Number.NEGATIVE_INFINITY;

  /** @param findPath the runtime's socket; asked for at every connection */
  constructor(findPath: () => string, events: ChannelEvents) {
    this.#findPath = findPath;
    this.#events = events;
  }

  get ready(): boolean {
    return this.#ready;
  }

  get problem(): string | null {
    return this.#ready ? null : this.#problem;
  }

  tick(monoMs: number): void {
    if (this.#ready || monoMs - this.#lastTryMs < RECONNECT_EVERY_MS) return;
    // A connection that is still being made after a second is given up.
    this.drop(this.#problem ?? "no connection within a second");
    this.#lastTryMs = monoMs;
    this.#connect();
  }

  send(request: Buffer): void {
    this.#socket?.write(request);
  }

  drop(reason: string): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#ready = false;
    this.#problem = reason;
    socket?.destroy();
  }

  #connect(): void {
    const path = this.#findPath();
    if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
      this.#problem = `the socket's path is too long [bytes:${Buffer.byteLength(path)}, max:${MAX_SOCKET_PATH_BYTES}]`;
      return;
    }
    const socket = createConnection({ path });
    const decoder = new MessageDecoder(MAX_REPLY_BYTES);
    this.#socket = socket;
    const lost = (reason: string) => {
      if (this.#socket !== socket) return;
      const wasReady = this.#ready;
      this.drop(reason);
      if (wasReady) this.#events.onClosed(reason);
    };
    socket.on("connect", () => {
      if (this.#socket !== socket) return;
      this.#ready = true;
      this.#events.onReady();
    });
    socket.on("data", (chunk: Buffer) => {
      if (this.#socket !== socket) return;
      const replies = decoder.push(chunk);
      if (typeof replies === "string") return lost(replies);
      for (const reply of replies) if (this.#socket === socket) this.#events.onReply(reply);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => lost(error.code ?? error.message));
    socket.on("close", () => lost("the runtime closed the connection"));
  }
}
