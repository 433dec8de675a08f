import assert from "node:assert/strict";
import { test } from "node:test";
import type { Detection } from "@vas/contracts/inference.ts";
import { draw, labelOf, type Pen } from "./draw.ts";
import type { Fresh } from "./newest.ts";
import { readOverlaySettings } from "./settings.ts";

function pen(): { pen: Pen; calls: unknown[][] } {
  const calls: unknown[][] = [];
  const target = { measureText: () => ({ width: 40 }) } as Record<string, unknown>;
  const proxy = new Proxy(target, {
    get: (on, name: string) => on[name] ?? ((...args: unknown[]) => void calls.push([name, ...args])),
  });
  return { pen: proxy as unknown as Pen, calls };
}

const found = (change: Partial<Detection>): Detection => ({
  class_id: 0,
  class_name: "person",
  confidence: 0.9,
  bbox: [0.25, 0.5, 0.5, 1],
  ...change,
});

const fresh = (model: string, ...detections: Detection[]): Fresh => ({
  result: {
    camera_id: "c",
    model_id: model,
    frame_id: 1,
    pts90k: 1,
    wall_ms: 1,
    width: 2,
    height: 2,
    detections,
    inference_ms: null,
    latency_ms: 1,
  },
  ageMs: 0,
  exact: true,
});

const on = { ...readOverlaySettings(undefined), on: true };

test("overlays are off until a person turns them on, and a broken choice is the default", () => {
  assert.deepEqual(readOverlaySettings(undefined), { on: false, threshold: 0, labels: true, hidden: [] });
  assert.deepEqual(readOverlaySettings({ on: "yes", threshold: 7, hidden: [1, "m"] }), {
    on: false,
    threshold: 0,
    labels: true,
    hidden: ["m"],
  });
  const { pen: canvas, calls } = pen();
  assert.equal(draw(canvas, [fresh("m", found({}))], readOverlaySettings(undefined), 200, 100, 1), 0);
  assert.deepEqual(
    calls.map(([name]) => name),
    ["clearRect"],
  );
});

test("a box is drawn at its fractions of the picture", () => {
  const { pen: canvas, calls } = pen();
  assert.equal(draw(canvas, [fresh("m", found({}))], on, 200, 100, 1), 1);
  assert.deepEqual(
    calls.find(([name]) => name === "strokeRect"),
    ["strokeRect", 50, 50, 50, 50],
  );
  assert.deepEqual(calls.find(([name]) => name === "fillText")?.[1], "person 90 %");
});

test("threshold, hidden models and labels act in the browser only", () => {
  const both = [fresh("a", found({ confidence: 0.4 })), fresh("b", found({}), found({}))];
  assert.equal(draw(pen().pen, both, { ...on, threshold: 0.5 }, 200, 100, 1), 2);
  assert.equal(draw(pen().pen, both, { ...on, hidden: ["b"] }, 200, 100, 1), 1);
  const { pen: canvas, calls } = pen();
  draw(canvas, both, { ...on, labels: false }, 200, 100, 1);
  assert.equal(
    calls.some(([name]) => name === "fillText"),
    false,
  );
});

test("polygons, key points, text and values are drawn from what is declared", () => {
  const { pen: canvas, calls } = pen();
  const shape = found({
    polygon: [
      [0, 0],
      [1, 0],
      [1, 1],
    ],
    keypoints: [
      [0.5, 0.5, 0.8],
      [0, 0, 0],
    ],
  });
  assert.equal(draw(canvas, [fresh("m", shape)], on, 200, 100, 2), 1);
  assert.equal(
    calls.some(([name]) => name === "strokeRect"),
    false,
  );
  assert.deepEqual(
    calls.filter(([name]) => name === "arc").map((call) => call.slice(1, 4)),
    [[100, 50, 6]],
  );
  assert.equal(labelOf(found({ text: "ABC", track_id: 4 })), 'person #4 "ABC" 90 %');
  assert.equal(labelOf(found({ class_name: "gauge", value: 3.5, unit: "bar" })), "gauge 3.5 bar 90 %");
});
