/**
 * When a stream's frames arrive, on our monotonic clock. Two streams of one camera have nothing else in common: this is how
 * the sub stream's time line is put beside the main one's (docs/design/time.md). It is near, and never exact.
 */

/** Half a minute of fragments: long enough that one of them waited little, short enough that clocks have not drifted apart. */
const KEPT = 30;

export class Arrivals {
  #offsets: number[] = [];

  /** @param endPts90k the end of a fragment that is here now */
  took(endPts90k: number, nowNs: bigint): void {
    this.#offsets.push(ticksOf(nowNs) - endPts90k);
    if (this.#offsets.length > KEPT) this.#offsets.shift();
  }

  /** The presentation time that arrives now; undefined where nothing arrived yet. */
  pts90kAt(nowNs: bigint): number | undefined {
    // What waited the least tells best: everything else was held up on its way.
    return this.#offsets.length === 0 ? undefined : ticksOf(nowNs) - Math.min(...this.#offsets);
  }

  forget(): void {
    this.#offsets = [];
  }
}

function ticksOf(ns: bigint): number {
  return Number((ns * 9n) / 100_000n);
}
