import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { Gap, Recordings } from "@vas/contracts/http.ts";
import type { SegmentRecord } from "../kernel/index.ts";
import { hlsPlaylist } from "./playlist.ts";
import { gapsBetween, saveSegment } from "./store/recordings.ts";
import { addCamera, makeSegment, MOMENT, openTestSite, type TestSite } from "./testing/site.ts";
import { mergeGaps } from "./timeline.ts";

const iso = (offsetMs: number) => new Date(MOMENT + offsetMs).toISOString();
const range = `from=${iso(0)}&to=${iso(3_600_000)}`;

async function recordings(site: TestSite, id: string): Promise<Recordings> {
  return (await (await site.call("GET", `/api/v1/cameras/${id}/recordings?${range}`)).json()) as Recordings;
}

function writeFileOf(site: TestSite, segment: SegmentRecord, bytes: Buffer): void {
  const file = join(site.kernel.mediaDir, segment.path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
}

test("what the kernel tells becomes segments and gaps with reasons", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  const tell = site.listener;
  const first = makeSegment(id, 0, { open: true, endWallMs: MOMENT + 1000, sizeBytes: 200 });
  tell.segmentOpened(first);
  tell.segmentClosed(makeSegment(id, 0, { id: first.id }));
  tell.gapOpened({ cameraId: id, startWallMs: MOMENT + 10_000, reason: "refused", message: "Refused." });
  tell.gapOpened({ cameraId: id, startWallMs: MOMENT + 15_000, reason: "refused", message: "Refused." });
  tell.gapOpened({ cameraId: id, startWallMs: MOMENT + 20_000, reason: "timed_out", message: "Timed out." });
  tell.segmentOpened(makeSegment(id, 3, { open: true }));
  await site.backend.recorded();
  const { segments, gaps } = await recordings(site, id);
  assert.deepEqual(
    segments.map((s) => [s.start, s.end, s.size_bytes, s.open]),
    [
      [iso(0), iso(10_000), 1000, false],
      [iso(30_000), iso(40_000), 1000, true],
    ],
  );
  assert.deepEqual(gaps, [
    { start: iso(10_000), end: iso(20_000), reason: "refused", message: "Refused." },
    { start: iso(20_000), end: iso(30_000), reason: "timed_out", message: "Timed out." },
  ] satisfies Gap[]);
});

test("an interruption of less than a second is no gap", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  site.listener.segmentClosed(makeSegment(id, 0));
  site.listener.gapOpened({ cameraId: id, startWallMs: MOMENT + 10_000, reason: "ended", message: "" });
  site.listener.segmentOpened(makeSegment(id, 1, { startWallMs: MOMENT + 10_900 }));
  await site.backend.recorded();
  assert.deepEqual(await gapsBetween(site.backend.db, id, 0, Number.MAX_SAFE_INTEGER, 10), []);
  assert.deepEqual((await recordings(site, id)).gaps, []);
});

test("the open segment is shown with what is readable of it now", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  const open = makeSegment(id, 0, { open: true, endWallMs: MOMENT + 1, sizeBytes: 100 });
  site.listener.segmentOpened(open);
  await site.backend.recorded();
  site.kernel.open.set(id, { ...open, endWallMs: MOMENT + 7000, sizeBytes: 700 });
  const [segment] = (await recordings(site, id)).segments;
  assert.deepEqual([segment?.end, segment?.size_bytes, segment?.open], [iso(7000), 700, true]);
});

test("what is missing without a stored reason is said to be unknown", () => {
  const id = crypto.randomUUID();
  const segments = [makeSegment(id, 0), makeSegment(id, 1), makeSegment(id, 4), makeSegment(id, 5)];
  const stored = (start: number, end: number | null) => ({
    id: "",
    camera_id: id,
    start_wall_ms: MOMENT + start,
    end_wall_ms: end === null ? null : MOMENT + end,
    reason: "known",
    message: "",
  });
  const told = (gaps: ReturnType<typeof stored>[]) =>
    mergeGaps(segments, gaps).map((g) => [g.startWallMs - MOMENT, (g.endWallMs ?? MOMENT) - MOMENT, g.reason]);
  assert.deepEqual(told([]), [[20_000, 40_000, "unknown"]]);
  assert.deepEqual(told([stored(20_000, 40_000)]), [[20_000, 40_000, "known"]]);
  assert.deepEqual(told([stored(25_000, 30_000)]), [
    [20_000, 25_000, "unknown"],
    [25_000, 30_000, "known"],
    [30_000, 40_000, "unknown"],
  ]);
  assert.deepEqual(told([stored(60_000, null)]), [
    [20_000, 40_000, "unknown"],
    [60_000, 0, "known"],
  ]);
});

