/** Python's runtime beside the one in TypeScript: the same frames and the same nonsense get the same answers. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { checkHeartbeat, encodeMessage, type InferenceReply, MAX_REQUEST_BYTES } from "@vas/contracts/inference.ts";
import {
  callRuntime,
  createTestRing,
  requestFor,
  type TestCaller,
  type TestRing,
  testFolders,
  until,
} from "@vas/runtime-sdk/testing/ring.ts";

const SDK = join(import.meta.dirname, "..");
const MAIN = join(import.meta.dirname, "../../runtime-sdk/src/main.ts");
const HEAD = "model_name: M\nmodel_version: '1'\nmodel_type: module\noutput_schema: { class_names: [thing, other] }\n";

/** Both tell all they see of a frame: conversions, strides, parameters. */
const IN_PYTHON = `
import os, time
def handler(frame, context):
    config = context.config
    if "throw" in config:
        raise ValueError("no such layer")
    if "hold" in config:
        open(config["hold"] + ".begun", "w").close()
        while not os.path.exists(config["hold"]):
            time.sleep(0.005)
    if "reply" in config:
        return config["reply"]
    if "nan" in config:
        return [dict(thing(context, frame), value=float("nan"))]
    if "large" in config:
        return [dict(thing(context, frame), text="x" * 2000) for _ in range(1000)]
    return [thing(context, frame)]

def thing(context, frame):
    width, height = context.config.get("size", [5, 3])
    return {"class_id": 1, "class_name": context.model.class_names[1], "confidence": 0.5, "bbox": [0, 0.25, 0.5, 1],
            "text": (frame.gray(width, height) + frame.rgb(width, height)).hex(), "value": frame.y[0] + frame.uv[1] * frame.stride,
            "unit": f"{frame.width}x{frame.height}", "track_id": frame.pts90k}
`;
const IN_TYPESCRIPT = `
export const handler = async (frame, { config, model }) => {
  if ("throw" in config) throw new Error("no such layer");
  if ("reply" in config) return config.reply;
  const [width, height] = config.size ?? [5, 3];
  const of = (color) => frame.toTensor({ width, height, color, layout: "nhwc", resize: "nearest", dtype: "uint8" }).data;
  const thing = { class_id: 1, class_name: model.classNames[1], confidence: 0.5, bbox: [0, 0.25, 0.5, 1],
    text: Buffer.concat([of("gray"), of("rgb")]).toString("hex"), value: frame.y[0] + frame.uv[1] * frame.stride,
    unit: frame.width + "x" + frame.height, track_id: frame.pts90k };
  if ("nan" in config) return [{ ...thing, value: Number.NaN }];
  if ("large" in config) return Array.from({ length: 1000 }, () => ({ ...thing, text: "x".repeat(2000) }));
  return [thing];
};
`;

let folders: ReturnType<typeof testFolders>;
let children: ChildProcess[];
let rings: TestRing[];

beforeEach(() => {
  folders = testFolders();
  children = [];
  rings = [];
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  for (const ring of rings) ring.close();
  folders.remove();
});

function ringOf(size: Parameters<typeof createTestRing>[1], cameraId?: string): TestRing {
  const ring = createTestRing(folders.shmDir, size, cameraId);
  rings.push(ring);
  return ring;
}

