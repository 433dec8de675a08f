import assert from "node:assert/strict";
import { test } from "node:test";
import { momentPath, routeOf } from "./route.ts";

test("every page has its address and others are missing", () => {
  assert.deepEqual(routeOf("/"), { page: "live" });
  assert.deepEqual(routeOf("/cameras/new"), { page: "camera_new" });
  assert.deepEqual(routeOf("/cameras/abc"), { page: "camera", id: "abc" });
  assert.deepEqual(routeOf("/cameras/abc/edit"), { page: "camera_edit", id: "abc" });
  assert.deepEqual(routeOf("/events/"), { page: "events" });
  assert.deepEqual(routeOf("/site"), { page: "health" });
  assert.deepEqual(routeOf("/site/frames"), { page: "frames" });
  assert.deepEqual(routeOf("/site/audit"), { page: "audit" });
  assert.deepEqual(routeOf("/site/other"), { page: "missing" });
  assert.deepEqual(routeOf("/people"), { page: "people" });
  assert.deepEqual(routeOf("/people/keys"), { page: "keys" });
  assert.deepEqual(routeOf("/account"), { page: "account" });
  assert.deepEqual(routeOf("/cameras/abc/what"), { page: "missing" });
  assert.deepEqual(routeOf("/nothing"), { page: "missing" });
});

test("a moment's address keeps the time to the millisecond", () => {
  const url = new URL(momentPath("c1", "2026-01-02T03:04:05.678Z"), "http://x");
  assert.equal(url.searchParams.get("at"), "2026-01-02T03:04:05.678Z");
});
