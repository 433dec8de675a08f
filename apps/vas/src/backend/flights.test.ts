import assert from "node:assert/strict";
import { test } from "node:test";
import { type CoreFlight, FLIGHTS_KEPT } from "@vas/contracts/flights.ts";
import { FlightLog, flightsOf } from "./flights.ts";
import { CAMERA, discovered, startAiSite } from "./testing/ai-site.ts";

const WALL = Date.UTC(2026, 0, 1);

/** A frame that its camera took at so many ms and that was exported so many ms later than the fastest. */
function flight(frameId: number, atMs: number, lateMs: number, more: Partial<CoreFlight> = {}): CoreFlight {
  const exported = WALL + atMs + lateMs;
  return {
    frame_id: frameId,
    pts90k: (WALL - 7_000 + atMs) * 90,
    outcome: "answered",
    exported_at: exported,
    chosen_at: exported + 2,
    sent_at: exported + 3,
    answered_at: exported + 40,
    inference_ms: 30,
    ...more,
  };
}

test("every step is told in milliseconds after the frame was captured, by the camera's own clock", () => {
  const told = [flight(3, 80, 15), flight(2, 40, 0), flight(1, 0, 4)];
  const seen = new Map([[told[0]?.pts90k ?? 0, { deliveredMs: WALL + 80 + 15 + 41, storedMs: WALL + 1000 }]]);
  const [newest, fastest, oldest] = flightsOf(told, seen);
  assert.deepEqual(newest, {
    frame_id: 3,
    pts90k: told[0]?.pts90k,
    outcome: "answered",
    captured_at: new Date(WALL + 80).toISOString(),
    exported_ms: 15,
    chosen_ms: 17,
    sent_ms: 18,
    answered_ms: 55,
    delivered_ms: 56,
    stored_ms: 920,
    inference_ms: 30,
  });
  assert.deepEqual([fastest?.exported_ms, oldest?.exported_ms, oldest?.delivered_ms], [0, 4, null]);
});

test("frames of two runs say nothing of each other's delay, and a frame of which only the id is known has no times", () => {
  const lost: CoreFlight = {
    ...flight(2, 0, 0),
    pts90k: null,
    outcome: "busy",
    exported_at: null,
    chosen_at: null,
    sent_at: null,
    answered_at: null,
    inference_ms: null,
  };
  // The second run's time line stands five seconds off the first one's.
  const later = { ...flight(3, 10_000, 9), pts90k: (WALL - 12_000 + 10_000) * 90 };
  const [second, unknown, first] = flightsOf([later, lost, flight(1, 0, 6)], new Map());
  assert.deepEqual([second?.exported_ms, first?.exported_ms], [0, 0]);
  assert.deepEqual([unknown?.outcome, unknown?.captured_at, unknown?.exported_ms], ["busy", null, null]);
});

test("the newest results are remembered, and when they came into their file", () => {
  let nowMs = 0;
  const clock = {
    wallMs: () => WALL + nowMs,
    monotonicNs: () => BigInt(nowMs) * 1_000_000n,
    sleep: () => Promise.resolve(),
  };
  const log = new FlightLog(clock);
  for (let n = 1; n <= FLIGHTS_KEPT + 10; n++) {
    nowMs = n;
    log.delivered({ camera_id: CAMERA, model_id: "m", pts90k: n * 90 });
  }
  nowMs = 2000;
  log.stored(CAMERA, "m", 0, 520 * 90);
  log.stored(CAMERA, "other", 0, 520 * 90);
  const seen = log.of(CAMERA, "m");
  assert.equal(seen.size, FLIGHTS_KEPT);
  assert.equal(seen.get(10 * 90), undefined);
  assert.deepEqual(seen.get(520 * 90), { deliveredMs: WALL + 520, storedMs: WALL + 2000 });
  assert.deepEqual(seen.get(521 * 90), { deliveredMs: WALL + 521 });
  assert.equal(log.of(CAMERA, "other").size, 0);
});

test("Core is asked once for all who ask at the same time, and without Core the answer says so", async () => {
  await using site = await startAiSite();
  const path = `ai-health/cameras/${CAMERA}/flights?model_id=person`;
  const without = await site.request("GET", path);
  assert.deepEqual([without.status, without.body.error.code], [503, "core_unavailable"]);
  const core = await site.connectCore();
  await core.ask({ type: "models", models: [discovered("person")] });
  const asking = Promise.all([site.request("GET", path), site.request("GET", path)]);
  const notice = await core.find("a question", (answer) => "notice" in answer && answer.notice === "flights");
  assert.ok("request" in notice && notice.camera_id === CAMERA && notice.model_id === "person");
  await core.ask({ type: "flights", request: notice.request, flights: [flight(1, 0, 0)] });
  const [one, two] = await asking;
  assert.deepEqual([one.status, one.body.items.length, one.body.items[0].answered_ms], [200, 1, 40]);
  assert.deepEqual(two.body.items, one.body.items);
  assert.equal(core.answers.filter((answer) => "notice" in answer && answer.notice === "flights").length, 1);

  const unanswered = site.request("GET", path);
  await core.find("a second question", (answer) => "request" in answer && answer.request !== notice.request);
  await core.ask({ type: "flights", request: 999, flights: [] });
  core.socket.terminate();
  const gone = await unanswered;
  assert.deepEqual([gone.status, gone.body.error.code], [503, "core_unavailable"], "another's answer is none");
});
