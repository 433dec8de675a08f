import assert from "node:assert/strict";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { sql } from "kysely";
import { gapsBetween, segmentsBetween } from "./store/recordings.ts";
import { until } from "./testing/ai-site.ts";
import { addCamera, makeSegment, MOMENT, openTestSite, type TestSite } from "./testing/site.ts";

/** SQLite refuses every write with SQLITE_READONLY, as it refuses them with SQLITE_FULL on a full disk. */
const setAway = (site: TestSite, isAway: boolean) =>
  sql.raw(`PRAGMA query_only = ${isAway ? "ON" : "OFF"}`).execute(site.backend.db);
const journalOf = (site: TestSite) => join(site.dataDir, "recorder-journal.jsonl");
const segmentsOf = async (site: TestSite, id: string) =>
  (await segmentsBetween(site.backend.db, id, MOMENT, MOMENT + 3_600_000, 100)).map((segment) => [
    (segment.startWallMs - MOMENT) / 10_000,
    segment.open,
  ]);
const gapsOf = async (site: TestSite, id: string) =>
  (await gapsBetween(site.backend.db, id, 0, Number.MAX_SAFE_INTEGER, 100)).map((gap) => [
    gap.reason,
    gap.start_wall_ms - MOMENT,
    gap.end_wall_ms === null ? null : gap.end_wall_ms - MOMENT,
  ]);

/** Two segments, an interruption, and a segment that is still open. */
function record(site: TestSite, id: string): void {
  for (const index of [0, 1]) {
    const segment = makeSegment(id, index);
    site.listener.segmentOpened({ ...segment, endWallMs: segment.startWallMs + 1, open: true });
    site.listener.segmentClosed(segment);
  }
  site.listener.gapOpened({ cameraId: id, startWallMs: MOMENT + 20_000, reason: "timed_out", message: "Gone." });
  site.listener.segmentOpened(makeSegment(id, 3, { open: true }));
}

test("what is recorded while the store is away is in the store when it is back", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  await setAway(site, true);
  record(site, id);
  await site.backend.recorded();
  assert.deepEqual(await segmentsOf(site, id), []);
  assert.ok(existsSync(journalOf(site)));
  assert.match(await (await site.call("GET", "/metrics")).text(), /^vas_record_waiting_rows [1-9]/m);
  await setAway(site, false);
  await until("the journal to be done with", () => !existsSync(journalOf(site)));
  assert.deepEqual(await segmentsOf(site, id), [
    [0, false],
    [1, false],
    [3, true],
  ]);
  assert.deepEqual(await gapsOf(site, id), [["timed_out", 20_000, 30_000]]);
  assert.doesNotMatch(await (await site.call("GET", "/metrics")).text(), /vas_record_failures_total/);
});

test("a VAS that ends while the store is away loses nothing of it", async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), "vas-site-"));
  const first = await openTestSite(t, { dataDir });
  const id = await addCamera(first, { start: false });
  await setAway(first, true);
  record(first, id);
  await first.close();
  assert.ok(existsSync(journalOf(first)));
  const second = await openTestSite(t, { dataDir });
  assert.ok(!existsSync(journalOf(second)));
  assert.deepEqual(await segmentsOf(second, id), [
    [0, false],
    [1, false],
    [3, false],
  ]);
  assert.deepEqual(await gapsOf(second, id), [["timed_out", 20_000, 30_000]]);
});

test("a row that the store will never take is counted and holds up nothing", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  site.listener.segmentOpened(makeSegment(id, 0, { codec: null as unknown as string }));
  site.listener.segmentOpened(makeSegment(id, 1));
  await site.backend.recorded();
  assert.deepEqual(await segmentsOf(site, id), [[1, false]]);
  assert.match(await (await site.call("GET", "/metrics")).text(), /^vas_record_failures_total 1$/m);
});

test("being connected right after it does not take the place of what caused a gap", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  site.listener.segmentClosed(makeSegment(id, 0));
  const gap = { cameraId: id, startWallMs: MOMENT + 10_000, message: "A reason." };
  site.listener.gapOpened({ ...gap, reason: "vas_stopped" });
  site.listener.gapOpened({ ...gap, startWallMs: gap.startWallMs + 400, reason: "connecting" });
  site.listener.segmentOpened(makeSegment(id, 3, { open: true }));
  await site.backend.recorded();
  assert.deepEqual(await gapsOf(site, id), [["vas_stopped", 10_000, 30_000]]);
});
