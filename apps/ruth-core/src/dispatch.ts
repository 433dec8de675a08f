/**
 * Dispatch: what a request says, whether a reply may be believed, and whose turn it is at one model's runtime.
 *
 * A runtime serves every camera, and most serve one request after the other. If each of twenty cameras had a request
 * outstanding at a model that needs 100 ms, every reply would come after 2 s, all would time out, and the runtime would
 * spend its time on answers that nobody waits for. So a lane holds back what could not be answered within half the reply
 * timeout. What is held back is not queued: each subscription keeps its newest frame only, and the lane picks by
 * priority, then by who was served longest ago.
 */
import { checkInferenceReply, type InferenceReply, type InferenceRequest } from "@vas/contracts/inference.ts";
import type { FrameRef } from "./frame-watch.ts";
import type { SubscriptionSpec } from "./reconcile.ts";

const PREFIX_BYTES = 4;

/**
 * Writes the requests of one subscription. What stays the same from frame to frame is written once: assembling the text
 * costs a third of what JSON.stringify of the whole request does.
 */
export class RequestEncoder {
  readonly #head: string;
  #geometry: FrameRef["geometry"] | null = null;
  #geometryText = "";

  /** @param exportFolder the camera's export folder */
  constructor(spec: SubscriptionSpec, exportFolder: string) {
    const always: Omit<InferenceRequest, "frame_metadata" | "timestamp"> = {
      frame_reference: exportFolder,
      camera_id: spec.cameraId,
      model_id: spec.modelId,
      config: spec.parameters,
    };
    this.#head = `${JSON.stringify(always).slice(0, -1)},"timestamp":`;
  }

  /**
   * @param wallMs Unix time of the request
   * @returns the framed bytes
   */
  encode(frame: FrameRef, wallMs: number): Buffer {
    const { geometry } = frame;
    if (geometry !== this.#geometry) {
      const { generation, width, height, stride, dataSize } = geometry;
      const always = { generation, width, height, stride, data_size: dataSize, format: "NV12" };
      this.#geometry = geometry;
      this.#geometryText = JSON.stringify(always).slice(1);
    }
    // All of these are safe integers: FrameWatch shows no frame whose record says otherwise.
    const text =
      `${this.#head}${wallMs / 1000},"frame_metadata":{"frame_id":${frame.frameId},"slot":${frame.slot},` +
      `"offset":${frame.offset},"sequence":${frame.sequence},"timestamp_ns":"${frame.timestampNs}",` +
      `"pts90k":${frame.pts90k},"wall_ms":${frame.wallMs},${this.#geometryText}}`;
    const length = Buffer.byteLength(text);
    const bytes = Buffer.allocUnsafe(PREFIX_BYTES + length);
    bytes.writeUInt32BE(length, 0);
    bytes.write(text, PREFIX_BYTES);
    return bytes;
  }
}

/** A reply that can be believed, or why not; `broken` where request and reply are no longer in step. */
export type Judgement = { reply: InferenceReply } | { error: string; broken: boolean };

/** @param bytes one reply's JSON, untrusted */
export function judgeReply(bytes: Buffer, spec: SubscriptionSpec, frameId: number): Judgement {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    return { error: "the reply is not JSON", broken: false };
  }
  const checked = checkInferenceReply(value);
  if (!checked.ok) return { error: `the reply has the wrong shape: ${checked.message}`, broken: false };
  const reply = checked.value;
  const isOurs = reply.frame_id === frameId && reply.camera_id === spec.cameraId && reply.model_id === spec.modelId;
  // A runtime that could not read a request does not know its ids and answers with frame 0.
  if (reply.error !== null) return { error: reply.error, broken: !isOurs && reply.frame_id !== 0 };
  if (!isOurs) {
    const found = `${reply.model_id}/${reply.camera_id}/${reply.frame_id}`.slice(0, 200);
    return { error: `the reply is to another request [expected frame:${frameId}, found:${found}]`, broken: true };
  }
  return { reply };
}

