import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Clip, ClipPage, Snapshot, SnapshotPage } from "@vas/contracts/http.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import { makeClip, takeSnapshot } from "./media.ts";
import { saveSegment } from "./store/recordings.ts";
import { JPEG } from "./testing/kernel.ts";
import { addCamera, makeSegment, MOMENT, openTestSite } from "./testing/site.ts";

const iso = (offsetMs: number) => new Date(MOMENT + offsetMs).toISOString();

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => e.name);
}

test("a snapshot of now is kept, listed, shown and deleted with its file", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  const made = await site.call("POST", `/api/v1/cameras/${id}/snapshots`, {});
  assert.equal(made.status, 201);
  const snapshot = (await made.json()) as Snapshot;
  const path = `/api/v1/snapshots/${snapshot.id}`;
  assert.deepEqual(await (await site.call("GET", path)).json(), snapshot);
  const image = await site.call("GET", `${path}/image`);
  assert.equal(image.headers.get("content-type"), "image/jpeg");
  assert.deepEqual(Buffer.from(await image.arrayBuffer()), JPEG);
  assert.equal((await site.call("DELETE", path)).status, 204);
  assert.equal((await site.call("GET", path)).status, 404);
  assert.deepEqual(filesBelow(join(site.kernel.mediaDir, "snapshots")), []);
});

test("a snapshot of a recorded moment comes from the segment that holds it", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  for (const n of [0, 1]) await saveSegment(site.backend.db, makeSegment(id, n));
  const at = (offsetMs: number) => site.call("POST", `/api/v1/cameras/${id}/snapshots`, { at: iso(offsetMs) });
  assert.equal(((await (await at(12_000)).json()) as Snapshot).timestamp, iso(10_000));
  const code = async (response: Promise<Response>) =>
    ((await (await response).json()) as { error: { code: string } }).error.code;
  assert.equal(await code(at(-1)), "not_recorded");
  assert.equal(await code(at(60_000)), "not_recorded");
  const later = site.call("POST", `/api/v1/cameras/${id}/snapshots`, { at: "2999-01-01T00:00:00Z" });
  assert.equal(await code(later), "range_invalid");
});

test("a frame that is not on disk yet is waited for, also where its segment closes meanwhile", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  const pts90k = (MOMENT + 9000) * 90;
  const open = makeSegment(id, 0, { open: true, endWallMs: MOMENT + 5000, endPts90k: (MOMENT + 5000) * 90 });
  site.listener.segmentOpened(open);
  site.kernel.open.set(id, open);
  site.kernel.onWait = () => {
    site.listener.segmentClosed(makeSegment(id, 0, { id: open.id }));
    site.kernel.open.set(id, makeSegment(id, 1, { open: true }));
  };
  const snapshot = await takeSnapshot(site.backend, { cameraId: id, moment: { pts90k }, eventId: open.id });
  assert.deepEqual([snapshot.pts90k, snapshot.event_id], [pts90k, open.id]);
  assert.deepEqual(site.kernel.waits, [pts90k]);
  site.kernel.onWait = undefined;
  const never = takeSnapshot(site.backend, { cameraId: id, moment: { pts90k: pts90k * 2 } });
  await assert.rejects(never, { code: "not_recorded" });
});

test("a frame that begins where the recording ends now is waited for, and the one before it is not taken", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  const pts90k = (MOMENT + 5000) * 90;
  const open = makeSegment(id, 0, { open: true, endWallMs: MOMENT + 5000, endPts90k: pts90k });
  site.kernel.open.set(id, open);
  await takeSnapshot(site.backend, { cameraId: id, moment: { pts90k: pts90k - 1 } });
  assert.deepEqual(site.kernel.waits, []);
  await takeSnapshot(site.backend, { cameraId: id, moment: { pts90k } });
  assert.deepEqual(site.kernel.waits, [pts90k]);
});

test("a clip is cut, listed, played by ranges and deleted with its files", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  for (const n of [0, 1, 2]) await saveSegment(site.backend.db, makeSegment(id, n));
  const made = await site.call("POST", `/api/v1/cameras/${id}/clips`, {
    from: iso(5000),
    to: iso(15_000),
    label: "cat",
  });
  assert.equal(made.status, 201);
  const clip = (await made.json()) as Clip;
  assert.deepEqual([clip.label, clip.start, clip.end, clip.size_bytes], ["cat", iso(0), iso(15_000), 73]);
  const path = `/api/v1/clips/${clip.id}`;
  const video = await site.call("GET", `${path}/video`, undefined, { range: "bytes=0-9" });
  assert.equal(video.status, 206);
  assert.equal((await video.arrayBuffer()).byteLength, 10);
  assert.match(video.headers.get("content-disposition") ?? "", /filename="clip-2026-03-01-12-00-00\.mp4"/);
  assert.equal((await site.call("GET", `${path}/thumbnail`)).headers.get("content-type"), "image/jpeg");
  assert.equal((await site.call("DELETE", path)).status, 204);
  assert.deepEqual(filesBelow(join(site.kernel.mediaDir, "clips")), []);
});

