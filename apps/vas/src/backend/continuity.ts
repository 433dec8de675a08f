/**
 * The timeline of one camera over any range: a day at a time, so that a year holds up nothing else for longer than a day
 * takes, and days that cannot change any more are remembered.
 */
import { setImmediate } from "node:timers/promises";
import { MAX_LABELS, type Timeline } from "@vas/contracts/timeline.ts";
import type { Backend } from "./context.ts";
import { type KnownGap, Ledger } from "./ledger.ts";
import { LEAST_GAP_MS } from "./recorder.ts";
import type { CameraRow } from "./store/cameras.ts";
import { oldestSegmentOf } from "./store/recordings.ts";
import * as store from "./store/timeline.ts";
import { isoTime } from "./validation.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Rows that waited for a store that was away are in it by then. */
const SETTLED_MS = DAY_MS;
/** Remembered runs, gaps and counts of all cameras together: some 40 MB. */
const MAX_REMEMBERED = 400_000;

type Day = { runs: store.FootageRun[]; gaps: KnownGap[] };
/** Events by label of one day, by its hours. */
type Hours = store.LabelCount[];

/** Keeps what was used last, up to so many entries in all. */
class Memory<V> {
  readonly #kept = new Map<string, { value: V; weight: number }>();
  #weight = 0;

  get(key: string): V | undefined {
    const found = this.#kept.get(key);
    if (!found) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, found);
    return found.value;
  }

  keep(key: string, value: V, weight: number): void {
    this.#kept.set(key, { value, weight });
    this.#weight += weight;
    for (const [old, { weight: freed }] of this.#kept) {
      if (this.#weight <= MAX_REMEMBERED) return;
      this.#kept.delete(old);
      this.#weight -= freed;
    }
  }
}

export class Continuity {
  readonly #backend: Pick<Backend, "db" | "kernel" | "clock">;
  readonly #days = new Memory<Day>();
  readonly #hours = new Memory<Hours>();

  constructor(backend: Pick<Backend, "db" | "kernel" | "clock">) {
    this.#backend = backend;
  }

