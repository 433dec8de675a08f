/** The whole Core as a process, between a small VAS, a ring on disk and real runtimes' sockets. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { Assignment } from "@vas/contracts/http.ts";
import { heartbeatPath } from "@vas/contracts/inference.ts";
import { type CoreMessage, checkCoreMessage } from "@vas/contracts/results.ts";
import { FakeRing } from "@vas/testkit/fake-ring.ts";
import { MisbehavingRuntime } from "@vas/testkit/misbehaving-runtime.ts";
import { type WebSocket, WebSocketServer } from "ws";

const MAIN = join(import.meta.dirname, "main.ts");
const KEY = "a-service-key";
const CAMERA = "aaaaaaaa-0000-4000-8000-000000000000";
const OTHER_CAMERA = "bbbbbbbb-0000-4000-8000-000000000000";
const TIME = "2026-01-01T00:00:00.000Z";

type Metrics = Extract<CoreMessage, { type: "metrics" }>["metrics"];

function assignment(camera: string, modelId: string, more: Partial<Assignment> = {}): Assignment {
  return {
    camera_id: camera,
    model_id: modelId,
    enabled: true,
    desired_fps: 20,
    priority: 0,
    parameters: { threshold: 0.4 },
    created_at: TIME,
    updated_at: TIME,
    ...more,
  };
}

/** What Core needs of VAS: assignments by HTTP, one item a page, and the ai-results WebSocket. */
class SmallVas {
  assignments: Assignment[] = [];
  readonly messages: CoreMessage[] = [];
  readonly violations: string[] = [];
  acknowledges = true;
  #server: Server | null = null;
  #sockets = new Set<WebSocket>();
  port = 0;

  async listen(): Promise<void> {
    const server = createServer((request, response) => this.#answer(request, response));
    const sockets = new WebSocketServer({ noServer: true });
    server.on("upgrade", (request, socket, head) => {
      if (request.url !== "/api/v1/ai-results" || request.headers.authorization !== `Bearer ${KEY}`) socket.destroy();
      else sockets.handleUpgrade(request, socket, head, (one) => this.#accept(one));
    });
    server.listen(this.port, "127.0.0.1");
    await once(server, "listening");
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    for (const one of this.#sockets) one.terminate();
    const server = this.#server;
    this.#server = null;
    server?.closeAllConnections();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  change(assignments: Assignment[]): void {
    this.assignments = assignments;
    for (const one of this.#sockets) one.send('{"notice":"assignments_changed"}');
  }

  notice(notice: Record<string, unknown>): void {
    for (const one of this.#sockets) one.send(JSON.stringify(notice));
  }

  of<T extends CoreMessage["type"]>(type: T): Extract<CoreMessage, { type: T }>[] {
    return this.messages.filter((m): m is Extract<CoreMessage, { type: T }> => m.type === type);
  }
  get results() {
    return this.of("results").flatMap((m) => m.results);
  }
  get opened() {
    return this.of("events").flatMap((m) => m.opened);
  }
  get closed() {
    return this.of("events").flatMap((m) => m.closed);
  }
  get metrics(): Metrics | undefined {
    return this.of("metrics").at(-1)?.metrics;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "", "http://vas");
    if (request.headers.authorization !== `Bearer ${KEY}`) response.writeHead(401).end();
    else if (url.pathname !== "/api/v1/ai-model-assignments") response.writeHead(404).end();
    else {
      const at = Number(url.searchParams.get("cursor") ?? 0);
      const next_cursor = at + 1 < this.assignments.length ? String(at + 1) : null;
      response.end(JSON.stringify({ items: this.assignments.slice(at, at + 1), next_cursor }));
    }
  }

  #accept(socket: WebSocket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("message", (data: Buffer) => {
      const checked = checkCoreMessage(JSON.parse(data.toString("utf8")));
      if (!checked.ok) {
        this.violations.push(checked.message);
        return;
      }
      this.messages.push(checked.value);
      if (this.acknowledges) socket.send(JSON.stringify({ ack: checked.value.id }));
    });
  }
}

async function until<T>(what: string, find: () => T | undefined | false): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const found = find();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`still missing after 30 s: ${what}`);
    await wait(10);
  }
}

