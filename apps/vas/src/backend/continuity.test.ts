import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ErrorBody } from "@vas/contracts/errors.ts";
import type { Calendar, FootageSize, Timeline } from "@vas/contracts/timeline.ts";
import { storeEvents } from "./store/ai-events.ts";
import { deleteSegments, insertGap, saveSegment } from "./store/recordings.ts";
import { openedAt } from "./testing/ai-site.ts";
import { addCamera, addUser, makeSegment, MOMENT, openTestSite, type TestSite } from "./testing/site.ts";
import { daysOfMonth } from "./zone.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const iso = (offsetMs: number) => new Date(MOMENT + offsetMs).toISOString();

async function ask<T>(site: TestSite, path: string): Promise<T> {
  const reply = await site.call("GET", `/api/v1/${path}`);
  assert.equal(reply.status, 200, await reply.clone().text());
  return (await reply.json()) as T;
}

const timeline = (site: TestSite, id: string, fromMs: number, toMs: number, bucketMs?: number) =>
  ask<Timeline>(
    site,
    `cameras/${id}/timeline?from=${iso(fromMs)}&to=${iso(toMs)}${bucketMs ? `&bucket_ms=${bucketMs}` : ""}`,
  );
const total = ({ sums }: Timeline) => sums.reduce((sum, { ms }) => sum + ms, 0);
const sumsOf = ({ sums }: Timeline) =>
  Object.fromEntries(sums.map(({ state, reason, ms }) => [`${state} ${reason ?? ""}`.trim(), ms]));

/** A camera that has been there for long. */
async function oldCamera(site: TestSite): Promise<string> {
  const id = await addCamera(site);
  await site.backend.db
    .updateTable("cameras")
    .set({ created_at: MOMENT - DAY_MS })
    .execute();
  return id;
}

async function event(site: TestSite, cameraId: string, offsetMs: number, label: string): Promise<void> {
  const opened = [openedAt(MOMENT + offsetMs, { camera_id: cameraId, label })];
  await storeEvents(site.backend.db, [{ opened, closed: [] }], MOMENT);
}

test("a long range is one answer of so many buckets, and adds up to the range", async (t) => {
  const site = await openTestSite(t);
  const id = await oldCamera(site);
  // Footage over midnight (43,200 s after the moment), a noted gap in it, and footage a month later.
  for (let n = 0; n < 73; n++) if (n < 60 || n >= 63) await saveSegment(site.backend.db, makeSegment(id, 4290 + n));
  await saveSegment(site.backend.db, makeSegment(id, 8640 * 30));
  await insertGap(site.backend.db, {
    id: crypto.randomUUID(),
    camera_id: id,
    start_wall_ms: MOMENT + 43_500_000,
    end_wall_ms: MOMENT + 43_530_000,
    reason: "timed_out",
    message: "The camera did not answer in time.",
  });
  await event(site, id, 43_000_000, "person");
  await event(site, id, 43_000_500, "person");
  await event(site, id, 8640 * 300_000, "car");
  const long = await timeline(site, id, -2 * DAY_MS, 198 * DAY_MS, DAY_MS);
  assert.equal(total(long), 200 * DAY_MS);
  assert.equal(long.recorded_ms.length, 200);
  assert.equal(
    long.recorded_ms.reduce((sum, ms) => sum + ms, 0),
    710_000,
  );
  const sums = sumsOf(long);
  assert.equal(sums["before_camera"], DAY_MS);
  assert.equal(sums["recorded"], 710_000);
  assert.equal(sums["gap timed_out"], 30_000);
  assert.ok((sums["not_kept"] ?? 0) > DAY_MS && (sums["gap unknown"] ?? 0) > DAY_MS);
  const cut = long.stretches.find(({ reason }) => reason === "timed_out");
  assert.deepEqual(
    [cut?.start, cut?.end, cut?.message],
    [iso(43_500_000), iso(43_530_000), "The camera did not answer in time."],
  );
  assert.deepEqual(
    long.labels.map(({ label, count, buckets }) => [label, count, buckets]),
    [
      ["person", 2, [[2, 2]]],
      ["car", 1, [[32, 1]]],
    ],
  );
  // What is remembered of past days gives the same again, and a part of it agrees with the whole.
  assert.deepEqual(await timeline(site, id, -2 * DAY_MS, 198 * DAY_MS, DAY_MS), long);
  const part = await timeline(site, id, 42_950_000, 43_450_000, 1000);
  assert.deepEqual(sumsOf(part), { recorded: 500_000 });
  assert.deepEqual(part.labels, [{ label: "person", count: 2, buckets: [[50, 2]] }]);
  // Buckets of an hour, counted from another moment than a full hour.
  const odd = await timeline(site, id, 42_999_000, 43_001_000, 1000);
  assert.deepEqual(odd.labels[0]?.buckets, [[1, 2]]);
});

test("footage that retention deletes is accounted for as not kept, also where its day was remembered", async (t) => {
  const site = await openTestSite(t);
  const id = await oldCamera(site);
  const segments = [0, 1, 2, 3].map((n) => makeSegment(id, n));
  for (const segment of segments) await saveSegment(site.backend.db, segment);
  assert.deepEqual(sumsOf(await timeline(site, id, 0, 40_000)), { recorded: 40_000 });
  await deleteSegments(
    site.backend.db,
    segments.slice(0, 2).map((segment) => segment.id),
  );
  assert.deepEqual(sumsOf(await timeline(site, id, 0, 40_000)), { not_kept: 20_000, recorded: 20_000 });
});

