import assert from "node:assert/strict";
import { test } from "node:test";
import type { Assignment, DiscoveredModel } from "@vas/contracts/http.ts";
import { type Changes, pairKey, reconcile, type SubscriptionSpec } from "./reconcile.ts";

const TIME = "2026-01-01T00:00:00.000Z";
const cameras = ["a", "b", "c", "d"].map((c) => `${c.repeat(8)}-0000-4000-8000-000000000000`);

function model(id: string, valid = true): DiscoveredModel {
  return {
    model_id: id,
    folder: id,
    valid,
    reason: valid ? null : { line: 1, message: "broken", remedy: "mend it" },
    name: id,
    version: "1",
    type: "module",
    description: null,
    author: null,
    license: null,
    supported_tasks: [],
    class_names: [],
    expected_resolution: null,
    output_type: null,
    weights_sha256: null,
    config_schema: null,
  };
}

function assignment(camera: string, modelId: string, more: Partial<Assignment> = {}): Assignment {
  return {
    camera_id: camera,
    model_id: modelId,
    enabled: true,
    desired_fps: 5,
    priority: 0,
    parameters: {},
    created_at: TIME,
    updated_at: TIME,
    ...more,
  };
}

function apply(running: SubscriptionSpec[], changes: Changes): SubscriptionSpec[] {
  const map = new Map(running.map((s) => [pairKey(s.cameraId, s.modelId), s]));
  for (const pair of changes.remove) assert.ok(map.delete(pairKey(pair.cameraId, pair.modelId)), "removes what runs");
  for (const spec of changes.update) {
    assert.ok(map.has(pairKey(spec.cameraId, spec.modelId)), "updates what runs");
    map.set(pairKey(spec.cameraId, spec.modelId), spec);
  }
  for (const spec of changes.add) {
    assert.ok(!map.has(pairKey(spec.cameraId, spec.modelId)), "adds what does not run");
    map.set(pairKey(spec.cameraId, spec.modelId), spec);
  }
  return [...map.values()];
}

const none: Changes = { remove: [], update: [], add: [] };

test("from any running state any intent is reached in one step and then left alone", () => {
  let seed = 1;
  const pick = (n: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >> 8) % n;
  };
  let running: SubscriptionSpec[] = [];
  for (let round = 0; round < 3000; round++) {
    const wanted = Array.from({ length: pick(12) }, () =>
      assignment(cameras[pick(4)] as string, `m${pick(4)}`, {
        enabled: pick(4) > 0,
        desired_fps: pick(5),
        priority: pick(3),
        parameters: pick(2) ? { threshold: pick(3), zone: { x: pick(2) } } : {},
      }),
    );
    const models = ["m0", "m1", "m2", "m3"].filter(() => pick(5) > 0).map((id) => model(id, pick(5) > 0));
    const changes = reconcile(wanted, running, models);
    assert.deepEqual(reconcile(wanted, running.toReversed(), models), changes, "the order of what runs is no input");
    running = apply(running, changes);
    assert.deepEqual(reconcile(wanted, running, models), none, "idempotent");

    const last = new Map(wanted.map((a) => [pairKey(a.camera_id, a.model_id), a]));
    const expected = [...last.values()].filter((a) => a.enabled);
    assert.equal(running.length, expected.length);
    for (const spec of running) {
      const wish = last.get(pairKey(spec.cameraId, spec.modelId));
      assert.equal(spec.maxFps, wish?.desired_fps);
      const known = models.find((m) => m.model_id === spec.modelId);
      assert.equal(spec.invalid === null, known?.valid === true && spec.maxFps > 0);
    }
  }
});

test("parameters whose keys come in another order are no change", () => {
  const camera = cameras[0] as string;
  const first = reconcile([assignment(camera, "m", { parameters: { a: 1, b: { c: 1, d: 2 } } })], [], [model("m")]);
  const again = [assignment(camera, "m", { parameters: { b: { d: 2, c: 1 }, a: 1 } })];
  assert.deepEqual(reconcile(again, first.add, [model("m")]), none);
});

test("a model that is repaired makes its subscription valid without a new assignment", () => {
  const wanted = [assignment(cameras[0] as string, "m")];
  const first = reconcile(wanted, [], [model("m", false)]);
  assert.match(first.add[0]?.invalid ?? "", /broken/);
  const second = reconcile(wanted, first.add, [model("m")]);
  assert.equal(second.update[0]?.invalid, null);
});

test("parameters that a changed model no longer takes send nothing, until they fit again", () => {
  const camera = cameras[0] as string;
  const wanted = [assignment(camera, "m", { parameters: { threshold: 2 } })];
  const strict = { ...model("m"), config_schema: { properties: { threshold: { type: "number", maximum: 1 } } } };
  const first = reconcile(wanted, [], [model("m")]);
  assert.equal(first.add[0]?.invalid, null);
  const second = reconcile(wanted, first.add, [strict]);
  assert.match(second.update[0]?.invalid ?? "", /threshold must be <= 1/);
  const mended = reconcile([assignment(camera, "m", { parameters: { threshold: 1 } })], second.update, [strict]);
  assert.equal(mended.update[0]?.invalid, null);
});
