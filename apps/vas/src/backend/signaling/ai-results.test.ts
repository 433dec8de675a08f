import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { MAX_RESULTS_MESSAGE_BYTES } from "@vas/contracts/results.ts";
import {
  CAMERA,
  closedAt,
  discovered,
  openedAt,
  OTHER_CAMERA,
  startAiSite,
  until,
  watched,
} from "../testing/ai-site.ts";
import { MAX_WAITING_ROWS } from "./ai-results.ts";

const T0 = Date.parse("2026-05-01T12:00:00.000Z");

function result(more: Record<string, unknown> = {}) {
  return {
    camera_id: CAMERA,
    model_id: "person",
    frame_id: 1,
    pts90k: T0 * 90,
    wall_ms: T0,
    width: 640,
    height: 480,
    detections: [],
    inference_ms: 4,
    latency_ms: 9,
    ...more,
  };
}

const METRICS = { uptime_seconds: 1, results_dropped: 0, cameras: [], subscriptions: [], models: [] };

test("an event is on disk when its ack arrives", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  const events = [openedAt(T0), openedAt(T0 + 1)];
  const reader = new DatabaseSync(site.databasePath, { readOnly: true });
  const seen = Promise.withResolvers<unknown>();
  core.socket.once("message", () => {
    seen.resolve(reader.prepare("SELECT id FROM ai_events ORDER BY seq").all());
  });
  const answer = await core.ask({ type: "events", opened: events, closed: [] });
  assert.ok("ack" in answer);
  assert.deepEqual(
    ((await seen.promise) as { id: string }[]).map((row) => row.id),
    events.map((event) => event.event_id),
  );
  reader.close();
});

test("nothing is acknowledged before the commit, and results do not wait for it", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  const gate = Promise.withResolvers<void>();
  const holding = Promise.withResolvers<void>();
  const blocker = site.backend.db.transaction().execute(async () => {
    holding.resolve();
    await gate.promise;
  });
  await holding.promise;
  const waiting = core.post({ type: "events", opened: [openedAt(T0)], closed: [] });
  const answer = await core.ask({ type: "results", results: [result()] });
  assert.ok("ack" in answer);
  assert.deepEqual(site.notices, [{ notice: "result", result: result() }]);
  assert.equal(core.answers.length, 1);
  gate.resolve();
  await blocker;
  assert.deepEqual(await core.answer(waiting), { ack: waiting });
});

test("an event sent twice, in one message or in two, is stored and published once", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  const event = openedAt(T0);
  const message = { type: "events", opened: [event, event], closed: [closedAt(event, T0 + 9000)] };
  assert.ok("ack" in (await core.ask(message)));
  await until("two notices", () => site.notices.length === 2);
  const before = await site.request("GET", `ai-events/${event.event_id}`);
  const altered = { ...event, label: "cat", confidence: 0.1 };
  const again = { type: "events", opened: [altered], closed: [{ ...closedAt(event, T0 + 99_000), frames: 999 }] };
  assert.ok("ack" in (await core.ask(again)));
  assert.deepEqual(await site.request("GET", `ai-events/${event.event_id}`), before);
  assert.equal((await site.request("GET", "ai-events")).body.items.length, 1);
  assert.equal(site.notices.length, 2);
  assert.equal(site.counter("events"), 1);
  assert.equal(site.counter("closings"), 1);
});

test("what is published of an event is what the API answers", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  const event = openedAt(T0);
  await core.ask({ type: "events", opened: [event], closed: [] });
  await until("the event's notice", () => site.notices.length === 1);
  assert.deepEqual(site.notices[0], {
    notice: "event",
    event: (await site.request("GET", `ai-events/${event.event_id}`)).body,
  });
  await core.ask({ type: "events", opened: [], closed: [closedAt(event, T0 + 9000)] });
  await until("the closing's notice", () => site.notices.length === 2);
  const { body } = await site.request("GET", `ai-events/${event.event_id}`);
  assert.deepEqual(site.notices[1], { notice: "event", event: body });
  assert.equal(body.ended_at, "2026-05-01T12:00:09.000Z");
  assert.equal(body.frames, 12);
});

