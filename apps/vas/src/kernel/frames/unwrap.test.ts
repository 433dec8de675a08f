import assert from "node:assert/strict";
import { test } from "node:test";
import { createUnwrap } from "./unwrap.ts";

const WRAP = 2 ** 33;

test("presentation times go on over every wrap of 33 bits", () => {
  const unwrap = createUnwrap(0);
  for (let at = 0; at < 3.5 * WRAP; at += 90_000 * 3600) assert.equal(unwrap(at % WRAP), at);
});

test("a step back stays a step back, also across the wrap", () => {
  const unwrap = createUnwrap(0);
  for (const at of [0, 9000, 3000, 6000]) assert.equal(unwrap(at), at);
  const late = createUnwrap(WRAP - 3000);
  for (const at of [WRAP - 3000, WRAP + 3000, WRAP - 1500, WRAP + 6000]) assert.equal(late(at % WRAP), at);
});

test("a time slightly before the run's start is negative and not 26 hours ahead", () => {
  const unwrap = createUnwrap(0);
  assert.equal(unwrap(WRAP - 3000), -3000);
});

test("a tap that joins a run after days finds the right wrap from the time that has passed", () => {
  const truth = 5 * WRAP + 1234;
  for (const guess of [truth - 90_000 * 60, truth + 90_000 * 3600])
    assert.equal(createUnwrap(guess)(truth % WRAP), truth);
});
