import assert from "node:assert/strict";
import { test } from "node:test";
import { Arrivals } from "./arrivals.ts";

const SECOND_NS = 1_000_000_000n;

test("the time that arrives now is told by the fragment that waited the least", () => {
  const arrivals = new Arrivals();
  assert.equal(arrivals.pts90kAt(5n * SECOND_NS), undefined);
  arrivals.took(90_000, 3n * SECOND_NS); // a burst of old frames at the start
  arrivals.took(270_000, 3n * SECOND_NS + SECOND_NS / 10n);
  assert.equal(arrivals.pts90kAt(4n * SECOND_NS), 270_000 + 81_000);
});

test("only the last half minute counts, so that a clock that runs away is followed", () => {
  const arrivals = new Arrivals();
  arrivals.took(900_000, 0n); // an arrival that no later one comes near
  for (let second = 1; second <= 30; second++) arrivals.took(second * 90_000, BigInt(second) * SECOND_NS);
  assert.equal(arrivals.pts90kAt(31n * SECOND_NS), 31 * 90_000);
  arrivals.forget();
  assert.equal(arrivals.pts90kAt(31n * SECOND_NS), undefined);
});