test("an event of an unknown camera is refused and takes no other event with it", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  const lost = openedAt(T0, { camera_id: crypto.randomUUID() });
  const kept = openedAt(T0, { camera_id: OTHER_CAMERA.toUpperCase() });
  const answer = await core.ask({ type: "events", opened: [lost, kept], closed: [closedAt(lost, T0 + 1)] });
  assert.ok("nack" in answer);
  assert.equal(answer.error.code, "camera_not_found");
  const { body } = await site.request("GET", "ai-events");
  assert.deepEqual(
    body.items.map((item: { id: string; camera_id: string }) => [item.id, item.camera_id]),
    [[kept.event_id, OTHER_CAMERA]],
  );
  const late = await core.ask({ type: "events", opened: [], closed: [closedAt(lost, T0 + 1)] });
  assert.ok("nack" in late && late.error.code === "event_not_found");
  assert.ok("ack" in (await core.ask({ type: "events", opened: [openedAt(T0)], closed: [] })));
});

test("metrics and models are remembered, and a gone Core's models are no longer present", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  assert.equal(site.backend.core.connected, true);
  assert.ok("ack" in (await core.ask({ type: "metrics", metrics: METRICS })));
  assert.deepEqual(site.backend.core.metrics, METRICS);
  assert.ok("ack" in (await core.ask({ type: "models", models: [discovered("person"), discovered("cat")] })));
  assert.ok("ack" in (await core.ask({ type: "models", models: [discovered("person")] })));
  const presence = async () => {
    const { body } = await site.request("GET", "ai-models");
    return body.items.map((model: { model_id: string; present: boolean; enabled: boolean }) => [
      model.model_id,
      model.present,
      model.enabled,
    ]);
  };
  assert.deepEqual(await presence(), [
    ["cat", false, true],
    ["person", true, true],
  ]);
  core.socket.close();
  await until("the end of the connection", () => !site.backend.core.connected);
  assert.deepEqual(await presence(), [
    ["cat", false, true],
    ["person", false, true],
  ]);
});

test("a second Core replaces the first, and the first one's end changes nothing", async () => {
  await using site = await startAiSite();
  const first = await site.connectCore();
  const second = await site.connectCore();
  await watched("the end of the first connection", first.closed);
  assert.ok("ack" in (await second.ask({ type: "models", models: [discovered("person")] })));
  assert.equal(site.backend.core.connected, true);
  assert.deepEqual([...site.backend.core.presentModels], ["person"]);
  site.backend.core.notifyAssignmentsChanged();
  await second.find("a notice of changed assignments", (answer) => "notice" in answer);
});

test("without the service key there is no connection", async () => {
  await using site = await startAiSite();
  const reply = await fetch(
    `http://127.0.0.1:${(site.app.server.address() as { port: number }).port}/api/v1/ai-results`,
    {
      headers: { "x-test-person": "ada" },
    },
  );
  assert.equal(reply.status, 401);
});

test("a Core that sends faster than the store commits is not read any further, and loses nothing", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  const gate = Promise.withResolvers<void>();
  const holding = Promise.withResolvers<void>();
  const blocker = site.backend.db.transaction().execute(async () => {
    holding.resolve();
    await gate.promise;
  });
  await holding.promise;
  const filler = "x".repeat(8000);
  const MESSAGES = 24;
  const ids: number[] = [];
  for (let n = 0; n < MESSAGES; n++) {
    const opened = Array.from({ length: 256 }, () => openedAt(T0, { event_metadata: { filler } }));
    ids.push(core.post({ type: "events", opened, closed: [] }));
  }
  await until("a full queue", () => site.waitingRows() >= MAX_WAITING_ROWS);
  // Small writes of the same process arrive between turns; what is held back shows as bytes the client cannot hand over.
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(site.waitingRows() < MAX_WAITING_ROWS + 2 * 257, `rows waiting: ${site.waitingRows()}`);
  assert.ok(core.socket.bufferedAmount > 0, "everything was read although the store stood still");
  gate.resolve();
  await blocker;
  for (const id of ids) assert.deepEqual(await core.answer(id), { ack: id });
  assert.equal(site.counter("events"), MESSAGES * 256);
});

