/** Waits between tries of one outside thing; growing, with a random part so that many viewers do not return at once. */
export type Backoff = { nextMs(): number; reset(): void };

/** @param random 0 to 1; each wait is 50 % to 100 % of its step */
export function createBackoff(firstMs: number, maxMs: number, random: () => number): Backoff {
  let step = firstMs;
  return {
    nextMs() {
      const wait = Math.round(step * (0.5 + random() / 2));
      step = Math.min(maxMs, step * 2);
      return wait;
    },
    reset() {
      step = firstMs;
    },
  };
}
