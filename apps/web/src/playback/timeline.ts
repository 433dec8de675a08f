/** A stretch of time on screen: footage, gaps with their reasons, ticks, and what is where. Times are Unix ms. */
import type { Gap, Recordings, Segment } from "@vas/contracts/http.ts";
import { clockTime, localDay } from "../ui/format.ts";

export type Span = { fromMs: number; toMs: number };

/** The browser's local day, 23 to 25 hours long. */
export function daySpan(day: string): Span {
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  return { fromMs: new Date(year, month - 1, date).getTime(), toMs: new Date(year, month - 1, date + 1).getTime() };
}

/** The API's UTC days as local ones, newest first; a day at the edge may turn out empty. */
export function localDays(utcDays: readonly string[]): string[] {
  const days = new Set<string>();
  for (const day of utcDays) {
    const start = Date.parse(`${day}T00:00:00.000Z`);
    days.add(localDay(new Date(start)));
    days.add(localDay(new Date(start + 86_399_999)));
  }
  return [...days].sort().toReversed();
}

/** Footage without the seams between segments. */
export function footage(segments: readonly Pick<Segment, "start" | "end">[], joinMs = 1_000): Span[] {
  const spans: Span[] = [];
  const ordered = segments
    .map((segment) => ({ fromMs: Date.parse(segment.start), toMs: Date.parse(segment.end) }))
    .sort((a, b) => a.fromMs - b.fromMs);
  for (const span of ordered) {
    const last = spans.at(-1);
    if (last && span.fromMs <= last.toMs + joinMs) last.toMs = Math.max(last.toMs, span.toMs);
    else spans.push({ ...span });
  }
  return spans;
}

/** The moment itself where it is recorded, else the next that is, else null. */
export function playableFrom(spans: readonly Span[], atMs: number): number | null {
  for (const span of spans) if (atMs < span.toMs) return Math.max(atMs, span.fromMs);
  return null;
}

/** Left edge and width in percent of the shown stretch; null where nothing of it is shown. */
export function place(span: Span, view: Span): { left: number; width: number } | null {
  const from = Math.max(span.fromMs, view.fromMs);
  const to = Math.min(span.toMs, view.toMs);
  if (to <= from) return null;
  const length = view.toMs - view.fromMs;
  return { left: ((from - view.fromMs) / length) * 100, width: ((to - from) / length) * 100 };
}

export function gapSpan(gap: Gap, nowMs: number): Span {
  return { fromMs: Date.parse(gap.start), toMs: gap.end === null ? nowMs : Date.parse(gap.end) };
}

/** `10:32:05: recorded`, or why it is not. */
export function momentWords(atMs: number, spans: readonly Span[], gaps: readonly Gap[], nowMs: number): string {
  const time = clockTime(new Date(atMs));
  if (atMs > nowMs) return `${time}: still to come.`;
  if (spans.some((span) => atMs >= span.fromMs && atMs < span.toMs)) return `${time}: recorded.`;
  const gap = gaps.find((one) => {
    const span = gapSpan(one, nowMs);
    return atMs >= span.fromMs && atMs < span.toMs;
  });
  return gap ? `${time}: not recorded. ${gap.message}` : `${time}: nothing is recorded.`;
}

const TICK_STEPS_MIN = [1, 2, 5, 10, 30, 60, 120, 180, 240, 360];

/** Round local times to write below the timeline, at most `most` of them. */
export function ticks(view: Span, most: number): { atMs: number; words: string }[] {
  const minutes = (view.toMs - view.fromMs) / 60_000;
  const step = TICK_STEPS_MIN.find((candidate) => minutes / candidate <= most) ?? 360;
  const start = new Date(view.fromMs);
  start.setHours(0, 0, 0, 0);
  const marks: { atMs: number; words: string }[] = [];
  // Set by local fields, so that a day with a clock change keeps round times.
  for (let minute = 0; minute <= 26 * 60; minute += step) {
    const at = new Date(start.getFullYear(), start.getMonth(), start.getDate(), 0, minute);
    if (at.getTime() >= view.fromMs && at.getTime() <= view.toMs)
      marks.push({ atMs: at.getTime(), words: clockTime(at).slice(0, 5) });
  }
  return marks;
}

/** The part of a day that is shown when zoomed, around a moment. */
export function zoomed(day: Span, hours: number, aroundMs: number): Span {
  const length = Math.min(hours * 3_600_000, day.toMs - day.fromMs);
  const fromMs = Math.min(Math.max(aroundMs - length / 2, day.fromMs), day.toMs - length);
  return { fromMs, toMs: fromMs + length };
}

/** The shortest zoom that shows all of a day's footage, so that little of it is not a dot in an empty day. */
export function zoomFor(spans: readonly Span[], hours: readonly number[]): number {
  const first = spans[0];
  const last = spans.at(-1);
  const widest = Math.max(...hours);
  if (!first || !last) return widest;
  const needed = (last.toMs - first.fromMs) / 3_600_000;
  return hours.toSorted((a, b) => a - b).find((candidate) => needed <= candidate / 2) ?? widest;
}

export const NOTHING: Recordings = { segments: [], gaps: [] };
