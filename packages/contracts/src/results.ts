/**
 * W3, the `ai-results` WebSocket (`/api/v1/ai-results`, `Authorization: Bearer <service key>`): Core to VAS.
 *
 * Core sends messages with an id; VAS answers `{ack: id}` after commit, or `{nack: id, error}`. Nothing is sent again:
 * a message that gets no ack is lost and counted. VAS sends `{notice: "assignments_changed"}` when intent changes, and
 * `{notice: "flights", …}` when a person asks what became of the newest frames.
 */
import { type Static, Type } from "typebox";
import { CoreFlight, FLIGHTS_KEPT } from "./flights.ts";
import { CoreMetrics, DiscoveredModel, StreamRole } from "./http.ts";
import { Detection } from "./inference.ts";
import { Result } from "./live.ts";
import { checker, IsoTime, ModelId, Uuid } from "./schema.ts";

export const MAX_RESULTS_MESSAGE_BYTES = 4 * 1024 * 1024;

const id = Type.Integer({ minimum: 0 });

/** An event opens: a label appears that this camera and model did not show within the event gap. */
export const EventOpened = Type.Object({
  event_id: Uuid,
  camera_id: Uuid,
  model_id: ModelId,
  timestamp: IsoTime,
  frame_id: Type.Integer({ minimum: 1 }),
  pts90k: Type.Integer(),
  /** Of which stream the frame was. VAS says it, whatever Core sends. */
  stream: Type.Optional(StreamRole),
  label: Type.String({ minLength: 1, maxLength: 128 }),
  detections: Type.Array(Detection, { maxItems: 1000 }),
  confidence: Type.Number({ minimum: 0, maximum: 1 }),
  event_metadata: Type.Record(Type.String(), Type.Unknown()),
});
export type EventOpened = Static<typeof EventOpened>;
/** An event closes: its label was not seen for the event gap. */
export const EventClosed = Type.Object({
  event_id: Uuid,
  ended_at: IsoTime,
  frames: Type.Integer({ minimum: 1 }),
  best_confidence: Type.Number({ minimum: 0, maximum: 1 }),
  best_frame_id: Type.Integer({ minimum: 1 }),
});
export type EventClosed = Static<typeof EventClosed>;

export const CoreMessage = Type.Union([
  /** The whole registry, at connect and on change. What is not in it is no longer present. */
  Type.Object({ id, type: Type.Literal("models"), models: Type.Array(DiscoveredModel, { maxItems: 1000 }) }),
  Type.Object({ id, type: Type.Literal("results"), results: Type.Array(Result, { maxItems: 256 }) }),
  Type.Object({
    id,
    type: Type.Literal("events"),
    opened: Type.Array(EventOpened, { maxItems: 256 }),
    closed: Type.Array(EventClosed, { maxItems: 256 }),
  }),
  Type.Object({ id, type: Type.Literal("metrics"), metrics: CoreMetrics }),
  /** The answer to a `flights` notice; none where nothing runs for that camera and model. Newest first. */
  Type.Object({
    id,
    type: Type.Literal("flights"),
    request: id,
    flights: Type.Array(CoreFlight, { maxItems: FLIGHTS_KEPT }),
  }),
]);
export type CoreMessage = Static<typeof CoreMessage>;

export const VasMessage = Type.Union([
  Type.Object({ ack: id }),
  Type.Object({
    nack: Type.Union([id, Type.Null()]),
    error: Type.Object({ code: Type.String(), message: Type.String() }),
  }),
  Type.Object({ notice: Type.Literal("assignments_changed") }),
  /** Somebody looks at the flight recorder of this subscription. */
  Type.Object({ notice: Type.Literal("flights"), request: id, camera_id: Uuid, model_id: ModelId }),
]);
export type VasMessage = Static<typeof VasMessage>;

export const checkCoreMessage = checker(CoreMessage);
export const checkVasMessage = checker(VasMessage);
