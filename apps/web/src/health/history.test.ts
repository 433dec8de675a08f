import assert from "node:assert/strict";
import { test } from "node:test";
import type { SubscriptionMetrics } from "@vas/contracts/http.ts";
import { linePoints, type Rates, SAMPLES, withSample } from "./history.ts";

const sample = (camera: string, fps: number) =>
  ({ camera_id: camera, model_id: "m", achieved_fps: fps }) as SubscriptionMetrics;

test("samples are bounded and what is gone is forgotten", () => {
  let rates: Rates = new Map();
  for (let index = 0; index < SAMPLES + 10; index += 1) rates = withSample(rates, [sample("a", index), sample("b", 1)]);
  assert.equal(rates.get("a m")?.length, SAMPLES);
  assert.equal(rates.get("a m")?.at(-1), SAMPLES + 9);
  assert.deepEqual([...withSample(rates, [sample("b", 1)]).keys()], ["b m"]);
});

test("a line ends at the right edge and stays within its height", () => {
  assert.equal(linePoints([5], 5, 149, 20), "");
  assert.equal(linePoints([0, 5, 9], 5, 149, 20), "147,20 148,0 149,0");
});