/** What a lane needs of a subscription. */
export interface LaneMember {
  readonly priority: number;
  /** A frame waits. */
  readonly hasFrame: boolean;
  /** It waits and can be sent at once. */
  readonly wantsTurn: boolean;
  /** Monotonic; when it last had a turn. */
  readonly lastTurnMs: number;
  takeTurn(monoMs: number): void;
}

const LEAST_OUTSTANDING = 2;
const SMOOTHING = 0.2;

/** All subscriptions of one model. */
export class Lane {
  readonly #members = new Set<LaneMember>();
  /** Members that have said that a frame waits: few, where a model is fast enough, while members may be hundreds. */
  readonly #waiting = new Set<LaneMember>();
  #timeoutMs: number;
  #maxInFlight: number;
  #outstanding = 0;
  /** Smoothed time the runtime needs for one request, from the previous reply or the sending, whichever is later. */
  #serviceMs: number | null = null;
  #lastReplyMs = Number.NEGATIVE_INFINITY;

  /**
   * @param timeoutMs what a reply may take
   * @param maxInFlight requests that may be outstanding in any case
   */
  constructor(timeoutMs: number, maxInFlight = Number.POSITIVE_INFINITY) {
    this.#timeoutMs = timeoutMs;
    this.#maxInFlight = maxInFlight;
  }

  /** What a reply may take before it counts as a timeout. */
  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  /** Takes other limits; they hold at once, also for what is outstanding. */
  setLimits(timeoutMs: number, maxInFlight = Number.POSITIVE_INFINITY): void {
    this.#timeoutMs = timeoutMs;
    this.#maxInFlight = maxInFlight;
  }

  get size(): number {
    return this.#members.size;
  }

  get outstanding(): number {
    return this.#outstanding;
  }

  /** Milliseconds that the runtime needs for one request; null before the first answer. */
  get serviceMs(): number | null {
    return this.#serviceMs;
  }

  /** Requests that may be outstanding: as many as can be answered within half the timeout, two at the least. */
  get limit(): number {
    const answerable = this.#timeoutMs / 2 / Math.max(this.#serviceMs ?? Number.POSITIVE_INFINITY, 0.1);
    return Math.min(this.#maxInFlight, Math.max(LEAST_OUTSTANDING, Math.floor(answerable)));
  }

  join(member: LaneMember): void {
    this.#members.add(member);
  }

  leave(member: LaneMember): void {
    this.#members.delete(member);
    this.#waiting.delete(member);
  }

  /** A member has a frame now; `give` looks at it from now on, until it has none. */
  waits(member: LaneMember): void {
    this.#waiting.add(member);
  }

  /** Gives turns while any may be given. @param monoMs monotonic */
  give(monoMs: number): void {
    while (this.#outstanding < this.limit) {
      let next: LaneMember | undefined;
      for (const member of this.#waiting)
        if (!member.hasFrame) this.#waiting.delete(member);
        else if (member.wantsTurn && (next === undefined || isBefore(member, next))) next = member;
      if (next === undefined) return;
      this.#outstanding++;
      next.takeTurn(monoMs);
    }
  }

  /** A turn ended with a reply, of whatever kind, or with a timeout. */
  answered(sentMs: number, monoMs: number): void {
    this.#outstanding--;
    const sample = monoMs - Math.max(sentMs, this.#lastReplyMs);
    this.#lastReplyMs = monoMs;
    this.#serviceMs = this.#serviceMs === null ? sample : this.#serviceMs + SMOOTHING * (sample - this.#serviceMs);
  }

  /** A turn ended because its connection did; that says nothing about the runtime's speed. */
  abandoned(): void {
    this.#outstanding--;
  }
}

function isBefore(a: LaneMember, b: LaneMember): boolean {
  return a.priority === b.priority ? a.lastTurnMs < b.lastTurnMs : a.priority > b.priority;
}
