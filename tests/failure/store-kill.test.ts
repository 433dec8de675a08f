import assert from "node:assert/strict";
import { test } from "node:test";
import { killUnderLoad } from "../../bench/store-kill.ts";

test("30 random kills under load: the database is sound and no acknowledged event is missing", async (t) => {
  const report = await killUnderLoad(30);
  t.diagnostic(`${report.acknowledgedEvents} events, ${report.acknowledgedClosings} closings acknowledged`);
  assert.ok(report.acknowledgedEvents >= 30 && report.acknowledgedClosings > 0, JSON.stringify(report));
  assert.deepEqual([report.missing, report.torn, report.unsound], [[], [], []]);
});
