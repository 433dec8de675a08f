import assert from "node:assert/strict";
import { test } from "node:test";
import type { DetectionsPage, DetectionsQuery, TrackResult } from "@vas/contracts/http.ts";
import type { Outcome } from "../api/client.ts";
import { Track } from "./track.ts";

const T0 = Date.parse("2026-01-02T03:00:00.000Z");

const result = (model_id: string, wall_ms: number): TrackResult => ({
  model_id,
  frame_id: 1,
  pts90k: wall_ms * 90,
  wall_ms,
  detections: [],
});

/** A VAS that keeps a result a second and answers when told to. */
function fakes() {
  const asked: DetectionsQuery[] = [];
  let nowMs = T0 + 3_600_000;
  let failing = false;
  let pageSize = 5_000;
  const load = async (query: DetectionsQuery): Promise<Outcome<DetectionsPage>> => {
    asked.push(query);
    if (failing) return { ok: false, error: { code: "x", message: "VAS is away.", status: 500, requestId: null } };
    const start = Date.parse(query.from) + Number(query.cursor ?? 0);
    const items: TrackResult[] = [];
    for (let at = start; at < Date.parse(query.to) && items.length < pageSize; at += 1_000) items.push(result("a", at));
    const next = start + items.length * 1_000;
    const isEnd = next >= Date.parse(query.to);
    return { ok: true, value: { items, next_cursor: isEnd ? null : String(next - Date.parse(query.from)) } };
  };
  const track = new Track(load, () => nowMs);
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    track,
    asked,
    settle,
    fail: (on: boolean) => {
      failing = on;
    },
    pages: (size: number) => {
      pageSize = size;
    },
    at: (ms: number) => {
      nowMs = ms;
    },
    later: (ms: number) => {
      nowMs += ms;
    },
  };
}

const seconds = (asked: DetectionsQuery[]) => asked.map((query) => (Date.parse(query.from) - T0) / 1_000);

test("the window on screen is fetched first, then those before and ahead of it, once each", async () => {
  const { track, asked, settle } = fakes();
  let changes = 0;
  track.onChange(() => changes++);
  track.want(T0 + 101_000, 1);
  await settle();
  assert.deepEqual(seconds(asked), [100, 90, 110]);
  assert.equal(changes, 3);
  track.want(T0 + 109_000, 1);
  await settle();
  assert.equal(asked.length, 3);
  track.want(T0 + 111_000, 2);
  await settle();
  assert.deepEqual(seconds(asked).slice(3), [120, 130]);
});

test("the result at a frame or the last before it is found", async () => {
  const { track, settle } = fakes();
  assert.ok(!track.isLoaded(T0 + 55_000));
  track.want(T0 + 55_000, 1);
  await settle();
  assert.ok(track.isLoaded(T0 + 55_000));
  assert.deepEqual(track.models(), ["a"]);
  assert.equal(track.atOrBefore("a", (T0 + 55_000) * 90)?.pts90k, (T0 + 55_000) * 90);
  assert.equal(track.atOrBefore("a", (T0 + 55_999) * 90)?.pts90k, (T0 + 55_000) * 90);
  assert.equal(track.atOrBefore("a", (T0 + 40_000) * 90), null);
  assert.equal(track.atOrBefore("none", (T0 + 55_000) * 90), null);
});

test("a window of many pages is read to its end", async () => {
  const { track, asked, settle, pages } = fakes();
  pages(4);
  track.want(T0 + 55_000, 1);
  await settle();
  assert.deepEqual(seconds(asked).slice(0, 3), [50, 50, 50]);
  assert.equal(track.atOrBefore("a", (T0 + 59_000) * 90)?.pts90k, (T0 + 59_000) * 90);
});

test("so many windows are kept, whatever was watched", async () => {
  const { track, asked, settle } = fakes();
  for (let window = 0; window < 60; window++) {
    track.want(T0 + window * 10_000 + 5_000, 1);
    await settle();
  }
  const before = asked.length;
  track.want(T0 + 5_000, 1);
  await settle();
  assert.ok(asked.length > before, "what was watched long ago is asked for again");
});

test("what may still grow is asked for again, what is settled is not", async () => {
  const { track, asked, settle, at, later } = fakes();
  at(T0 + 55_000);
  track.want(T0 + 51_000, 1);
  await settle();
  assert.deepEqual(seconds(asked), [50, 40], "what is still to come is not asked for");
  later(1_000);
  track.want(T0 + 52_000, 1);
  await settle();
  assert.equal(asked.length, 2);
  later(3_000);
  track.want(T0 + 52_500, 1);
  await settle();
  assert.deepEqual(seconds(asked).slice(2), [50, 40]);
});

test("a failure is said, what was known stays, and it is tried again after a while", async () => {
  const { track, asked, settle, fail, later } = fakes();
  fail(true);
  track.want(T0 + 55_000, 1);
  await settle();
  assert.equal(track.error, "VAS is away.");
  const before = asked.length;
  track.want(T0 + 55_000, 1);
  await settle();
  assert.equal(asked.length, before);
  fail(false);
  later(5_001);
  track.want(T0 + 55_000, 1);
  await settle();
  assert.equal(track.error, null);
  assert.ok(track.atOrBefore("a", (T0 + 55_000) * 90));
});

test("once nobody watches nothing more is fetched", async () => {
  const { track, asked, settle } = fakes();
  const stop = track.onChange(() => {});
  track.want(T0 + 55_000, 4);
  stop();
  await settle();
  assert.equal(asked.length, 1);
});
