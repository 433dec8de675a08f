import assert from "node:assert/strict";
import { lstatSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { systemClock } from "@vas/base/clock.ts";
import { createLog } from "@vas/base/log.ts";
import { type Detection, encodeMessage, type InferenceReply, MAX_REQUEST_BYTES } from "@vas/contracts/inference.ts";
import type { Handler } from "./handler.ts";
import type { LoadedModel } from "./model-folder.ts";
import { InferenceServer } from "./server.ts";
import { callRuntime, createTestRing, requestFor, type TestRing, testFolders, until } from "./testing/ring.ts";

const found: Detection = { class_id: 0, class_name: "thing", confidence: 0.5, bbox: [0, 0.25, 0.5, 1] };

let folders: ReturnType<typeof testFolders>;
let ring: TestRing;
let servers: InferenceServer[];
let logged: string[];

beforeEach(() => {
  folders = testFolders();
  ring = createTestRing(folders.shmDir, { width: 8, height: 4 });
  servers = [];
  logged = [];
});
afterEach(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]();
  ring.close();
  folders.remove();
});

function model(more: Partial<LoadedModel["yaml"]> = {}): LoadedModel {
  return {
    folder: "/nowhere",
    yaml: { model_id: "m", model_name: "M", model_version: "1", model_type: "module", entry: "x.ts", ...more },
    weightsPath: undefined,
    entryPath: undefined,
    classNames: [],
  };
}

async function serve(handler: Handler, more?: Partial<LoadedModel["yaml"]>): Promise<InferenceServer> {
  const log = createLog((line) => logged.push(line));
  const { shmDir, socketDir } = folders;
  const server = new InferenceServer({ model: model(more), handler, shmDir, socketDir, clock: systemClock, log });
  await server.listen();
  servers.push(server);
  return server;
}

const pixels = (fill = 7) => new Uint8Array(48).fill(fill);

test("a request is answered with what the handler found, and the handler sees the pixels and the parameters", async () => {
  const server = await serve((frame, context) => {
    assert.equal(frame.y[0], 7);
    assert.equal(context.cameraId, ring.cameraId);
    return [
      { ...found, value: Number(context.config.x), text: `${frame.toGray({ width: 2, height: 2 }).data.length}` },
    ];
  });
  assert.equal(lstatSync(server.path).mode & 0o777, 0o600);
  const caller = await callRuntime(server.path);
  const metadata = ring.write(pixels());
  const reply = await caller.ask(requestFor(ring, "m", metadata, { x: 3 }));
  assert.equal(reply.error, null);
  assert.deepEqual(reply.detections, [{ ...found, value: 3, text: "4" }]);
  assert.deepEqual([reply.model_id, reply.camera_id, reply.frame_id], ["m", ring.cameraId, metadata.frame_id]);
  assert.equal(reply.metadata.device, "cpu");
  assert.ok((reply.metadata.preprocess_ms ?? -1) >= 0 && (reply.metadata.inference_ms ?? -1) >= 0);
  caller.close();
});

