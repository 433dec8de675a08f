/** A model folder with a network of the test's own, run once on a frame through a real socket. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Detection } from "@vas/runtime-sdk/handler.ts";
import { callRuntime, createTestRing, requestFor } from "@vas/runtime-sdk/testing/ring.ts";
import { serveModel } from "@vas/runtime-sdk/testing/serve.ts";
import { createHandler } from "../session.ts";
import { type Graph, writeOnnx } from "./onnx-writer.ts";

const HEAD = "model_id: t\nmodel_name: T\nmodel_version: '1'\nmodel_type: onnx\nmodel_weights: t.onnx\n";

/** @param yaml what follows the required fields */
export function writeModelFolder(folder: string, yaml: string, graph: Graph): string {
  writeFileSync(join(folder, "model.yaml"), HEAD + yaml);
  writeFileSync(join(folder, "t.onnx"), writeOnnx(graph));
  return folder;
}

export type OneFrame = { size?: { width: number; height: number }; config?: Record<string, unknown> };

/** What the model finds in a grey frame. */
export async function detectOnce(yaml: string, graph: Graph, frame: OneFrame = {}): Promise<Detection[]> {
  const folder = writeModelFolder(mkdtempSync(join(tmpdir(), "onnx-")), yaml, graph);
  try {
    const model = await serveModel(folder, createHandler);
    try {
      const size = frame.size ?? { width: 128, height: 64 };
      const ring = createTestRing(model.shmDir, size);
      const caller = await callRuntime(model.path);
      const metadata = ring.write(new Uint8Array(size.width * size.height * 1.5).fill(128));
      const reply = await caller.ask(requestFor(ring, model.modelId, metadata, frame.config));
      caller.close();
      ring.close();
      assert.equal(reply.error, null);
      return reply.detections;
    } finally {
      await model.end();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
