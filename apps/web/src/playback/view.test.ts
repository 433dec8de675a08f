import assert from "node:assert/strict";
import { test } from "node:test";
import {
  around,
  bucketFor,
  DAY_MS,
  following,
  held,
  LEAST_SPAN_MS,
  lengthOf,
  MOST_SPAN_MS,
  panned,
  ticks,
  timeAt,
  viewWords,
  xAt,
  zoomed,
} from "./view.ts";

const at = (...fields: [number, number, number?, number?, number?, number?]) =>
  new Date(fields[0], fields[1] - 1, fields[2] ?? 1, fields[3] ?? 0, fields[4] ?? 0, fields[5] ?? 0).getTime();
const NOW = at(2026, 3, 4, 12);
const words = (fromMs: number, toMs: number, width = 1000) => ticks({ fromMs, toMs }, width).map((tick) => tick.words);

test("a zoom keeps the moment under the pointer where it is", () => {
  const view = { fromMs: NOW - 3_600_000, toMs: NOW };
  const pointed = NOW - 900_000;
  const before = xAt(view, pointed, 1000);
  for (const factor of [0.5, 0.9, 1.3, 3]) {
    const next = zoomed(view, factor, pointed, NOW + DAY_MS);
    assert.ok(Math.abs(xAt(next, pointed, 1000) - before) < 1e-6, `${factor}`);
    assert.equal(Math.round(lengthOf(next)), Math.round(3_600_000 * factor));
  }
  assert.equal(timeAt(view, before, 1000), pointed);
});

test("from a year to a second and back: no zoom leaves the limits", () => {
  let view = around(NOW, 3_600_000, NOW);
  for (let turn = 0; turn < 60; turn++) view = zoomed(view, 1.5, NOW, NOW);
  assert.equal(lengthOf(view), MOST_SPAN_MS);
  for (let turn = 0; turn < 120; turn++) view = zoomed(view, 0.6, NOW, NOW);
  assert.equal(lengthOf(view), LEAST_SPAN_MS);
  assert.ok(view.fromMs <= NOW && view.toMs >= NOW);
});

test("a little of the future is shown, and no more", () => {
  const far = panned({ fromMs: NOW - 1000, toMs: NOW + 9000 }, 10 * DAY_MS, NOW);
  assert.deepEqual(far, { fromMs: NOW - 9000, toMs: NOW + 1000 });
  assert.ok(held({ fromMs: -1e15, toMs: -1e15 + 5000 }, NOW).fromMs >= Date.UTC(2000, 0, 1));
});

test("the view turns its page when what plays leaves it, and stays where a person looks elsewhere", () => {
  const view = { fromMs: NOW - 60_000, toMs: NOW - 30_000 };
  assert.equal(following(view, NOW - 40_000, NOW - 35_000, NOW), view);
  const turned = following(view, NOW - 30_100, NOW - 29_900, NOW);
  assert.equal(lengthOf(turned), 30_000);
  assert.ok(turned.fromMs < NOW - 29_900 && turned.toMs > NOW - 10_000);
  assert.equal(following(view, NOW - 10_000, NOW - 9_000, NOW), view);
});

test("a bucket is some pixels wide at every zoom, and a view with its margins never asks for too many", () => {
  for (let length = LEAST_SPAN_MS; length < MOST_SPAN_MS; length *= 1.37) {
    const buckets = length / bucketFor({ fromMs: NOW - length, toMs: NOW });
    assert.ok(buckets <= 400 && (buckets > 30 || length < 20_000), `${length}: ${buckets}`);
  }
  assert.ok((MOST_SPAN_MS * 2.8) / DAY_MS < 1200);
});

test("labels are seconds, minutes, hours, days, months and years, whichever fits", () => {
  assert.deepEqual(words(at(2026, 3, 3, 12), at(2026, 3, 3, 12, 0, 5)).slice(0, 3), [
    "12:00:00",
    "12:00:01",
    "12:00:02",
  ]);
  assert.deepEqual(words(at(2026, 3, 3, 12), at(2026, 3, 3, 13)).slice(0, 3), ["12:00", "12:05", "12:10"]);
  assert.deepEqual(words(at(2026, 3, 3), at(2026, 3, 4)), [
    "Tue 3 Mar",
    "02:00",
    "04:00",
    "06:00",
    "08:00",
    "10:00",
    "12:00",
    "14:00",
    "16:00",
    "18:00",
    "20:00",
    "22:00",
    "Wed 4 Mar",
  ]);
  assert.deepEqual(words(at(2026, 3, 2), at(2026, 3, 6)).slice(0, 3), ["Mon 2 Mar", "12:00", "Tue 3 Mar"]);
  assert.deepEqual(words(at(2026, 2, 27), at(2026, 3, 8)).slice(0, 3), ["27 Feb", "28 Feb", "1 Mar"]);
  assert.deepEqual(words(at(2026, 3, 1), at(2026, 4, 20)).slice(0, 2), ["2 Mar", "9 Mar"]);
  assert.deepEqual(words(at(2025, 11), at(2026, 11)).slice(0, 4), ["Nov", "Dec", "2026", "Feb"]);
  assert.deepEqual(words(at(2025, 11), at(2026, 11), 390), ["2026", "Apr", "Jul", "Oct"]);
});

test("labels are never nearer than fits, and never repeat", () => {
  for (let length = LEAST_SPAN_MS; length < MOST_SPAN_MS; length *= 1.21)
    for (const width of [320, 900, 2400]) {
      const view = { fromMs: NOW - length, toMs: NOW };
      const found = ticks(view, width);
      for (const [index, tick] of found.entries()) {
        const before = found[index - 1];
        // Months differ by three days, and a changed clock moves an hour.
        if (before) assert.ok(xAt(view, tick.atMs, width) - xAt(view, before.atMs, width) > 76 * 0.85, `${length}`);
      }
      assert.ok(found.length <= width / 70 + 1);
    }
});

test("what is shown is said in one line", () => {
  assert.equal(
    viewWords({ fromMs: at(2026, 3, 3, 12), toMs: at(2026, 3, 3, 13) }),
    "Tuesday, 3 March 2026, 12:00 to 13:00",
  );
  assert.equal(
    viewWords({ fromMs: at(2026, 3, 3, 12), toMs: at(2026, 3, 3, 12, 0, 30) }),
    "Tuesday, 3 March 2026, 12:00:00 to 12:00:30",
  );
  assert.equal(viewWords({ fromMs: at(2026, 3, 3), toMs: at(2026, 3, 5) }), "3 Mar 2026 to 4 Mar 2026");
});
