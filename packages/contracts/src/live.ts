/**
 * W3, the `live` WebSocket (`/api/v1/live`, session cookie or API key): signaling of one browser, and its detection feed.
 *
 * The browser sends requests with an id; each is answered once, by that id. VAS sends notices without an id. Of a camera
 * that the caller may not see nothing is told, and asking for it answers as for one that does not exist.
 * A browser has one transport per camera: create it, consume on it, resume when the element is ready.
 */
import { type Static, Type } from "typebox";
import { AiEvent, CameraStatus, EventReview, StreamRole } from "./http.ts";
import { Detection } from "./inference.ts";
import { ModelId, Nullable, Uuid } from "./schema.ts";

export const MAX_LIVE_MESSAGE_BYTES = 64 * 1024;

const closed = { additionalProperties: false };
const id = Type.Integer({ minimum: 0 });
/** Which stream is wanted; `main` where absent. `sub` is answered with main where the camera has no live sub stream. */
const watched = Type.Object({ camera_id: Uuid, stream: Type.Optional(StreamRole) }, closed);
const Opaque = Type.Record(Type.String(), Type.Unknown());

/**
 * | method | answers |
 * | --- | --- |
 * | capabilities | the stream router's RTP capabilities, for mediasoup-client's `Device.load` |
 * | transport | a receive-only WebRTC transport on the router of one stream, and which stream it is |
 * | connect | DTLS parameters taken |
 * | consume | a paused consumer of that stream's current run |
 * | resume | the consumer plays from the next key frame |
 * | close | the transport and its consumers are gone |
 * | detections | results of the camera are sent from now on, or no longer |
 */
export const LiveRequest = Type.Union([
  Type.Object({ id, method: Type.Literal("capabilities"), params: watched }, closed),
  Type.Object({ id, method: Type.Literal("transport"), params: watched }, closed),
  Type.Object(
    {
      id,
      method: Type.Literal("connect"),
      params: Type.Object({ transport_id: Uuid, dtls_parameters: Opaque }, closed),
    },
    closed,
  ),
  Type.Object(
    {
      id,
      method: Type.Literal("consume"),
      params: Type.Object({ transport_id: Uuid, rtp_capabilities: Opaque }, closed),
    },
    closed,
  ),
  Type.Object({ id, method: Type.Literal("resume"), params: Type.Object({ consumer_id: Uuid }, closed) }, closed),
  Type.Object({ id, method: Type.Literal("close"), params: Type.Object({ transport_id: Uuid }, closed) }, closed),
  Type.Object(
    { id, method: Type.Literal("detections"), params: Type.Object({ camera_id: Uuid, on: Type.Boolean() }, closed) },
    closed,
  ),
]);
export type LiveRequest = Static<typeof LiveRequest>;

/** What each method answers in `result`. mediasoup's own objects are passed through as they are. */
export type LiveResults = {
  capabilities: { rtp_capabilities: Record<string, unknown> };
  transport: {
    transport_id: string;
    stream?: StreamRole;
    ice_parameters: Record<string, unknown>;
    ice_candidates: Record<string, unknown>[];
    dtls_parameters: Record<string, unknown>;
  };
  connect: Record<string, never>;
  consume: {
    consumer_id: string;
    producer_id: string;
    kind: "video";
    rtp_parameters: Record<string, unknown>;
    run: Run;
  };
  resume: Record<string, never>;
  close: Record<string, never>;
  detections: Record<string, never>;
};

/**
 * An unbroken stretch of one stream of a camera. Frames of different streams are never the same frame; their times on the
 * camera's time line are near each other, by arrival. A displayed frame's place on the camera's time line is
 * `pts90k = pts90k_base + ((rtpTimestamp - rtp_base) mod 2^32)`.
 */
export const Run = Type.Object({
  run_id: Uuid,
  pts90k_base: Type.Integer(),
  /** RTP timestamp of pts90k_base; null until the run's first packet was seen. */
  rtp_base: Nullable(Type.Integer({ minimum: 0, maximum: 0xffffffff })),
  /** `main` where absent. */
  stream: Type.Optional(StreamRole),
});
export type Run = Static<typeof Run>;

/** All detections of one model on one frame. */
export const Result = Type.Object({
  camera_id: Uuid,
  model_id: ModelId,
  frame_id: Type.Integer({ minimum: 1 }),
  pts90k: Type.Integer(),
  wall_ms: Type.Integer(),
  width: Type.Integer({ minimum: 2 }),
  height: Type.Integer({ minimum: 2 }),
  /** Of which stream the frame was; `main` where absent. VAS says it, whatever Core sends. */
  stream: Type.Optional(StreamRole),
  detections: Type.Array(Detection, { maxItems: 1000 }),
  inference_ms: Nullable(Type.Number()),
  /** Dispatch to reply. */
  latency_ms: Type.Number(),
});
export type Result = Static<typeof Result>;

export type LiveReply =
  | { id: number; ok: true; result: unknown }
  | { id: number | null; ok: false; error: { code: string; message: string } };

/**
 * | notice | meaning |
 * | --- | --- |
 * | camera | the camera's status changed |
 * | cameras_changed | a camera was created, edited or deleted: list again |
 * | groups_changed | a group with this camera was made, edited or deleted: list the groups again |
 * | access_changed | the caller's role or cameras changed: ask `auth/me`, and list again |
 * | stream_ended | the consumer's run ended; consume again on the same transport once a `run` notice comes |
 * | transport_closed | the media worker died or the camera stopped; start again from `capabilities` |
 * | run | a run can be consumed, or its RTP base became known |
 * | result | one result of a camera whose detections are on |
 * | event | an AI event was stored, closed, or got its picture |
 * | events_reviewed | somebody looked at these events of a camera, or took that back (null) |
 */
export type LiveNotice =
  | { notice: "camera"; status: CameraStatus }
  | { notice: "cameras_changed"; camera_id?: string }
  | { notice: "groups_changed"; camera_id: string }
  | { notice: "access_changed" }
  | { notice: "stream_ended"; camera_id: string; consumer_id: string }
  | { notice: "transport_closed"; camera_id: string; transport_id: string }
  | { notice: "run"; camera_id: string; run: Run }
  | { notice: "result"; result: Result }
  | { notice: "event"; event: AiEvent }
  | { notice: "events_reviewed"; camera_id: string; event_ids: string[]; review: EventReview | null };
