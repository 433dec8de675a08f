/**
 * W2, inference: length-prefixed JSON over a Unix stream socket. One request, one reply, in order, on each connection.
 * Test vectors: vectors/inference.json.
 */
import { type Static, Type } from "typebox";
import { BigintText, checker, ModelId, Nullable, Uuid } from "./schema.ts";

export const MAX_REQUEST_BYTES = 10 * 1024 * 1024;
export const MAX_REPLY_BYTES = 1024 * 1024;
const PREFIX_BYTES = 4;

/** Path of a runtime's socket. */
export function socketPath(socketDir: string, modelId: string): string {
  return `${socketDir}/vas_model_${modelId}.sock`;
}

/** Path of a runtime's heartbeat file. */
export function heartbeatPath(socketDir: string, modelId: string): string {
  return `${socketDir}/vas_heartbeat_${modelId}.json`;
}

/** Where a frame is and what it is. Sizes are bytes, `timestamp_ns` is monotonic, `wall_ms` Unix time. */
export const FrameMetadata = Type.Object({
  frame_id: Type.Integer({ minimum: 1 }),
  slot: Type.Integer({ minimum: 0 }),
  offset: Type.Integer({ minimum: 0 }),
  sequence: Type.Integer({ minimum: 0 }),
  generation: Type.Integer({ minimum: 0 }),
  width: Type.Integer({ minimum: 2 }),
  height: Type.Integer({ minimum: 2 }),
  stride: Type.Integer({ minimum: 2 }),
  data_size: Type.Integer({ minimum: 1 }),
  format: Type.Literal("NV12"),
  timestamp_ns: BigintText,
  pts90k: Type.Integer(),
  wall_ms: Type.Integer(),
});
export type FrameMetadata = Static<typeof FrameMetadata>;

export const InferenceRequest = Type.Object({
  /** The camera's export folder. */
  frame_reference: Type.String({ minLength: 1, maxLength: 4096 }),
  frame_metadata: FrameMetadata,
  camera_id: Uuid,
  model_id: ModelId,
  /** Unix seconds at which the request was made. */
  timestamp: Type.Number(),
  /** The assignment's parameters. */
  config: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});
export type InferenceRequest = Static<typeof InferenceRequest>;

const Fraction = Type.Number({ minimum: 0, maximum: 1 });
const Point = Type.Tuple([Type.Number(), Type.Number()]);

/** One thing a model found. Every coordinate is a fraction of the frame: 0,0 is its top left corner. */
export const Detection = Type.Object({
  class_id: Type.Integer({ minimum: 0 }),
  class_name: Type.String({ maxLength: 128 }),
  confidence: Fraction,
  /** x_min, y_min, x_max, y_max. */
  bbox: Type.Tuple([Fraction, Fraction, Fraction, Fraction]),
  track_id: Type.Optional(Nullable(Type.Union([Type.Integer(), Type.String({ maxLength: 64 })]))),
  /** x, y, confidence of each key point. */
  keypoints: Type.Optional(Type.Array(Type.Tuple([Type.Number(), Type.Number(), Fraction]), { maxItems: 256 })),
  polygon: Type.Optional(Type.Array(Point, { maxItems: 1024 })),
  /** A `Mask` of mask.ts; readers ask decodeMask and draw nothing where it is of another form. */
  mask: Type.Optional(Type.Unknown()),
  text: Type.Optional(Type.String({ maxLength: 4096 })),
  value: Type.Optional(Type.Number()),
  unit: Type.Optional(Type.String({ maxLength: 32 })),
});
export type Detection = Static<typeof Detection>;

export const InferenceReply = Type.Object({
  model_id: Type.String({ maxLength: 128 }),
  camera_id: Type.String({ maxLength: 64 }),
  frame_id: Type.Integer({ minimum: 0 }),
  detections: Type.Array(Detection, { maxItems: 1000 }),
  metadata: Type.Object({
    inference_ms: Type.Optional(Type.Number({ minimum: 0 })),
    preprocess_ms: Type.Optional(Type.Number({ minimum: 0 })),
    device: Type.Optional(Type.String({ maxLength: 64 })),
  }),
  /** null, or "code: text". */
  error: Nullable(Type.String({ maxLength: 1024 })),
});
export type InferenceReply = Static<typeof InferenceReply>;

export const Heartbeat = Type.Object({
  model_id: Type.String(),
  timestamp: Type.String(),
  status: Type.String(),
  metrics: Type.Object({
    total_requests: Type.Number(),
    total_errors: Type.Number(),
    avg_latency_ms: Type.Number(),
    uptime_seconds: Type.Number(),
    /** Resident memory of the runtime's process. */
    memory_bytes: Type.Optional(Type.Number({ minimum: 0 })),
  }),
});
export type Heartbeat = Static<typeof Heartbeat>;

export const HEARTBEAT_INTERVAL_MS = 5_000;
/** A heartbeat younger than this is healthy; an older one degraded; an absent or unreadable one unknown. */
export const HEARTBEAT_STALE_MS = 30_000;

export const checkInferenceRequest = checker(InferenceRequest);
export const checkInferenceReply = checker(InferenceReply);
export const checkHeartbeat = checker(Heartbeat);

/** Frames one message: a 4-byte big-endian length and the JSON as UTF-8. */
export function encodeMessage(message: unknown): Buffer {
  const json = JSON.stringify(message);
  const length = Buffer.byteLength(json);
  const out = Buffer.allocUnsafe(PREFIX_BYTES + length);
  out.writeUInt32BE(length, 0);
  out.write(json, PREFIX_BYTES);
  return out;
}

/**
 * Cuts a byte stream into messages. Memory is bounded by the limit: a longer announced length is refused before
 * any of it is kept.
 */
export class MessageDecoder {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #buffered = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * @param chunk bytes as they arrived; kept by reference until their message is complete
   * @returns the complete messages' bytes, in order, or a sentence when the announced length breaks the protocol
   */
  push(chunk: Buffer): Buffer[] | string {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    const messages: Buffer[] = [];
    while (this.#buffered >= PREFIX_BYTES) {
      if ((this.#chunks[0] as Buffer).length < PREFIX_BYTES) this.#merge();
      const length = (this.#chunks[0] as Buffer).readUInt32BE(0);
      if (length === 0 || length > this.#maxBytes) {
        // What came before it is whole; the next push, be it of nothing, says what is wrong.
        if (messages.length > 0) return messages;
        return `message length out of range [max:${this.#maxBytes}, found:${length}]`;
      }
      if (this.#buffered < PREFIX_BYTES + length) break;
      const all = this.#merge();
      messages.push(all.subarray(PREFIX_BYTES, PREFIX_BYTES + length));
      const rest = all.subarray(PREFIX_BYTES + length);
      this.#chunks = rest.length > 0 ? [rest] : [];
      this.#buffered = rest.length;
    }
    return messages;
  }

  #merge(): Buffer {
    const all = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }
}