/** One site in a temporary folder: a VAS, a camera that writes a frame every 40 ms, and a Core process. */
async function site(t: TestContext, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "core-"));
  const at = (name: string) => join(folder, name);
  for (const name of ["shm", "sockets", "models"]) mkdirSync(at(name));
  for (const id of ["person", "other"]) {
    mkdirSync(join(at("models"), id));
    writeFileSync(join(at("models"), id, "handler.ts"), "export {}");
    const yaml = `model_id: ${id}\nmodel_name: ${id}\nmodel_version: "1"\nmodel_type: module\nentry: handler.ts\n`;
    writeFileSync(join(at("models"), id, "model.yaml"), yaml);
  }
  const vas = new SmallVas();
  await vas.listen();
  const ring = new FakeRing(at("shm"), CAMERA);
  const camera = { shows: true };
  let frames = 0;
  const base = Date.now() * 90;
  const writing = setInterval(() => {
    frames++;
    ring.write({ timestampNs: process.hrtime.bigint(), pts90k: base + frames * 3600, wallMs: Date.now() });
  }, 40);
  const runtime = await MisbehavingRuntime.start(at("sockets"), "person", {
    detect: () =>
      camera.shows ? [{ class_id: 0, class_name: "person", confidence: 0.9, bbox: [0.1, 0.1, 0.5, 0.5] }] : [],
  });
  const child: ChildProcess = spawn(process.execPath, [MAIN], {
    cwd: folder,
    stdio: ["pipe", "ignore", "pipe"],
    env: {
      PATH: process.env.PATH ?? "",
      VAS_URL: `http://127.0.0.1:${vas.port}`,
      VAS_SERVICE_KEY_FILE: at("service-key"),
      VAS_SHM_DIR: at("shm"),
      RUTH_MODELS_DIR: at("models"),
      RUTH_SOCKET_DIR: at("sockets"),
      RECONCILIATION_INTERVAL_SECONDS: "0.5",
      RUTH_EVENT_GAP_SECONDS: "1",
      ...env,
    },
  });
  let log = "";
  child.stderr?.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const exited = once(child, "exit");
  t.after(async () => {
    clearInterval(writing);
    child.kill("SIGKILL");
    await exited;
    await runtime.stop();
    await vas.stop();
    ring.remove();
    rmSync(folder, { recursive: true, force: true });
    assert.deepEqual([...vas.violations, ...runtime.violations], []);
  });
  const writeKey = () => writeFileSync(at("service-key"), `${KEY}\n`);
  const subscription = (modelId: string) => vas.metrics?.subscriptions.find((s) => s.model_id === modelId);
  const dirs = { modelsDir: at("models"), socketDir: at("sockets") };
  return { vas, ring, camera, runtime, child, exited, writeKey, subscription, ...dirs, log: () => log };
}

test("assignments become results and events; without them the agent is gone", async (t) => {
  const s = await site(t);
  s.vas.assignments = [assignment(CAMERA, "person"), assignment(CAMERA, "other"), assignment(OTHER_CAMERA, "person")];
  await until("a line that the key is awaited", () => s.log().includes("service-key is not there yet"));
  s.writeKey();

  await until("the registry", () => s.vas.of("models").find((m) => m.models.filter((one) => one.valid).length === 2));
  const result = await until("a result", () => s.vas.results[0]);
  assert.equal(result.camera_id, CAMERA);
  assert.equal(result.width, s.ring.geometry.width);
  const request = s.runtime.requests[0];
  assert.deepEqual(request?.config, { threshold: 0.4 });
  assert.equal(request?.frame_reference, s.ring.folder);

  const opened = await until("an opened event", () => s.vas.opened[0]);
  assert.equal(opened.label, "person");
  await until("results under the cap of 20 on 25", () => (s.subscription("person")?.skipped.cap ?? 0) > 5);
  const metrics = await until("health of all three", () => s.vas.metrics);
  assert.equal(metrics.subscriptions.length, 3);
  const other = await until("the model without a runtime", () => s.subscription("other"));
  assert.equal(other.health, "degraded");
  assert.match(other.reason ?? "", /^no runtime answers at .*vas_model_other.sock since/);
  assert.equal(metrics.models.find((m) => m.model_id === "other")?.health, "unknown");

  s.camera.shows = false;
  const closed = await until("the closing", () => s.vas.closed[0]);
  assert.equal(closed.event_id, opened.event_id);
  assert.ok(closed.frames > 1);

  s.camera.shows = true;
  const again = await until("a second event", () => s.vas.opened[1]);
  s.vas.change([assignment(CAMERA, "other")]);
  await until("the closing of a subscription that ended", () =>
    s.vas.closed.find((c) => c.event_id === again.event_id),
  );
  await until("one subscription", () => s.vas.metrics?.subscriptions.length === 1);
  s.vas.assignments = [];
  await until("no agent, by the interval alone", () => s.vas.metrics?.cameras.length === 0);
  const requests = s.runtime.requests.length;
  s.vas.messages.length = 0;
  await until("two more reports", () => s.vas.of("metrics").length >= 2);
  assert.equal(s.runtime.requests.length, requests);
});

