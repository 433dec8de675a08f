import assert from "node:assert/strict";
import { test } from "node:test";
import type { Detection } from "@vas/contracts/inference.ts";
import { colourOf, draw, labelOf } from "./draw.ts";
import { tintOf } from "./mask.ts";
import type { Drawn } from "./results.ts";
import { labelKey, readOverlaySettings } from "./settings.ts";
import type { Pen } from "./shapes.ts";
import { type Skeletons, skeletonsOf } from "./skeletons.ts";

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

const fresh = (model: string, ...detections: Detection[]): Drawn => ({
  result: { model_id: model, frame_id: 1, pts90k: 1, detections },
  ageTicks: 0,
});

const on = { ...readOverlaySettings(undefined), on: true };

test("nothing is drawn until a person turns overlays on", () => {
  const { pen: canvas, calls } = pen();
  assert.equal(draw(canvas, [fresh("m", found({}))], readOverlaySettings(undefined), 200, 100, 1).length, 0);
  assert.deepEqual(
    calls.map(([name]) => name),
    ["clearRect"],
  );
});

test("a box is drawn at its fractions of the picture", () => {
  const { pen: canvas, calls } = pen();
  assert.equal(draw(canvas, [fresh("m", found({}))], on, 200, 100, 1).length, 1);
  assert.deepEqual(
    calls.find(([name]) => name === "strokeRect"),
    ["strokeRect", 50, 50, 50, 50],
  );
  assert.deepEqual(calls.find(([name]) => name === "fillText")?.[1], "person 90 %");
});

test("threshold, hidden models and labels act in the browser only", () => {
  const both = [fresh("a", found({ confidence: 0.4 })), fresh("b", found({}), found({}))];
  assert.equal(draw(pen().pen, both, { ...on, threshold: 0.5 }, 200, 100, 1).length, 2);
  assert.equal(draw(pen().pen, both, { ...on, hidden: ["b"] }, 200, 100, 1).length, 1);
  const hiddenLabels = [labelKey("b", "person")];
  assert.equal(draw(pen().pen, both, { ...on, hiddenLabels }, 200, 100, 1).length, 1);
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
  assert.equal(draw(canvas, [fresh("m", shape)], on, 200, 100, 2).length, 1);
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

test("what was computed from an earlier picture is dashed, and only that", () => {
  const { pen: canvas, calls } = pen();
  draw(canvas, [{ ...fresh("a", found({})), ageTicks: 3600 }, fresh("b", found({}))], on, 200, 100, 1);
  const order = calls
    .filter(([name]) => name === "setLineDash" || name === "strokeRect")
    .map(([name, to]) => [name, to]);
  assert.deepEqual(order, [
    ["setLineDash", [6, 4]],
    ["strokeRect", 50],
    ["setLineDash", []],
    ["strokeRect", 50],
  ]);
});

test("a line of two corners is open, a pose has its bones, a class has only its label", () => {
  const line = pen();
  const corners: [number, number][] = [
    [0, 0],
    [1, 1],
  ];
  draw(line.pen, [fresh("m", found({ polygon: corners }))], on, 200, 100, 1);
  assert.equal(
    line.calls.some(([name]) => name === "closePath" || name === "fill"),
    false,
  );
  const pose = pen();
  const points = Array.from({ length: 17 }, (): [number, number, number] => [0.5, 0.5, 0.9]);
  points[0] = [0.5, 0.5, 0.1];
  draw(pose.pen, [fresh("m", found({ keypoints: points }))], on, 200, 100, 1);
  // 16 bones, less the two that end at a doubted nose.
  assert.equal(pose.calls.filter(([name]) => name === "lineTo").length, 14);
  const scene = pen();
  const classes = ["day", "rain"].map((class_name) => found({ class_name, bbox: [0, 0, 1, 1] }));
  draw(scene.pen, [fresh("m", ...classes)], on, 200, 100, 1);
  assert.deepEqual(
    scene.calls.filter(([name]) => name === "strokeRect"),
    [],
  );
  assert.deepEqual(
    scene.calls.filter(([name]) => name === "fillText").map(([, text, , y]) => [text, y]),
    [
      ["day 90 %", 9.5],
      ["rain 90 %", 29.5],
    ],
  );
});

test("a model keeps its colour until a person chooses another", () => {
  assert.equal(colourOf("m"), colourOf("m", { colours: {} }));
  assert.equal(colourOf("m", { colours: { m: "#ff00ff" } }), "#ff00ff");
});

test("a mask that is none is a box", () => {
  for (const mask of [null, 5, "rle", {}, { size: [2, 2], counts: [5] }, { size: [2, 2], counts: [1] }]) {
    const { pen: canvas, calls } = pen();
    draw(canvas, [fresh("m", found({ mask }))], on, 200, 100, 1);
    assert.equal(calls.filter(([name]) => name === "strokeRect").length, 1, JSON.stringify(mask));
    assert.equal(calls.filter(([name]) => name === "drawImage").length, 0, JSON.stringify(mask));
  }
});

test("a mask has its model's colour", () => {
  assert.deepEqual([...new Uint8Array(new Uint32Array([tintOf("#ff8001")]).buffer)], [255, 128, 1, 255]);
});

test("key points are joined as the model declares, and 17 of a model that declares nothing as COCO's", () => {
  const points = (count: number): [number, number, number][] =>
    Array.from({ length: count }, (_, at) => [at / 100, 0.5, 0.9]);
  const lines = (count: number, skeletons?: Skeletons) => {
    const { pen: canvas, calls } = pen();
    draw(canvas, [fresh("pose", found({ keypoints: points(count) }))], on, 100, 100, 1, [], skeletons);
    return calls.filter(([name]) => name === "lineTo").length;
  };
  const declared = skeletonsOf([
    {
      model_id: "pose",
      skeleton: [
        [0, 1],
        [1, 2],
        [2, 250],
      ],
    }, // the last one leads to a point that is not there
    { model_id: "other", skeleton: null },
  ]);
  assert.equal(lines(17), 16);
  assert.equal(lines(5), 0);
  assert.equal(lines(5, declared), 2);
  assert.equal(lines(17, declared), 2);
  assert.equal(lines(17, skeletonsOf([{ model_id: "pose", skeleton: [] }])), 0);
  assert.equal(lines(17, skeletonsOf([{ model_id: "pose" }])), 16);
});
