import assert from "node:assert/strict";
import { test } from "node:test";
import { dataOf, namesOf, rowsOf, shown, subscriptionCharts, SYSTEM_CHARTS, wordsOf } from "./series.ts";

const END = "2026-01-01T12:00:00.000Z";
const [rates] = subscriptionCharts("cam", "person");

test("a chart has the lines that VAS has values of, and a time for each value", () => {
  assert.ok(rates);
  const data = dataOf(rates, {
    end: END,
    step_ms: 5000,
    series: [
      { name: "subscription.cam.person.achieved", values: [null, 4, 5] },
      { name: "subscription.cam.person.wanted", values: [null, null, null] },
    ],
  });
  assert.deepEqual(data.lines, [{ label: "achieved", values: [null, 4, 5] }]);
  assert.deepEqual(
    data.seconds.map((second) => second - Date.parse(END) / 1000),
    [-10, -5, 0],
  );
  assert.equal(wordsOf(rates, data), "Frames a second. achieved: now 5, from 4 to 5.");
  assert.deepEqual(rowsOf(data, 10), [
    { seconds: Date.parse(END) / 1000, values: [5] },
    { seconds: Date.parse(END) / 1000 - 5, values: [4] },
  ]);
});

test("a chart of which nothing was measured says so", () => {
  assert.ok(rates);
  const data = dataOf(rates, { end: END, step_ms: 5000, series: [] });
  assert.equal(wordsOf(rates, data), "Nothing was measured in this time.");
  assert.deepEqual(rowsOf(data, 10), []);
});

test("a table of a day has no more rows than asked for", () => {
  const values = Array.from({ length: 1440 }, (_, n) => n);
  const seconds = values.map((n) => n * 60);
  const rows = rowsOf({ seconds, lines: [{ label: "a", values }] }, 50);
  assert.ok(rows.length <= 50 && rows.length > 40);
  assert.equal(rows[0]?.values[0], 1439);
});

test("values are shown with their unit", () => {
  assert.deepEqual(
    [shown(1.5e9, "bytes"), shown(2.345, "plain"), shown(425.5, "plain"), shown(null, "plain")],
    ["1.5 GB", "2.3", "426", "-"],
  );
});

test("no series is asked for twice", () => {
  const names = namesOf([...SYSTEM_CHARTS, ...subscriptionCharts("cam", "person")]);
  assert.equal(new Set(names).size, names.length);
});
