import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorBody } from "@vas/contracts/errors.ts";
import { saveSegment } from "./store/recordings.ts";
import { JPEG } from "./testing/kernel.ts";
import { addCamera, makeSegment, MOMENT, openTestSite } from "./testing/site.ts";
import { Thumbnails } from "./thumbnails.ts";

const never = new AbortController().signal;

test("a small picture of a recorded moment is made once, and kept by the browser where nothing can change it", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  const segment = makeSegment(id, 0);
  await saveSegment(site.backend.db, segment);
  const get = (offsetMs: number, more = "") =>
    site.call("GET", `/api/v1/cameras/${id}/thumbnail?at=${new Date(MOMENT + offsetMs).toISOString()}${more}`);
  const first = await get(3400);
  assert.equal(first.status, 200);
  assert.equal(first.headers.get("content-type"), "image/jpeg");
  assert.equal(first.headers.get("cache-control"), "private, max-age=600");
  assert.equal(first.headers.get("x-picture-time"), new Date(MOMENT).toISOString());
  assert.deepEqual(Buffer.from(await first.arrayBuffer()), JPEG);
  await get(3900);
  await get(3400, "&height=96");
  assert.deepEqual(site.kernel.thumbnails, [
    { segmentId: segment.id, moment: { wallMs: MOMENT + 3000 }, height: 144 },
    { segmentId: segment.id, moment: { wallMs: MOMENT + 3000 }, height: 96 },
  ]);
  const none = await get(60_000);
  assert.deepEqual([none.status, ((await none.json()) as ErrorBody).error.code], [404, "not_recorded"]);
  assert.equal((await get(0, "&height=4000")).status, 400);
  assert.deepEqual(await site.backend.db.selectFrom("snapshots").selectAll().execute(), [], "no snapshot is kept");
});

test("a picture of what is being written is not kept anywhere", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  site.kernel.open.set(id, makeSegment(id, 0, { open: true }));
  const path = `/api/v1/cameras/${id}/thumbnail?at=${new Date(MOMENT + 1000).toISOString()}`;
  for (let turn = 0; turn < 2; turn++)
    assert.equal((await site.call("GET", path)).headers.get("cache-control"), "no-store");
  assert.equal(site.kernel.thumbnails.length, 2);
});

test("one picture is decoded at a time, and whoever is gone is not decoded for", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  await saveSegment(site.backend.db, makeSegment(id, 0));
  const thumbnails = new Thumbnails(site.backend);
  const begun: (() => void)[] = [];
  site.kernel.onThumbnail = () => new Promise((resolve) => begun.push(resolve));
  const first = thumbnails.at(id, MOMENT + 1000, 144, never);
  const gone = new AbortController();
  const second = thumbnails.at(id, MOMENT + 2000, 144, gone.signal);
  const third = thumbnails.at(id, MOMENT + 3000, 144, never);
  gone.abort(new Error("the pointer moved on"));
  await assert.rejects(second, /moved on/);
  while (begun.length < 1) await new Promise((resolve) => setImmediate(resolve));
  begun[0]?.();
  await first;
  while (begun.length < 2) await new Promise((resolve) => setImmediate(resolve));
  begun[1]?.();
  await third;
  assert.deepEqual(
    site.kernel.thumbnails.map(({ moment }) => "wallMs" in moment && moment.wallMs - MOMENT),
    [1000, 3000],
  );
});
