/** The stretch of time that a timeline shows, from three years to two seconds, and what is written along it. Times are Unix ms. */

export type Span = { fromMs: number; toMs: number };

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY_MS = 24 * HOUR;
export const LEAST_SPAN_MS = 2 * SECOND;
export const MOST_SPAN_MS = 380 * DAY_MS;
/** So much of the view may be still to come. */
const FUTURE_SHARE = 0.1;
/** Nothing that this system recorded is older. */
const FIRST_MS = Date.UTC(2000, 0, 1);

export const lengthOf = (span: Span): number => span.toMs - span.fromMs;

export function timeAt(view: Span, x: number, width: number): number {
  return view.fromMs + (x / Math.max(1, width)) * lengthOf(view);
}

export function xAt(view: Span, atMs: number, width: number): number {
  return ((atMs - view.fromMs) / lengthOf(view)) * width;
}

/** Not longer and not shorter than can be shown, and not far into the future. */
export function held(view: Span, nowMs: number): Span {
  const length = Math.min(MOST_SPAN_MS, Math.max(LEAST_SPAN_MS, lengthOf(view)));
  const middle = (view.fromMs + view.toMs) / 2;
  const latest = nowMs + length * FUTURE_SHARE;
  const toMs = Math.min(Math.max(middle + length / 2, FIRST_MS + length), latest);
  return { fromMs: toMs - length, toMs };
}

/**
 * @param factor above 1 shows more time
 * @param atMs stays where it is on screen, as far as the limits let it
 */
export function zoomed(view: Span, factor: number, atMs: number, nowMs: number): Span {
  const length = Math.min(MOST_SPAN_MS, Math.max(LEAST_SPAN_MS, lengthOf(view) * factor));
  const share = (atMs - view.fromMs) / lengthOf(view);
  const fromMs = atMs - share * length;
  return held({ fromMs, toMs: fromMs + length }, nowMs);
}

export function panned(view: Span, byMs: number, nowMs: number): Span {
  return held({ fromMs: view.fromMs + byMs, toMs: view.toMs + byMs }, nowMs);
}

export function around(atMs: number, lengthMs: number, nowMs: number): Span {
  return held({ fromMs: atMs - lengthMs / 2, toMs: atMs + lengthMs / 2 }, nowMs);
}

/** The view that goes on with what plays: it turns the page when the moment leaves it, and not otherwise. */
export function following(view: Span, beforeMs: number | null, atMs: number, nowMs: number): Span {
  const wasIn = beforeMs !== null && beforeMs >= view.fromMs && beforeMs <= view.toMs;
  if (!wasIn || (atMs >= view.fromMs && atMs <= view.toMs)) return view;
  const length = lengthOf(view);
  return held({ fromMs: atMs - length * 0.1, toMs: atMs + length * 0.9 }, nowMs);
}

/** Lengths of one bucket, so that few different ones are ever asked for. */
const BUCKETS = [
  50,
  100,
  200,
  500,
  SECOND,
  2 * SECOND,
  5 * SECOND,
  10 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  20 * MINUTE,
  HOUR,
  2 * HOUR,
  4 * HOUR,
  8 * HOUR,
  DAY_MS,
];
/** Buckets across the view: one is some three pixels wide. */
const BUCKETS_SHOWN = 400;

export function bucketFor(view: Span): number {
  const wanted = lengthOf(view) / BUCKETS_SHOWN;
  return BUCKETS.find((bucket) => bucket >= wanted) ?? DAY_MS;
}

export type Tick = { atMs: number; words: string; isStrong: boolean };

type Step = { unit: "ms" | "hour" | "day" | "week" | "month" | "year"; count: number; lengthMs: number };
const YEARS: Step = { unit: "year", count: 1, lengthMs: 365 * DAY_MS };
const STEPS: readonly Step[] = [
  ...[1, 2, 5, 10, 15, 30].map((count) => ({ unit: "ms" as const, count: count * SECOND, lengthMs: count * SECOND })),
  ...[1, 2, 5, 10, 15, 30].map((count) => ({ unit: "ms" as const, count: count * MINUTE, lengthMs: count * MINUTE })),
  ...[1, 2, 3, 6, 12].map((count) => ({ unit: "hour" as const, count, lengthMs: count * HOUR })),
  { unit: "day", count: 1, lengthMs: DAY_MS },
  { unit: "week", count: 1, lengthMs: 7 * DAY_MS },
  ...[1, 3, 6].map((count) => ({ unit: "month" as const, count, lengthMs: count * 30.4 * DAY_MS })),
  YEARS,
];