test("after VAS was away, open files are repaired and the time since is a gap that says so", async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), "vas-site-"));
  const first = await openTestSite(t, { dataDir });
  const id = await addCamera(first);
  const kept = makeSegment(id, 0, { open: true });
  const lost = makeSegment(id, 1, { open: true });
  for (const segment of [kept, lost]) await saveSegment(first.backend.db, segment);
  const off = await addCamera(first, { name: "off", start: false });
  await saveSegment(first.backend.db, makeSegment(off, 0));
  await first.close();
  const second = await openTestSite(t, {
    dataDir,
    before: (kernel) => {
      kernel.repaired = (segment) =>
        segment.id === kept.id ? { ...segment, open: false, sizeBytes: 555, endWallMs: MOMENT + 8000 } : undefined;
    },
  });
  assert.deepEqual(second.kernel.deleted, [lost.path]);
  const { segments, gaps } = await recordings(second, id);
  assert.deepEqual(
    segments.map((s) => [s.id, s.size_bytes, s.open]),
    [[kept.id, 555, false]],
  );
  assert.deepEqual(
    gaps.map((g) => [g.start, g.end, g.reason]),
    [[iso(8000), null, "vas_stopped"]],
  );
  assert.deepEqual((await recordings(second, off)).gaps, []);
});

test("a camera that a person stops has a gap that says so", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  await saveSegment(site.backend.db, makeSegment(id, 0));
  await site.call("POST", `/api/v1/cameras/${id}/stop`);
  await site.backend.recorded();
  const gaps = await gapsBetween(site.backend.db, id, 0, Number.MAX_SAFE_INTEGER, 10);
  assert.deepEqual(
    gaps.map((gap) => gap.reason),
    ["camera_stopped"],
  );
});

test("a failing store is counted and never reaches the kernel", async (t) => {
  const site = await openTestSite(t);
  await site.backend.db.schema.dropTable("segments").execute();
  site.listener.segmentOpened(makeSegment(crypto.randomUUID(), 0));
  await site.backend.recorded();
  assert.match(await (await site.call("GET", "/metrics")).text(), /^vas_record_failures_total 1$/m);
});

test("the days with footage are listed, newest first", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  for (const hours of [0, 1, 24, 72]) await saveSegment(site.backend.db, makeSegment(id, hours * 360));
  const days = await (await site.call("GET", `/api/v1/cameras/${id}/recording-days`)).json();
  assert.deepEqual(days, { days: ["2026-03-04", "2026-03-02", "2026-03-01"] });
});

test("a playlist names byte ranges, breaks where the recording breaks, and always ends", () => {
  const id = crypto.randomUUID();
  const segments = [
    makeSegment(id, 0),
    makeSegment(id, 1),
    makeSegment(id, 3),
    makeSegment(id, 4, { runId: "00000000-0000-4000-8000-000000000002", open: true, sizeBytes: 400 }),
    makeSegment(id, 5, { sizeBytes: 100 }),
  ];
  const lines = hlsPlaylist(segments).split("\n");
  assert.equal(lines[0], "#EXTM3U");
  assert.ok(lines.includes("#EXT-X-TARGETDURATION:10"));
  const at = (n: number) => lines.indexOf(`/api/v1/segments/${segments[n]?.id}`);
  assert.deepEqual(lines.slice(at(0) - 4, at(0)), [
    `#EXT-X-MAP:URI="/api/v1/segments/${segments[0]?.id}",BYTERANGE="100@0"`,
    `#EXT-X-PROGRAM-DATE-TIME:${iso(0)}`,
    "#EXTINF:10.00000,",
    "#EXT-X-BYTERANGE:900@100",
  ]);
  assert.deepEqual(
    [0, 1, 2, 3].map((n) => lines[at(n) - 5] === "#EXT-X-DISCONTINUITY"),
    [false, false, true, true],
  );
  assert.equal(lines[at(3) - 1], "#EXT-X-BYTERANGE:300@100");
  assert.equal(at(4), -1, "a segment with an init section only is left out");
  assert.deepEqual(lines.slice(-2), ["#EXT-X-ENDLIST", ""]);
});

test("a playlist and the byte ranges that it names are served", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  const segment = makeSegment(id, 0);
  await saveSegment(site.backend.db, segment);
  writeFileOf(site, segment, Buffer.from(Array.from({ length: 1000 }, (_, n) => n % 256)));
  const playlist = await site.call("GET", `/api/v1/cameras/${id}/playlist.m3u8?${range}`);
  assert.equal(playlist.headers.get("content-type"), "application/vnd.apple.mpegurl");
  assert.match(await playlist.text(), new RegExp(segment.id));
  const part = await site.call("GET", `/api/v1/segments/${segment.id}`, undefined, { range: "bytes=100-199" });
  assert.equal(part.status, 206);
  assert.equal(part.headers.get("content-type"), "video/mp4");
  assert.equal(part.headers.get("content-range"), "bytes 100-199/1000");
  assert.deepEqual(
    new Uint8Array(await part.arrayBuffer()),
    Uint8Array.from({ length: 100 }, (_, n) => n + 100),
  );
  const beyond = await site.call("GET", `/api/v1/segments/${segment.id}`, undefined, { range: "bytes=5000-" });
  assert.equal(beyond.status, 416);
  const empty = await site.call("GET", `/api/v1/cameras/${id}/playlist.m3u8?from=${iso(1e8)}&to=${iso(1.1e8)}`);
  assert.equal(empty.status, 404);
});
