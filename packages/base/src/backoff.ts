/** Growing waits between tries of one outside thing. */
export type Backoff = {
  /** Milliseconds to wait before the next try; doubles from `firstMs` up to `maxMs`. */
  nextMs(): number;
  /** The last try went well: begin again from `firstMs`. */
  reset(): void;
};

export function createBackoff(firstMs: number, maxMs: number): Backoff {
  let next = firstMs;
  return {
    nextMs() {
      const wait = next;
      next = Math.min(maxMs, next * 2);
      return wait;
    },
    reset() {
      next = firstMs;
    },
  };
}
