import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { checkHeartbeat } from "@vas/contracts/inference.ts";
import { readConfig } from "./config.ts";
import { callRuntime, createTestRing, requestFor, testFolders, until } from "./testing/ring.ts";

const MAIN = join(import.meta.dirname, "main.ts");

let folders: ReturnType<typeof testFolders>;
let modelFolder: string;
let children: ChildProcess[];

beforeEach(() => {
  folders = testFolders();
  children = [];
  modelFolder = join(folders.socketDir, "model");
  mkdirSync(modelFolder);
  writeFileSync(
    join(modelFolder, "model.yaml"),
    "model_id: m\nmodel_name: M\nmodel_version: '1'\nmodel_type: module\nentry: h.ts\n",
  );
  writeModule(
    "export const handler = (frame) => [{ class_id: 0, class_name: 'x', confidence: 1, bbox: [0, 0, 1, 1], value: frame.width }];",
  );
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  folders.remove();
});

function writeModule(code: string): void {
  writeFileSync(join(modelFolder, "h.ts"), code);
}

function start(env: Record<string, string> = {}, args = [modelFolder]) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env.PATH, RUTH_SOCKET_DIR: folders.socketDir, VAS_SHM_DIR: folders.shmDir, ...env },
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
        setTimeout(() => reject(new Error(`the runtime did not end; it wrote: ${stderr}`)), 20_000).unref();
      }),
    ]);
  return { child, exit, stderr: () => stderr, log: (text: string) => until(text, () => stderr.includes(text)) };
}

const paths = () => ({
  socket: join(folders.socketDir, "vas_model_m.sock"),
  heartbeat: join(folders.socketDir, "vas_heartbeat_m.json"),
});

test("a module's folder is served, with a heartbeat, until SIGTERM, and nothing is left", async () => {
  const runtime = start();
  await runtime.log('"serving"');
  const ring = createTestRing(folders.shmDir, { width: 8, height: 4 });
  const caller = await callRuntime(paths().socket);
  const reply = await caller.ask(requestFor(ring, "m", ring.write(new Uint8Array(48))));
  assert.deepEqual([reply.error, reply.detections[0]?.value], [null, 8]);
  await until("a heartbeat", () => existsSync(paths().heartbeat));
  const heartbeat = checkHeartbeat(JSON.parse(readFileSync(paths().heartbeat, "utf8")));
  assert.ok(heartbeat.ok && heartbeat.value.model_id === "m" && heartbeat.value.status === "healthy");
  assert.equal(statSync(paths().socket).mode & 0o777, 0o600);
  runtime.child.kill("SIGTERM");
  assert.equal(await runtime.exit(), 0);
  await caller.closed;
  assert.deepEqual([existsSync(paths().socket), existsSync(paths().heartbeat)], [false, false]);
  ring.close();
});

test("createHandler is awaited and given the model", async () => {
  writeModule(
    "export async function createHandler(model) { await null; const n = model.yaml.model_id; return () => [{ class_id: 0, class_name: n, confidence: 1, bbox: [0, 0, 1, 1] }]; }",
  );
  const runtime = start();
  await runtime.log('"serving"');
  const ring = createTestRing(folders.shmDir, { width: 8, height: 4 });
  const caller = await callRuntime(paths().socket);
  const reply = await caller.ask(requestFor(ring, "m", ring.write(new Uint8Array(48))));
  assert.equal(reply.detections[0]?.class_name, "m");
  runtime.child.kill("SIGINT");
  assert.equal(await runtime.exit(), 0);
  ring.close();
});

test("killed without warning it leaves a socket, which the next start takes over", async () => {
  const first = start();
  await first.log('"serving"');
  first.child.kill("SIGKILL");
  await first.exit();
  assert.ok(existsSync(paths().socket));
  const second = start();
  await second.log('"serving"');
  const third = start();
  assert.equal(await third.exit(), 1);
  assert.match(third.stderr(), /another process serves/);
  (await callRuntime(paths().socket)).close();
});

test("with RUTH_EXIT_WITH_STDIN it ends when its launcher does", async () => {
  const runtime = start({ RUTH_EXIT_WITH_STDIN: "1" });
  await runtime.log('"serving"');
  runtime.child.stdin.end();
  assert.equal(await runtime.exit(), 0);
  assert.ok(!existsSync(paths().socket));
});

test("a wrong environment is exit code 3, wrong arguments 2, a wrong folder or module 1, each with its reason", async () => {
  const cases: [ReturnType<typeof start>, number, RegExp][] = [
    [start({ VAS_SHM_DIR: "relative" }), 3, /VAS_SHM_DIR must be an absolute path/],
    [start({ RUTH_EXIT_WITH_STDIN: "yes" }), 3, /RUTH_EXIT_WITH_STDIN must be 0 or 1/],
    [start({}, []), 2, /name the model's folder/],
    [start({}, ["/nonexistent"]), 1, /cannot be read/],
    [start({ RUTH_SOCKET_DIR: join(folders.socketDir, "none") }), 1, /the runtime cannot start/],
  ];
  for (const [runtime, code, text] of cases) {
    assert.equal(await runtime.exit(), code, runtime.stderr());
    assert.match(runtime.stderr(), text);
  }
  for (const [module, text] of [
    ["export const x = 1;", /exports neither handler nor createHandler/],
    ["throw new Error('no weights');", /no weights/],
    ["export const createHandler = () => { throw new Error('no memory'); };", /no memory/],
  ] as const) {
    writeModule(module);
    const runtime = start();
    assert.equal(await runtime.exit(), 1);
    assert.match(runtime.stderr(), text);
  }
});

test("the defaults are those of wires.md, and trailing slashes do not count", () => {
  assert.deepEqual(readConfig({}), { socketDir: "/tmp", shmDir: "/dev/shm/vas", exitWithStdin: false });
  assert.deepEqual(readConfig({ RUTH_SOCKET_DIR: "/run/ruth/", VAS_SHM_DIR: "//x//", RUTH_EXIT_WITH_STDIN: "1" }), {
    socketDir: "/run/ruth",
    shmDir: "//x",
    exitWithStdin: true,
  });
});
