/**
 * A dispatch of Ruth Core beside a bare ping of the same bytes over a Unix socket between two Node processes: how long one
 * takes alone, and how many of them one processor second of Core pays for.
 *
 * The runtime is measured twice: the SDK's with a model that does nothing, which is what a site has, and one that sends a
 * prepared reply back without looking, which leaves Core's own part.
 *
 *   node bench/core-dispatch.ts [rounds] [dispatches per round]
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createConnection, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "@vas/base/clock.ts";
import { stderrLog } from "@vas/base/log.ts";
import type { Result } from "@vas/contracts/live.ts";
import {
  encodeMessage,
  type InferenceReply,
  type InferenceRequest,
  MAX_REQUEST_BYTES,
  MessageDecoder,
  socketPath,
} from "@vas/contracts/inference.ts";
import { FakeRing } from "@vas/testkit/fake-ring.ts";
import { InferenceServer } from "@vas/runtime-sdk/server.ts";
import { Lane, RequestEncoder } from "../apps/ruth-core/src/dispatch.ts";
import { FrameWatch } from "../apps/ruth-core/src/frame-watch.ts";
import type { FrameRef } from "../apps/ruth-core/src/frame-watch.ts";
import { monoMs } from "../apps/ruth-core/src/mono.ts";
import type { SubscriptionSpec } from "../apps/ruth-core/src/reconcile.ts";
import { RuntimeChannel } from "../apps/ruth-core/src/runtime-channel.ts";
import { Subscription } from "../apps/ruth-core/src/subscription.ts";

const CONNECTIONS = 64;
const CAMERA = "aaaaaaaa-0000-4000-8000-000000000000";
const KINDS = ["ping", "echo", "sdk"] as const;
type Kind = (typeof KINDS)[number];

async function measure(rounds: number, count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bench-core-"));
  const ring = new FakeRing(folder, CAMERA);
  ring.write({ timestampNs: process.hrtime.bigint(), pts90k: Date.now() * 90, wallMs: Date.now() });
  const frame = new FrameWatch(ring.folder).look(0)?.frame;
  if (!frame) throw new Error("the ring shows no frame");
  const child = fork(fileURLToPath(import.meta.url), ["serve", folder], { stdio: "inherit" });
  await once(child, "message");

  const bytes = new RequestEncoder(spec("echo"), ring.folder).encode(frame, Date.now());
  const reply = encodeMessage(replyTo(JSON.parse(bytes.subarray(4).toString()) as InferenceRequest));
  console.log(
    `requests of ${bytes.length} bytes, replies of ${reply.length}; medians of ${rounds} rounds of ${count}, in turn`,
  );
  const alone = table();
  const many = table();
  const clients = Object.fromEntries(
    await Promise.all(
      KINDS.map(async (kind) => {
        const make = (size: number) =>
          kind === "ping"
            ? pingers(folder, bytes, reply.length, size)
            : callers(folder, kind, ring.folder, frame, size);
        return [kind, { one: await make(1), many: await make(CONNECTIONS) }] as const;
      }),
    ),
  ) as Record<Kind, { one: Client; many: Client }>;
  for (const kind of KINDS) {
    await clients[kind].one(count);
    await clients[kind].many(count);
  }
  for (let round = 0; round < rounds; round++)
    for (const kind of KINDS) {
      alone[kind].push(await clients[kind].one(count));
      many[kind].push(await clients[kind].many(count * 4));
    }

  const names = { ping: "bare ping", echo: "Core, runtime that does not look", sdk: "Core, the SDK's empty model" };
  console.log("\nalone                                    p50 us   ratio     p99 us   ratio");
  for (const kind of KINDS) {
    const ratio = (pick: "p50" | "p99") =>
      median(alone[kind].map((one, i) => one[pick] / (alone.ping[i]?.[pick] ?? 0)));
    const us = (pick: "p50" | "p99") => (median(alone[kind].map((one) => one[pick])) * 1000).toFixed(1).padStart(9);
    console.log(
      `${names[kind].padEnd(38)}${us("p50")} ${ratio("p50").toFixed(2).padStart(7)}  ${us("p99")} ${ratio("p99").toFixed(2).padStart(7)}`,
    );
  }
  console.log(`\n${CONNECTIONS} connections                 per second and core   ratio   per second of time`);
  for (const kind of KINDS) {
    const ratio = median(many[kind].map((one, i) => one.perCpuSecond / (many.ping[i]?.perCpuSecond ?? 0)));
    const value = (pick: "perCpuSecond" | "perSecond") => Math.round(median(many[kind].map((one) => one[pick])));
    console.log(
      `${names[kind].padEnd(38)}${String(value("perCpuSecond")).padStart(14)} ${ratio.toFixed(2).padStart(7)}  ${String(value("perSecond")).padStart(15)}`,
    );
  }
  child.kill("SIGKILL");
  await once(child, "exit");
  rmSync(folder, { recursive: true });
  process.exit(0);
}

type Figures = { p50: number; p99: number; perCpuSecond: number; perSecond: number };
type Client = (count: number) => Promise<Figures>;

function table(): Record<Kind, Figures[]> {
  return { ping: [], echo: [], sdk: [] };
}

/** Counts what `start` begins and `done` ends until so many are done. */
class Meter {
  readonly #times: number[] = [];
  readonly #started: number[];
  #count = 0;
  #begun = 0;
  #finish: () => void = () => undefined;

  constructor(size: number) {
    this.#started = Array.from({ length: size }, () => 0);
  }

