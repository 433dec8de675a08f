/**
 * Core as an object against a VAS that is down, slow or wrong at random, beside a model of the intent: what runs is at
 * any moment the last intent that was read whole, and the newest one once VAS is well.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { systemClock } from "@vas/base/clock.ts";
import type { Log } from "@vas/base/log.ts";
import type { Assignment } from "@vas/contracts/http.ts";
import { type WebSocket, WebSocketServer } from "ws";
import { readConfig } from "./config.ts";
import { Core } from "./core.ts";

const TIME = "2026-01-01T00:00:00.000Z";
const PAGE = 3;
const CAMERAS = ["a", "b", "c", "d", "e"].map((letter) => `${letter.repeat(8)}-0000-4000-8000-000000000000`);
const MODELS = ["m0", "m1", "m2", "unknown"];

/** Every way in which the answer to the question for assignments can be of no use. */
const FAULTS = [
  "status 500",
  "status 401",
  "not JSON",
  "another shape",
  "one field wrong",
  "cut off",
  "closed at once",
  "second page fails",
  "same page again",
  "redirect",
] as const;
/** Not among those that are drawn: Core waits 5 s for it. */
const NEVER_ENDS = "never ends";
type Fault = (typeof FAULTS)[number] | typeof NEVER_ENDS;

class FaultyVas {
  intent: Assignment[] = [];
  fault: Fault | null = null;
  /** Answers that were begun. */
  asked = 0;
  port = 0;
  readonly #server = createServer((request, response) => {
    this.asked++;
    const cursor = Number(new URL(request.url ?? "", "http://vas").searchParams.get("cursor") ?? 0);
    this.#answer(response, cursor);
  });
  readonly #notices = new Set<WebSocket>();

  constructor() {
    new WebSocketServer({ server: this.#server }).on("connection", (socket) => {
      this.#notices.add(socket);
      socket.on("close", () => this.#notices.delete(socket));
    });
  }

  async listen(): Promise<void> {
    this.#server.listen(this.port, "127.0.0.1");
    await once(this.#server, "listening");
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#notices) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  notify(): void {
    for (const socket of this.#notices) socket.send('{"notice":"assignments_changed"}');
  }

  #answer(response: ServerResponse, cursor: number): void {
    const { fault, intent } = this;
    const next_cursor = cursor + PAGE < intent.length ? String(cursor + PAGE) : null;
    const page = JSON.stringify({ items: intent.slice(cursor, cursor + PAGE), next_cursor });
    if (fault === "closed at once") response.destroy();
    else if (fault === "status 500" || (fault === "second page fails" && cursor > 0)) response.writeHead(500).end("{}");
    else if (fault === "status 401") response.writeHead(401).end("{}");
    else if (fault === "not JSON") response.end("<html>");
    else if (fault === "another shape") response.end('{"assignments":[]}');
    else if (fault === "one field wrong")
      response.end(page.replace('"next_cursor"', '"items":[{"camera_id":1}],"next_cursor"'));
    else if (fault === "redirect") response.writeHead(302, { location: "/api/v1/ai-model-assignments" }).end();
    else if (fault === "same page again") response.end(JSON.stringify({ items: [], next_cursor: "0" }));
    else if (fault === "never ends") response.write(page.slice(0, 10));
    else if (fault === "cut off") {
      response.writeHead(200, { "content-length": page.length + 10 });
      response.write(page, () => response.destroy());
    } else if (fault === "second page fails") response.end(JSON.stringify({ items: [], next_cursor: "1" }));
    else response.end(page);
  }
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error(`still missing after 60 s: ${what}`);
    await wait(2);
  }
}

