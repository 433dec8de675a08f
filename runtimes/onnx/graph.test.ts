import assert from "node:assert/strict";
import { test } from "node:test";
import { testData } from "@vas/runtime-sdk/testing/serve.ts";
import { bytesSource, type OnnxGraph, readGraph } from "./graph.ts";
import { readGraphFile } from "./graph-file.ts";
import { writeOnnx } from "./testing/onnx-writer.ts";

const bytes = writeOnnx({
  input: { name: "images", shape: ["batch", 3, 64, 64], type: "float16" },
  otherInputs: [{ name: "size", shape: [1, 2], type: "int64" }],
  outputs: [
    { name: "a", dims: [1, 2], values: [1, 2] },
    { name: "b", echo: true },
  ],
  metadata: { task: "detect", names: "{0: 'x'}" },
});

test("inputs, outputs, metadata and operators are read, weights are not", () => {
  const graph = readGraph(bytesSource(bytes)) as OnnxGraph;
  assert.deepEqual(graph.inputs, [
    { name: "images", type: "float16", shape: ["batch", 3, 64, 64] },
    { name: "size", type: "int64", shape: [1, 2] },
  ]);
  assert.deepEqual(graph.outputs, [
    { name: "a", type: "float32", shape: [1, 2] },
    { name: "b", type: "float16", shape: ["batch", 3, 64, 64] },
  ]);
  assert.deepEqual([graph.metadata.get("task"), graph.opset, graph.operators.get("Identity")], ["detect", 13, 2]);
});

test("a real network's weights are skipped", () => {
  const graph = readGraphFile(testData("FastestDet.onnx")) as OnnxGraph;
  assert.deepEqual(
    [...graph.inputs, ...graph.outputs].map(({ type, shape }) => [type, shape]),
    [
      ["float32", [1, 3, 352, 352]],
      ["float32", [1, 85, 22, 22]],
    ],
  );
  assert.ok((graph.operators.get("Conv") ?? 0) > 20);
});

test("cut, changed or foreign bytes are a sentence or another graph, never an exception or a hang", () => {
  for (let length = 0; length < bytes.length; length++) readGraph(bytesSource(bytes.subarray(0, length)));
  let seed = 7;
  const next = (most: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((seed / 2 ** 32) * most);
  };
  for (let round = 0; round < 3000; round++) {
    const changed = Uint8Array.from(bytes);
    for (let count = 0; count <= round % 4; count++) changed[next(changed.length)] = next(256);
    readGraph(bytesSource(changed));
  }
  for (const text of ["", "hello", "<html>", "\u0000".repeat(100)])
    assert.match(readGraph(bytesSource(Buffer.from(text))) as string, /^this is no ONNX model/);
});
