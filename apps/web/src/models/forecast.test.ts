import assert from "node:assert/strict";
import { test } from "node:test";
import { forecast } from "./forecast.ts";

const at = (...rates: number[]) => rates.map((fps, n) => ({ cameraId: `camera ${n}`, fps }));

test("more than the model can serve is said in frames a second, with what is left out", () => {
  const { verdict, words } = forecast(38, at(10, 10, 10));
  assert.equal(verdict, "over");
  assert.equal(
    words,
    "At the measured 38 ms this model can serve 26 frames a second; you ask for 30 (3 cameras at 10). About 3.7 a second " +
      "would be skipped; a higher priority goes first.",
  );
});

test("what fits and what only just fits are told apart", () => {
  assert.equal(forecast(38, at(10, 10)).verdict, "fits");
  assert.equal(forecast(38, at(10, 10, 5)).verdict, "just");
  assert.equal(forecast(100, at(10)).verdict, "just", "exactly as much as it can");
  assert.equal(forecast(100, at(10.1)).verdict, "over");
});

test("different rates are counted, the most frequent first", () => {
  assert.match(forecast(10, at(5, 10, 10, 1)).words, /\(2 cameras at 10, 1 at 5 and 1 at 1\)/);
  assert.match(forecast(10, at(2.5)).words, /you ask for 2.5 \(1 camera at 2.5\)/);
  assert.match(forecast(10, []).words, /you ask for 0 \(no camera\)/);
});

test("a model that was never measured is not guessed", () => {
  const { verdict, capacity, words } = forecast(null, at(5));
  assert.deepEqual([verdict, capacity], ["unmeasured", null]);
  assert.match(words, /not been measured/);
  assert.match(words, /1 camera at 5/);
});
