/** What every case needs: connections, frames, requests that are right, and the judgement of a reply. */
import { lstatSync } from "node:fs";
import {
  checkInferenceReply,
  type FrameMetadata,
  type InferenceReply,
  type InferenceRequest,
} from "@vas/contracts/inference.ts";
import { Nonconformity, require } from "./case.ts";
import { FrameRing } from "./ring.ts";
import { Wire } from "./wire.ts";

export type KitOptions = {
  /** The runtime's socket. */
  socket: string;
  modelId: string;
  /** The runtime's VAS_SHM_DIR. */
  shmDir: string;
  /** What one reply may take when nothing else is asked. */
  deadlineMs: number;
  /** What is waited for anything else before it counts as never coming. */
  patienceMs: number;
  width: number;
  height: number;
};

export class Kit implements Disposable {
  readonly options: KitOptions;
  /** The ring of all cases that break nothing in it. */
  readonly ring: FrameRing;
  /** Milliseconds of every request that was answered without an error, alone. */
  readonly latencies: number[] = [];

  /** @throws Error where the frames cannot be made */
  constructor(options: KitOptions) {
    this.options = options;
    this.ring = this.newRing();
  }

  newRing(): FrameRing {
    const { shmDir, width, height } = this.options;
    return new FrameRing(shmDir, width, height);
  }

  connect(): Promise<Wire> {
    return Wire.connect(this.options.socket, this.options.patienceMs);
  }

  /** A request that is right in every way. */
  request(frame: FrameMetadata = this.ring.write(), ring: FrameRing = this.ring): InferenceRequest {
    return {
      frame_reference: ring.folder,
      frame_metadata: frame,
      camera_id: ring.cameraId,
      model_id: this.options.modelId,
      timestamp: Date.now() / 1000,
      config: {},
    };
  }

  /** Sends a right request and takes the right reply. @returns the reply */
  async serve(wire: Wire, request: InferenceRequest = this.request()): Promise<InferenceReply> {
    const start = performance.now();
    wire.send(request);
    const reply = answered(await wire.next(), request);
    this.latencies.push(performance.now() - start);
    return reply;
  }

  /** The same on a connection of its own. */
  async serveAlone(request?: InferenceRequest): Promise<InferenceReply> {
    using wire = await this.connect();
    return await this.serve(wire, request);
  }

  /** Sends a message that must be refused; the connection must serve the next request. @returns the error */
  async refuse(message: unknown, wire?: Wire): Promise<string> {
    using own = wire === undefined ? await this.connect() : null;
    const one = wire ?? (own as Wire);
    one.send(message);
    const error = refused(await one.next(), frameIdOf(message));
    await this.serve(one);
    return error;
  }

  [Symbol.dispose](): void {
    this.ring.remove();
  }
}

/** @throws Nonconformity unless the bytes are a valid reply without an error to this very request */
export function answered(bytes: Buffer, request: InferenceRequest): InferenceReply {
  const reply = replyOf(bytes);
  require(reply.error === null, `a request that is right was answered with "${reply.error}"`);
  for (const [name, expected, found] of [
    ["frame_id", request.frame_metadata.frame_id, reply.frame_id],
    ["camera_id", request.camera_id, reply.camera_id],
    ["model_id", request.model_id, reply.model_id],
  ] as const)
    require(expected === found, `the reply's ${name} is another one [expected:${expected}, found:${found}]`);
  for (const { bbox } of reply.detections)
    require(bbox[0] <= bbox[2] && bbox[1] <= bbox[3], `a bbox is not x_min, y_min, x_max, y_max [${bbox.join(", ")}]`);
  return reply;
}

/** @throws Nonconformity unless the bytes are a valid reply with an error and no detections */
export function refused(bytes: Buffer, frameId: number): string {
  const reply = replyOf(bytes);
  require(reply.error !== null, `it was answered as if it were right [detections:${reply.detections.length}]`);
  require(/^[\w.-]+: ./s.test(reply.error), `the error is not "code: text" [${reply.error}]`);
  require(reply.detections.length === 0, `the error comes with detections [${reply.detections.length}]`);
  // A caller that finds another id takes the reply for one to another request and closes.
  require(reply.frame_id === 0 ||
    reply.frame_id === frameId, `the error names another frame [expected:${frameId} or 0, found:${reply.frame_id}]`);
  return reply.error;
}

function replyOf(bytes: Buffer): InferenceReply {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (thrown) {
    throw new Nonconformity(`the reply is not JSON in UTF-8: ${(thrown as Error).message}`);
  }
  const checked = checkInferenceReply(value);
  if (!checked.ok) throw new Nonconformity(`the reply has the wrong shape: ${checked.message}`);
  return checked.value;
}

function frameIdOf(message: unknown): number {
  const id = (message as { frame_metadata?: { frame_id?: unknown } } | null)?.frame_metadata?.frame_id;
  return typeof id === "number" ? id : 0;
}

/** Permission bits of a file. */
export function modeOf(path: string): number {
  return lstatSync(path).mode & 0o777;
}
