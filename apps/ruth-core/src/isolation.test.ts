/** One good runtime and one that misbehaves in every way, over real sockets: the good one must not notice. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { setTimeout as wait } from "node:timers/promises";
import { systemClock } from "@vas/base/clock.ts";
import type { SkipReason } from "@vas/contracts/http.ts";
import { socketPath } from "@vas/contracts/inference.ts";
import { FakeRing } from "@vas/testkit/fake-ring.ts";
import { BEHAVIOURS, type Behaviour, MisbehavingRuntime } from "@vas/testkit/misbehaving-runtime.ts";
import { Agent } from "./agent.ts";
import { Lane } from "./dispatch.ts";
import { monoMs } from "./mono.ts";
import { RuntimeChannel } from "./runtime-channel.ts";
import { Subscription } from "./subscription.ts";

const CAMERA = "aaaaaaaa-0000-4000-8000-000000000000";
/** The good one's is long: this machine may be busy with other things. */
const TIMEOUT_MS = { good: 5000, bad: 150 };

/** A reply of each kind fits many times over; a caller that kept what it is sent would pass it within a second. */
const MAX_GROWTH_BYTES = 8 * 1024 * 1024;
setFlagsFromString("--expose-gc");
globalThis.gc ??= runInNewContext("gc") as NodeJS.GCFunction;

/** The reason under which each behaviour's frames are counted. */
const EXPECTED: Record<Exclude<Behaviour, "ok" | "late" | "two-replies" | "flood">, SkipReason> = {
  crash: "error",
  hang: "timeout",
  garbage: "error",
  "not-json": "error",
  "wrong-shape": "error",
  oversized: "error",
  "wrong-ids": "error",
  trickle: "timeout",
  error: "error",
  refuse: "no_runtime",
  absent: "no_runtime",
};

/** A site with one camera, both models, and a frame every few milliseconds. */
async function site(t: TestContext, behaviour: Behaviour) {
  const folder = mkdtempSync(join(tmpdir(), "isolation-"));
  const ring = new FakeRing(folder, CAMERA);
  const good = await MisbehavingRuntime.start(folder, "good");
  const bad = await MisbehavingRuntime.start(folder, "bad", { behaviour, lateMs: 20 });
  const agent = new Agent(CAMERA, ring.folder, monoMs(systemClock));
  const lanes: Lane[] = [];
  const subscribe = (modelId: "good" | "bad") => {
    const lane = new Lane(TIMEOUT_MS[modelId]);
    lanes.push(lane);
    const subscription = new Subscription({
      spec: { cameraId: CAMERA, modelId, maxFps: 120, priority: 0, parameters: {}, zones: [], invalid: null },
      exportFolder: ring.folder,
      lane,
      clock: systemClock,
      connect: (events) => new RuntimeChannel(() => socketPath(folder, modelId), events),
      onResult: () => undefined,
    });
    agent.subscriptions.set(modelId, subscription);
    return subscription;
  };
  const goodOne = subscribe("good");
  const badOne = subscribe("bad");
  let ticks = 0;
  const tick = () => {
    if (ticks++ % 3 === 0)
      ring.write({ timestampNs: systemClock.monotonicNs(), pts90k: ticks * 1350, wallMs: Date.now() });
    const now = monoMs(systemClock);
    agent.tick(now, Date.now());
    for (const lane of lanes) lane.give(now);
  };
  const timer = setInterval(tick, 5);
  t.after(async () => {
    clearInterval(timer);
    agent.close();
    await good.stop();
    await bad.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return { goodOne, badOne, good, bad };
}

/** What this process holds outside the JavaScript heap, once what nobody needs is gone. */
function bufferedBytes(): number {
  (globalThis.gc as () => void)();
  return process.memoryUsage().arrayBuffers;
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error(`still missing after 20 s: ${what}`);
    await wait(5);
  }
}

for (const behaviour of BEHAVIOURS)
  test(`a runtime that answers with "${behaviour}" does not touch its neighbour`, async (t) => {
    const { goodOne, badOne, good, bad } = await site(t, behaviour);
    const before = bufferedBytes();
    await until("the good runtime's first result", () => goodOne.results > 0);
    if (!(behaviour in EXPECTED)) {
      await until("results of the bad runtime", () => badOne.results >= 2);
    } else {
      const reason = EXPECTED[behaviour as keyof typeof EXPECTED];
      await until(`frames counted as ${reason}`, () => badOne.skipped[reason] >= 3);
      assert.equal(badOne.results, 0);
    }
    const results = goodOne.results;
    await until("20 more results of the good runtime", () => goodOne.results >= results + 20);
    const grown = bufferedBytes() - before;
    assert.ok(grown < MAX_GROWTH_BYTES, `buffers grew by ${grown} bytes`);
    assert.equal(goodOne.skipped.error + goodOne.skipped.timeout, 0, JSON.stringify(goodOne.skipped));
    assert.deepEqual([...good.violations, ...bad.violations], []);
    for (const one of [goodOne, badOne]) {
      const { no_new_frame: _absence, ...frames } = one.skipped;
      const skipped = Object.values(frames).reduce((a, b) => a + b, 0);
      const open = one.seen - one.results - skipped;
      assert.ok(open >= one.queueDepth && open <= one.queueDepth + 1, `every frame has one reason, ${open} have none`);
    }
    const ids = bad.requests.map((request) => request.frame_metadata.frame_id);
    assert.equal(new Set(ids).size, ids.length, "no frame is sent twice");
    if (behaviour === "two-replies" || behaviour === "flood")
      assert.match(badOne.lastError ?? "", /nobody asked for|another request/);
  });

test("a runtime that comes back is used again without anyone's doing", async (t) => {
  const { badOne, bad } = await site(t, "ok");
  await until("the first result", () => badOne.results > 0);
  await bad.stop();
  await until("the lost connection being noticed", () => badOne.disconnected !== null);
  await bad.listen();
  const before = badOne.results;
  await until("results again", () => badOne.results > before + 2);
  assert.equal(badOne.disconnected, null);
});
