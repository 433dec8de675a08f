/** Bounded statistics over the recent past: a rate and percentiles, in fixed memory. */

/** Counts per second over the last `seconds`, in one-second buckets. */
export class RateWindow {
  readonly #buckets: Float64Array;
  #second = 0;
  #first: number | undefined;

  constructor(seconds: number) {
    this.#buckets = new Float64Array(seconds + 1);
  }

  /** @param nowMs any clock, as long as it is always the same one */
  add(nowMs: number, amount = 1): void {
    this.#advance(nowMs);
    const at = this.#second % this.#buckets.length;
    this.#buckets[at] = (this.#buckets[at] ?? 0) + amount;
  }

  /** Amount per second over the complete seconds of the window, or over the time since the first amount if that is shorter. */
  perSecond(nowMs: number): number {
    if (this.#first === undefined) return 0;
    this.#advance(nowMs);
    const current = this.#second % this.#buckets.length;
    let sum = 0;
    for (const [at, amount] of this.#buckets.entries()) if (at !== current) sum += amount;
    const complete = Math.min(this.#buckets.length - 1, this.#second - this.#first);
    return complete > 0 ? sum / complete : (this.#buckets[current] ?? 0);
  }

  #advance(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (this.#first === undefined) {
      this.#first = second;
      this.#second = second;
      return;
    }
    if (second <= this.#second) return;
    const steps = Math.min(second - this.#second, this.#buckets.length);
    for (let step = 1; step <= steps; step++) this.#buckets[(this.#second + step) % this.#buckets.length] = 0;
    if (steps === this.#buckets.length) this.#buckets.fill(0);
    this.#second = second;
  }
}

/** Percentiles of the last `size` values. */
export class SampleWindow {
  readonly #values: Float64Array;
  #count = 0;

  constructor(size: number) {
    this.#values = new Float64Array(size);
  }

  add(value: number): void {
    this.#values[this.#count++ % this.#values.length] = value;
  }

  /** @returns the value below which this fraction lies, or null before the first value */
  percentile(fraction: number): number | null {
    const filled = Math.min(this.#count, this.#values.length);
    if (filled === 0) return null;
    const sorted = this.#values.slice(0, filled).sort();
    return sorted[Math.min(filled - 1, Math.floor(fraction * filled))] ?? null;
  }
}