test("whatever is wrong with a request is an error reply, and the connection goes on", async () => {
  let calls = 0;
  const server = await serve(() => {
    calls++;
    return [];
  });
  const caller = await callRuntime(server.path);
  const good = requestFor(ring, "m", ring.write(pixels()));
  const wrong = (change: Record<string, unknown>) => encodeMessage({ ...good, ...change });
  const wrongFrame = (change: Record<string, unknown>) =>
    wrong({ frame_metadata: { ...good.frame_metadata, ...change } });
  const raw = (bytes: Buffer) => {
    const prefix = Buffer.alloc(4);
    prefix.writeUInt32BE(bytes.length);
    return Buffer.concat([prefix, bytes]);
  };
  const { camera_id: _, ...without } = good;
  const cases: [Buffer, RegExp][] = [
    [raw(Buffer.from("{")), /^bad_request: the request is not JSON/],
    [raw(Buffer.from([0xff, 0xfe, 0x22])), /^bad_request: the request is not UTF-8/],
    [raw(Buffer.from("null")), /^bad_request/],
    [raw(Buffer.from("[]")), /^bad_request/],
    [raw(Buffer.from(`${"[".repeat(50_000)}${"]".repeat(50_000)}`)), /^bad_request/],
    [encodeMessage(without), /^bad_request: .*camera_id/],
    [wrong({ camera_id: "not-a-uuid" }), /^bad_request: \/camera_id/],
    [wrong({ config: [] }), /^bad_request: \/config/],
    [wrong({ frame_metadata: null }), /^bad_request: \/frame_metadata/],
    [wrongFrame({ format: "RGB" }), /^bad_request: \/frame_metadata\/format/],
    [wrongFrame({ slot: -1 }), /^bad_request/],
    [wrongFrame({ offset: 1e300 }), /^bad_request|^mismatch/],
    [wrongFrame({ slot: 1.5 }), /^bad_request/],
    [wrong({ model_id: "other" }), /^wrong_model/],
    [wrong({ frame_reference: "/etc" }), /^outside/],
    [wrong({ frame_reference: `${ring.folder}/../../s` }), /^outside/],
    [wrongFrame({ generation: 1 }), /^mismatch: generation/],
    [wrongFrame({ sequence: 4 }), /^torn/],
    [wrongFrame({ slot: 3 }), /^gone/],
  ];
  for (const [bytes, expected] of cases) {
    caller.send(bytes);
    const reply = await caller.next();
    assert.match(reply.error ?? "no error", expected);
    assert.deepEqual(reply.detections, []);
    assert.equal(reply.model_id, "m");
  }
  assert.equal(calls, 0);
  assert.equal((await caller.ask(good)).error, null);
  assert.equal(calls, 1);
  assert.equal(server.metrics().total_requests, cases.length + 1);
  assert.equal(server.metrics().total_errors, cases.length);
  caller.close();
});

test("a broken length closes the connection after an error reply, and what came before it is answered", async () => {
  const server = await serve(() => [found]);
  const good = encodeMessage(requestFor(ring, "m", ring.write(pixels())));
  for (const length of [0, MAX_REQUEST_BYTES + 1, 0xffff_ffff]) {
    const caller = await callRuntime(server.path);
    const prefix = Buffer.alloc(4);
    prefix.writeUInt32BE(length);
    caller.send(Buffer.concat([good, good, prefix, Buffer.from("rest")]));
    assert.equal((await caller.next()).error, null);
    assert.equal((await caller.next()).error, null);
    assert.match((await caller.next()).error ?? "", /^protocol: message length out of range \[max:10485760, found:/);
    await caller.closed;
  }
  const caller = await callRuntime(server.path);
  assert.equal((await caller.ask(requestFor(ring, "m", ring.write(pixels())))).error, null, "others are served");
  caller.close();
});

test("a frame that is written over while the handler runs is torn, also when the handler throws because of it", async () => {
  let breakIt = () => {};
  const server = await serve(async (frame, context) => {
    breakIt();
    if (context.config.throw) throw new Error("nonsense in the picture");
    return [{ ...found, value: frame.y[0] ?? 0 }];
  });
  const caller = await callRuntime(server.path);
  const metadata = ring.write(pixels());
  breakIt = () => ring.begin(metadata.slot);
  assert.match((await caller.ask(requestFor(ring, "m", metadata))).error ?? "", /^torn: /);
  const second = ring.write(pixels());
  breakIt = () => ring.begin(second.slot);
  assert.match((await caller.ask(requestFor(ring, "m", second, { throw: true }))).error ?? "", /^torn: /);
  const third = ring.write(pixels());
  breakIt = () => void createTestRing(folders.shmDir, { width: 16, height: 8 }, ring.cameraId);
  assert.match((await caller.ask(requestFor(ring, "m", third))).error ?? "", /^torn: /);
  caller.close();
});

test("a handler that throws, or answers what the contract does not allow, is an error reply", async () => {
  const answers: (() => unknown)[] = [
    () => {
      throw new Error("no such layer");
    },
    () => {
      // What JavaScript lets a module throw without an Error.
      throw "a string"; // oxlint-disable-line no-throw-literal
    },
    () => Promise.reject(new Error("later")),
    () => undefined,
    () => [{ ...found, confidence: 2 }],
    () => [{ ...found, bbox: [0, 0, Number.NaN, 1] }],
    () => [{ ...found, mask: 1n }],
    () => Array.from({ length: 1001 }, () => found),
    () => Array.from({ length: 1000 }, () => ({ ...found, text: "x".repeat(2000) })),
  ];
  const server = await serve((_frame, context) => (answers[Number(context.config.n)] as () => Detection[])());
  const caller = await callRuntime(server.path);
  const errors: string[] = [];
  for (let n = 0; n < answers.length; n++)
    errors.push((await caller.ask(requestFor(ring, "m", ring.write(pixels()), { n }))).error ?? "none");
  assert.equal(errors[0], "model_failed: no such layer");
  assert.equal(errors[1], "model_failed: a string");
  assert.equal(errors[2], "model_failed: later");
  for (const error of errors.slice(3, 8)) assert.match(error, /^model_failed: the detections/);
  assert.match(errors[8] as string, /^reply_too_large: \[max:1048576/);
  assert.ok(logged.length >= 1 && logged.length < answers.length, "failures are spoken of at most once a second");
  caller.close();
});

test("on each connection replies come in order, and a caller with many requests does not hold up another", async () => {
  const served: string[] = [];
  const server = await serve((_frame, context) => {
    served.push(String(context.config.who));
    return [{ ...found, text: String(context.config.n) }];
  });
  const many = await callRuntime(server.path);
  const few = await callRuntime(server.path);
  const metadata = ring.write(pixels());
  const request = (who: string, n: number) => encodeMessage(requestFor(ring, "m", metadata, { who, n }));
  many.send(Buffer.concat(Array.from({ length: 200 }, (_, n) => request("many", n))));
  await until("the first of many is served", () => served.length > 0);
  few.send(Buffer.concat([request("few", 0), request("few", 1)]));
  const replies: InferenceReply[] = [];
  for (let n = 0; n < 2; n++) assert.equal((await few.next()).detections[0]?.text, String(n));
  assert.ok(served.lastIndexOf("few") < 150, `the second caller came ${served.lastIndexOf("few")}th`);
  for (let n = 0; n < 200; n++) replies.push(await many.next());
  assert.deepEqual(
    replies.map((reply) => reply.detections[0]?.text),
    Array.from({ length: 200 }, (_, n) => String(n)),
  );
  many.close();
  few.close();
});

test("one request is served at a time, whatever the handler waits for", async () => {
  let inside = 0;
  let most = 0;
  const server = await serve(async () => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setTimeout(resolve, 5));
    inside--;
    return [];
  });
  const metadata = ring.write(pixels());
  const callers = await Promise.all([1, 2, 3, 4].map(() => callRuntime(server.path)));
  await Promise.all(callers.map((caller) => caller.ask(requestFor(ring, "m", metadata))));
  assert.equal(most, 1);
  for (const caller of callers) caller.close();
});

