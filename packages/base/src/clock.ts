/** Time as a parameter. `…Ns` is monotonic and orders things; `wallMs` is Unix time and is shown to people. */
export interface Clock {
  wallMs(): number;
  /** CLOCK_MONOTONIC, the same for every process of the machine. */
  monotonicNs(): bigint;
  /** Resolves after `ms`, or at once when the signal aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicNs: () => process.hrtime.bigint(),
  sleep(ms, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener("abort", done, { once: true });
    });
  },
};
