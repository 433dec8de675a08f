import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { createLog } from "@vas/base/log.ts";
import type { CoreMetrics } from "@vas/contracts/http.ts";
import type { Result } from "@vas/contracts/live.ts";
import { type CoreMessage, checkCoreMessage, type EventClosed, type EventOpened } from "@vas/contracts/results.ts";
import { type WebSocket, WebSocketServer } from "ws";
import { Uplink } from "./uplink.ts";

const CAMERA = "aaaaaaaa-0000-4000-8000-000000000000";
const TIME = "2026-01-01T00:00:00.000Z";
const METRICS: CoreMetrics = { uptime_seconds: 1, results_dropped: 0, cameras: [], subscriptions: [], models: [] };

function result(frameId: number, text = ""): Result {
  return {
    camera_id: CAMERA,
    model_id: "m",
    frame_id: frameId,
    pts90k: 1,
    wall_ms: 1,
    width: 64,
    height: 48,
    detections: [{ class_id: 0, class_name: "x", confidence: 1, bbox: [0, 0, 1, 1], mask: text }],
    inference_ms: null,
    latency_ms: 1,
  };
}
const eventId = (n: number) => `bbbbbbbb-0000-4000-8000-${String(n).padStart(12, "0")}`;
function opened(n: number): EventOpened {
  const { camera_id, model_id, frame_id, pts90k, detections } = result(n);
  const common = { camera_id, model_id, frame_id, pts90k, detections };
  return { ...common, event_id: eventId(n), timestamp: TIME, label: "x", confidence: 1, event_metadata: {} };
}
function closed(n: number): EventClosed {
  return { event_id: eventId(n), ended_at: TIME, frames: 1, best_confidence: 1, best_frame_id: 1 };
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error(`still missing after 20 s: ${what}`);
    await wait(5);
  }
}

async function site(t: TestContext) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const messages: CoreMessage[] = [];
  const invalid: string[] = [];
  let peer: WebSocket | undefined;
  const answer = { with: (id: number): unknown => ({ ack: id }) };
  server.on("connection", (socket) => {
    peer = socket;
    socket.on("message", (data: Buffer) => {
      const checked = checkCoreMessage(JSON.parse(data.toString("utf8")));
      if (!checked.ok) {
        invalid.push(checked.message);
        return;
      }
      messages.push(checked.value);
      const reply = answer.with(checked.value.id);
      if (reply !== null) socket.send(JSON.stringify(reply));
    });
  });
  let notices = 0;
  let nowMs = 0;
  const lines: string[] = [];
  const uplink = new Uplink({
    vasUrl: `http://127.0.0.1:${port}`,
    key: () => Promise.resolve({ key: "key" }),
    log: createLog((line) => lines.push(line)),
    nowMs: () => nowMs,
    models: () => [],
    flights: () => [],
    onAssignmentsChanged: () => notices++,
    onConnected: () => undefined,
  });
  t.after(async () => {
    await uplink.stop(1000);
    for (const socket of server.clients) socket.terminate();
    server.close();
    assert.deepEqual(invalid, []);
  });
  const connect = async () => {
    uplink.start();
    await until("the registry", () => messages.some((m) => m.type === "models"));
    await until("its ack", () => uplink.unacknowledged === 0);
  };
  const of = <T extends CoreMessage["type"]>(type: T) =>
    messages.filter((m): m is Extract<CoreMessage, { type: T }> => m.type === type);
  const peerOf = () => peer as WebSocket;
  const later = (ms: number) => (nowMs += ms);
  return { uplink, connect, of, answer, lines, later, peer: peerOf, notices: () => notices };
}

test("results of one moment go as one message, in order", async (t) => {
  const s = await site(t);
  await s.connect();
  for (let n = 1; n <= 10; n++) s.uplink.result(result(n));
  await until("results", () => s.of("results").length > 0);
  assert.deepEqual(
    s.of("results").map((m) => m.results.map((one) => one.frame_id)),
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
  );
});

