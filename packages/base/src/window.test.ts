import assert from "node:assert/strict";
import { test } from "node:test";
import { RateWindow, SampleWindow } from "./window.ts";

test("a steady rate is reported as itself and falls to zero when it stops", () => {
  const window = new RateWindow(10);
  for (let ms = 0; ms < 15_000; ms += 100) window.add(ms);
  assert.equal(window.perSecond(15_000), 10);
  assert.equal(window.perSecond(20_000), 5);
  assert.equal(window.perSecond(40_000), 0);
});

test("percentiles come from the newest values only", () => {
  const window = new SampleWindow(100);
  assert.equal(window.percentile(0.5), null);
  for (let value = 0; value < 1000; value++) window.add(value);
  assert.equal(window.percentile(0.5), 950);
  assert.equal(window.percentile(0.99), 999);
});
