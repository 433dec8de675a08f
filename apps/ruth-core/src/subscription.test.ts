/** A subscription in simulated time: its runtime answers when the test says so. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FLIGHTS_KEPT } from "@vas/contracts/flights.ts";
import { SKIP_REASONS } from "@vas/contracts/http.ts";
import type { Result } from "@vas/contracts/live.ts";
import { Lane } from "./dispatch.ts";
import type { FrameRef } from "./frame-watch.ts";
import type { SubscriptionSpec } from "./reconcile.ts";
import type { Channel, ChannelEvents } from "./runtime-channel.ts";
import { Subscription } from "./subscription.ts";

const SPEC: SubscriptionSpec = {
  cameraId: "aaaaaaaa-0000-4000-8000-000000000000",
  modelId: "m",
  maxFps: 120,
  priority: 0,
  parameters: {},
  zones: [],
  invalid: null,
};
const GEOMETRY = { width: 64, height: 48, stride: 64, dataSize: 4608, slotCount: 8, generation: 1 };

function site(spec: Partial<SubscriptionSpec> = {}) {
  let nowMs = 0;
  const clock = {
    wallMs: () => 1_000_000 + nowMs,
    monotonicNs: () => BigInt(Math.round(nowMs * 1e6)),
    sleep: () => Promise.resolve(),
  };
  const sent: number[] = [];
  const drops: string[] = [];
  const results: Result[] = [];
  const lane = new Lane(1000);
  let events: ChannelEvents | undefined;
  const channel = { ready: true, problem: null as string | null };
  const connect = (given: ChannelEvents): Channel => {
    events = given;
    return {
      get ready() {
        return channel.ready;
      },
      get problem() {
        return channel.problem;
      },
      tick: () => undefined,
      send: (bytes) => sent.push(JSON.parse(bytes.subarray(4).toString()).frame_metadata.frame_id),
      drop(reason) {
        drops.push(reason);
        channel.ready = false;
        channel.problem = reason;
      },
    };
  };
  const subscription = new Subscription({
    spec: { ...SPEC, ...spec },
    exportFolder: "/x",
    lane,
    clock,
    connect,
    onResult: (result) => results.push(result),
  });
  const frame = (frameId: number): void => {
    const record: FrameRef = {
      sequence: 2,
      frameId,
      timestampNs: BigInt(Math.round(nowMs * 1e6)),
      pts90k: Math.round(nowMs * 90),
      wallMs: nowMs,
      offset: 0,
      fullRange: false,
      slot: 0,
      geometry: GEOMETRY,
    };
    subscription.frame(record, nowMs);
    lane.give(nowMs);
  };
  return {
    subscription,
    sent,
    drops,
    results,
    channel,
    frame,
    at(ms: number) {
      nowMs = ms;
      subscription.tick(ms);
      lane.give(ms);
    },
    reply(frameId: number, more: Record<string, unknown> = {}) {
      const ids = { model_id: "m", camera_id: SPEC.cameraId, frame_id: frameId };
      events?.onReply(Buffer.from(JSON.stringify({ ...ids, detections: [], metadata: {}, error: null, ...more })));
    },
    closed(reason: string) {
      channel.ready = false;
      events?.onClosed(reason);
    },
  };
}

test("one request at a time, and when its reply comes the newest frame goes at once", () => {
  const s = site();
  for (const [ms, id] of [
    [0, 1],
    [40, 2],
    [80, 3],
    [120, 4],
  ] as const) {
    s.at(ms);
    s.frame(id);
  }
  assert.deepEqual(s.sent, [1]);
  s.at(130);
  s.reply(1);
  assert.deepEqual(s.sent, [1, 4]);
  assert.equal(s.subscription.skipped.busy, 2);
  assert.equal(s.results[0]?.latency_ms, 130);
  assert.equal(s.results[0]?.frame_id, 1);
});

test("a frame that found the runtime busy does not use up the cap", () => {
  const s = site({ maxFps: 10 });
  s.frame(1);
  s.at(100);
  s.frame(2);
  s.at(140);
  s.frame(3);
  s.at(150);
  s.reply(1);
  assert.deepEqual(s.sent, [1, 3]);
  assert.equal(s.subscription.skipped.cap, 0);
});

test("a reply that does not come in time is a timeout, the connection is closed, and the next frame is another", () => {
  const s = site();
  s.frame(1);
  s.at(999);
  assert.equal(s.subscription.queueDepth, 1);
  s.at(1000);
  assert.equal(s.subscription.skipped.timeout, 1);
  assert.deepEqual(s.drops, ["no reply within 1000 ms"]);
  s.frame(2);
  assert.equal(s.subscription.skipped.no_runtime, 1);
  s.channel.ready = true;
  s.at(2000);
  s.frame(3);
  assert.deepEqual(s.sent, [1, 3]);
});

test("a frame that waits when the connection is lost has no runtime, and the one that was sent is an error", () => {
  const s = site();
  s.frame(1);
  s.at(40);
  s.frame(2);
  s.closed("ECONNRESET");
  assert.equal(s.subscription.skipped.error, 1);
  assert.equal(s.subscription.skipped.no_runtime, 1);
  assert.match(s.subscription.lastError ?? "", /ECONNRESET/);
});

test("an error reply is counted and the connection stays; a reply out of step closes it", () => {
  const s = site();
  s.frame(1);
  s.reply(1, { error: "model_failed: no" });
  assert.equal(s.subscription.failing, "model_failed: no");
  assert.deepEqual(s.drops, []);
  s.at(40);
  s.frame(2);
  s.reply(1);
  assert.equal(s.subscription.skipped.error, 2);
  assert.equal(s.drops.length, 1);
  s.channel.ready = true;
  s.at(80);
  s.reply(9);
  assert.match(s.subscription.lastError ?? "", /nobody asked for/);
  assert.equal(s.subscription.skipped.error, 2, "no frame belongs to it");
});

test("an invalid assignment sends nothing, says why, and works once it is valid", () => {
  const s = site({ invalid: "model m is not in the registry" });
  s.frame(1);
  s.subscription.passed(3, 4);
  s.subscription.torn(5);
  s.subscription.silent();
  assert.equal(s.subscription.skipped.invalid_assignment, 5);
  s.subscription.update(SPEC);
  s.at(40);
  s.frame(6);
  assert.deepEqual(s.sent, [6]);
  s.subscription.update({ ...SPEC, invalid: "the model is gone" });
  assert.equal(s.subscription.skipped.invalid_assignment, 6, "the outstanding frame");
});

test("under any course of events every frame has exactly one reason and none is sent twice", () => {
  for (let seed = 1; seed <= 300; seed++) {
    let state = seed;
    const pick = (n: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state >>> 16) % n;
    };
    const s = site({ maxFps: 1 + pick(40) });
    let id = 0;
    let ms = 0;
    for (let step = 0; step < 200; step++) {
      s.at((ms += pick(80)));
      const last = s.sent.at(-1) ?? 0;
      switch (pick(12)) {
        case 0:
          s.closed("gone");
          break;
        case 1:
        case 2:
          s.channel.ready = true;
          break;
        case 3:
          s.reply(last + pick(2));
          break;
        case 4:
        case 5:
          if (s.channel.ready) s.reply(last);
          break;
        case 6: {
          const count = pick(5);
          id += count;
          s.subscription.passed(count, id);
          break;
        }
        case 7:
          id++;
          s.subscription.torn(id);
          break;
        case 8:
          s.subscription.update({ ...SPEC, maxFps: 1 + pick(40), invalid: pick(4) === 0 ? "no" : null });
          break;
        case 9:
          s.subscription.silent();
          break;
        default:
          s.frame(++id);
      }
    }
    const { no_new_frame: _absence, ...reasons } = s.subscription.skipped;
    const skipped = Object.values(reasons).reduce((a, b) => a + b);
    const waiting = s.subscription.seen - s.subscription.results - skipped - s.subscription.queueDepth;
    assert.equal(s.subscription.seen, id);
    assert.ok(waiting === 0 || waiting === 1, `seed ${seed}: ${waiting}`);
    assert.equal(new Set(s.sent).size, s.sent.length);
    const flights = s.subscription.flights.list(0);
    assert.deepEqual(
      flights.map(({ frame_id }) => frame_id),
      Array.from({ length: Math.min(id, FLIGHTS_KEPT) }, (_, at) => id - at),
      "the flight recorder has every one of the newest frames once",
    );
    if (id > FLIGHTS_KEPT) continue;
    const count = (outcome: string) => flights.filter((flight) => flight.outcome === outcome).length;
    assert.deepEqual(
      SKIP_REASONS.map((reason) => [reason, reason === "no_new_frame" ? 0 : count(reason)]),
      SKIP_REASONS.map((reason) => [reason, reason === "no_new_frame" ? 0 : s.subscription.skipped[reason]]),
    );
    assert.deepEqual(
      [count("answered"), count("sent"), count("waiting")],
      [s.subscription.results, s.subscription.queueDepth, waiting],
    );
  }
});