test("what a caller asked for before it went away is not served", async () => {
  const served: string[] = [];
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const server = await serve(async (_frame, context) => {
    served.push(String(context.config.who));
    if (context.config.who === "first") await held;
    return [];
  });
  const metadata = ring.write(pixels());
  const gone = await callRuntime(server.path);
  const first = await callRuntime(server.path);
  first.send(encodeMessage(requestFor(ring, "m", metadata, { who: "first" })));
  await until("the first request is being served", () => served.length === 1);
  gone.send(encodeMessage(requestFor(ring, "m", metadata, { who: "gone" })));
  gone.close();
  const last = await callRuntime(server.path);
  const reply = last.ask(requestFor(ring, "m", metadata, { who: "last" }));
  // Turns of the event loop, in which the runtime reads the end of the connection.
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  release();
  await first.next();
  await reply;
  assert.deepEqual(served, ["first", "last"]);
  first.close();
  last.close();
});

test("a caller that only says it sends nothing more gets its replies, and an error for half a message", async () => {
  const server = await serve(() => [found]);
  const caller = await callRuntime(server.path);
  const good = encodeMessage(requestFor(ring, "m", ring.write(pixels())));
  caller.socket.end(Buffer.concat([good, good, good.subarray(0, 100)]));
  assert.equal((await caller.next()).error, null);
  assert.equal((await caller.next()).error, null);
  assert.match((await caller.next()).error ?? "", /^protocol: .* ended inside a message/);
  await caller.closed;
  const silent = await callRuntime(server.path);
  silent.socket.end();
  await silent.closed;
});