test("a VAS that goes away and returns gets new results; what it missed is counted and not sent again", async (t) => {
  const s = await site(t);
  s.writeKey();
  s.vas.assignments = [assignment(CAMERA, "person")];
  await until("a result", () => s.vas.results[0]);
  await s.vas.stop();
  const requests = s.runtime.requests.length;
  await until("dispatching goes on without VAS", () => s.runtime.requests.length > requests + 10);
  const missed = s.runtime.requests.at(-3)?.frame_metadata.frame_id ?? 0;
  s.vas.messages.length = 0;
  await s.vas.listen();
  await until("the registry again", () => s.vas.of("models")[0]);
  await until("results again", () => s.vas.results[0]);
  assert.ok(s.vas.results.every((result) => result.frame_id > missed));
  await until("the loss in the metrics", () => (s.vas.metrics?.results_dropped ?? 0) >= 5);
});

test("a VAS that acknowledges nothing gets no more than 64 messages, and frames go on", async (t) => {
  const s = await site(t);
  s.vas.acknowledges = false;
  s.writeKey();
  s.vas.assignments = [assignment(CAMERA, "person")];
  await until("the full window", () => s.vas.messages.length >= 64);
  const requests = s.runtime.requests.length;
  await until("dispatching goes on", () => s.runtime.requests.length > requests + 20);
  assert.equal(s.vas.messages.length, 64);
});

test("a model folder that is repaired starts working without another assignment", async (t) => {
  const s = await site(t);
  writeFileSync(join(s.modelsDir, "person", "model.yaml"), "model_id: person\nnonsense: 1\n");
  s.writeKey();
  s.vas.assignments = [assignment(CAMERA, "person")];
  const refused = await until("frames counted as invalid_assignment", () => {
    const one = s.subscription("person");
    return (one?.skipped.invalid_assignment ?? 0) > 0 && one;
  });
  assert.match(refused.reason ?? "", /unknown key|missing/);
  const yaml = 'model_id: person\nmodel_name: p\nmodel_version: "2"\nmodel_type: module\nentry: handler.ts\n';
  writeFileSync(join(s.modelsDir, "person", "model.yaml"), yaml);
  await until("a result", () => s.vas.results[0]);
  await until("the new version", () =>
    s.vas
      .of("models")
      .at(-1)
      ?.models.some((m) => m.version === "2"),
  );
});

test("the reply time and the number of requests at once are the model's own, and follow its folder", async (t) => {
  const s = await site(t);
  s.runtime.behaviour = "hang";
  const write = (runtime: string) => {
    const yaml = `model_id: person\nmodel_name: p\nmodel_version: "2"\nmodel_type: module\nentry: handler.ts\n${runtime}`;
    writeFileSync(join(s.modelsDir, "person", "model.yaml"), yaml);
  };
  write("runtime: { reply_timeout_ms: 150, max_in_flight: 1 }\n");
  s.writeKey();
  s.vas.assignments = [assignment(CAMERA, "person")];
  const late = (ms: number) => () => s.subscription("person")?.last_error === `no reply within ${ms} ms`;
  await until("a timeout of 150 ms", late(150));
  write("runtime: { reply_timeout_ms: 90 }\n");
  await until("a timeout of 90 ms", late(90));
  write("");
  await until("a timeout of 1000 ms", late(1000));
  const found = s.vas.of("models").map(({ models }) => models.find((one) => one.model_id === "person"));
  assert.ok(found.some((one) => one?.reply_timeout_ms === 150 && one.max_in_flight === 1));
  s.runtime.behaviour = "ok";
  await until("a result", () => s.vas.results[0]);
});

