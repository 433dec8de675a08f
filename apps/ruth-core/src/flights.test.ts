import assert from "node:assert/strict";
import { test } from "node:test";
import { FLIGHTS_KEPT } from "@vas/contracts/flights.ts";
import { Flights } from "./flights.ts";
import type { FrameRef } from "./frame-watch.ts";

const GEOMETRY = { width: 64, height: 48, stride: 64, dataSize: 4608, slotCount: 8, generation: 1 };
const frame = (frameId: number, exportedMs: number): FrameRef => ({
  sequence: 2,
  frameId,
  timestampNs: BigInt(exportedMs * 1e6),
  pts90k: frameId * 3600,
  wallMs: 0,
  offset: 0,
  fullRange: false,
  slot: 0,
  geometry: GEOMETRY,
});

test("an answered frame has every step's time in order, on the wall's clock", () => {
  const flights = new Flights();
  const flight = flights.seen(frame(1, 100), "waiting", 103);
  flights.sent(flight, 104);
  flights.answered(flight, 140, 30);
  assert.deepEqual(flights.list(1_000_000), [
    {
      frame_id: 1,
      pts90k: 3600,
      outcome: "answered",
      exported_at: 1_000_100,
      chosen_at: 1_000_103,
      sent_at: 1_000_104,
      answered_at: 1_000_140,
      inference_ms: 30,
    },
  ]);
});

test("a skipped frame has its reason and the steps it took before", () => {
  const flights = new Flights();
  flights.seen(frame(1, 0), "cap", 3);
  const late = flights.seen(frame(2, 40), "waiting", 43);
  flights.sent(late, 44);
  flights.skipped(late, "timeout", 1044);
  flights.missed(5, 2, "busy");
  const told = flights.list(0).map((one) => [one.frame_id, one.outcome, one.chosen_at, one.sent_at, one.answered_at]);
  assert.deepEqual(told, [
    [5, "busy", null, null, null],
    [4, "busy", null, null, null],
    [2, "timeout", 43, 44, 1044],
    [1, "cap", null, null, null],
  ]);
});

test("the newest frames are kept, and an answer to a frame that was overwritten meanwhile is nobody's", () => {
  const flights = new Flights();
  const old = flights.seen(frame(1, 0), "waiting", 0);
  flights.missed(FLIGHTS_KEPT + 1, FLIGHTS_KEPT, "busy");
  flights.answered(old, 5, null);
  const told = flights.list(0);
  assert.equal(told.length, FLIGHTS_KEPT);
  assert.equal(told[0]?.frame_id, FLIGHTS_KEPT + 1);
  assert.equal(told.at(-1)?.frame_id, 2);
  assert.ok(told.every(({ outcome }) => outcome === "busy"));
  flights.missed(1e9, 5e8, "busy");
  assert.equal(flights.list(0).length, FLIGHTS_KEPT, "however many were missed");
});