test("a clip that cannot be is refused with the reason", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  await saveSegment(site.backend.db, makeSegment(id, 0));
  await saveSegment(site.backend.db, makeSegment(id, 1, { width: 1280 }));
  const code = async (from: string, to: string) => {
    const response = await site.call("POST", `/api/v1/cameras/${id}/clips`, { from, to });
    return ((await response.json()) as { error: { code: string } }).error.code;
  };
  assert.equal(await code(iso(0), iso(0)), "range_invalid");
  assert.equal(await code(iso(0), iso(3_600_001)), "clip_too_long");
  assert.equal(await code(iso(-60_000), iso(-50_000)), "not_recorded");
  assert.equal(await code(iso(0), iso(15_000)), "range_invalid");
  const now = Date.now();
  assert.equal(await code(new Date(now).toISOString(), new Date(now + 100_000).toISOString()), "range_invalid");
});

test("a clip whose cut fails leaves no file and no row", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  await saveSegment(site.backend.db, makeSegment(id, 0));
  site.kernel.writeClip = async () => {
    throw new CodedError("clip_failed");
  };
  const request = { cameraId: id, fromWallMs: MOMENT, toWallMs: MOMENT + 5000 };
  await assert.rejects(makeClip(site.backend, request), { code: "clip_failed" });
  assert.equal(site.kernel.deleted.length, 2);
  assert.deepEqual(await site.backend.db.selectFrom("clips").selectAll().execute(), []);
});

test("a clip that ends a little ahead waits for the recording", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  const now = Date.now();
  const open = makeSegment(id, 0, { open: true, startWallMs: now - 10_000, endWallMs: now - 1000 });
  site.kernel.open.set(id, open);
  const clip = await makeClip(site.backend, { cameraId: id, fromWallMs: now - 5000, toWallMs: now + 2000 });
  assert.deepEqual(site.kernel.waits, [open.endPts90k + 3000 * 90]);
  assert.equal(clip.start, new Date(now - 10_000).toISOString());
});

test("pages follow each other without a repeat or a hole, also for equal times", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  for (let n = 0; n < 5; n++) await takeSnapshot(site.backend, { cameraId: id });
  await site.backend.db.updateTable("snapshots").set({ created_at: 1000 }).execute();
  const seen: string[] = [];
  let cursor = "";
  for (let page = 0; page < 3; page++) {
    const query = `limit=2&camera_id=${id}${cursor}`;
    const got = (await (await site.call("GET", `/api/v1/snapshots?${query}`)).json()) as SnapshotPage;
    seen.push(...got.items.map((item) => item.id));
    cursor = got.next_cursor ? `&cursor=${got.next_cursor}` : "";
  }
  assert.equal(cursor, "");
  assert.equal(new Set(seen).size, 5);
  const clips = (await (await site.call("GET", "/api/v1/clips")).json()) as ClipPage;
  assert.deepEqual(clips, { items: [], next_cursor: null });
});

test("what is kept gets a name, another one, and none", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  await saveSegment(site.backend.db, makeSegment(id, 0));
  const range = { from: iso(0), to: iso(5000) };
  for (const [kind, wish] of [
    ["clips", range],
    ["snapshots", { at: iso(1000) }],
    ["exports", range],
  ] as const) {
    const made = (await (await site.call("POST", `/api/v1/cameras/${id}/${kind}`, wish)).json()) as { id: string };
    const path = `/api/v1/${kind}/${made.id}`;
    const named = async (label: string) => {
      const reply = await site.call("PATCH", path, { label });
      assert.equal(reply.status, 200, await reply.clone().text());
      const told = (await reply.json()) as { label: string | null };
      assert.equal(((await (await site.call("GET", path)).json()) as { label: string | null }).label, told.label);
      return told.label;
    };
    assert.equal(await named("  Fox at night "), "Fox at night");
    assert.equal(await named("Fox"), "Fox");
    assert.equal(await named(" "), null);
    assert.equal((await site.call("PATCH", path, { label: "x".repeat(257) })).status, 400);
    assert.equal((await site.call("PATCH", `/api/v1/${kind}/${crypto.randomUUID()}`, { label: "x" })).status, 404);
  }
});