test("a caller that does not read its replies is not served further, and gets them all when it does", async () => {
  let calls = 0;
  const server = await serve((_frame, context) => {
    calls++;
    if (context.config.small) return [];
    return Array.from({ length: 200 }, () => ({ ...found, text: "x".repeat(4000) }));
  });
  const metadata = ring.write(pixels());
  const lazy = await callRuntime(server.path);
  lazy.socket.pause();
  const request = encodeMessage(requestFor(ring, "m", metadata));
  lazy.send(Buffer.concat(Array.from({ length: 40 }, () => request)));
  const other = await callRuntime(server.path);
  for (let n = 0; n < 50; n++)
    assert.equal((await other.ask(requestFor(ring, "m", metadata, { small: true }))).error, null);
  assert.ok(calls - 50 < 5, `${calls - 50} of 40 replies were made for nobody`);
  lazy.socket.resume();
  for (let n = 0; n < 40; n++) assert.equal((await lazy.next()).detections.length, 200);
  lazy.close();
  other.close();
});

test("what all callers together leave unfinished is bounded, and the one that passes the bound is told", async () => {
  const server = await serve(() => [found]);
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(MAX_REQUEST_BYTES);
  const part = Buffer.concat([prefix, Buffer.alloc(MAX_REQUEST_BYTES - 1, 32)]);
  const callers = await Promise.all(Array.from({ length: 7 }, () => callRuntime(server.path)));
  const told: string[] = [];
  for (const caller of callers) {
    void caller.next().then(
      (reply) => told.push(reply.error ?? "none"),
      () => undefined,
    );
    caller.send(part);
  }
  await until("one of seven is told", () => told.length > 0);
  assert.match(told[0] as string, /^overloaded: too much is waiting \[max:67108864\]/);
  const good = await callRuntime(server.path);
  for (const caller of callers) caller.close();
  await Promise.all(callers.map((caller) => caller.closed));
  await until("the memory is given back", () => server.bufferedBytes === 0);
  assert.equal((await good.ask(requestFor(ring, "m", ring.write(pixels())))).error, null);
  good.close();
});

test("a request that trickles in byte by byte is served as one", async () => {
  const server = await serve(() => [found]);
  const caller = await callRuntime(server.path);
  caller.socket.setNoDelay(true);
  const bytes = encodeMessage(requestFor(ring, "m", ring.write(pixels())));
  for (const byte of bytes) {
    caller.send(Buffer.of(byte));
    if (byte % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal((await caller.next()).error, null);
  caller.close();
});

test("a model that must not run on the CPU answers every request with an error", async () => {
  const server = await serve(() => [found], { resource_requirements: { cpu_fallback_allowed: false } });
  const caller = await callRuntime(server.path);
  assert.match((await caller.ask(requestFor(ring, "m", ring.write(pixels())))).error ?? "", /^no_gpu: /);
  caller.close();
});

test("a stale socket is taken over, one that answers and one that is a file are not touched", async () => {
  const path = join(folders.socketDir, "vas_model_m.sock");
  const dead = createServer();
  await new Promise<void>((resolve) => dead.listen(path, resolve));
  // A socket file without its process: the name is moved aside while the listener closes, and put back.
  const { renameSync } = await import("node:fs");
  renameSync(path, `${path}.kept`);
  await new Promise((resolve) => dead.close(resolve));
  renameSync(`${path}.kept`, path);
  const server = await serve(() => []);
  await assert.rejects(
    serve(() => []),
    /another process serves/,
  );
  const caller = await callRuntime(server.path);
  assert.equal((await caller.ask(requestFor(ring, "m", ring.write(pixels())))).error, null);
  caller.close();
  await server[Symbol.asyncDispose]();
  servers = [];
  assert.equal(lstatSync(path, { throwIfNoEntry: false }), undefined, "the socket is removed at the end");
  writeFileSync(path, "mine");
  await assert.rejects(
    serve(() => []),
    /is no socket/,
  );
  await assert.rejects(
    serve(() => [], { model_id: "x".repeat(120) }),
    /too long \[max:107/,
  );
});

test("the end waits for the request that is being served", async () => {
  let release = () => {};
  const started = new Promise<void>((begun) => {
    release = begun;
  });
  let finish = () => {};
  const server = await serve(async () => {
    release();
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return [found];
  });
  const caller = await callRuntime(server.path);
  const reply = caller.ask(requestFor(ring, "m", ring.write(pixels())));
  await started;
  const ended = server[Symbol.asyncDispose]();
  servers = [];
  finish();
  assert.equal((await reply).error, null);
  await ended;
  await caller.closed;
});
