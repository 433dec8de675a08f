import assert from "node:assert/strict";
import { test } from "node:test";
import { HealthSince } from "./since.ts";

const at = (wallMs: number) => new Date(wallMs).toISOString();

test("a state that stays keeps its since, and one that changes begins anew", () => {
  const since = new HealthSince();
  assert.equal(since.of("a", "healthy", 5), null, "not looked at yet");
  since.look([["a", "healthy"]], 1000);
  since.look([["a", "healthy"]], 6000);
  assert.equal(since.of("a", "healthy", 7000), at(1000));
  assert.equal(since.of("a", "degraded", 7000), at(7000), "changed since the last look");
  since.look([["a", "degraded"]], 11_000);
  assert.equal(since.of("a", "degraded", 12_000), at(11_000));
});

test("what is gone is forgotten", () => {
  const since = new HealthSince();
  since.look([["a", "healthy"]], 1000);
  since.look([], 2000);
  assert.equal(since.of("a", "healthy", 3000), null);
});