test("a result that comes alone goes at once, and what follows within the pause waits for its end", async (t) => {
  const s = await site(t);
  await s.connect();
  // The pause would last for hours, by this clock.
  s.later(10_000_000);
  s.uplink.result(result(1));
  await until("the first result", () => s.of("results").length === 1);
  s.later(-9_000_000);
  s.uplink.result(result(2));
  await wait(20);
  s.uplink.result(result(3));
  assert.equal(s.of("results").length, 1);
  await s.uplink.stop(1000);
  await until("the others", () => s.of("results").length === 2);
  assert.deepEqual(
    s.of("results").map((m) => m.results.map((one) => one.frame_id)),
    [[1], [2, 3]],
  );
});

test("a message never passes the limits, and a result larger than a message is dropped", async (t) => {
  const s = await site(t);
  await s.connect();
  for (let n = 1; n <= 600; n++) s.uplink.result(result(n));
  for (let n = 601; n <= 606; n++) s.uplink.result(result(n, "x".repeat(900_000)));
  s.uplink.result(result(700, "x".repeat(5_000_000)));
  await until("all results", () => s.of("results").flatMap((m) => m.results).length === 606);
  assert.ok(s.of("results").every((m) => m.results.length <= 256));
  assert.equal(s.uplink.resultsDropped, 1);
});

test("without a connection everything is dropped and counted, and nothing of it comes later", async (t) => {
  const s = await site(t);
  s.uplink.result(result(1));
  s.uplink.events({ opened: [opened(1)], closed: [] });
  await s.connect();
  s.uplink.events({ opened: [opened(2)], closed: [closed(1)] });
  await until("the event that was opened after", () => s.of("events").length > 0);
  assert.deepEqual(
    s.of("events").flatMap((m) => [...m.opened, ...m.closed].map((e) => e.event_id)),
    [eventId(2)],
    "the closing of an event that VAS never had is not sent",
  );
  assert.deepEqual([s.uplink.resultsDropped, s.uplink.eventsDropped], [1, 2]);
});

test("what VAS refuses is counted as dropped, and the closing of a refused opening stays here", async (t) => {
  const s = await site(t);
  await s.connect();
  s.answer.with = (id) => ({ nack: id, error: { code: "internal", message: "no" } });
  s.uplink.result(result(1));
  s.uplink.events({ opened: [opened(1)], closed: [] });
  await until("both refusals", () => s.uplink.resultsDropped === 1 && s.uplink.eventsDropped === 1);
  s.answer.with = (id) => ({ ack: id });
  s.uplink.events({ opened: [], closed: [closed(1)] });
  assert.equal(s.uplink.eventsDropped, 2);
  assert.ok(s.lines.some((line) => line.includes("VAS refused a message [internal]")));
});

test("results whose connection ends before the ack are counted, once", async (t) => {
  const s = await site(t);
  await s.connect();
  s.answer.with = () => null;
  s.uplink.result(result(1));
  await until("the result", () => s.of("results").length === 1);
  s.peer().terminate();
  await until("the loss", () => s.uplink.resultsDropped === 1);
  s.answer.with = (id) => ({ ack: id });
  await until("the registry again", () => s.of("models").length === 2);
  assert.equal(s.of("results").length, 1, "not sent again");
});

test("a VAS that acknowledges nothing for long is left and found again", async (t) => {
  const s = await site(t);
  await s.connect();
  s.answer.with = () => null;
  s.uplink.metrics(METRICS);
  await until("metrics", () => s.of("metrics").length === 1);
  s.later(20_000);
  s.answer.with = (id) => ({ ack: id });
  s.uplink.metrics(METRICS);
  await until("another connection", () => s.of("models").length === 2);
});

test("a changed assignment is noticed; what is not understood is ignored", async (t) => {
  const s = await site(t);
  await s.connect();
  s.peer().send("{");
  s.peer().send('{"notice":"from_the_future"}');
  s.peer().send(Buffer.from([1, 2, 3]));
  s.peer().send('{"ack":4711}');
  s.peer().send('{"notice":"assignments_changed"}');
  await until("the notice", () => s.notices() === 1);
});
