import assert from "node:assert/strict";
import { test } from "node:test";
import { isInStep, type Member, playableFrom, steer } from "./steer.ts";

const ALL = [{ fromMs: 0, toMs: 1_000_000 }];
const member = (playingMs: number | null, footage = ALL): Member => ({
  playingMs,
  footage,
  isPaused: false,
  isStalled: false,
});
const playing = { speed: 1, isPaused: false };
const before = { atMs: 10_000, leader: 0 };

test("the moment is the leader's, and who is near it only changes its rate", () => {
  const { atMs, orders, spreadMs } = steer(
    [member(10_250), member(10_200), member(10_300), member(10_255)],
    before,
    playing,
  );
  assert.equal(atMs, 10_250);
  assert.equal(spreadMs, 100);
  assert.deepEqual(orders[0], { do: "play", rate: 1 });
  assert.deepEqual(orders[3], { do: "play", rate: 1 });
  const rates = orders.map((order) => (order.do === "play" ? order.rate : 0));
  assert.ok((rates[1] ?? 0) > 1 && (rates[2] ?? 9) < 1);
});

test("who is far behind is moved, and who is ahead stands still", () => {
  const { orders } = steer([member(10_250), member(5_000), member(10_900)], before, playing);
  assert.deepEqual(orders.slice(1), [{ do: "move", toMs: 10_250, play: true }, { do: "hold" }]);
});

test("a camera without footage waits for its next, while the others play on", () => {
  const gap = [
    { fromMs: 0, toMs: 10_000 },
    { fromMs: 20_000, toMs: 30_000 },
  ];
  const { orders, spreadMs } = steer([member(10_250), member(20_000, gap), member(10_251)], before, playing);
  assert.deepEqual(orders[1], { do: "wait", untilMs: 20_000 });
  assert.equal(spreadMs, 1, "who waits is not out of step");
  assert.deepEqual(steer([member(10_250), member(null, [])], before, playing).orders[1], { do: "wait", untilMs: null });
});

test("where the leader jumps over a gap of its own, another one leads through it", () => {
  const gap = [
    { fromMs: 0, toMs: 10_100 },
    { fromMs: 20_000, toMs: 30_000 },
  ];
  const through = steer([member(20_010, gap), member(10_100)], before, playing);
  assert.deepEqual([through.leader, through.atMs], [1, 10_100]);
  assert.deepEqual(through.orders[0], { do: "wait", untilMs: 20_000 });
  const end = steer([member(20_010, gap), member(19_990)], { atMs: 19_900, leader: 1 }, playing);
  assert.equal(end.leader, 1);
  assert.equal(end.orders[0]?.do, "play");
  const both = steer([member(20_010, gap), member(20_000, gap)], before, playing);
  assert.deepEqual([both.leader, both.atMs], [0, 20_010], "what nobody has is jumped over");
});

test("while paused all show the same moment", () => {
  const { orders } = steer([member(10_000), member(10_060), member(10_010)], before, { speed: 1, isPaused: true });
  assert.deepEqual(orders, [{ do: "hold" }, { do: "move", toMs: 10_000, play: false }, { do: "hold" }]);
});

test("a leader that shows nothing is replaced by one that does", () => {
  assert.equal(steer([member(null), member(10_100)], before, playing).leader, 1);
  assert.deepEqual(steer([member(null)], before, playing).leader, 0);
});

test("cameras that drift come into one frame and stay there", () => {
  // Two clocks, one a little slow, looked at four times a second.
  let [leader, other] = [10_000, 9_400];
  let at = { atMs: leader, leader: 0 };
  let spread: number | null = null;
  for (let look = 0; look < 60; look++) {
    const steering = steer([member(leader), member(other)], at, playing);
    at = steering;
    spread = steering.spreadMs;
    const order = steering.orders[1];
    leader += 250;
    if (order?.do === "play") other += 250 * order.rate * 0.995;
    if (order?.do === "move") other = order.toMs + 250;
  }
  assert.ok(spread !== null && isInStep(spread), `${spread}`);
});

test("a moment in a gap plays from the next footage", () => {
  const footage = [
    { fromMs: 0, toMs: 10 },
    { fromMs: 60, toMs: 70 },
  ];
  assert.deepEqual(
    [5, 30, 80].map((at) => playableFrom(footage, at)),
    [5, 60, null],
  );
});
