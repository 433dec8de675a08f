/** Speaks of repeated trouble at most once a second, so that a peer that misbehaves cannot fill the log. */
import type { Clock } from "@vas/base/clock.ts";
import type { Fields, Log } from "@vas/base/log.ts";

const INTERVAL_NS = 1_000_000_000n;

/** @returns a `warn` that writes one line a second; the line says how many before it were left out */
export function limitedWarn(log: Log, clock: Clock): (message: string, fields?: Fields) => void {
  let lastNs: bigint | undefined;
  let leftOut = 0;
  return (message, fields) => {
    const nowNs = clock.monotonicNs();
    if (lastNs !== undefined && nowNs - lastNs < INTERVAL_NS) {
      leftOut += 1;
      return;
    }
    lastNs = nowNs;
    log.warn(message, leftOut > 0 ? { ...fields, left_out: leftOut } : fields);
    leftOut = 0;
  };
}
