import assert from "node:assert/strict";
import { test } from "node:test";
import { HISTORY } from "@vas/contracts/health.ts";
import { History, MAX_SERIES } from "./history.ts";

test("a series is as long as its range, ends now, and says nothing where nothing was measured", () => {
  const history = new History();
  for (let sample = 0; sample < 10; sample++) {
    history.next();
    if (sample !== 4) history.add("a", sample);
  }
  history.next();
  const values = history.read("a", "hour");
  assert.equal(values?.length, HISTORY.hour.values);
  assert.deepEqual(values?.slice(-12), [null, 0, 1, 2, 3, null, 5, 6, 7, 8, 9, null]);
  assert.equal(history.read("b", "hour"), undefined);
});

test("a value of the day is the mean of its minute's samples, also while the minute goes on", () => {
  const history = new History();
  for (let sample = 0; sample < 30; sample++) {
    history.next();
    history.add("a", sample);
  }
  assert.deepEqual(history.read("a", "day")?.slice(-4), [null, 5.5, 17.5, 26.5]);
});

test("after more than an hour and a day the oldest values are gone, and silence in between is silence", () => {
  const history = new History();
  history.next();
  history.add("a", 1);
  history.next(HISTORY.hour.values - 1);
  history.add("a", 2);
  assert.deepEqual([history.read("a", "hour")?.[0], history.read("a", "hour")?.at(-1)], [1, 2]);
  history.next();
  assert.equal(history.read("a", "hour")?.[0], null);
  history.next(5 * HISTORY.hour.values);
  history.add("a", 3);
  const values = history.read("a", "hour") ?? [];
  assert.deepEqual(
    values.filter((value) => value !== null),
    [3],
  );
  history.next(HISTORY.day.values * 12 - 5);
  assert.deepEqual(
    history.read("a", "day")?.filter((value) => value !== null),
    [3],
  );
  history.next(24);
  while (history.size > 0) history.next();
  assert.equal(history.read("a", "day"), undefined, "it is forgotten");
});

test("more series than fit are refused and counted, and the others go on", () => {
  const history = new History();
  history.next();
  for (let n = 0; n < MAX_SERIES + 5; n++) history.add(`series ${n}`, n);
  assert.deepEqual([history.size, history.refused], [MAX_SERIES, 5]);
  history.next();
  history.add("series 3", 4);
  assert.equal(history.read("series 3", "hour")?.at(-1), 4);
  history.add("series 3", Number.NaN);
  history.add("series 4", null);
  assert.equal(history.read("series 4", "hour")?.at(-1), null);
});
