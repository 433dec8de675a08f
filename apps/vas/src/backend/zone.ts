/** Days as a clock on the wall shows them, in any time zone. */
import { CodedError } from "@vas/contracts/errors.ts";

/**
 * The days of a month, each from midnight to midnight.
 *
 * @param month such as 2026-03
 * @param zone IANA name
 * @throws CodedError bad_request where there is no such zone
 */
export function daysOfMonth(month: string, zone: string): { day: string; fromMs: number; toMs: number }[] {
  const shownAt = clockOf(zone);
  const [year, number] = month.split("-").map(Number) as [number, number];
  const midnight = (day: number): number => {
    const wanted = Date.UTC(year, number - 1, day);
    // Twice: the first guess may lie on the other side of a clock change.
    const guess = wanted - (shownAt(wanted) - wanted);
    return wanted - (shownAt(guess) - guess);
  };
  const count = new Date(Date.UTC(year, number, 0)).getUTCDate();
  return Array.from({ length: count }, (_, index) => ({
    day: `${month}-${String(index + 1).padStart(2, "0")}`,
    fromMs: midnight(index + 1),
    toMs: midnight(index + 2),
  }));
}

/** @returns what the zone's clocks show at a moment, as if it were UTC */
function clockOf(zone: string): (wallMs: number) => number {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-u-hc-h23", {
      timeZone: zone,
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch {
    throw new CodedError("bad_request", "/zone: is not a time zone");
  }
  return (wallMs) => {
    const part = new Map(format.formatToParts(wallMs).map(({ type, value }) => [type, Number(value)]));
    const of = (type: Intl.DateTimeFormatPartTypes) => part.get(type) ?? 0;
    return Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
  };
}
