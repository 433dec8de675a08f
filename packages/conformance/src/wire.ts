/** One connection to the runtime, byte by byte: what a caller of W2 may do, and what it must never do. */
import { createConnection, type Socket } from "node:net";
import { encodeMessage, MAX_REPLY_BYTES, MessageDecoder } from "@vas/contracts/inference.ts";
import { Nonconformity } from "./case.ts";

export class Wire implements Disposable {
  readonly #socket: Socket;
  readonly #patienceMs: number;
  readonly #decoder = new MessageDecoder(MAX_REPLY_BYTES);
  readonly #replies: Buffer[] = [];
  #isClosed = false;
  #broken: string | null = null;
  #changed: () => void = () => undefined;

  private constructor(socket: Socket, patienceMs: number) {
    this.#socket = socket;
    this.#patienceMs = patienceMs;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    const closed = () => {
      this.#isClosed = true;
      this.#changed();
    };
    // The runtime may close at any moment; whether it should have is the case's to say.
    socket.on("error", closed);
    socket.on("end", closed);
    socket.on("close", closed);
  }

  /**
   * @param patienceMs how long anything is waited for on this connection
   * @throws Nonconformity where nothing accepts the connection
   */
  static connect(path: string, patienceMs: number): Promise<Wire> {
    return new Promise((resolve, reject) => {
      // Half-open: the runtime's end is seen without ending ours.
      const socket = createConnection({ path, allowHalfOpen: true });
      const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${patienceMs} ms`)), patienceMs);
      socket.once("connect", () => {
        clearTimeout(timer);
        socket.removeAllListeners("error");
        resolve(new Wire(socket, patienceMs));
      });
      socket.once("error", (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        reject(new Nonconformity(`the socket accepts no connection: ${error.code ?? error.message}`));
      });
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Replies that came and were not asked for with `next`. */
  get unread(): number {
    return this.#replies.length;
  }

  /** Sends one message. */
  send(message: unknown): void {
    this.write(encodeMessage(message));
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Sends bytes so that the runtime reads them apart. */
  async writeInPieces(bytes: Buffer, pieces: number): Promise<void> {
    const size = Math.ceil(bytes.length / pieces);
    for (let at = 0; at < bytes.length; at += size) {
      this.#socket.write(bytes.subarray(at, at + size));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Sends nothing more, and goes on reading. */
  finish(): void {
    this.#socket.end();
  }

  /** Reads nothing more for now. */
  pause(): void {
    this.#socket.pause();
  }

  /** The next reply's bytes. @throws Nonconformity where none comes, the framing is broken or the connection ends */
  async next(): Promise<Buffer> {
    await this.#until("a reply", () => this.#replies.length > 0 || this.#isClosed || this.#broken !== null);
    const reply = this.#replies.shift();
    if (reply !== undefined) return reply;
    throw new Nonconformity(this.#broken ?? "the connection was closed without a reply");
  }

  /** Waits for the runtime's end of the connection. */
  async closed(): Promise<void> {
    await this.#until("the connection to be closed", () => this.#isClosed);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#broken !== null) return;
    let messages = this.#decoder.push(chunk);
    while (typeof messages !== "string" && messages.length > 0) {
      this.#replies.push(...messages);
      messages = this.#decoder.push(Buffer.alloc(0));
    }
    if (typeof messages === "string") this.#broken = `what was sent is no reply: ${messages}`;
    this.#changed();
  }

  #until(what: string, isTrue: () => boolean): Promise<void> {
    if (isTrue()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#changed = () => undefined;
        reject(new Nonconformity(`waited ${this.#patienceMs} ms in vain for ${what}`));
      }, this.#patienceMs);
      this.#changed = () => {
        if (!isTrue()) return;
        clearTimeout(timer);
        this.#changed = () => undefined;
        resolve();
      };
    });
  }
}
