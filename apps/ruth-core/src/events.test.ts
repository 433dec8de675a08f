import assert from "node:assert/strict";
import { test } from "node:test";
import type { Result } from "@vas/contracts/live.ts";
import { checkCoreMessage } from "@vas/contracts/results.ts";
import { type EventChanges, EventTracker, MAX_OPEN_LABELS } from "./events.ts";

const CAMERA = "aaaaaaaa-0000-4000-8000-000000000000";
const WALL = Date.UTC(2026, 0, 1);

/** A result at so many seconds with these labels and confidences. */
function result(seconds: number, labels: Record<string, number> = {}, modelId = "m"): Result {
  return {
    camera_id: CAMERA,
    model_id: modelId,
    frame_id: Math.round(seconds * 100) + 1,
    pts90k: Math.round(seconds * 90_000) + 1_000_000,
    wall_ms: WALL + Math.round(seconds * 1000),
    width: 64,
    height: 48,
    detections: Object.entries(labels).map(([class_name, confidence], class_id) => ({
      class_id,
      class_name,
      confidence,
      bbox: [0, 0, 1, 1],
    })),
    inference_ms: 1,
    latency_ms: 2,
  };
}

function tracker(gapSeconds = 5) {
  let n = 0;
  return new EventTracker(gapSeconds * 1000, () => `00000000-0000-4000-8000-${String(++n).padStart(12, "0")}`);
}

function play(results: readonly Result[], nowMs: (n: number) => number = () => 0): EventChanges {
  const events = tracker();
  const all: EventChanges = { opened: [], closed: [] };
  for (const [n, one] of results.entries()) {
    const changes = events.add(one, nowMs(n));
    all.opened.push(...changes.opened);
    all.closed.push(...changes.closed);
  }
  return all;
}

test("a label that stays is one event, however its frames are spaced within the gap", () => {
  const all = play([0, 1, 5.9, 10, 14.9, 16].map((s) => result(s, { person: 0.5 })));
  assert.equal(all.opened.length, 1);
  assert.equal(all.closed.length, 0);
});

test("an event closes as of the label's last frame, with its best frame, and the next appearance is a new event", () => {
  const all = play([
    result(0, { person: 0.5 }),
    result(1, { person: 0.9 }),
    result(2, { person: 0.7 }),
    result(6.9),
    result(7.1),
    result(20, { person: 0.6 }),
  ]);
  assert.equal(all.opened.length, 2);
  assert.deepEqual(all.closed, [
    {
      event_id: all.opened[0]?.event_id,
      ended_at: new Date(WALL + 2000).toISOString(),
      frames: 3,
      best_confidence: 0.9,
      best_frame_id: 101,
    },
  ]);
});

test("exactly the gap later is still the same event; later than it is another, even on one result", () => {
  assert.equal(play([result(0, { a: 1 }), result(5, { a: 1 })]).opened.length, 1);
  const all = play([result(0, { a: 1 }), result(5.01, { a: 1 })]);
  assert.equal(all.opened.length, 2);
  assert.equal(all.closed.length, 1);
});

test("labels, models and cameras have events of their own", () => {
  const all = play([result(0, { a: 1, b: 0.5 }), result(0, { a: 1 }, "other")]);
  assert.deepEqual(
    all.opened.map((e) => `${e.model_id}:${e.label}`),
    ["m:a", "m:b", "other:a"],
  );
});

test("an event holds its own label's detections only, best first, and is valid on the wire", () => {
  const one = result(0, { a: 0.4 });
  one.detections.push(
    { class_id: 0, class_name: "a", confidence: 0.8, bbox: [0, 0, 1, 1] },
    { class_id: 3, class_name: "", confidence: 0.3, bbox: [0, 0, 1, 1] },
  );
  const all = play([one, result(100)]);
  assert.deepEqual(
    all.opened.map((e) => [e.label, e.confidence, e.detections.length]),
    [
      ["a", 0.8, 2],
      ["class 3", 0.3, 1],
    ],
  );
  const checked = checkCoreMessage({ id: 1, type: "events", ...all });
  assert.ok(checked.ok, JSON.stringify(checked));
});

test("a label is plain text, whatever the model calls its classes", () => {
  const labels = play([result(0, { "a\u0000b\n": 0.5, "\ud800x": 0.5, " \t": 0.5 })]).opened.map((e) => e.label);
  assert.deepEqual(labels, ["a b", "\ufffdx", "class 2"]);
});

test("the same results give the same events whatever the process's clock says", () => {
  const results = Array.from({ length: 400 }, (_, n) =>
    result(n * 0.7, n % 23 < 9 ? { a: 0.5, [`x${n % 5}`]: 0.4 } : {}),
  );
  const slow = play(results, (n) => n * 1e6);
  assert.deepEqual(slow, play(results));
  assert.equal(slow.opened.length - slow.closed.length <= 6, true);
});