test("a store that fails is answered with a nack, and the next message is tried afresh", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  const other = new DatabaseSync(site.databasePath);
  other.exec("CREATE TRIGGER broken BEFORE INSERT ON ai_events BEGIN SELECT RAISE(ABORT, 'disk of the test'); END");
  const answer = await core.ask({ type: "events", opened: [openedAt(T0)], closed: [] });
  assert.ok("nack" in answer);
  assert.equal(answer.error.code, "store_unavailable");
  assert.ok(!answer.error.message.includes("disk of the test"));
  assert.equal(site.notices.length, 0);
  other.exec("DROP TRIGGER broken");
  other.close();
  assert.ok("ack" in (await core.ask({ type: "events", opened: [openedAt(T0)], closed: [] })));
});

/** Each as it goes over the wire. A function of a valid message, or the text itself. */
const HOSTILE: Record<string, string | Buffer | object> = {
  "empty text": "",
  "a space": " ",
  "not JSON": "{",
  "JSON with a tail": '{"id":1,"type":"results","results":[]} {}',
  null: "null",
  true: "true",
  "a number": "7",
  "a text": '"events"',
  "an array": "[]",
  "an empty object": {},
  "no id": { type: "results", results: [] },
  "id below zero": { id: -1, type: "results", results: [] },
  "id of half": { id: 1.5, type: "results", results: [] },
  "id as text": { id: "1", type: "results", results: [] },
  "id past every integer": '{"id":1e300,"type":"results","results":[]}',
  "id infinite": '{"id":1e999,"type":"results","results":[]}',
  "no type": { id: 1 },
  "an unknown type": { id: 1, type: "delete" },
  "a type that is an object": { id: 1, type: {} },
  "type __proto__": { id: 1, type: "__proto__" },
  "results missing": { id: 1, type: "results" },
  "results as object": { id: 1, type: "results", results: {} },
  "too many results": { id: 1, type: "results", results: Array.from({ length: 257 }, () => result()) },
  "a result of null": { id: 1, type: "results", results: [null] },
  "result with a bad camera": { id: 1, type: "results", results: [result({ camera_id: "../../etc/passwd" })] },
  "result with a bad model": { id: 1, type: "results", results: [result({ model_id: "A B" })] },
  "result of frame 0": { id: 1, type: "results", results: [result({ frame_id: 0 })] },
  "result past 2^53": { id: 1, type: "results", results: [result({ pts90k: 2 ** 60 })] },
  "result after a good one": { id: 1, type: "results", results: [result(), result({ width: "640" })] },
  "result with a box outside": {
    id: 1,
    type: "results",
    results: [result({ detections: [{ class_id: 0, class_name: "x", confidence: 1, bbox: [0, 0, 1.1, 1] }] })],
  },
  "result with a bottomless mask": `{"id":1,"type":"results","results":[${JSON.stringify(result()).replace(
    '"detections":[]',
    `"detections":[{"class_id":0,"class_name":"x","confidence":1,"bbox":[0,0,1,1],"mask":${"[".repeat(50_000)}${"]".repeat(50_000)}}]`,
  )}]}`,
  "events without closed": { id: 1, type: "events", opened: [] },
  "event id no UUID": {
    id: 1,
    type: "events",
    opened: [openedAt(T0, { event_id: "1; DROP TABLE ai_events" })],
    closed: [],
  },
  "event without label": { id: 1, type: "events", opened: [openedAt(T0, { label: "" })], closed: [] },
  "event with NUL in its label": { id: 1, type: "events", opened: [openedAt(T0, { label: "a\0b" })], closed: [] },
  "event with a long label": { id: 1, type: "events", opened: [openedAt(T0, { label: "x".repeat(129) })], closed: [] },
  "event of tomorrow's confidence": { id: 1, type: "events", opened: [openedAt(T0, { confidence: 1.01 })], closed: [] },
  "event at no time": { id: 1, type: "events", opened: [openedAt(T0, { timestamp: "yesterday" })], closed: [] },
  "event in a leap second": {
    id: 1,
    type: "events",
    opened: [openedAt(T0, { timestamp: "2026-06-30T23:59:60Z" })],
    closed: [],
  },
  "event before 1970": {
    id: 1,
    type: "events",
    opened: [openedAt(T0, { timestamp: "1969-12-31T23:59:59Z" })],
    closed: [],
  },
  "event on 30 February": {
    id: 1,
    type: "events",
    opened: [openedAt(T0, { timestamp: "2026-02-30T00:00:00Z" })],
    closed: [],
  },
  "event past 2^53": { id: 1, type: "events", opened: [openedAt(T0, { pts90k: 2 ** 60 })], closed: [] },
  "event of frame 1e300": { id: 1, type: "events", opened: [openedAt(T0, { frame_id: 1e300 })], closed: [] },
  "event with metadata as array": {
    id: 1,
    type: "events",
    opened: [{ ...openedAt(T0), event_metadata: [1] }],
    closed: [],
  },
  "event with infinite confidence": JSON.stringify({
    id: 1,
    type: "events",
    opened: [openedAt(T0, { confidence: 0.123 })],
    closed: [],
  }).replace('"confidence":0.123', '"confidence":1e999'),
  "a good event beside a bad one": {
    id: 1,
    type: "events",
    opened: [openedAt(T0), { ...openedAt(T0), camera_id: 7 }],
    closed: [],
  },
  "a good event beside a bad closing": {
    id: 1,
    type: "events",
    opened: [openedAt(T0)],
    closed: [{ ...closedAt(openedAt(T0), T0), frames: 0 }],
  },
  "closing past 2^53": {
    id: 1,
    type: "events",
    opened: [],
    closed: [{ ...closedAt(openedAt(T0), T0), best_frame_id: 2 ** 55 }],
  },
  "too many events": { id: 1, type: "events", opened: Array.from({ length: 257 }, () => openedAt(T0)), closed: [] },
  "event with bottomless metadata": JSON.stringify({
    id: 1,
    type: "events",
    opened: [openedAt(T0, { event_metadata: { deep: "HERE" } })],
    closed: [],
  }).replace('"HERE"', `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`),
  "metrics of nothing": { id: 1, type: "metrics", metrics: {} },
  "metrics as null": { id: 1, type: "metrics", metrics: null },
  "metrics with an infinite uptime":
    '{"id":1,"type":"metrics","metrics":{"uptime_seconds":1e999,"results_dropped":0,"cameras":[],"subscriptions":[],"models":[]}}',
  "models as object": { id: 1, type: "models", models: { person: true } },
  "model without folder": { id: 1, type: "models", models: [{ ...discovered("person"), folder: undefined }] },
  "model with a path for an id": { id: 1, type: "models", models: [discovered("../person")] },
  "model with a schema of text": { id: 1, type: "models", models: [{ ...discovered("person"), config_schema: "{}" }] },
  "too many models": { id: 1, type: "models", models: Array.from({ length: 1001 }, (_, n) => discovered(`m${n}`)) },
  "binary garbage": Buffer.from([0, 255, 1, 254]),
  "valid JSON as binary": Buffer.from('{"id":1,"type":"results","results":[]}'),
};

