/** How much of today is not recorded although it was wanted. */
import type { Timeline } from "@vas/contracts/timeline.ts";

/** From the browser's last midnight until now. */
export function todayOf(now: Date): { from: string; to: string } {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  // A second after midnight is still a range.
  const to = new Date(Math.max(now.getTime(), midnight.getTime() + 1000));
  return { from: midnight.toISOString(), to: to.toISOString() };
}

export function gapsOf({ sums }: Pick<Timeline, "sums">): { count: number; ms: number } {
  const gaps = sums.filter(({ state }) => state === "gap");
  return { count: gaps.reduce((all, { count }) => all + count, 0), ms: gaps.reduce((all, { ms }) => all + ms, 0) };
}