  async run(count: number, startAll: () => void): Promise<Figures> {
    this.#times.length = 0;
    this.#count = count;
    this.#begun = this.#started.length;
    const finished = new Promise<void>((resolve) => (this.#finish = resolve));
    const cpu = process.cpuUsage();
    const start = performance.now();
    startAll();
    await finished;
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const sorted = this.#times.sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return {
      p50: at(0.5),
      p99: at(0.99),
      perCpuSecond: sorted.length / ((user + system) / 1e6),
      perSecond: sorted.length / seconds,
    };
  }

  start(who: number): void {
    this.#started[who] = performance.now();
  }

  /** @returns whether another one shall follow */
  done(who: number): boolean {
    this.#times.push(performance.now() - (this.#started[who] ?? 0));
    if (this.#times.length === this.#count) this.#finish();
    if (this.#begun >= this.#count) return false;
    this.#begun++;
    return true;
  }
}

async function pingers(folder: string, request: Buffer, replyBytes: number, size: number): Promise<Client> {
  const meter = new Meter(size);
  const sockets: Socket[] = [];
  const send = (who: number) => {
    meter.start(who);
    sockets[who]?.write(request);
  };
  for (let who = 0; who < size; who++) {
    const socket = createConnection({ path: join(folder, "ping.sock") });
    await once(socket, "connect");
    let got = 0;
    socket.on("data", (chunk: Buffer) => {
      got += chunk.length;
      if (got < replyBytes) return;
      got = 0;
      if (meter.done(who)) send(who);
    });
    sockets.push(socket);
  }
  return (count) => meter.run(count, () => sockets.forEach((_, who) => send(who)));
}

/** Subscriptions as Core makes them; each gets a new frame as soon as its last one was answered. */
async function callers(
  folder: string,
  kind: Kind,
  exportFolder: string,
  frame: FrameRef,
  size: number,
): Promise<Client> {
  const meter = new Meter(size);
  const lane = new Lane(1000, 256);
  const subscriptions: Subscription[] = [];
  let stamp = BigInt(frame.timestampNs);
  const send = (who: number) => {
    meter.start(who);
    // The cap is not what is measured: every frame is a second younger than the last.
    stamp += 1_000_000_000n;
    subscriptions[who]?.frame({ ...frame, timestampNs: stamp }, monoMs(systemClock));
    lane.give(monoMs(systemClock));
  };
  for (let who = 0; who < size; who++) {
    const ready = Promise.withResolvers<void>();
    const onResult = (_result: Result) => {
      // Not at once: the subscription still has to take note of the reply.
      if (meter.done(who)) queueMicrotask(() => send(who));
    };
    const one = new Subscription({
      spec: spec(kind),
      exportFolder,
      lane,
      clock: systemClock,
      connect: (events) =>
        new RuntimeChannel(() => socketPath(folder, kind), {
          ...events,
          onReady: () => {
            events.onReady();
            ready.resolve();
          },
        }),
      onResult,
    });
    subscriptions.push(one);
    one.tick(monoMs(systemClock));
    await ready.promise;
  }
  return (count) => meter.run(count, () => subscriptions.forEach((_, who) => send(who)));
}

function spec(kind: Kind): SubscriptionSpec {
  return { cameraId: CAMERA, modelId: kind, maxFps: 120, priority: 0, parameters: {}, zones: [], invalid: null };
}

function replyTo(request: InferenceRequest): InferenceReply {
  const { model_id, camera_id, frame_metadata } = request;
  return { model_id, camera_id, frame_id: frame_metadata.frame_id, detections: [], metadata: {}, error: null };
}

/** The other process: a socket for pings, one that answers without looking, and the SDK's server with an empty model. */
async function serve(folder: string): Promise<void> {
  let prepared: Buffer | null = null;
  let pingBytes = 0;
  const onRequest = (socket: Socket, message: Buffer) => {
    prepared ??= encodeMessage(replyTo(JSON.parse(message.toString()) as InferenceRequest));
    socket.write(prepared);
  };
  const listen = (name: string, accept: (socket: Socket) => void) =>
    new Promise<void>((resolve) => void createServer(accept).listen(join(folder, name), resolve));
  await listen("vas_model_echo.sock", (socket) => {
    const decoder = new MessageDecoder(MAX_REQUEST_BYTES);
    socket.on("data", (chunk: Buffer) => {
      for (const message of decoder.push(chunk)) if (typeof message !== "string") onRequest(socket, message);
    });
  });
  await listen("ping.sock", (socket) => {
    let got = 0;
    socket.on("data", (chunk: Buffer) => {
      // The first ping tells the length, which the reply is made from.
      if (pingBytes === 0) {
        pingBytes = chunk.length;
        onRequest(socket, chunk.subarray(4));
      } else {
        got += chunk.length;
        if (got < pingBytes) return;
        got = 0;
        socket.write(prepared as Buffer);
      }
    });
  });
  const yaml = { model_id: "sdk", model_name: "Empty", model_version: "1", model_type: "module" } as const;
  const model = { folder, yaml, weightsPath: undefined, entryPath: undefined, classNames: [] };
  const log = stderrLog("bench");
  await new InferenceServer({
    model,
    handler: () => [],
    socketDir: folder,
    shmDir: folder,
    clock: systemClock,
    log,
  }).listen();
  (process as unknown as ChildProcess).send?.("ready");
  process.on("disconnect", () => process.exit(0));
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

if (process.argv[2] === "serve") await serve(process.argv[3] as string);
else await measure(Number(process.argv[2] ?? 7), Number(process.argv[3] ?? 4000));
