import type { Clock } from "@vas/base/clock.ts";

/** Monotonic milliseconds. */
export function monoMs(clock: Pick<Clock, "monotonicNs">): number {
  return Number(clock.monotonicNs()) / 1e6;
}
