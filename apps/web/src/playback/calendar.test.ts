import assert from "node:assert/strict";
import { test } from "node:test";
import { dayBeside, monthBeside, monthOf, monthWords, weeks } from "./calendar.ts";

test("a month is laid out in weeks from Monday on, with every day once", () => {
  const march = weeks("2026-03");
  assert.deepEqual(march[0], [null, null, null, null, null, null, "2026-03-01"]);
  assert.deepEqual(march.at(-1)?.slice(0, 3), ["2026-03-30", "2026-03-31", null]);
  assert.equal(march.flat().filter((day) => day !== null).length, 31);
  assert.ok(march.every((week) => week.length === 7));
  assert.equal(weeks("2026-02").length, 5);
});

test("months follow each other over years", () => {
  assert.equal(monthBeside("2026-01", -1), "2025-12");
  assert.equal(monthBeside("2026-12", 1), "2027-01");
  assert.equal(monthOf(new Date(2026, 2, 31, 23).getTime()), "2026-03");
  assert.equal(monthWords("2026-03"), "March 2026");
});

test("arrows lead from day to day, over the ends of months too", () => {
  assert.equal(dayBeside("2026-03-01", "ArrowLeft"), "2026-02-28");
  assert.equal(dayBeside("2026-03-31", "ArrowDown"), "2026-04-07");
  assert.equal(dayBeside("2026-03-04", "Home"), "2026-03-02");
  assert.equal(dayBeside("2026-03-04", "End"), "2026-03-08");
  assert.equal(dayBeside("2026-03-04", "x"), null);
});