test("a runtime with a socket folder of its own is found there, with its heartbeat", async (t) => {
  const s = await site(t);
  const own = join(s.socketDir, "other");
  mkdirSync(own);
  const runtime = await MisbehavingRuntime.start(own, "other");
  t.after(() => runtime.stop());
  const metrics = { total_requests: 1, total_errors: 0, avg_latency_ms: 1, uptime_seconds: 1 };
  const beat = { model_id: "other", timestamp: new Date().toISOString(), status: "healthy", metrics };
  writeFileSync(heartbeatPath(own, "other"), JSON.stringify(beat));
  s.writeKey();
  s.vas.assignments = [assignment(CAMERA, "other")];
  const result = await until("a result", () => s.vas.results[0]);
  assert.equal(result.model_id, "other");
  const reported = () => s.vas.metrics?.models.find((model) => model.model_id === "other");
  await until("its heartbeat", () => reported()?.heartbeat_at === beat.timestamp);
});

test("SIGTERM ends Core with 0 and closes what was open", async (t) => {
  const s = await site(t);
  s.writeKey();
  s.vas.assignments = [assignment(CAMERA, "person")];
  const opened = await until("an event", () => s.vas.opened[0]);
  s.child.kill("SIGTERM");
  assert.deepEqual(await s.exited, [0, null]);
  await until("the closing", () => s.vas.closed.find((c) => c.event_id === opened.event_id));
});

test("with RUTH_EXIT_WITH_STDIN a closed stdin ends Core with 0", async (t) => {
  const s = await site(t, { RUTH_EXIT_WITH_STDIN: "1" });
  await until("the start", () => s.log().includes('"started"'));
  s.child.stdin?.end();
  assert.deepEqual(await s.exited, [0, null]);
});

test("an invalid environment ends Core with 3 and one line that names the variable", async (t) => {
  const s = await site(t, { RUTH_REPLY_TIMEOUT: "5" });
  assert.deepEqual(await s.exited, [3, null]);
  await until("the line", () => s.log().endsWith("\n"));
  assert.equal(s.log().trim().split("\n").length, 1);
  assert.match(s.log(), /RUTH_REPLY_TIMEOUT is not a known variable/);
});

test("VAS is told what became of the newest frames when it asks, and a zone decides which results make events", async (t) => {
  const s = await site(t);
  const points: [number, number][] = [
    [0.6, 0],
    [1, 0],
    [1, 1],
    [0.6, 1],
  ];
  s.vas.assignments = [assignment(CAMERA, "person", { desired_fps: 10, zones: [{ name: "far right", points }] })];
  s.writeKey();
  await until("results", () => s.vas.results.length > 10);
  assert.deepEqual(s.vas.opened, [], "the box stands outside of the zone");
  const model = await until("a measured model", () => s.vas.metrics?.models.find((one) => (one.service_ms ?? 0) > 0));
  assert.equal(model.model_id, "person");

  s.vas.notice({ notice: "flights", request: 7, camera_id: CAMERA, model_id: "person" });
  s.vas.notice({ notice: "flights", request: 8, camera_id: OTHER_CAMERA, model_id: "person" });
  const { flights } = await until("the answer", () => s.vas.of("flights").find((m) => m.request === 7));
  const done = flights.find(({ outcome }) => outcome === "answered");
  const steps = [done?.exported_at, done?.chosen_at, done?.sent_at, done?.answered_at];
  assert.deepEqual(
    steps,
    steps.toSorted((a, b) => (a ?? 0) - (b ?? 0)),
  );
  assert.ok(flights.some(({ outcome }) => outcome === "cap"));
  assert.ok(s.vas.results.some(({ frame_id }) => frame_id === done?.frame_id));
  const none = await until("the other answer", () => s.vas.of("flights").find((m) => m.request === 8));
  assert.deepEqual(none.flights, []);

  s.vas.change([
    assignment(CAMERA, "person", {
      zones: [
        {
          name: "all",
          points: [
            [0, 0],
            [1, 0],
            [1, 1],
            [0, 1],
          ],
        },
      ],
    }),
  ]);
  const opened = await until("an event", () => s.vas.opened[0]);
  assert.deepEqual(opened.event_metadata["zones"], ["all"]);
});
