import assert from "node:assert/strict";
import { test } from "node:test";
import { followDetections } from "./detections.ts";
import { eventually, FakeVas } from "./fakes.ts";

const camera = "c1";

test("each request gets its own reply, whatever the order", async () => {
  const vas = new FakeVas();
  vas.answers.capabilities = () => "silence";
  vas.answers.resume = () => "silence";
  vas.connection.start();
  vas.accept();
  const first = vas.connection.request("capabilities", { camera_id: camera });
  const second = vas.connection.request("resume", { consumer_id: "k" });
  const [a, b] = vas.requests;
  vas.socket.tell("message", JSON.stringify({ id: b?.id, ok: false, error: { code: "x", message: "second" } }));
  vas.socket.tell("message", JSON.stringify({ id: a?.id, ok: true, result: { rtp_capabilities: { a: 1 } } }));
  assert.deepEqual(await second, { id: b?.id, ok: false, error: { code: "x", message: "second" } });
  assert.deepEqual(await first, { id: a?.id, ok: true, result: { rtp_capabilities: { a: 1 } } });
});

test("a lost connection answers what was asked and comes back with growing waits", async () => {
  const vas = new FakeVas();
  vas.answers.capabilities = () => "silence";
  vas.connection.start();
  vas.accept();
  const asked = vas.connection.request("capabilities", { camera_id: camera });
  vas.break();
  const outcome = await asked;
  assert.equal(outcome.ok ? "" : outcome.error.code, "offline");
  assert.equal(vas.connection.state, "connecting");
  vas.timers.advance(499);
  assert.equal(vas.sockets.length, 1);
  vas.timers.advance(1);
  assert.equal(vas.sockets.length, 2);
  vas.break();
  vas.timers.advance(999);
  assert.equal(vas.sockets.length, 2);
  vas.timers.advance(1);
  assert.equal(vas.sockets.length, 3);
  vas.accept();
  assert.equal(vas.connection.epoch, 2);
  assert.equal(vas.refused, 1);
});

test("a connection that does not answer is given up", async () => {
  const vas = new FakeVas();
  vas.answers.capabilities = () => "silence";
  vas.connection.start();
  vas.accept();
  const asked = vas.connection.request("capabilities", { camera_id: camera });
  vas.timers.advance(10_000);
  const outcome = await asked;
  assert.equal(outcome.ok ? "" : outcome.error.code, "offline");
  assert.equal(vas.sockets[0]?.closed, true);
});

test("a stopped connection stays away", () => {
  const vas = new FakeVas();
  vas.connection.start();
  vas.accept();
  vas.connection.stop();
  vas.timers.advance(60_000);
  assert.equal(vas.sockets.length, 1);
  assert.equal(vas.connection.state, "closed");
});

test("results are asked for again after a reconnect and no longer once stopped", async () => {
  const vas = new FakeVas();
  const frames: number[] = [];
  vas.connection.start();
  const stop = followDetections(
    vas.connection,
    camera,
    (result) => frames.push(result.frame_id),
    () => {},
  );
  assert.equal(vas.requests.length, 0);
  vas.accept();
  vas.break();
  vas.timers.advance(500);
  vas.accept();
  await eventually("asked twice", () => vas.count("detections") === 2);
  const result = { frame_id: 7, model_id: "m", pts90k: 1, wall_ms: 1, width: 2, height: 2, detections: [] };
  vas.notice({ notice: "result", result: { ...result, camera_id: camera, inference_ms: null, latency_ms: 1 } });
  vas.notice({ notice: "result", result: { ...result, camera_id: "other", inference_ms: null, latency_ms: 1 } });
  stop();
  assert.deepEqual(frames, [7]);
  assert.deepEqual(vas.requests.at(-1)?.params, { camera_id: camera, on: false });
});
