/** A socket that passes everything on to a good runtime, but for one flaw: what the kit finds is that flaw. */
import { chmodSync, symlinkSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { dirname, join } from "node:path";
import {
  checkInferenceRequest,
  encodeMessage,
  heartbeatPath,
  type InferenceReply,
  type InferenceRequest,
  MAX_REPLY_BYTES,
  MAX_REQUEST_BYTES,
  MessageDecoder,
  socketPath,
} from "@vas/contracts/inference.ts";

/**
 * | flaw | what it does wrong |
 * | --- | --- |
 * | none | nothing |
 * | believes-frames | answers every well-formed request without looking at the frame or the model |
 * | any-path | takes the camera's own folder whatever frame_reference says |
 * | closes-on-error | closes the connection where an error reply is due |
 * | bare-error | errors without a code |
 * | error-with-frame | errors that name another frame |
 * | twice | every reply twice |
 * | newest-first | requests that wait together are answered in reverse |
 * | waits-for-all | waits for the bytes of a message that is too long |
 * | one-caller | serves one connection until it ends, then the next |
 * | oversized | replies of 2 MiB |
 * | open-socket | a socket that everybody may use |
 * | no-heartbeat | no heartbeat |
 * | hangs | no reply, ever |
 */
export type Flaw =
  | "none"
  | "believes-frames"
  | "any-path"
  | "closes-on-error"
  | "bare-error"
  | "error-with-frame"
  | "twice"
  | "newest-first"
  | "waits-for-all"
  | "one-caller"
  | "oversized"
  | "open-socket"
  | "no-heartbeat"
  | "hangs";

export class FlawedProxy implements AsyncDisposable {
  readonly path: string;
  readonly #flaw: Flaw;
  readonly #runtime: string;
  readonly #shmDir: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #turn: Promise<void> = Promise.resolve();

  private constructor(flaw: Flaw, runtime: string, shmDir: string, path: string) {
    this.#flaw = flaw;
    this.#runtime = runtime;
    this.#shmDir = shmDir;
    this.path = path;
    this.#server = createServer({ allowHalfOpen: true }, (caller) => void this.#accept(caller));
  }

  /**
   * @param runtime the good runtime's socket
   * @param socketDir an empty folder for the proxy's own
   */
  static async start(
    flaw: Flaw,
    modelId: string,
    runtime: string,
    shmDir: string,
    socketDir: string,
  ): Promise<FlawedProxy> {
    const proxy = new FlawedProxy(flaw, runtime, shmDir, socketPath(socketDir, modelId));
    await new Promise<void>((resolve) => proxy.#server.listen(proxy.path, resolve));
    chmodSync(proxy.path, flaw === "open-socket" ? 0o666 : 0o600);
    if (flaw !== "no-heartbeat")
      symlinkSync(heartbeatPath(dirname(runtime), modelId), heartbeatPath(socketDir, modelId));
    return proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #accept(caller: Socket): Promise<void> {
    this.#keep(caller);
    const ended = new Promise<void>((resolve) => caller.once("close", () => resolve()));
    if (this.#flaw === "one-caller") {
      const before = this.#turn;
      this.#turn = before.then(() => ended);
      caller.pause();
      await before;
    }
    const runtime = createConnection({ path: this.#runtime, allowHalfOpen: true });
    this.#keep(runtime);
    caller.on("end", () => runtime.end());
    caller.on("close", () => runtime.destroy());
    runtime.on("end", () => caller.end());
    runtime.on("close", () => caller.destroySoon());
    const requests = new MessageDecoder(MAX_REQUEST_BYTES);
    const replies = new MessageDecoder(MAX_REPLY_BYTES);
    const link = { caller, runtime, waiting: 0, held: [] as Buffer[] };
    caller.on("data", (chunk: Buffer) => {
      const messages = requests.push(chunk);
      if (typeof messages === "string") {
        if (this.#flaw !== "waits-for-all") runtime.write(chunk);
        return;
      }
      for (const message of messages) this.#request(link, message);
      // What breaks the framing behind whole messages is told by the next push only.
      const rest = messages.length > 0 ? requests.push(Buffer.alloc(0)) : [];
      if (typeof rest === "string" && this.#flaw !== "waits-for-all") runtime.write(Buffer.alloc(4));
    });
    runtime.on("data", (chunk: Buffer) => {
      for (const reply of replies.push(chunk)) if (typeof reply !== "string") this.#reply(link, reply);
    });
    caller.resume();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => socket.destroy());
  }

  #request(link: Link, bytes: Buffer): void {
    if (this.#flaw === "hangs") return;
    const request = wellFormed(bytes);
    if (this.#flaw === "believes-frames" && request !== null) {
      const { model_id, camera_id, frame_metadata } = request;
      const { frame_id } = frame_metadata;
      link.caller.write(encodeMessage({ model_id, camera_id, frame_id, detections: [], metadata: {}, error: null }));
      return;
    }
    link.waiting++;
    if (this.#flaw === "any-path" && request !== null)
      link.runtime.write(encodeMessage({ ...request, frame_reference: join(this.#shmDir, request.camera_id) }));
    else link.runtime.write(framed(bytes));
  }

  #reply(link: Link, bytes: Buffer): void {
    link.waiting--;
    const reply = JSON.parse(bytes.toString()) as InferenceReply;
    const isError = reply.error !== null;
    const { caller } = link;
    if (this.#flaw === "closes-on-error" && isError) caller.destroy();
    else if (this.#flaw === "bare-error" && isError) caller.write(encodeMessage({ ...reply, error: "no" }));
    else if (this.#flaw === "error-with-frame" && isError)
      caller.write(encodeMessage({ ...reply, frame_id: reply.frame_id + 1000 }));
    else if (this.#flaw === "twice") caller.write(Buffer.concat([framed(bytes), framed(bytes)]));
    else if (this.#flaw === "oversized")
      caller.write(encodeMessage({ ...reply, metadata: { padding: "x".repeat(2 * MAX_REPLY_BYTES) } }));
    else if (this.#flaw === "newest-first") {
      link.held.unshift(framed(bytes));
      if (link.waiting <= 0) for (const held of link.held.splice(0)) caller.write(held);
    } else caller.write(framed(bytes));
  }
}

type Link = { caller: Socket; runtime: Socket; waiting: number; held: Buffer[] };

function wellFormed(bytes: Buffer): InferenceRequest | null {
  try {
    const checked = checkInferenceRequest(JSON.parse(bytes.toString()));
    return checked.ok ? checked.value : null;
  } catch {
    return null;
  }
}

function framed(bytes: Buffer): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(bytes.length);
  return Buffer.concat([prefix, bytes]);
}