test("no malformed message is stored or published, each is refused, and the next good one is taken", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  const names = Object.keys(HOSTILE);
  assert.ok(names.length >= 40);
  for (const [index, name] of names.entries()) {
    const message = HOSTILE[name] as string | Buffer | object;
    core.socket.send(typeof message === "string" || Buffer.isBuffer(message) ? message : JSON.stringify(message));
    await until(`a refusal of: ${name}`, () => core.answers.length > index);
    const answer = core.answers[index] as object;
    assert.ok("nack" in answer, `${name} was answered ${JSON.stringify(answer)}`);
  }
  assert.equal(site.counter("refused"), names.length);
  assert.deepEqual(site.notices, []);
  assert.equal(site.backend.core.metrics, null);
  const reader = new DatabaseSync(site.databasePath, { readOnly: true });
  for (const table of ["ai_events", "ai_event_closings", "ai_models"])
    assert.deepEqual({ ...reader.prepare(`SELECT count(*) AS n FROM ${table}`).get() }, { n: 0 }, table);
  reader.close();
  const good = JSON.stringify({ id: 9, type: "events", opened: [openedAt(T0)], closed: [] });
  core.socket.send(good);
  assert.deepEqual(await core.answer(9), { ack: 9 });
});

test("refusals name the field, and a flood of them makes at most one log line a second", async () => {
  let nowNs = 1n;
  const clock = {
    wallMs: () => T0,
    monotonicNs: () => nowNs,
    sleep: async (_ms: number, _signal?: AbortSignal) => {},
  };
  await using site = await startAiSite({ clock });
  const core = await site.connectCore();
  const answer = await core.ask({ type: "metrics", metrics: {} });
  assert.ok("nack" in answer && answer.error.message.startsWith("/metrics"), JSON.stringify(answer));
  for (let n = 0; n < 500; n++) core.socket.send("{");
  await until("500 refusals", () => site.counter("refused") === 501);
  const lines = () => site.logLines.filter((line) => line.message === "a message of Ruth Core was refused");
  assert.equal(lines().length, 1);
  nowNs += 1_000_000_000n;
  core.socket.send("{");
  await until("one more refusal", () => site.counter("refused") === 502);
  assert.equal(lines().length, 2);
  assert.equal(lines()[1]?.left_out, 500);
});

