/**
 * A real Unix-socket server in the place of a model's runtime (W2) that behaves as badly as it is told to.
 *
 * | behaviour | what the caller sees |
 * | --- | --- |
 * | ok | one reply with one detection for each request |
 * | crash | the connection closes when a request arrives |
 * | hang | nothing, ever |
 * | late | the right reply, after `lateMs` |
 * | garbage | bytes that are no message: an impossible length |
 * | not-json | a well-framed message that is not JSON |
 * | wrong-shape | valid JSON that is no reply |
 * | oversized | a reply of 2 MiB |
 * | wrong-ids | a valid reply to another frame |
 * | two-replies | the right reply, twice |
 * | trickle | the right reply, a byte at a time |
 * | error | a well-formed error reply |
 * | flood | the right reply, again and again without end |
 * | refuse | connections are closed as soon as they are made |
 * | absent | no socket at all |
 */
import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import {
  checkInferenceRequest,
  type Detection,
  encodeMessage,
  type InferenceReply,
  type InferenceRequest,
  MAX_REQUEST_BYTES,
  MessageDecoder,
  socketPath,
} from "@vas/contracts/inference.ts";

export const BEHAVIOURS = [
  "ok",
  "crash",
  "hang",
  "late",
  "garbage",
  "not-json",
  "wrong-shape",
  "oversized",
  "wrong-ids",
  "two-replies",
  "trickle",
  "error",
  "flood",
  "refuse",
  "absent",
] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

export type MisbehavingRuntimeOptions = {
  behaviour?: Behaviour;
  /** Milliseconds that `late` waits, and that `trickle` waits between two bytes. */
  lateMs?: number;
  /** How many of the newest requests are kept; all where it is absent. */
  keep?: number;
  /** What an `ok` reply holds; one person in the middle where it is absent. */
  detect?(request: InferenceRequest): Detection[];
};

const PERSON: Detection = { class_id: 0, class_name: "person", confidence: 0.9, bbox: [0.25, 0.25, 0.75, 0.75] };
const OVERSIZED_BYTES = 2 * 1024 * 1024;

export class MisbehavingRuntime implements AsyncDisposable {
  readonly socketPath: string;
  /** May be changed at any time; `absent` needs `setAbsent`. */
  behaviour: Behaviour;
  /** Every valid request, or the newest `keep` of them, in the order of arrival. */
  readonly requests: InferenceRequest[] = [];
  /** Sentences about requests that were not valid. */
  readonly violations: string[] = [];
  connections = 0;
  readonly #modelId: string;
  readonly #options: MisbehavingRuntimeOptions;
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #server: Server | null = null;

  private constructor(socketDir: string, modelId: string, options: MisbehavingRuntimeOptions) {
    this.socketPath = socketPath(socketDir, modelId);
    this.#modelId = modelId;
    this.#options = options;
    this.behaviour = options.behaviour ?? "ok";
  }

  /** Listens for one model in a folder of sockets. */
  static async start(
    socketDir: string,
    modelId: string,
    options: MisbehavingRuntimeOptions = {},
  ): Promise<MisbehavingRuntime> {
    const runtime = new MisbehavingRuntime(socketDir, modelId, options);
    if (runtime.behaviour !== "absent") await runtime.listen();
    return runtime;
  }

  async listen(): Promise<void> {
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.socketPath, resolve);
    });
  }

  /** Closes the socket and every connection, as a process that was killed does. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    for (const socket of this.#sockets) socket.destroy();
    const server = this.#server;
    this.#server = null;
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
    rmSync(this.socketPath, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #accept(socket: Socket): void {
    this.connections++;
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    // A caller that closes while a reply is written is part of the exercise.
    socket.on("error", () => socket.destroy());
    if (this.behaviour === "refuse") {
      socket.destroy();
      return;
    }
    const decoder = new MessageDecoder(MAX_REQUEST_BYTES);
    socket.on("data", (chunk: Buffer) => {
      const messages = decoder.push(chunk);
      if (typeof messages === "string") {
        this.violations.push(messages);
        socket.destroy();
        return;
      }
      for (const message of messages) this.#request(socket, message);
    });
  }

  #request(socket: Socket, bytes: Buffer): void {
    const checked = checkInferenceRequest(JSON.parse(bytes.toString("utf8")));
    if (!checked.ok) {
      this.violations.push(checked.message);
      return;
    }
    const request = checked.value;
    if (request.model_id !== this.#modelId) this.violations.push(`asked for model ${request.model_id}`);
    this.requests.push(request);
    if (this.requests.length > (this.#options.keep ?? Number.POSITIVE_INFINITY)) this.requests.shift();
    this.#answer(socket, request);
  }

  #answer(socket: Socket, request: InferenceRequest): void {
    const detections = this.#options.detect?.(request) ?? [PERSON];
    const reply: InferenceReply = {
      model_id: request.model_id,
      camera_id: request.camera_id,
      frame_id: request.frame_metadata.frame_id,
      detections,
      metadata: { inference_ms: 1, preprocess_ms: 0, device: "test" },
      error: null,
    };
    const { lateMs = 50 } = this.#options;
    switch (this.behaviour) {
      case "ok":
        socket.write(encodeMessage(reply));
        return;
      case "crash":
      case "refuse":
        socket.destroy();
        return;
      case "hang":
      case "absent":
        return;
      case "late":
        this.#after(lateMs, () => socket.write(encodeMessage(reply)));
        return;
      case "garbage":
        socket.write(Buffer.alloc(64, 0xff));
        return;
      case "not-json":
        socket.write(framed(Buffer.from("{not json")));
        return;
      case "wrong-shape":
        socket.write(encodeMessage({ ...reply, detections: [{ bbox: [2, 0, 0, -1] }] }));
        return;
      case "oversized":
        socket.write(encodeMessage({ ...reply, metadata: { padding: "x".repeat(OVERSIZED_BYTES) } }));
        return;
      case "wrong-ids":
        socket.write(encodeMessage({ ...reply, frame_id: reply.frame_id + 1 }));
        return;
      case "two-replies":
        socket.write(Buffer.concat([encodeMessage(reply), encodeMessage(reply)]));
        return;
      case "trickle":
        this.#trickle(socket, encodeMessage(reply), lateMs, 0);
        return;
      case "flood":
        flood(socket, encodeMessage(reply));
        return;
      case "error":
        socket.write(encodeMessage({ ...reply, detections: [], error: "model_failed: it was told to" }));
        return;
    }
  }

  #trickle(socket: Socket, bytes: Buffer, everyMs: number, at: number): void {
    if (at >= bytes.length || socket.destroyed) return;
    socket.write(bytes.subarray(at, at + 1));
    this.#after(everyMs, () => this.#trickle(socket, bytes, everyMs, at + 1));
  }

  #after(ms: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then();
    }, ms);
    this.#timers.add(timer);
  }
}

/** Writes without end, as fast as the caller reads. */
function flood(socket: Socket, bytes: Buffer): void {
  const many = Buffer.concat(Array.from({ length: 256 }, () => bytes));
  const write = () => {
    while (!socket.destroyed && socket.write(many));
    socket.once("drain", write);
  };
  write();
}

function framed(bytes: Buffer): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(bytes.length);
  return Buffer.concat([prefix, bytes]);
}
