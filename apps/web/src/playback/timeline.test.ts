import assert from "node:assert/strict";
import { test } from "node:test";
import { daySpan, footage, localDays, momentWords, place, playableFrom, ticks, zoomed, zoomFor } from "./timeline.ts";

const iso = (ms: number) => new Date(ms).toISOString();
const day = daySpan("2026-01-02");
const segment = (from: number, to: number) => ({ start: iso(day.fromMs + from), end: iso(day.fromMs + to) });

test("segments that follow each other are one span, whatever their order", () => {
  const spans = footage([segment(10_000, 20_000), segment(0, 10_000), segment(60_000, 70_000)]);
  assert.deepEqual(
    spans.map((span) => [span.fromMs - day.fromMs, span.toMs - day.fromMs]),
    [
      [0, 20_000],
      [60_000, 70_000],
    ],
  );
});

test("a moment in a gap plays from the next footage", () => {
  const spans = footage([segment(0, 10_000), segment(60_000, 70_000)]);
  assert.equal(playableFrom(spans, day.fromMs + 5_000), day.fromMs + 5_000);
  assert.equal(playableFrom(spans, day.fromMs + 30_000), day.fromMs + 60_000);
  assert.equal(playableFrom(spans, day.fromMs + 80_000), null);
});

test("a moment says whether it is recorded, and why not", () => {
  const spans = footage([segment(0, 10_000)]);
  const gap = { start: iso(day.fromMs + 10_000), end: null, reason: "refused", message: "The camera refused." };
  const now = day.fromMs + 3_600_000;
  const words = (ms: number) => momentWords(day.fromMs + ms, spans, [gap], now);
  assert.equal(words(5_000), "00:00:05: recorded.");
  assert.equal(words(20_000), "00:00:20: not recorded. The camera refused.");
  assert.equal(words(3_700_000), "01:01:40: still to come.");
  assert.equal(momentWords(day.fromMs + 20_000, spans, [], now), "00:00:20: nothing is recorded.");
});

test("a span is placed in percent of what is shown and cut at its edges", () => {
  const view = { fromMs: 0, toMs: 1000 };
  assert.deepEqual(place({ fromMs: -100, toMs: 250 }, view), { left: 0, width: 25 });
  assert.equal(place({ fromMs: 1000, toMs: 1100 }, view), null);
});

test("ticks are round local times and as few as fit", () => {
  assert.deepEqual(
    ticks(day, 8).map((tick) => tick.words),
    ["00:00", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00", "00:00"],
  );
  const hour = zoomed(day, 1, day.fromMs + 12 * 3_600_000);
  assert.equal(ticks(hour, 6)[0]?.words, "11:30");
});

test("a zoom stays within its day", () => {
  assert.deepEqual(zoomed(day, 1, day.fromMs), { fromMs: day.fromMs, toMs: day.fromMs + 3_600_000 });
  assert.equal(zoomed(day, 1, day.toMs).toMs, day.toMs);
});

test("UTC days become local days, newest first and once each", () => {
  const days = localDays(["2026-01-02", "2026-01-03"]);
  assert.equal(new Set(days).size, days.length);
  assert.deepEqual([...days].sort().toReversed(), days);
  assert.ok(days.includes("2026-01-02") && days.includes("2026-01-03"));
});

test("a day opens as near as shows all that is recorded", () => {
  const of = (...minutes: [number, number][]) =>
    zoomFor(
      minutes.map(([from, to]) => ({ fromMs: day.fromMs + from * 60_000, toMs: day.fromMs + to * 60_000 })),
      [24, 6, 1],
    );
  assert.equal(of([600, 610]), 1);
  assert.equal(of([600, 610], [700, 720]), 6);
  assert.equal(of([0, 10], [700, 720]), 24);
  assert.equal(of(), 24);
});
