import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { callRuntime, createTestRing, requestFor, testFolders, until } from "@vas/runtime-sdk/testing/ring.ts";
import { writeOnnx } from "./testing/onnx-writer.ts";

test("the process serves an onnx folder until SIGTERM and leaves nothing", async () => {
  const { shmDir, socketDir, remove } = testFolders();
  const folder = join(socketDir, "model");
  mkdirSync(folder);
  writeFileSync(
    join(folder, "model.yaml"),
    "model_id: t\nmodel_name: T\nmodel_version: '1'\nmodel_type: onnx\nmodel_weights: t.onnx\noutput_schema: { format: yolov8, class_names: [cat] }\n",
  );
  const values = [32, 0, 32, 0, 16, 0, 8, 0, 0.75, 0];
  const outputs = [{ name: "o", dims: [1, 5, 2], values }];
  writeFileSync(join(folder, "t.onnx"), writeOnnx({ input: { name: "i", shape: [1, 3, 64, 64] }, outputs }));
  const env = { PATH: process.env.PATH, RUTH_SOCKET_DIR: socketDir, VAS_SHM_DIR: shmDir };
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), folder], {
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once("close", (code) => resolve(code));
  });
  try {
    await until("the line that says it serves", () => stderr.includes('"serving"') || child.exitCode !== null);
    assert.equal(child.exitCode, null, stderr);
    const ring = createTestRing(shmDir, { width: 64, height: 64 });
    const socket = join(socketDir, "vas_model_t.sock");
    const caller = await callRuntime(socket);
    const reply = await caller.ask(requestFor(ring, "t", ring.write(new Uint8Array(6144))));
    assert.deepEqual([reply.error, reply.detections.length, reply.detections[0]?.confidence], [null, 1, 0.75]);
    child.kill("SIGTERM");
    assert.equal(await exited, 0, stderr);
    assert.ok(!existsSync(socket) && !existsSync(join(socketDir, "vas_heartbeat_t.json")));
    ring.close();
  } finally {
    child.kill("SIGKILL");
    remove();
  }
});
