/**
 * The flight recorder: one frame's way from the camera to the screen, step by step. Core keeps the newest frames of each
 * subscription and tells them when VAS asks (results.ts); VAS adds what it knows and answers people.
 */
import { type Static, Type } from "typebox";
import { IsoTime, ModelId, Nullable, Uuid } from "./schema.ts";

/** Frames that Core and VAS remember for each subscription. */
export const FLIGHTS_KEPT = 512;

/**
 * answered, waiting (for its turn), sent (no answer yet), or the reason for which it was skipped: a SkipReason. Absent
 * steps were not taken, or not seen.
 */
const Outcome = Type.String({ maxLength: 32 });
const Moment = Nullable(Type.Number());

/** As Core tells it. Times are Unix milliseconds with fractions, of the one monotonic clock that all processes share. */
export const CoreFlight = Type.Object({
  frame_id: Type.Integer({ minimum: 1 }),
  pts90k: Nullable(Type.Integer()),
  outcome: Outcome,
  /** The frame left the decoder and was written to shared memory. */
  exported_at: Moment,
  /** Core saw it, and it was its turn by the wanted rate. */
  chosen_at: Moment,
  /** The request was written to the runtime. */
  sent_at: Moment,
  /** The reply was read, or the request given up. */
  answered_at: Moment,
  /** What the runtime says that it computed, of the time between sending and answer. */
  inference_ms: Moment,
});
export type CoreFlight = Static<typeof CoreFlight>;

/**
 * As people get it: every step in milliseconds after `captured`, in the order in which they happen. `captured` is the
 * frame's place on the camera's own clock, set so that the fastest of the remembered frames takes no time until it is
 * exported: what every frame takes (the camera's own work, the network, the least decoding) is not measured.
 */
export const Flight = Type.Object({
  frame_id: Type.Integer(),
  pts90k: Nullable(Type.Integer()),
  outcome: Outcome,
  captured_at: Nullable(IsoTime),
  exported_ms: Moment,
  chosen_ms: Moment,
  sent_ms: Moment,
  answered_ms: Moment,
  /** VAS has its result and passes it on to the browsers. */
  delivered_ms: Moment,
  /** The result is in the track file. */
  stored_ms: Moment,
  inference_ms: Moment,
});
export type Flight = Static<typeof Flight>;

export const FlightsQuery = Type.Object({ model_id: ModelId }, { additionalProperties: false });
export type FlightsQuery = Static<typeof FlightsQuery>;
export const Flights = Type.Object({
  camera_id: Uuid,
  model_id: ModelId,
  /** VAS's clock when it answered, in Unix milliseconds: a browser's own clock is compared with it. */
  now_ms: Type.Number(),
  /** Newest first. */
  items: Type.Array(Flight),
});
export type Flights = Static<typeof Flights>;
