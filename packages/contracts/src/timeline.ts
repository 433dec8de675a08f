/**
 * W3, HTTP: what is recorded of a camera over any range, in an answer whose size does not grow with the range. Times are
 * ISO 8601 UTC with milliseconds, lengths are milliseconds.
 */
import { type Static, Type } from "typebox";
import { IsoTime, Nullable, Uuid } from "./schema.ts";

const closed = { additionalProperties: false };

/** A timeline has at most so many buckets, stretches and labels. */
export const MAX_BUCKETS = 2000;
export const MAX_STRETCHES = 500;
export const MAX_LABELS = 24;

export const TimelineQuery = Type.Object(
  {
    from: IsoTime,
    to: IsoTime,
    /** Length of one bucket in milliseconds; the last bucket may be shorter. One bucket where it is absent. */
    bucket_ms: Type.Optional(Type.Integer({ minimum: 50, maximum: 366 * 86_400_000 })),
  },
  closed,
);
export type TimelineQuery = Static<typeof TimelineQuery>;

/**
 * | state | meaning |
 * | --- | --- |
 * | recorded | there is footage |
 * | gap | footage was wanted and there is none; `reason` and `message` say why |
 * | not_wanted | a person had switched recording off, or had stopped the camera |
 * | not_kept | older than the oldest footage that is still there |
 * | before_camera | the camera did not exist yet |
 * | to_come | later than what has been written by now |
 */
export const TimelineState = Type.Union([
  Type.Literal("recorded"),
  Type.Literal("gap"),
  Type.Literal("not_wanted"),
  Type.Literal("not_kept"),
  Type.Literal("before_camera"),
  Type.Literal("to_come"),
]);
export type TimelineState = Static<typeof TimelineState>;

const why = { state: TimelineState, reason: Nullable(Type.String()), message: Nullable(Type.String()) };

/** All time of one state and one reason. */
export const TimelineSum = Type.Object({
  ...why,
  ms: Type.Integer(),
  /** Unbroken stretches of it. */
  count: Type.Integer(),
});
export type TimelineSum = Static<typeof TimelineSum>;

/** An unbroken stretch in which nothing is recorded. */
export const TimelineStretch = Type.Object({ start: IsoTime, end: IsoTime, ...why });
export type TimelineStretch = Static<typeof TimelineStretch>;

/** Events of one label: `[bucket, count]` for each bucket that has any, in order. */
export const TimelineLabel = Type.Object({
  label: Type.String(),
  count: Type.Integer(),
  buckets: Type.Array(Type.Tuple([Type.Integer(), Type.Integer()])),
});
export type TimelineLabel = Static<typeof TimelineLabel>;

export const Timeline = Type.Object({
  from: IsoTime,
  to: IsoTime,
  bucket_ms: Type.Integer(),
  /** Milliseconds of each bucket that are recorded. */
  recorded_ms: Type.Array(Type.Integer()),
  /** Adds up to the asked range exactly, whatever was left out of the lists. */
  sums: Type.Array(TimelineSum),
  /** In order; where there are too many, the longest. */
  stretches: Type.Array(TimelineStretch),
  stretches_left_out: Type.Integer(),
  /** The most frequent labels first. */
  labels: Type.Array(TimelineLabel),
  /** Events whose label is not listed. */
  events_left_out: Type.Integer(),
});
export type Timeline = Static<typeof Timeline>;

export const CalendarQuery = Type.Object(
  {
    month: Type.String({ pattern: "^(19[7-9]\\d|2\\d{3})-(0[1-9]|1[0-2])$" }),
    /** IANA name, such as Europe/Berlin; UTC where absent. */
    zone: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    /** Of one camera; of all that the caller sees where absent. */
    camera_id: Type.Optional(Uuid),
  },
  closed,
);
export type CalendarQuery = Static<typeof CalendarQuery>;
/** Every day of the month, in that zone: 23 to 25 hours each. */
export const Calendar = Type.Object({
  days: Type.Array(
    Type.Object({
      day: Type.String(),
      from: IsoTime,
      to: IsoTime,
      recorded: Type.Boolean(),
      events: Type.Boolean(),
    }),
  ),
});
export type Calendar = Static<typeof Calendar>;

export const ThumbnailQuery = Type.Object(
  { at: IsoTime, height: Type.Optional(Type.Integer({ minimum: 32, maximum: 360, multipleOf: 2 })) },
  closed,
);
export type ThumbnailQuery = Static<typeof ThumbnailQuery>;

/** What a copy of the range would hold. */
export const FootageSize = Type.Object({
  recorded_ms: Type.Integer(),
  /** As it was recorded; an estimate at the range's edges. */
  size_bytes: Type.Integer(),
});
export type FootageSize = Static<typeof FootageSize>;

/** An empty name takes it away. */
export const Rename = Type.Object({ label: Type.String({ maxLength: 256 }) }, closed);
export type Rename = Static<typeof Rename>;
