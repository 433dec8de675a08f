/** Peers for this folder's tests: a clock that stands until told, and the far end of the live WebSocket. */
import type { LiveNotice } from "@vas/contracts/live.ts";
import { LiveConnection, type Socket, type Timers } from "./connection.ts";
import type { LoadDevice, ReceiverEvents } from "./media.ts";

export class FakeTimers implements Timers {
  #now = 0;
  #next = 1;
  #waiting = new Map<number, { at: number; run: () => void }>();

  set(run: () => void, ms: number): unknown {
    const id = this.#next;
    this.#next += 1;
    this.#waiting.set(id, { at: this.#now + ms, run });
    return id;
  }

  clear(handle: unknown): void {
    this.#waiting.delete(handle as number);
  }

  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const due = [...this.#waiting].filter(([, { at }]) => at <= until).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.#waiting.delete(due[0]);
      this.#now = due[1].at;
      due[1].run();
    }
    this.#now = until;
  }
}

export type FakeRequest = { id: number; method: string; params: Record<string, unknown> };
type Answer = { result: unknown } | { error: { code: string; message: string } } | "silence";

class FakeSocket implements Socket {
  readonly #listeners = new Map<string, (event: { data: unknown }) => void>();
  closed = false;
  readonly #onSend: (socket: FakeSocket, text: string) => void;

  constructor(onSend: (socket: FakeSocket, text: string) => void) {
    this.#onSend = onSend;
  }

  addEventListener(type: string, listener: (event: { data: unknown }) => void): void {
    this.#listeners.set(type, listener);
  }

  /** What the browser would tell its listeners. */
  tell(type: "open" | "message" | "close", data?: unknown): void {
    this.#listeners.get(type)?.({ data });
  }

  send(text: string): void {
    this.#onSend(this, text);
  }

  close(): void {
    this.closed = true;
  }
}

/** VAS as one browser sees it. `answers` may be changed at any time. */
export class FakeVas {
  readonly timers = new FakeTimers();
  readonly sockets: FakeSocket[] = [];
  readonly requests: FakeRequest[] = [];
  readonly answers: Record<string, (params: Record<string, unknown>) => Answer> = {};
  readonly connection: LiveConnection;
  refused = 0;

  constructor() {
    this.connection = new LiveConnection({
      open: () => {
        const socket = new FakeSocket((from, text) => this.#receive(from, text));
        this.sockets.push(socket);
        return socket;
      },
      timers: this.timers,
      random: () => 1,
      onRefused: () => {
        this.refused += 1;
      },
    });
  }

  get socket(): FakeSocket {
    return this.sockets.at(-1) as FakeSocket;
  }

  accept(): void {
    this.socket.tell("open");
  }

  /** The far end goes away. */
  break(): void {
    this.socket.tell("close");
  }

  notice(notice: LiveNotice): void {
    this.socket.tell("message", JSON.stringify(notice));
  }

  count(method: string): number {
    return this.requests.filter((request) => request.method === method).length;
  }

  #receive(socket: FakeSocket, text: string): void {
    const request = JSON.parse(text) as FakeRequest;
    this.requests.push(request);
    const answer = this.answers[request.method]?.(request.params) ?? { result: {} };
    if (answer === "silence") return;
    const reply = "result" in answer ? { ok: true, result: answer.result } : { ok: false, error: answer.error };
    queueMicrotask(() => socket.tell("message", JSON.stringify({ id: request.id, ...reply })));
  }
}

export class FakeDevices {
  readonly receivers: { id: string; events: ReceiverEvents; closed: boolean; consumed: string[] }[] = [];
  refuse: string | null = null;

  readonly load: LoadDevice<string> = async () => {
    if (this.refuse) throw new Error(this.refuse);
    return {
      rtpCapabilities: { codecs: [] },
      receiver: (transport, events) => {
        const receiver = { id: transport.transport_id, events, closed: false, consumed: [] as string[] };
        this.receivers.push(receiver);
        return {
          consume: async (consumer) => {
            if (receiver.consumed.length === 0) await events.connect({ role: "client" });
            receiver.consumed.push(consumer.consumer_id);
            return { track: `track of ${consumer.consumer_id}`, close: () => {} };
          },
          close: () => {
            receiver.closed = true;
          },
        };
      },
    };
  };
}

/** Lets pending work run until the condition holds; fails naming what was missing. */
export async function eventually(what: string, condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000; turn += 1) {
    if (condition()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`did not happen: ${what}`);
}