/** Round local times, as many as fit with so many pixels between two of them; where a day or a year begins, it is named. */
export function ticks(view: Span, width: number, leastPx = 76): Tick[] {
  const most = Math.max(1, width / leastPx);
  const step = STEPS.find(({ lengthMs }) => lengthOf(view) / lengthMs <= most) ?? YEARS;
  const found: Tick[] = [];
  for (const at of roundTimes(step, view)) {
    const atMs = at.getTime();
    if (atMs > view.toMs) break;
    if (atMs >= view.fromMs && atMs !== found.at(-1)?.atMs) found.push({ atMs, ...written(at, step) });
  }
  return found;
}

/** Set by local fields, so that a day on which clocks change keeps round times. */
function* roundTimes({ unit, count }: Step, view: Span): Generator<Date> {
  const start = new Date(view.fromMs);
  const [year, month, date] = [start.getFullYear(), start.getMonth(), start.getDate()];
  if (unit === "ms") {
    // From the hour on: every step divides one, and clocks change by whole steps.
    const hourMs = new Date(year, month, date, start.getHours()).getTime();
    for (let atMs = hourMs; ; atMs += count) yield new Date(atMs);
  }
  const firstWeek = date - ((start.getDay() + 6) % 7);
  const firstMonth = month - (month % count);
  for (let step = 0; ; step++) {
    if (unit === "hour") yield new Date(year, month, date, step * count);
    else if (unit === "day") yield new Date(year, month, date + step);
    else if (unit === "week") yield new Date(year, month, firstWeek + 7 * step);
    else if (unit === "month") yield new Date(year, firstMonth + step * count, 1);
    else yield new Date(year + step, 0, 1);
  }
}

const LOCALE = "en-GB";
const format = (options: Intl.DateTimeFormatOptions) => {
  const made = new Intl.DateTimeFormat(LOCALE, options);
  return (at: Date | number) => made.format(at);
};
const clock = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const clockSeconds = format({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const dayAndMonth = format({ day: "numeric", month: "short" });
const weekday = format({ weekday: "short", day: "numeric", month: "short" });
const monthName = format({ month: "short" });
const wholeDay = format({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const dayOfYear = format({ day: "numeric", month: "short", year: "numeric" });

function written(at: Date, step: Step): Pick<Tick, "words" | "isStrong"> {
  const isMidnight = at.getHours() === 0 && at.getMinutes() === 0 && at.getSeconds() === 0;
  if (step.unit === "ms" || step.unit === "hour") {
    if (isMidnight) return { words: weekday(at), isStrong: true };
    return { words: step.lengthMs < MINUTE ? clockSeconds(at) : clock(at), isStrong: false };
  }
  if (step.unit === "day" || step.unit === "week")
    return { words: dayAndMonth(at), isStrong: step.unit === "day" ? at.getDate() === 1 : at.getDate() <= 7 };
  const isYear = at.getMonth() === 0;
  return isYear ? { words: String(at.getFullYear()), isStrong: true } : { words: monthName(at), isStrong: false };
}

/** What is shown, as one line: `Tuesday, 3 March 2026, 12:00 to 13:00`. */
export function viewWords(view: Span): string {
  const [from, to] = [new Date(view.fromMs), new Date(view.toMs)];
  const lastMs = view.toMs - 1;
  if (wholeDay(from) !== wholeDay(lastMs)) return `${dayOfYear(from)} to ${dayOfYear(lastMs)}`;
  const time = lengthOf(view) < 5 * MINUTE ? clockSeconds : clock;
  return `${wholeDay(from)}, ${time(from)} to ${time(to)}`;
}