test("what is being written is counted as far as it is readable, and the rest is still to come", async (t) => {
  const site = await openTestSite(t);
  const id = await oldCamera(site);
  const now = Date.now();
  const open = makeSegment(id, 0, { open: true, startWallMs: now - 8000, endWallMs: now - 8000 });
  await saveSegment(site.backend.db, open);
  site.kernel.open.set(id, { ...open, endWallMs: now - 1000 });
  const from = now - 8000 - MOMENT;
  const answer = await timeline(site, id, from, from + 60_000);
  assert.equal(total(answer), 60_000);
  assert.equal(sumsOf(answer)["recorded"], 7000);
  assert.equal((sumsOf(answer)["to_come writing"] ?? 0) + (sumsOf(answer)["to_come"] ?? 0), 53_000);
});

test("a range that would need too many buckets, or is too long, is refused in words", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  const code = async (query: string) => {
    const reply = await site.call("GET", `/api/v1/cameras/${id}/timeline?${query}`);
    return ((await reply.json()) as ErrorBody).error.code;
  };
  assert.equal(await code(`from=${iso(0)}&to=${iso(DAY_MS)}&bucket_ms=1000`), "range_invalid");
  assert.equal(await code(`from=${iso(0)}&to=${iso(1300 * DAY_MS)}`), "range_invalid");
  assert.equal(await code(`from=${iso(0)}&to=${iso(0)}`), "range_invalid");
  assert.equal(await code(`from=${iso(0)}&to=${iso(1)}&bucket_ms=0.5`), "bad_request");
});

test("the size of a range is that of the footage within it", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  for (const n of [0, 1, 3]) await saveSegment(site.backend.db, makeSegment(id, n));
  const size = (from: number, to: number) =>
    ask<FootageSize>(site, `cameras/${id}/footage-size?from=${iso(from)}&to=${iso(to)}`);
  assert.deepEqual(await size(0, 40_000), { recorded_ms: 30_000, size_bytes: 3000 });
  assert.deepEqual(await size(5000, 12_000), { recorded_ms: 7000, size_bytes: 700 });
  assert.deepEqual(await size(20_000, 30_000), { recorded_ms: 0, size_bytes: 0 });
});

test("a month has all its days as the zone's clocks have them, also where they change", () => {
  const march = daysOfMonth("2026-03", "Europe/Berlin");
  assert.equal(march.length, 31);
  assert.equal(new Date(march[0]?.fromMs ?? 0).toISOString(), "2026-02-28T23:00:00.000Z");
  const lengths = march.map(({ fromMs, toMs }) => (toMs - fromMs) / HOUR_MS);
  assert.deepEqual([lengths[27], lengths[28], lengths[29]], [24, 23, 24]);
  for (const [index, day] of march.entries()) assert.equal(day.fromMs, march[index - 1]?.toMs ?? day.fromMs);
  assert.equal(
    daysOfMonth("2026-10", "America/St_Johns").find(({ day }) => day === "2026-10-31")?.fromMs,
    Date.parse("2026-10-31T02:30:00Z"),
  );
  assert.throws(() => daysOfMonth("2026-03", "Nowhere/Land"), { code: "bad_request" });
});

test("the calendar marks days with footage and with events, of one camera or of all that are seen", async (t) => {
  const site = await openTestSite(t);
  const [one, other] = [await addCamera(site), await addCamera(site)];
  await saveSegment(site.backend.db, makeSegment(one, 0));
  await saveSegment(site.backend.db, makeSegment(other, 8640 * 3));
  await event(site, other, 5 * DAY_MS, "person");
  const marked = async (query: string, cookie?: string) => {
    const reply = await site.call(
      "GET",
      `/api/v1/recording-calendar?month=2026-03${query}`,
      undefined,
      cookie ? { cookie } : {},
    );
    const { days } = (await reply.json()) as Calendar;
    assert.equal(days.length, 31);
    return days.flatMap(({ day, recorded, events }) =>
      recorded || events ? [`${day.slice(-2)}${recorded ? "r" : ""}${events ? "e" : ""}`] : [],
    );
  };
  assert.deepEqual(await marked(""), ["01r", "04r", "06e"]);
  assert.deepEqual(await marked(`&camera_id=${one}`), ["01r"]);
  assert.deepEqual(await marked("&zone=Pacific/Auckland"), ["02r", "05r", "07e"]);
  const viewer = await addUser(site, { role: "viewer", camera_ids: [one] });
  assert.deepEqual(await marked("", viewer.cookie), ["01r"]);
  assert.deepEqual(await marked(`&camera_id=${other}`, viewer.cookie), []);
});

test("a camera that a person stopped is not missed, and one that stopped with VAS is", async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), "vas-continuity-"));
  const site = await openTestSite(t, { dataDir });
  const id = await oldCamera(site);
  const stopped = (startWallMs: number) =>
    site.listener.gapOpened({ cameraId: id, startWallMs, reason: "stopped", message: "The camera was stopped." });
  site.listener.segmentClosed(makeSegment(id, 0));
  stopped(MOMENT + 10_000);
  assert.equal((await site.call("POST", `/api/v1/cameras/${id}/stop`)).status, 200);
  await site.backend.recorded();
  assert.deepEqual(sumsOf(await timeline(site, id, 0, 20_000)), {
    recorded: 10_000,
    "not_wanted camera_stopped": 10_000,
  });
  assert.equal((await site.call("POST", `/api/v1/cameras/${id}/start`)).status, 200);
  site.listener.segmentOpened(makeSegment(id, 2, { open: true }));
  site.listener.segmentClosed(makeSegment(id, 2));
  stopped(MOMENT + 30_000);
  await site.backend.recorded();
  await site.close();
  const again = await openTestSite(t, { dataDir });
  const sums = sumsOf(await timeline(again, id, 10_000, 40_000));
  assert.equal(sums["not_wanted camera_stopped"], 10_000);
  assert.equal(sums["gap vas_stopped"], 10_000);
});