  async timeline(
    camera: CameraRow,
    range: { fromMs: number; toMs: number; bucketMs: number },
    signal: AbortSignal,
  ): Promise<Timeline> {
    const { db, kernel, clock } = this.#backend;
    const { fromMs, toMs, bucketMs } = range;
    const nowMs = Math.round(clock.wallMs());
    const open = kernel.openSegment(camera.id);
    const oldest = await oldestSegmentOf(db, camera.id);
    const oldestMs = oldest?.startWallMs ?? open?.startWallMs ?? null;
    const ledger = new Ledger({
      ...range,
      nowMs,
      createdMs: camera.created_at,
      oldestMs,
      isWanted: camera.record === 1 && camera.started === 1,
      openEndMs: open ? Math.round(open.endWallMs) : null,
    });
    const labels = new Labels(range);
    // A segment is shorter than an hour, so none that began earlier reaches into the range.
    const firstDayMs = Math.floor((fromMs - HOUR_MS) / DAY_MS) * DAY_MS;
    const before = await store.gapBefore(db, camera.id, firstDayMs);
    if (before) ledger.add([], [toKnown(before)]);
    // Nothing is to be found before the camera was there, or after now; both are accounted for all the same.
    const startMs = Math.max(firstDayMs, Math.floor(Math.min(camera.created_at, oldestMs ?? nowMs) / DAY_MS) * DAY_MS);
    for (let dayMs = startMs; dayMs < Math.min(toMs, nowMs + DAY_MS); dayMs += DAY_MS) {
      signal.throwIfAborted();
      const { runs, gaps } = await this.#day(camera.id, dayMs, nowMs);
      // What retention has deleted since the day was read is before the oldest that is left.
      const kept = runs.filter((run) => run.endMs > (oldestMs ?? nowMs));
      ledger.add(
        kept.map((run) => ({ ...run, startMs: Math.max(run.startMs, oldestMs ?? 0) })),
        gaps,
      );
      if (dayMs + DAY_MS > fromMs) labels.add(await this.#labels(camera.id, dayMs, range, nowMs));
    }
    if (open) ledger.add([{ startMs: Math.round(open.startWallMs), endMs: Math.round(open.endWallMs) }], []);
    const { sums, stretches, leftOut } = ledger.end();
    return {
      from: isoTime(fromMs),
      to: isoTime(toMs),
      bucket_ms: bucketMs,
      recorded_ms: ledger.recordedMs,
      sums,
      stretches: stretches.map(({ fromMs: start, toMs: end, ...why }) => ({
        start: isoTime(start),
        end: isoTime(end),
        ...why,
      })),
      stretches_left_out: leftOut,
      ...labels.answer(),
    };
  }

  async #day(cameraId: string, dayMs: number, nowMs: number): Promise<Day> {
    const key = `${cameraId} ${dayMs}`;
    const known = this.#days.get(key);
    if (known) return known;
    const range = { fromMs: dayMs, toMs: dayMs + DAY_MS };
    const runs = await store.footageRuns(this.#backend.db, cameraId, range, LEAST_GAP_MS);
    const gaps = (await store.gapsStarting(this.#backend.db, cameraId, range)).map(toKnown);
    const day = { runs, gaps };
    const isSettled = range.toMs < nowMs - SETTLED_MS && gaps.every((gap) => gap.endMs !== null);
    if (isSettled) this.#days.keep(key, day, 1 + runs.length + gaps.length);
    await setImmediate();
    return day;
  }

  /** Counts of one day, by the buckets of the range. */
  async #labels(
    cameraId: string,
    dayMs: number,
    range: { fromMs: number; toMs: number; bucketMs: number },
    nowMs: number,
  ): Promise<store.LabelCount[]> {
    const { fromMs, toMs, bucketMs } = range;
    const isWhole = dayMs >= fromMs && dayMs + DAY_MS <= toMs;
    if (isWhole && fromMs % HOUR_MS === 0 && bucketMs % HOUR_MS === 0) {
      const hours = await this.#hoursOf(cameraId, dayMs, nowMs);
      const first = (dayMs - fromMs) / HOUR_MS;
      const each = bucketMs / HOUR_MS;
      return hours.map((one) => ({ ...one, bucket: Math.floor((first + one.bucket) / each) }));
    }
    const cutFromMs = Math.max(dayMs, fromMs);
    const cut = { fromMs: cutFromMs - ((cutFromMs - fromMs) % bucketMs), toMs: Math.min(dayMs + DAY_MS, toMs) };
    const shift = (cut.fromMs - fromMs) / bucketMs;
    const counts = await store.countLabels(this.#backend.db, cameraId, { ...cut, sinceMs: cutFromMs }, bucketMs);
    await setImmediate();
    return counts.map((one) => ({ ...one, bucket: one.bucket + shift }));
  }

  async #hoursOf(cameraId: string, dayMs: number, nowMs: number): Promise<Hours> {
    const key = `${cameraId} ${dayMs}`;
    const known = this.#hours.get(key);
    if (known) return known;
    const range = { fromMs: dayMs, sinceMs: dayMs, toMs: dayMs + DAY_MS };
    const hours = await store.countLabels(this.#backend.db, cameraId, range, HOUR_MS);
    if (range.toMs < nowMs - SETTLED_MS) this.#hours.keep(key, hours, 1 + hours.length);
    await setImmediate();
    return hours;
  }
}

/** Counts by label, of which the most frequent are listed. */
class Labels {
  readonly #buckets: number;
  readonly #byLabel = new Map<string, Map<number, number>>();

  constructor({ fromMs, toMs, bucketMs }: { fromMs: number; toMs: number; bucketMs: number }) {
    this.#buckets = Math.ceil((toMs - fromMs) / bucketMs);
  }

  add(counts: readonly store.LabelCount[]): void {
    for (const { label, bucket, count } of counts) {
      if (bucket < 0 || bucket >= this.#buckets) continue;
      let buckets = this.#byLabel.get(label);
      if (!buckets) this.#byLabel.set(label, (buckets = new Map()));
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + count);
    }
  }

  answer(): Pick<Timeline, "labels" | "events_left_out"> {
    const all = [...this.#byLabel].map(([label, buckets]) => ({
      label,
      count: [...buckets.values()].reduce((sum, count) => sum + count, 0),
      buckets: [...buckets].sort(([a], [b]) => a - b),
    }));
    all.sort((a, b) => b.count - a.count || (a.label < b.label ? -1 : 1));
    return {
      labels: all.slice(0, MAX_LABELS),
      events_left_out: all.slice(MAX_LABELS).reduce((sum, { count }) => sum + count, 0),
    };
  }
}

function toKnown(gap: {
  start_wall_ms: number;
  end_wall_ms: number | null;
  reason: string;
  message: string;
}): KnownGap {
  return { startMs: gap.start_wall_ms, endMs: gap.end_wall_ms, reason: gap.reason, message: gap.message };
}
