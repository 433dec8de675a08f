/**
 * W3, health over time: named series that VAS keeps in memory, and what its machine and its processes take now.
 *
 * | series | unit |
 * | --- | --- |
 * | system.cpu, system.vas_cpu | percent of the whole machine; percent of one processor |
 * | system.memory, system.vas_memory, system.children_memory | bytes in use |
 * | system.disk_free, system.shm_used | bytes |
 * | system.processes | count of VAS's child processes |
 * | system.loop | ms that the slowest turn of VAS's own loop took |
 * | system.store | ms of the store's answer |
 * | camera.{id}.bitrate, .fps, .viewers, .live | kbit/s, frames a second, count, 1 or 0 |
 * | subscription.{camera id}.{model id}.wanted, .achieved | frames a second |
 * | subscription.{camera id}.{model id}.p50, .p95, .waiting | ms, ms, count |
 * | subscription.{camera id}.{model id}.skipped.{reason} | frames a second |
 * | model.{id}.latency, .service, .memory, .requests, .errors, .heartbeat | ms, ms, bytes, a second, a second, s since |
 */
import { type Static, Type } from "typebox";
import { IsoTime, Nullable } from "./schema.ts";

/** Steps of a series: the last hour and the last day. */
export const HISTORY = {
  hour: { stepMs: 5_000, values: 720 },
  day: { stepMs: 60_000, values: 1440 },
} as const;
export type HistoryRange = keyof typeof HISTORY;
export const MAX_HISTORY_NAMES = 64;

export const HistoryQuery = Type.Object(
  {
    /** Names with commas between them; what does not exist, or may not be seen, is left out of the answer. */
    series: Type.String({ minLength: 1, maxLength: 16_384 }),
    range: Type.Optional(Type.Union([Type.Literal("hour"), Type.Literal("day")])),
  },
  { additionalProperties: false },
);
export type HistoryQuery = Static<typeof HistoryQuery>;
export const HealthHistory = Type.Object({
  /** Time of the newest value; the ones before it are `step_ms` apart. */
  end: IsoTime,
  step_ms: Type.Integer(),
  /** Oldest first, all of the same length; null where nothing was measured. */
  series: Type.Array(Type.Object({ name: Type.String(), values: Type.Array(Nullable(Type.Number())) })),
});
export type HealthHistory = Static<typeof HealthHistory>;

const Space = Type.Object({ free_bytes: Type.Number(), total_bytes: Type.Number() });
export const SystemHealth = Type.Object({
  at: IsoTime,
  processors: Type.Integer(),
  /** Percent of the whole machine over the last few seconds; null before they were measured. */
  cpu_percent: Nullable(Type.Number()),
  load_1m: Type.Number(),
  memory: Space,
  /** Of the recordings. */
  disk: Nullable(Space),
  /** Where frames for models lie; null where none are exported. */
  shm: Nullable(Space),
  store: Type.Object({
    kind: Type.Union([Type.Literal("sqlite"), Type.Literal("postgres")]),
    /** null where it does not answer. */
    answer_ms: Nullable(Type.Number()),
  }),
  /** VAS itself first, then its children by name. */
  processes: Type.Array(
    Type.Object({
      name: Type.String(),
      count: Type.Integer(),
      memory_bytes: Type.Number(),
      /** Percent of one processor, all of this name together; null before it was measured. */
      cpu_percent: Nullable(Type.Number()),
    }),
  ),
  /** Series that are kept now, and how many may be. */
  history: Type.Object({ series: Type.Integer(), max: Type.Integer() }),
});
export type SystemHealth = Static<typeof SystemHealth>;