test("a message longer than the limit ends the connection and nothing else", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  core.socket.send(`"${"x".repeat(MAX_RESULTS_MESSAGE_BYTES)}"`);
  assert.equal(await watched("the end of the connection", core.closed), 1009);
  const next = await site.connectCore();
  assert.ok("ack" in (await next.ask({ type: "results", results: [] })));
});

test("a Core that never reads its answers is cut off", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  core.socket.pause();
  const garbage = "{".padEnd(64, " ");
  for (let n = 0; site.backend.core.connected && n < 2_000_000; n++) {
    core.socket.send(garbage);
    if (n % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await until("the end of the connection", () => !site.backend.core.connected);
  const next = await site.connectCore();
  assert.ok("ack" in (await next.ask({ type: "results", results: [] })));
});

test("results and events say that their frame was of the sub stream, whatever Core says of it", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  site.frameStreams.set(CAMERA, "sub");
  const other = { ...result({ stream: "sub" }), camera_id: OTHER_CAMERA };
  await core.ask({ type: "results", results: [result(), other] });
  assert.deepEqual(
    site.notices.map((notice) => notice.notice === "result" && notice.result.stream),
    ["sub", "main"],
  );
  const [ofSub, ofMain] = [openedAt(T0), { ...openedAt(T0), camera_id: OTHER_CAMERA }];
  await core.ask({ type: "events", opened: [ofSub, ofMain], closed: [] });
  const streamOf = async (id: string) => (await site.request("GET", `ai-events/${id}`)).body.stream;
  assert.deepEqual([await streamOf(ofSub.event_id), await streamOf(ofMain.event_id)], ["sub", "main"]);
});
