import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { checkInferenceReply, encodeMessage, type InferenceRequest, MessageDecoder } from "@vas/contracts/inference.ts";
import { type Behaviour, MisbehavingRuntime } from "./misbehaving-runtime.ts";

const REQUEST: InferenceRequest = {
  frame_reference: "/dev/shm/vas/x",
  frame_metadata: {
    frame_id: 7,
    slot: 0,
    offset: 0,
    sequence: 2,
    generation: 1,
    width: 64,
    height: 48,
    stride: 64,
    data_size: 4608,
    format: "NV12",
    timestamp_ns: "1",
    pts90k: 1,
    wall_ms: 1,
  },
  camera_id: "aaaaaaaa-0000-4000-8000-000000000000",
  model_id: "m",
  timestamp: 1,
};

/** Sends one request and gives what came back until `enough` says so or the connection closed. */
function exchange(path: string, enough: (bytes: Buffer) => boolean): Promise<{ bytes: Buffer; closed: boolean }> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path });
    let bytes = Buffer.alloc(0);
    const watchdog = setTimeout(() => reject(new Error(`no answer in 10 s, had ${bytes.length} bytes`)), 10_000);
    const finish = (closed: boolean) => {
      clearTimeout(watchdog);
      socket.destroy();
      resolve({ bytes, closed });
    };
    socket.on("connect", () => socket.write(encodeMessage(REQUEST)));
    socket.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (enough(bytes)) finish(false);
    });
    socket.on("close", () => finish(true));
    socket.on("error", () => finish(true));
  });
}

async function withRuntime(behaviour: Behaviour, body: (runtime: MisbehavingRuntime) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "misbehaving-"));
  try {
    await using runtime = await MisbehavingRuntime.start(folder, "m", { behaviour, lateMs: 1 });
    await body(runtime);
    assert.deepEqual(runtime.violations, []);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const complete = (count: number) => (bytes: Buffer) => {
  const messages = new MessageDecoder(4 * 1024 * 1024).push(bytes);
  return typeof messages !== "string" && messages.length >= count;
};

test("ok, late and trickle give one valid reply to the request", async () => {
  for (const behaviour of ["ok", "late", "trickle"] as const)
    await withRuntime(behaviour, async (runtime) => {
      const { bytes } = await exchange(runtime.socketPath, complete(1));
      const reply = checkInferenceReply(JSON.parse(bytes.subarray(4).toString()));
      assert.ok(reply.ok && reply.value.frame_id === 7 && reply.value.detections.length === 1, behaviour);
    });
});

test("crash and refuse close the connection without a reply", async () => {
  for (const behaviour of ["crash", "refuse"] as const)
    await withRuntime(behaviour, async (runtime) => {
      const { bytes, closed } = await exchange(runtime.socketPath, () => false);
      assert.ok(closed && bytes.length === 0, behaviour);
    });
});

test("the broken replies are broken as their names say", async () => {
  await withRuntime("garbage", async (runtime) => {
    const { bytes } = await exchange(runtime.socketPath, (b) => b.length >= 64);
    assert.equal(typeof new MessageDecoder(1024 * 1024).push(bytes), "string");
  });
  await withRuntime("oversized", async (runtime) => {
    const { bytes } = await exchange(runtime.socketPath, (b) => b.length >= 4);
    assert.ok(bytes.readUInt32BE(0) > 2 * 1024 * 1024);
  });
  await withRuntime("two-replies", async (runtime) => {
    const { bytes } = await exchange(runtime.socketPath, complete(2));
    assert.ok(bytes.length > 0);
  });
  for (const behaviour of ["wrong-shape", "not-json"] as const)
    await withRuntime(behaviour, async (runtime) => {
      const { bytes } = await exchange(runtime.socketPath, complete(1));
      const text = bytes.subarray(4).toString();
      assert.ok(behaviour === "not-json" ? !text.endsWith("}") : !checkInferenceReply(JSON.parse(text)).ok);
    });
});