async function site(t: TestContext, intervalSeconds: string) {
  const folder = mkdtempSync(join(tmpdir(), "convergence-"));
  const models = join(folder, "models");
  for (const id of ["m0", "m1", "m2"]) {
    mkdirSync(join(models, id), { recursive: true });
    writeFileSync(join(models, id, "handler.ts"), "export {}");
    const schema = "config_schema: { properties: { threshold: { type: number, maximum: 1 } } }\n";
    const yaml = `model_id: ${id}\nmodel_name: ${id}\nmodel_version: "1"\nmodel_type: module\nentry: handler.ts\n`;
    writeFileSync(join(models, id, "model.yaml"), yaml + schema);
  }
  const vas = new FaultyVas();
  await vas.listen();
  const config = readConfig({
    VAS_URL: `http://127.0.0.1:${vas.port}`,
    VAS_SERVICE_KEY: "key",
    VAS_SHM_DIR: join(folder, "shm"),
    RUTH_MODELS_DIR: models,
    RUTH_SOCKET_DIR: folder,
    RECONCILIATION_INTERVAL_SECONDS: intervalSeconds,
  });
  if (typeof config === "string") throw new Error(config);
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  const log: Log = { debug: say, info: say, warn: say, error: say, with: () => log };
  const core = new Core(config, log, systemClock);
  core.start();
  t.after(async () => {
    await core.stop();
    await vas.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return { vas, core, said };
}

/** What Core should run with, said in another way than the code that decides it. */
function expected(intent: Assignment[]): string[] {
  return intent
    .filter((one) => one.enabled)
    .map((one) => {
      const fits = !(Number(one.parameters.threshold) > 1);
      const runs = one.model_id !== "unknown" && fits;
      return `${one.camera_id} ${one.model_id} ${one.desired_fps} ${one.priority} ${JSON.stringify(one.parameters)} ${runs}`;
    })
    .sort();
}

function running(core: Core): string[] {
  return core.running
    .map((spec) => {
      const { cameraId, modelId, maxFps, priority, parameters, invalid } = spec;
      return `${cameraId} ${modelId} ${maxFps} ${priority} ${JSON.stringify(parameters)} ${invalid === null}`;
    })
    .sort();
}

const isSame = (a: string[], b: string[]) => JSON.stringify(a) === JSON.stringify(b);

test("whatever VAS answers, what runs is the last intent that was read whole, and at the end the newest", async (t) => {
  const { vas, core, said } = await site(t, "0.1");
  let seed = 7;
  const pick = (n: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >> 8) % n;
  };
  const draw = (): Assignment[] =>
    CAMERAS.flatMap((camera_id) => MODELS.map((model_id) => ({ camera_id, model_id })))
      .filter(() => pick(3) > 0)
      .map((pair) => ({
        ...pair,
        enabled: pick(4) > 0,
        desired_fps: 1 + pick(5),
        priority: pick(3),
        parameters: pick(2) === 0 ? { threshold: pick(4) / 2 } : {},
        created_at: TIME,
        updated_at: TIME,
      }));
  let read: Assignment[] = [];
  for (let round = 0; round < 60; round++) {
    vas.fault = round % 3 === 0 ? (FAULTS[(round / 3) % FAULTS.length] ?? null) : null;
    if (pick(10) > 0) vas.intent = draw();
    if (vas.fault === null) {
      vas.notify();
      await until(`round ${round}: the intent`, () => isSame(running(core), expected(vas.intent)));
      read = vas.intent;
      continue;
    }
    // An answer that began before the fault may still come; the second one after it is faulty and was taken in.
    const before = vas.asked;
    await until(`round ${round}: three more questions, faulty by "${vas.fault}"`, () => vas.asked >= before + 3);
    const now = running(core);
    assert.ok(
      isSame(now, expected(read)) || isSame(now, expected(vas.intent)),
      `round ${round}, ${vas.fault}: something else runs\n${now.join("\n")}`,
    );
    if (isSame(now, expected(vas.intent))) read = vas.intent;
  }
  assert.ok(said.length > 0);
});

test("a VAS that never ends its answer, or is gone, changes nothing; once it is back the newest intent runs", async (t) => {
  const { vas, core, said } = await site(t, "0.1");
  const wish = (fps: number): Assignment => ({
    camera_id: CAMERAS[0] as string,
    model_id: "m0",
    enabled: true,
    desired_fps: fps,
    priority: 0,
    parameters: {},
    created_at: TIME,
    updated_at: TIME,
  });
  const runs = (fps: number) => isSame(running(core), expected([wish(fps)]));
  vas.intent = [wish(1)];
  await until("the first intent", () => runs(1));
  vas.fault = NEVER_ENDS;
  vas.intent = [wish(2)];
  await until("a question that was given up", () => said.some((text) => /could not be asked.*timeout/i.test(text)));
  assert.ok(runs(1));
  vas.fault = null;
  await until("the second intent", () => runs(2));
  await vas.stop();
  vas.intent = [wish(3)];
  await until("a VAS that is gone", () =>
    said.some((text) => /no connection to VAS|connection to VAS ended/.test(text)),
  );
  assert.ok(runs(2));
  await vas.listen();
  await until("the third intent", () => runs(3));
});

test("an assignment whose parameters the model does not take waits, and runs once they fit", async (t) => {
  const { vas, core } = await site(t, "0.1");
  vas.intent = [
    {
      camera_id: CAMERAS[0] as string,
      model_id: "m0",
      enabled: true,
      desired_fps: 5,
      priority: 0,
      parameters: { threshold: 2 },
      created_at: TIME,
      updated_at: TIME,
    },
  ];
  await until("the refusal", () => /threshold must be <= 1/.test(core.running[0]?.invalid ?? ""));
  vas.intent = [{ ...(vas.intent[0] as Assignment), parameters: { threshold: 1 } }];
  await until("the subscription", () => core.running[0]?.invalid === null);
  vas.intent = [];
  await until("nothing", () => core.running.length === 0);
});
