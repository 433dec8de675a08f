import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Clock } from "@vas/base/clock.ts";
import { createLog } from "@vas/base/log.ts";
import { checkHeartbeat, heartbeatPath } from "@vas/contracts/inference.ts";
import { Heartbeat } from "./heartbeat.ts";

/** A clock that stands still until it is told to go on. */
function steppedClock() {
  let wallMs = Date.UTC(2025, 10, 20);
  let wake: (() => void) | undefined;
  const slept: number[] = [];
  const clock: Clock = {
    wallMs: () => wallMs,
    monotonicNs: () => BigInt(wallMs) * 1_000_000n,
    sleep(ms, signal) {
      slept.push(ms);
      return new Promise((resolve) => {
        wake = () => {
          wallMs += ms;
          resolve();
        };
        signal?.addEventListener("abort", () => resolve(), { once: true });
      });
    },
  };
  return {
    clock,
    slept,
    async step() {
      wake?.();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test("a heartbeat is there at once, is written anew every 5 s, and is removed at the end", async () => {
  const socketDir = mkdtempSync(join(tmpdir(), "beat-"));
  const { clock, slept, step } = steppedClock();
  const path = heartbeatPath(socketDir, "m");
  const fresh = `${path}.${process.pid}`;
  writeFileSync(join(socketDir, "mine"), "untouched");
  symlinkSync(join(socketDir, "mine"), fresh);
  let requests = 0;
  const heartbeat = new Heartbeat({
    socketDir,
    modelId: "m",
    clock,
    log: createLog(() => {}),
    metrics: () => ({ total_requests: requests++, total_errors: 0, avg_latency_ms: 1, uptime_seconds: 0 }),
    status: () => "healthy",
  });
  heartbeat.start();
  const read = () => {
    const checked = checkHeartbeat(JSON.parse(readFileSync(path, "utf8")));
    assert.ok(checked.ok);
    return checked.value;
  };
  assert.deepEqual([read().timestamp, read().metrics.total_requests], ["2025-11-20T00:00:00.000Z", 0]);
  await step();
  assert.deepEqual([read().timestamp, read().metrics.total_requests], ["2025-11-20T00:00:05.000Z", 1]);
  assert.deepEqual(slept, [5000, 5000]);
  assert.equal(readFileSync(join(socketDir, "mine"), "utf8"), "untouched", "a link in the way is not written through");
  await heartbeat[Symbol.asyncDispose]();
  assert.ok(!existsSync(path));
  assert.deepEqual(readdirSync(socketDir), ["mine"]);
  rmSync(socketDir, { recursive: true });
});

test("a folder that cannot be written to is spoken of once and tried again", async () => {
  const root = mkdtempSync(join(tmpdir(), "beat-"));
  const socketDir = join(root, "gone");
  const { clock, step } = steppedClock();
  const lines: string[] = [];
  const heartbeat = new Heartbeat({
    socketDir,
    modelId: "m",
    clock,
    log: createLog((line) => lines.push(line)),
    metrics: () => ({ total_requests: 0, total_errors: 0, avg_latency_ms: 0, uptime_seconds: 0 }),
    status: () => "healthy",
  });
  heartbeat.start();
  await step();
  await step();
  assert.equal(lines.length, 1, lines.join(""));
  assert.match(lines[0] as string, /cannot be written/);
  await heartbeat[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});