test("when results stop, events close after the gap and two seconds, not before", () => {
  const events = tracker();
  events.add(result(0, { a: 1 }), 1000);
  assert.equal(events.sweep(7999).length, 0);
  assert.equal(events.sweep(8000).length, 1);
  assert.equal(events.sweep(9000).length, 0);
});

test("a subscription that ends closes its events at once", () => {
  const events = tracker();
  events.add(result(0, { a: 1, b: 1 }), 0);
  assert.equal(events.end(CAMERA, "m").length, 2);
  assert.equal(events.end(CAMERA, "m").length, 0);
});

test("a time line that jumps back neither closes nor keeps an event for ever", () => {
  const all = play([result(1000, { a: 1 }), result(0, { a: 1 }), result(3), result(5.1)]);
  assert.equal(all.opened.length, 1);
  assert.equal(all.closed.length, 1);
});

test("a model that makes up labels opens a bounded number of events", () => {
  const events = tracker();
  let opened = 0;
  for (let n = 0; n < 100; n++) {
    const labels = Object.fromEntries(Array.from({ length: 50 }, (_, k) => [`made-up-${n}-${k}`, 0.5]));
    opened += events.add(result(n * 0.01, labels), 0).opened.length;
  }
  assert.equal(opened, MAX_OPEN_LABELS);
  assert.ok(events.labelsIgnored > 4000);
});

const LEFT = {
  name: "left",
  points: [
    [0, 0],
    [0.5, 0],
    [0.5, 1],
    [0, 1],
  ],
} as const;
const RIGHT = {
  name: "right",
  points: [
    [0.5, 0],
    [1, 0],
    [1, 1],
    [0.5, 1],
  ],
} as const;
const MIDDLE = {
  name: "middle",
  points: [
    [0.4, 0],
    [0.6, 0],
    [0.6, 1],
    [0.4, 1],
  ],
} as const;

/** A person whose feet are at this x, and maybe more of them. */
function standing(seconds: number, ...at: number[]): Result {
  const detections = at.map((x, n) => ({
    class_id: 0,
    class_name: "person",
    confidence: 0.9 - n / 10,
    bbox: [Math.max(0, x - 0.05), 0.2, x + 0.05, 0.8] as [number, number, number, number],
  }));
  return { ...result(seconds), detections };
}

test("with zones only what stands in one makes an event, and the event carries the zone and its detections alone", () => {
  const events = tracker();
  assert.deepEqual(events.add(standing(0, 0.8), 0, [LEFT]), { opened: [], closed: [] });
  const { opened } = events.add(standing(1, 0.8, 0.2), 0, [LEFT]);
  assert.equal(opened.length, 1);
  assert.deepEqual(opened[0]?.event_metadata, { width: 64, height: 48, zones: ["left"] });
  assert.deepEqual(
    opened[0]?.detections.map(({ confidence }) => confidence),
    [0.8],
  );
  assert.equal(opened[0]?.confidence, 0.8);
});

test("what stands in two zones at once is one event of both, and without zones nothing is said of them", () => {
  const both = tracker().add(standing(0, 0.45), 0, [RIGHT, MIDDLE, LEFT]).opened;
  assert.deepEqual(
    both.map(({ event_metadata }) => event_metadata["zones"]),
    [["middle", "left"]],
  );
  const without = tracker().add(standing(0, 0.45), 0).opened;
  assert.deepEqual(without[0]?.event_metadata, { width: 64, height: 48 });
});

test("who walks from one zone into another makes an event of each, and each ends with its own zone", () => {
  const events = tracker(2);
  const all: EventChanges = { opened: [], closed: [] };
  for (let second = 0; second <= 10; second++) {
    const changes = events.add(standing(second, second < 5 ? 0.2 : 0.8), 0, [LEFT, RIGHT]);
    all.opened.push(...changes.opened);
    all.closed.push(...changes.closed);
  }
  assert.deepEqual(
    all.opened.map((event) => [event.event_metadata["zones"], event.pts90k]),
    [
      [["left"], 1_000_000],
      [["right"], 1_450_000],
    ],
  );
  assert.deepEqual(
    all.closed.map(({ event_id, frames }) => [event_id, frames]),
    [[all.opened[0]?.event_id, 5]],
  );
});

test("zones that change while an event is open leave it to end by the gap", () => {
  const events = tracker(2);
  const [first] = events.add(standing(0, 0.2), 0, [LEFT]).opened;
  const [second] = events.add(standing(1, 0.2), 0).opened;
  assert.ok(first && second && first.event_id !== second.event_id);
  assert.deepEqual(
    events.add(standing(2.5, 0.2), 0).closed.map(({ event_id }) => event_id),
    [first.event_id],
  );
});
