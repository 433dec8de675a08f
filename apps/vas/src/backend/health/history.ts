/**
 * Named series of numbers over the last hour and the last day, in memory of fixed size: 8640 bytes a series, and not more
 * than so many series. Every series has a place for each sample, so all of them share one time.
 */
import { HISTORY, type HistoryRange } from "@vas/contracts/health.ts";

/** 18 MB in all. */
export const MAX_SERIES = 2048;
/** Samples of the hour that make one of the day. */
const MERGED = HISTORY.day.stepMs / HISTORY.hour.stepMs;
/** A series to which nothing was added for a day holds nothing. */
const FORGET_AFTER = HISTORY.day.values * MERGED;

/** `last` is the newest number of a place that was written to, -1 before the first. */
type Ring = { values: Float32Array; last: number };
type Series = { hour: Ring; day: Ring; sum: number; count: number };

export class History {
  readonly #series = new Map<string, Series>();
  #sample = -1;
  #refused = 0;

  get size(): number {
    return this.#series.size;
  }
  /** Values that were not kept because there are too many series. */
  get refused(): number {
    return this.#refused;
  }

  /** Begins the next sample: what is not added until the one after it was not measured. @param count of samples that passed */
  next(count = 1): void {
    this.#sample += Math.max(1, count);
    if (this.#sample % MERGED !== 0) return;
    for (const [name, { hour }] of this.#series) if (this.#sample - hour.last > FORGET_AFTER) this.#series.delete(name);
  }

  /** Only the first value of a sample counts. */
  add(name: string, value: number | null): void {
    if (value === null || !Number.isFinite(value) || this.#sample < 0) return;
    let series = this.#series.get(name);
    if (!series) {
      if (this.#series.size >= MAX_SERIES) {
        this.#refused++;
        return;
      }
      series = { hour: ringOf("hour"), day: ringOf("day"), sum: 0, count: 0 };
      this.#series.set(name, series);
    }
    if (series.hour.last === this.#sample) return;
    write(series.hour, this.#sample, value);
    const minute = Math.floor(this.#sample / MERGED);
    if (series.day.last !== minute) {
      series.sum = 0;
      series.count = 0;
    }
    series.sum += value;
    series.count++;
    // The mean of the minute so far; the newest minute is not over.
    write(series.day, minute, series.sum / series.count);
  }

  has(name: string): boolean {
    return this.#series.has(name);
  }

  /** Oldest first, the newest sample last; undefined where there is no such series. */
  read(name: string, range: HistoryRange): (number | null)[] | undefined {
    const series = this.#series.get(name);
    if (!series) return undefined;
    const { values, last } = series[range];
    const newest = range === "hour" ? this.#sample : Math.floor(this.#sample / MERGED);
    return Array.from(values, (_, at) => {
      const place = newest - values.length + 1 + at;
      const value =
        place < 0 || place > last || place <= last - values.length ? Number.NaN : values[place % values.length];
      // Seven digits are what a Float32 holds.
      return value === undefined || Number.isNaN(value) ? null : Number(value.toPrecision(6));
    });
  }
}

function ringOf(range: HistoryRange): Ring {
  return { values: new Float32Array(HISTORY[range].values).fill(Number.NaN), last: -1 };
}

/** What lies between the last place and this one was not measured. */
function write(ring: Ring, place: number, value: number): void {
  const { values } = ring;
  for (let skipped = Math.max(ring.last + 1, place - values.length + 1); skipped < place; skipped++)
    values[skipped % values.length] = Number.NaN;
  values[place % values.length] = value;
  ring.last = place;
}
