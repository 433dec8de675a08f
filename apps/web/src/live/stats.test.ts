import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleOf, statsOf } from "./stats.ts";

const report = (change: Record<string, unknown>) =>
  new Map<string, Record<string, unknown>>([
    ["C1", { type: "codec", mimeType: "video/H264" }],
    ["P1", { type: "candidate-pair", state: "succeeded", nominated: true, currentRoundTripTime: 0.012 }],
    [
      "I1",
      {
        type: "inbound-rtp",
        kind: "video",
        codecId: "C1",
        timestamp: 1_000,
        frameWidth: 640,
        frameHeight: 360,
        bytesReceived: 100_000,
        framesDecoded: 100,
        framesDropped: 1,
        packetsReceived: 1_000,
        packetsLost: 0,
        freezeCount: 0,
        jitterBufferDelay: 4,
        jitterBufferEmittedCount: 100,
        totalDecodeTime: 0.2,
        ...change,
      },
    ],
  ]);

test("rates are of the time between two reports", () => {
  const first = sampleOf(report({}));
  const second = sampleOf(
    report({
      timestamp: 3_000,
      bytesReceived: 225_000,
      framesDecoded: 150,
      packetsReceived: 1_090,
      packetsLost: 10,
      jitterBufferDelay: 7,
      jitterBufferEmittedCount: 150,
      totalDecodeTime: 0.35,
    }),
  );
  assert.ok(first && second);
  const { jitterBufferMs, decodeMs, ...stats } = statsOf(second, first);
  assert.deepEqual(stats, {
    codec: "H264",
    size: "640 x 360",
    kbps: 500,
    fps: 25,
    decoded: 150,
    dropped: 1,
    freezes: 0,
    lost: 10,
    lostPart: 0.1,
    roundTripMs: 12,
  });
  assert.deepEqual(
    [jitterBufferMs, decodeMs].map((ms) => Math.round(ms ?? 0)),
    [60, 3],
  );
});

test("the first report of a stream has counts and no rates", () => {
  const old = sampleOf(report({ timestamp: 500, bytesReceived: 900_000 }));
  const now = sampleOf(report({}));
  assert.ok(now);
  for (const before of [null, old]) {
    const { kbps, fps, lostPart, decoded } = statsOf(now, before);
    assert.deepEqual([kbps, fps, lostPart, decoded], [null, null, null, 100]);
  }
});

test("a report without video is none", () => {
  assert.equal(sampleOf(new Map([["x", { type: "inbound-rtp", kind: "audio" }]])), null);
});
