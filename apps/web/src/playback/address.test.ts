import assert from "node:assert/strict";
import { test } from "node:test";
import { chosenCameras, MOST_CAMERAS, readWatch, watchPath } from "./address.ts";

const read = (path: string) => readWatch(new URL(path, "http://vas").searchParams);

test("what is watched is in the address, and comes back from it", () => {
  const atMs = Date.parse("2026-03-03T12:00:05.250Z");
  assert.deepEqual(read(watchPath(["a", "b", "c"], atMs)), { cameraIds: ["a", "b", "c"], atMs });
  assert.deepEqual(read(watchPath(["a"], null)), { cameraIds: ["a"], atMs: null });
  assert.deepEqual(read("/recordings?camera=a&at=never&with=a,b,,b"), { cameraIds: ["a", "b"], atMs: null });
  assert.equal(
    read(`/recordings?with=${Array.from({ length: 30 }, (_, n) => n).join()}`).cameraIds.length,
    MOST_CAMERAS,
  );
});

test("cameras that are gone are left out, and the first is shown where none is asked for", () => {
  const all = [{ id: "a" }, { id: "b" }];
  assert.deepEqual(chosenCameras(all, []), [{ id: "a" }]);
  assert.deepEqual(chosenCameras(all, ["b", "x", "a"]), [{ id: "b" }, { id: "a" }]);
  assert.deepEqual(chosenCameras(all, ["x"]), []);
});
