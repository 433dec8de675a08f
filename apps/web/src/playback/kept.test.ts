import assert from "node:assert/strict";
import { test } from "node:test";
import type { Export } from "@vas/contracts/http.ts";
import { clipItem, exportItem, isGoingOn, lengthOfItem, merged, nameOf, snapshotItem } from "./kept.ts";

const T0 = "2026-03-03T12:00:00.000Z";
const made = (more: Partial<Export> = {}): Export => ({
  id: "e1",
  camera_id: "c1",
  label: null,
  from: T0,
  to: "2026-03-03T12:00:30.000Z",
  boxes: true,
  models: null,
  state: "running",
  progress: 0.4,
  error: null,
  start_pts90k: null,
  end_pts90k: null,
  size_bytes: null,
  created_at: T0,
  finished_at: null,
  ...more,
});

test("an export has its files only once it is done", () => {
  const running = exportItem(made());
  assert.deepEqual([running.media, running.downloads, isGoingOn(running)], [null, [], true]);
  const done = exportItem(made({ state: "done", progress: 1, size_bytes: 5 }));
  assert.equal(done.media, "/api/v1/exports/e1/video");
  assert.deepEqual(
    done.downloads.map(({ href }) => href.split("/").at(-1)),
    ["video", "detections.json", "detections.vtt"],
  );
  assert.equal(isGoingOn(done), false);
  assert.equal(lengthOfItem(done), "30 s");
});

test("what has no name is called by what it is and when", () => {
  const clip = clipItem({
    id: "k",
    camera_id: "c1",
    event_id: "e",
    label: null,
    start: T0,
    end: T0,
    size_bytes: 1,
    created_at: T0,
  });
  assert.equal(nameOf(clip, "12:00"), "Of an event, 12:00");
  assert.equal(nameOf({ ...clip, label: "Fox" }, "12:00"), "Fox");
  const snapshot = snapshotItem({
    id: "s",
    camera_id: "c1",
    event_id: null,
    label: null,
    timestamp: T0,
    pts90k: 0,
    width: 640,
    height: 360,
    size_bytes: 1,
    created_at: T0,
  });
  assert.deepEqual([lengthOfItem(snapshot), snapshot.details], [null, ["640 × 360"]]);
});

test("a fresh page brings news and new rows, and keeps what was loaded further down", () => {
  const items = (...ids: string[]) => ids.map((id) => exportItem(made({ id })));
  const news = [exportItem(made({ id: "new" })), exportItem(made({ id: "a", progress: 0.9 }))];
  const list = merged(items("a", "b"), news);
  assert.deepEqual(
    list.map(({ id, progress }) => [id, progress]),
    [
      ["new", 0.4],
      ["a", 0.9],
      ["b", 0.4],
    ],
  );
});
