import assert from "node:assert/strict";
import { test } from "node:test";
import type { CameraGroup } from "@vas/contracts/http.ts";
import type { Outcome } from "../api/client.ts";
import { camerasOf, GroupList, moved } from "./groups.ts";

const group = (name: string, camera_ids: string[] = []): CameraGroup => ({
  id: name,
  name,
  camera_ids,
  created_at: "",
  updated_at: "",
});

test("a group shows its cameras in its own order, and none that is gone", () => {
  const cameras = [{ id: "a" }, { id: "b" }, { id: "c" }];
  assert.deepEqual(camerasOf(cameras, group("g", ["c", "x", "a"])), [{ id: "c" }, { id: "a" }]);
  assert.equal(camerasOf(cameras, null), cameras);
});

test("a tile moves to another place, and no further than the ends", () => {
  assert.deepEqual(moved(["a", "b", "c"], 0, 1), ["b", "a", "c"]);
  assert.deepEqual(moved(["a", "b", "c"], 2, -4), ["c", "a", "b"]);
  assert.deepEqual(moved(["a", "b", "c"], 0, 9), ["b", "c", "a"]);
  assert.deepEqual(moved(["a"], 3, 0), ["a"]);
});

test("many notices at once list the groups twice at most, and the last list counts", async () => {
  const waiting: ((outcome: Outcome<{ items: CameraGroup[] }>) => void)[] = [];
  const list = new GroupList(() => new Promise((resolve) => waiting.push(resolve)));
  for (let at = 0; at < 5; at++) list.notice({ notice: "groups_changed", camera_id: "a" });
  waiting.shift()?.({ ok: true, value: { items: [group("old")] } });
  await new Promise(setImmediate);
  assert.equal(waiting.length, 1);
  waiting.shift()?.({ ok: true, value: { items: [group("b"), group("a")] } });
  await new Promise(setImmediate);
  assert.deepEqual(
    list.view().groups?.map(({ name }) => name),
    ["a", "b"],
  );
  assert.equal(waiting.length, 0);
});