function modelFolder(id: string, entry: string, code: string, yaml = ""): string {
  const folder = join(folders.socketDir, `model-${id}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "model.yaml"), `model_id: ${id}\n${HEAD}entry: ${entry}\n${yaml}`);
  writeFileSync(join(folder, entry), code);
  return folder;
}

function start(program: string, args: string[], env: Record<string, string> = {}) {
  const child = spawn(program, args, {
    env: {
      PATH: "/usr/bin:/bin",
      PYTHONPATH: SDK,
      RUTH_SOCKET_DIR: folders.socketDir,
      VAS_SHM_DIR: folders.shmDir,
      ...env,
    },
    stdio: ["pipe", "ignore", "pipe"],
  });
  children.push(child);
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once("close", (code) => resolve(code));
  });
  const exit = () =>
    Promise.race([
      exited,
      new Promise<never>((_, reject) => {
        setTimeout(() => reject(new Error(`it did not end; it wrote: ${stderr}`)), 60_000).unref();
      }),
    ]);
  const log = (text: string) =>
    until(
      text,
      () => {
        if (child.exitCode !== null) throw new Error(`it ended: ${stderr}`);
        return stderr.includes(text);
      },
      60_000,
    );
  return { child, exit, log, stderr: () => stderr };
}

const startPython = (folder: string, env?: Record<string, string>) =>
  start("/usr/bin/python3", ["-B", "-m", "vas_runtime", folder], env);

const socketOf = (id: string) => join(folders.socketDir, `vas_model_${id}.sock`);

/** The same model, once in each language. */
async function startBoth(yaml = ""): Promise<[TestCaller, TestCaller]> {
  const python = startPython(modelFolder("py", "handler.py", IN_PYTHON, yaml));
  const typescript = start(process.execPath, [MAIN, modelFolder("ts", "handler.ts", IN_TYPESCRIPT, yaml)]);
  await Promise.all([python.log('"serving"'), typescript.log('"serving"')]);
  return [await callRuntime(socketOf("py"), 60_000), await callRuntime(socketOf("ts"), 60_000)];
}

function noise(bytes: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: bytes }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
}

test("for the same frames, of either range, both languages answer the same", async () => {
  const [python, typescript] = await startBoth();
  for (const [width, height, stride, size] of [
    [8, 4, 8, [8, 4]],
    [32, 18, 38, [5, 3]],
    [64, 36, 64, [32, 15]],
    [40, 20, 64, [13, 31]],
    [16, 16, 32, [1, 1]],
  ] as const) {
    const ring = ringOf({ width, height, stride });
    for (let seed = 0; seed < 3; seed++) {
      const metadata = ring.write(noise(width * height * 1.5, seed + width), seed === 1);
      const [a, b] = await Promise.all([
        python.ask(requestFor(ring, "py", metadata, { size })),
        typescript.ask(requestFor(ring, "ts", metadata, { size })),
      ]);
      assert.equal(a.error, null);
      assert.deepEqual(a.detections, b.detections);
      assert.deepEqual([a.camera_id, a.frame_id, a.model_id], [b.camera_id, b.frame_id, "py"]);
      assert.deepEqual(Object.keys(a.metadata).sort(), Object.keys(b.metadata).sort());
    }
  }
  python.close();
  typescript.close();
});

test("for the same nonsense both languages answer with the same codes, and go on", async () => {
  const [python, typescript] = await startBoth();
  const ring = ringOf({ width: 8, height: 4 });
  const metadata = ring.write(noise(48, 1));
  const raw = (bytes: Buffer) => {
    const prefix = Buffer.alloc(4);
    prefix.writeUInt32BE(bytes.length);
    return Buffer.concat([prefix, bytes]);
  };
  const both = async (make: (id: string) => Buffer): Promise<[InferenceReply, InferenceReply]> => {
    python.send(make("py"));
    typescript.send(make("ts"));
    return Promise.all([python.next(), typescript.next()]);
  };
  const good = (id: string) => requestFor(ring, id, metadata);
  const frame = (change: Record<string, unknown>) => (id: string) =>
    encodeMessage({ ...good(id), frame_metadata: { ...metadata, ...change } });
  const request = (change: Record<string, unknown>) => (id: string) => encodeMessage({ ...good(id), ...change });
  const without = (name: string) => (id: string) => encodeMessage({ ...good(id), [name]: undefined });
  const cases: [string, (id: string) => Buffer][] = [
    ["bad_request", () => raw(Buffer.from("{"))],
    ["bad_request", () => raw(Buffer.from([0xff, 0xfe, 0x22]))],
    ["bad_request", () => raw(Buffer.from("null"))],
    ["bad_request", () => raw(Buffer.from("[]"))],
    ["bad_request", () => raw(Buffer.from("NaN"))],
    ["bad_request", () => raw(Buffer.from(`${"[".repeat(50_000)}${"]".repeat(50_000)}`))],
    ...["frame_reference", "frame_metadata", "camera_id", "model_id", "timestamp"].map(
      (name): [string, (id: string) => Buffer] => ["bad_request", without(name)],
    ),
    ["bad_request", request({ camera_id: "not-a-uuid" })],
    ["bad_request", request({ camera_id: 7 })],
    ["bad_request", request({ config: [] })],
    ["bad_request", request({ timestamp: "now" })],
    ["bad_request", request({ frame_metadata: null })],
    ["bad_request", frame({ format: "RGB" })],
    ["bad_request", frame({ slot: -1 })],
    ["bad_request", frame({ slot: 1.5 })],
    ["bad_request", frame({ slot: true })],
    ["bad_request", frame({ timestamp_ns: 5 })],
    ["bad_request", frame({ frame_id: 0 })],
    ["wrong_model", request({ model_id: "other" })],
    ["outside", request({ frame_reference: "/etc" })],
    ["outside", request({ frame_reference: "relative" })],
    ["outside", request({ frame_reference: `${ring.folder}/../../s` })],
    ["outside", request({ frame_reference: `${folders.shmDir}/other` })],
    ["mismatch", frame({ generation: 1 })],
    ["mismatch", frame({ width: 16 })],
    ["mismatch", frame({ data_size: 49 })],
    ["mismatch", frame({ slot: 200 })],
    ["mismatch", frame({ frame_id: 99 })],
    ["mismatch", frame({ offset: 48 })],
    ["mismatch", frame({ sequence: 3 })],
    ["torn", frame({ sequence: 4 })],
    ["gone", frame({ slot: 3 })],
    [
      "gone",
      request({
        camera_id: "11111111-1111-4111-8111-111111111111",
        frame_reference: `${folders.shmDir}/11111111-1111-4111-8111-111111111111`,
      }),
    ],
  ];
  for (const [code, make] of cases) {
    const [a, b] = await both(make);
    assert.match(a.error ?? "none", new RegExp(`^${code}: `), `Python, ${make("py").toString().slice(0, 300)}`);
    assert.match(b.error ?? "none", new RegExp(`^${code}: `), "TypeScript");
    assert.deepEqual([a.detections, a.camera_id, a.frame_id], [b.detections, b.camera_id, b.frame_id]);
  }
  const detection = { class_id: 0, class_name: "x", confidence: 1, bbox: [0, 0, 1, 1] };
  const withConfig = (config: Record<string, unknown>) => (id: string) =>
    encodeMessage(requestFor(ring, id, ring.write(noise(48, 2)), config));
  for (const [expected, config] of [
    [/^model_failed: no such layer$/, { throw: 1 }],
    [/^model_failed: the detections/, { reply: null }],
    [/^model_failed: the detections/, { reply: {} }],
    [/^model_failed: the detections/, { reply: [1] }],
    [/^model_failed: the detections/, { nan: 1 }],
    [/^model_failed: the detections/, { reply: [{ ...detection, confidence: 2 }] }],
    [/^model_failed: the detections/, { reply: [{ ...detection, bbox: [0, 0, 1] }] }],
    [/^model_failed: the detections/, { reply: [{ ...detection, class_id: 0.5 }] }],
    [/^model_failed: the detections/, { reply: [{ ...detection, keypoints: [[0, 0, 2]] }] }],
    [/^model_failed: the detections/, { reply: [{ ...detection, polygon: [[0]] }] }],
    [/^model_failed: the detections/, { reply: [{ ...detection, track_id: [] }] }],
    [/^model_failed: the detections/, { reply: [{ ...detection, text: "x".repeat(5000) }] }],
    [/^model_failed: the detections/, { reply: Array.from({ length: 1001 }, () => detection) }],
    [/^reply_too_large: \[max:1048576/, { large: 1 }],
    [/^none$/, { reply: [{ ...detection, track_id: null, mask: { size: [1, 1], counts: [1] }, more: "is ignored" }] }],
  ] as const) {
    const [a, b] = await both(withConfig(config));
    assert.match(a.error ?? "none", expected, `Python, ${JSON.stringify(config).slice(0, 100)}`);
    assert.match(b.error ?? "none", expected, "TypeScript");
    assert.deepEqual(a.detections, b.detections);
  }
  assert.equal((await python.ask(good("py"))).error?.split(":")[0], "torn", "the ring went round");
  python.close();
  typescript.close();
});

test("a frame that is written over while the handler runs is torn", async () => {
  const python = startPython(modelFolder("py", "handler.py", IN_PYTHON));
  await python.log('"serving"');
  const caller = await callRuntime(socketOf("py"), 60_000);
  const ring = ringOf({ width: 8, height: 4 });
  for (const [name, change] of [
    ["begun anew", (slot: number) => ring.begin(slot)],
    ["made anew", () => void ringOf({ width: 16, height: 8 }, ring.cameraId)],
  ] as const) {
    const metadata = ring.write(noise(48, 3));
    const hold = join(folders.socketDir, name);
    caller.send(encodeMessage(requestFor(ring, "py", metadata, { hold })));
    const reply = caller.next();
    await until("the handler has begun", () => existsSync(`${hold}.begun`), 60_000);
    change(metadata.slot);
    writeFileSync(hold, "");
    assert.match((await reply).error ?? "none", /^torn: /);
  }
  caller.close();
});

test("messages in pieces, many callers, half-closed and vanished ones are served or forgotten", async () => {
  const python = startPython(modelFolder("py", "handler.py", IN_PYTHON));
  await python.log('"serving"');
  const ring = ringOf({ width: 8, height: 4 });
  const good = encodeMessage(requestFor(ring, "py", ring.write(noise(48, 4))));
  const trickling = await callRuntime(socketOf("py"), 60_000);
  trickling.socket.setNoDelay(true);
  for (const byte of good) trickling.send(Buffer.of(byte));
  assert.equal((await trickling.next()).error, null);
  for (const length of [0, MAX_REQUEST_BYTES + 1]) {
    const caller = await callRuntime(socketOf("py"), 60_000);
    const prefix = Buffer.alloc(4);
    prefix.writeUInt32BE(length);
    caller.send(Buffer.concat([good, good, prefix, Buffer.from("rest")]));
    assert.equal((await caller.next()).error, null);
    assert.equal((await caller.next()).error, null);
    assert.match((await caller.next()).error ?? "", /^protocol: message length out of range \[max:10485760, found:/);
    await caller.closed;
  }
  const half = await callRuntime(socketOf("py"), 60_000);
  half.socket.end(Buffer.concat([good, good, good.subarray(0, 100)]));
  assert.equal((await half.next()).error, null);
  assert.equal((await half.next()).error, null);
  assert.match((await half.next()).error ?? "", /^protocol: .* ended inside a message/);
  await half.closed;
  const vanished = await callRuntime(socketOf("py"), 60_000);
  vanished.send(Buffer.concat(Array.from({ length: 20 }, () => good)));
  vanished.close();
  const callers = await Promise.all(Array.from({ length: 20 }, () => callRuntime(socketOf("py"), 60_000)));
  for (const caller of callers) for (let count = 0; count < 5; count++) caller.send(good);
  for (const caller of callers) for (let count = 0; count < 5; count++) assert.equal((await caller.next()).error, null);
  // One that does not read its replies is served no further, and the others are.
  const lazy = await callRuntime(socketOf("py"), 60_000);
  lazy.socket.pause();
  const large = encodeMessage(requestFor(ring, "py", ring.write(noise(48, 4)), { size: [22, 22] }));
  lazy.send(Buffer.concat(Array.from({ length: 300 }, () => large)));
  trickling.send(large);
  assert.equal((await trickling.next()).error, null);
  lazy.socket.resume();
  for (let count = 0; count < 300; count++) assert.equal((await lazy.next()).error, null);
  for (const caller of [...callers, lazy, trickling]) caller.close();
});

test("what all callers together leave unfinished is bounded", async () => {
  const python = startPython(modelFolder("py", "handler.py", IN_PYTHON));
  await python.log('"serving"');
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(MAX_REQUEST_BYTES);
  const part = Buffer.concat([prefix, Buffer.alloc(MAX_REQUEST_BYTES - 1, 32)]);
  const told: string[] = [];
  const callers = await Promise.all(Array.from({ length: 7 }, () => callRuntime(socketOf("py"), 60_000)));
  for (const caller of callers) {
    void caller.next().then(
      (reply) => told.push(reply.error ?? "none"),
      () => undefined,
    );
    caller.send(part);
  }
  await until("one of seven is told", () => told.length > 0, 60_000);
  assert.match(told[0] as string, /^overloaded: too much is waiting \[max:67108864\]/);
  for (const caller of callers) caller.close();
  const ring = ringOf({ width: 8, height: 4 });
  const good = await callRuntime(socketOf("py"), 60_000);
  assert.equal((await good.ask(requestFor(ring, "py", ring.write(noise(48, 5))))).error, null);
  good.close();
});

test("it lives as the runtime in TypeScript does: socket, heartbeat, SIGTERM, a request that is finished, nothing left", async () => {
  const python = startPython(modelFolder("py", "handler.py", IN_PYTHON));
  await python.log('"serving"');
  const heartbeatFile = join(folders.socketDir, "vas_heartbeat_py.json");
  const heartbeat = checkHeartbeat(JSON.parse(readFileSync(heartbeatFile, "utf8")));
  assert.ok(heartbeat.ok && heartbeat.value.model_id === "py" && heartbeat.value.status === "healthy");
  assert.equal(statSync(socketOf("py")).mode & 0o777, 0o600);
  const ring = ringOf({ width: 8, height: 4 });
  const caller = await callRuntime(socketOf("py"), 60_000);
  assert.equal((await caller.ask(requestFor(ring, "py", ring.write(noise(48, 6))))).error, null);
  const hold = join(folders.socketDir, "hold");
  const last = caller.ask(requestFor(ring, "py", ring.write(noise(48, 6)), { hold }));
  await until("the handler has begun", () => existsSync(`${hold}.begun`), 60_000);
  python.child.kill("SIGTERM");
  writeFileSync(hold, "");
  assert.equal((await last).error, null);
  assert.equal(await python.exit(), 0, python.stderr());
  await caller.closed;
  assert.deepEqual([existsSync(socketOf("py")), existsSync(heartbeatFile)], [false, false]);
});

test("a socket that a killed one left is taken over, one that answers is not", async () => {
  const folder = modelFolder("py", "handler.py", IN_PYTHON);
  const first = startPython(folder);
  await first.log('"serving"');
  first.child.kill("SIGKILL");
  await first.exit();
  assert.ok(existsSync(socketOf("py")));
  const second = startPython(folder, { RUTH_EXIT_WITH_STDIN: "1" });
  await second.log('"serving"');
  const third = startPython(folder);
  assert.equal(await third.exit(), 1);
  assert.match(third.stderr(), /another process serves/);
  second.child.stdin?.end();
  assert.equal(await second.exit(), 0, second.stderr());
  assert.ok(!existsSync(socketOf("py")));
});

test("a wrong environment is exit code 3, wrong arguments 2, a wrong folder or module 1, each with its reason", async () => {
  const good = modelFolder("py", "handler.py", IN_PYTHON);
  const args = ["-B", "-m", "vas_runtime"];
  const yaml = (id: string, change: (text: string) => string, code = IN_PYTHON) => {
    const folder = modelFolder(id, "handler.py", code);
    const file = join(folder, "model.yaml");
    writeFileSync(file, change(readFileSync(file, "utf8")));
    return folder;
  };
  const cases: [ReturnType<typeof start>, number, RegExp][] = [
    [startPython(good, { VAS_SHM_DIR: "relative" }), 3, /VAS_SHM_DIR must be an absolute path/],
    [startPython(good, { RUTH_EXIT_WITH_STDIN: "yes" }), 3, /RUTH_EXIT_WITH_STDIN must be 0 or 1/],
    [start("/usr/bin/python3", args), 2, /name the model's folder/],
    [startPython("/nonexistent"), 1, /model.yaml cannot be read/],
    [startPython(good, { RUTH_SOCKET_DIR: join(folders.socketDir, "none") }), 1, /the runtime cannot start/],
    [
      startPython(yaml("a", (text) => text.replace("entry: handler.py", "entry: ../py/handler.py"))),
      1,
      /leaves the model's folder/,
    ],
    [startPython(yaml("b", (text) => text.replace("handler.py", "none.py"))), 1, /entry cannot be read \[none.py/],
    [startPython(yaml("c", (text) => text.replace("model_name", "model_nam"))), 1, /unknown key ..?model_nam/],
    [startPython(yaml("d", (text) => text.replace("handler.py", "handler.ts"))), 1, /ends in .py/],
    [startPython(yaml("e", (text) => text, "x = 1")), 1, /neither handler nor create_handler/],
    [startPython(yaml("f", (text) => text, "raise OSError('no weights')")), 1, /no weights/],
    [startPython(yaml("g", (text) => `${text}a: &x 1\n`)), 1, /line 7: an anchor is not allowed/],
  ];
  for (const [runtime, code, text] of cases) {
    assert.equal(await runtime.exit(), code, runtime.stderr());
    assert.match(runtime.stderr(), text);
  }
});

test("class names come from a file as well, one a line", async () => {
  const code =
    "def create_handler(model):\n    return lambda frame, context: [dict(class_id=0, class_name=' '.join(model.class_names), confidence=1, bbox=(0, 0, 1, 1))]\n";
  const folder = modelFolder("named", "handler.py", code);
  const file = join(folder, "model.yaml");
  const yaml = readFileSync(file, "utf8").replace("class_names: [thing, other]", "classes: 2, class_names_file: n.txt");
  writeFileSync(file, yaml);
  writeFileSync(join(folder, "n.txt"), "one\r\n two \n\n");
  const runtime = startPython(folder);
  await runtime.log('"serving"');
  const ring = ringOf({ width: 8, height: 4 });
  const caller = await callRuntime(socketOf("named"), 60_000);
  const reply = await caller.ask(requestFor(ring, "named", ring.write(noise(48, 8))));
  assert.deepEqual([reply.error, reply.detections[0]?.class_name], [null, "one two"]);
  caller.close();
  writeFileSync(join(folder, "n.txt"), "one\n\ntwo\n");
  const refused = startPython(folder);
  assert.equal(await refused.exit(), 1);
  assert.match(refused.stderr(), /line 2 of the class_names_file is empty/);
});

test("create_handler is given the model, and the example of the package is served", async () => {
  const made = startPython(
    modelFolder(
      "made",
      "handler.py",
      "def create_handler(model):\n    return lambda frame, context: [dict(class_id=0, class_name=model.model_id, confidence=1, bbox=(0, 0, 1, 1))]\n",
    ),
  );
  const example = startPython(join(SDK, "examples/brightness"));
  await Promise.all([made.log('"serving"'), example.log('"serving"')]);
  const ring = ringOf({ width: 64, height: 36 });
  const caller = await callRuntime(socketOf("made"), 60_000);
  const reply = await caller.ask(requestFor(ring, "made", ring.write(noise(3456, 7))));
  assert.deepEqual([reply.error, reply.detections[0]?.class_name], [null, "made"]);
  caller.close();
  const picture = new Uint8Array(3456).fill(60, 0, 2304).fill(128, 2304);
  for (let row = 8; row < 12; row++) picture.fill(235, row * 64 + 32, row * 64 + 36);
  const other = await callRuntime(socketOf("brightness"), 60_000);
  const bright = await other.ask(requestFor(ring, "brightness", ring.write(picture)));
  assert.deepEqual([bright.error, bright.detections[0]?.class_name], [null, "bright"]);
  assert.deepEqual(bright.detections[0]?.bbox, [8 / 16, 2 / 9, 9 / 16, 3 / 9]);
  other.close();
  const lines = readFileSync(join(SDK, "examples/brightness/handler.py"), "utf8").split("\n").length - 1;
  assert.ok(lines < 30, `${lines} lines`);
});
