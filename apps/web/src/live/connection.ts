/**
 * The one `live` WebSocket of this browser: requests by id, notices, and a connection that comes back by itself.
 * What the requests mean is not known here (viewer.ts, detections.ts).
 */
import type { LiveNotice, LiveReply, LiveRequest, LiveResults } from "@vas/contracts/live.ts";
import { type Backoff, createBackoff } from "./backoff.ts";

export type Method = LiveRequest["method"];
export type Params<M extends Method> = Extract<LiveRequest, { method: M }>["params"];
export type LiveError = { code: string; message: string };
export type LiveOutcome<T> = { ok: true; result: T } | { ok: false; error: LiveError };

/** What is needed of a browser's WebSocket. */
export type Socket = {
  addEventListener(type: "open" | "close", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  send(text: string): void;
  close(): void;
};

export type Timers = {
  set(run: () => void, ms: number): unknown;
  clear(handle: unknown): void;
};

export type ConnectionState = "closed" | "connecting" | "open";

export type ConnectionOptions = {
  open: () => Socket;
  timers: Timers;
  random: () => number;
  /** A try ended before it opened: the session may be over (a browser hides the handshake's status). */
  onRefused: () => void;
};

const REPLY_TIMEOUT_MS = 10_000;
const OPEN_TIMEOUT_MS = 10_000;

type Pending = { settle: (outcome: LiveOutcome<never>) => void; timer: unknown };

export class LiveConnection {
  readonly #options: ConnectionOptions;
  readonly #backoff: Backoff;
  readonly #noticeListeners = new Set<(notice: LiveNotice) => void>();
  readonly #stateListeners = new Set<() => void>();
  #pending = new Map<number, Pending>();
  #socket: Socket | null = null;
  #state: ConnectionState = "closed";
  #timer: unknown = null;
  #nextId = 1;
  #epoch = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#backoff = createBackoff(500, 4_000, options.random);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Counts the times the connection opened: whatever VAS knew of an earlier one is gone. */
  get epoch(): number {
    return this.#epoch;
  }

  start(): void {
    if (this.#state === "closed") this.#connect();
  }

  /** Ends it for good, until `start`. */
  stop(): void {
    this.#clearTimer();
    this.#drop("closed");
  }

  onNotice(listener: (notice: LiveNotice) => void): () => void {
    this.#noticeListeners.add(listener);
    return () => void this.#noticeListeners.delete(listener);
  }

  onState(listener: () => void): () => void {
    this.#stateListeners.add(listener);
    return () => void this.#stateListeners.delete(listener);
  }

  /** Answers `offline` where there is no connection, or none any more, before the reply came. */
  request<M extends Method>(method: M, params: Params<M>): Promise<LiveOutcome<LiveResults[M]>> {
    const socket = this.#socket;
    if (this.#state !== "open" || !socket) return Promise.resolve(offline());
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve) => {
      const timer = this.#options.timers.set(() => {
        // A connection that does not answer is dead, whatever the operating system still believes.
        if (this.#socket === socket) this.#lost();
      }, REPLY_TIMEOUT_MS);
      this.#pending.set(id, { settle: resolve, timer });
      socket.send(JSON.stringify({ id, method, params }));
    });
  }

  #connect(): void {
    this.#setState("connecting");
    const socket = this.#options.open();
    this.#socket = socket;
    this.#timer = this.#options.timers.set(() => {
      if (this.#socket === socket) this.#lost();
    }, OPEN_TIMEOUT_MS);
    socket.addEventListener("open", () => {
      if (this.#socket !== socket) return;
      this.#clearTimer();
      this.#backoff.reset();
      this.#epoch += 1;
      this.#setState("open");
    });
    socket.addEventListener("message", (event) => {
      if (this.#socket === socket && typeof event.data === "string") this.#receive(event.data);
    });
    socket.addEventListener("close", () => {
      if (this.#socket === socket) this.#lost();
    });
  }

  #lost(): void {
    this.#clearTimer();
    if (this.#state === "connecting") this.#options.onRefused();
    // `onRefused` may have stopped the connection.
    if (this.#state === "closed") return;
    this.#drop("connecting");
    this.#timer = this.#options.timers.set(() => this.#connect(), this.#backoff.nextMs());
  }

  #drop(state: ConnectionState): void {
    const socket = this.#socket;
    this.#socket = null;
    // What it still says is not heard: its listeners see that it is not the current one.
    socket?.close();
    const pending = this.#pending;
    this.#pending = new Map();
    this.#setState(state);
    for (const { settle, timer } of pending.values()) {
      this.#options.timers.clear(timer);
      settle(offline());
    }
  }

  #receive(text: string): void {
    let message: LiveReply | LiveNotice;
    try {
      message = JSON.parse(text) as LiveReply | LiveNotice;
    } catch {
      // Not VAS's protocol: begin anew rather than guess.
      this.#lost();
      return;
    }
    if ("notice" in message) {
      for (const listener of this.#noticeListeners) listener(message);
      return;
    }
    const pending = message.id === null ? undefined : this.#pending.get(message.id);
    if (!pending) return;
    this.#pending.delete(message.id as number);
    this.#options.timers.clear(pending.timer);
    pending.settle(message as LiveOutcome<never>);
  }

  #setState(state: ConnectionState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#stateListeners) listener();
  }

  #clearTimer(): void {
    this.#options.timers.clear(this.#timer);
    this.#timer = null;
  }
}

function offline(): { ok: false; error: LiveError } {
  return { ok: false, error: { code: "offline", message: "There is no connection to VAS." } };
}
