/** The kit against the runtimes of this repository, which pass, and behind a proxy with one flaw, which is found. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { heartbeatPath, socketPath } from "@vas/contracts/inference.ts";
import type { KitOptions } from "./kit.ts";
import { CASES, type Report, runConformance } from "./run.ts";
import { type Flaw, FlawedProxy } from "./testing/flawed-proxy.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const MAIN = join(import.meta.dirname, "main.ts");
const SDK = join(ROOT, "packages/runtime-sdk/src/main.ts");
const PYTHON_SDK = join(ROOT, "packages/runtime-sdk-python");
/** The commands of three runtimes in two languages, by model. */
const COMMANDS: Record<string, string[]> = {
  barcode: [process.execPath, SDK, join(ROOT, "runtimes/barcode")],
  "person-hog": [process.execPath, SDK, join(ROOT, "runtimes/person-hog")],
  brightness: ["/usr/bin/python3", "-m", "vas_runtime", join(PYTHON_SDK, "examples/brightness")],
};
const MODELS = Object.keys(COMMANDS);
/** Nothing is judged by time here: this machine may be busy with other things. */
const PATIENCE_MS = 60_000;

const folder = mkdtempSync(join(tmpdir(), "conformance-"));
const shmDir = join(folder, "shm");
const socketDir = join(folder, "sockets");
const runtimes: ChildProcess[] = [];
let log = "";

before(async () => {
  for (const dir of [shmDir, socketDir]) mkdirSync(dir);
  for (const [command = "", ...args] of Object.values(COMMANDS)) {
    const env = {
      PATH: process.env.PATH ?? "",
      RUTH_SOCKET_DIR: socketDir,
      VAS_SHM_DIR: shmDir,
      RUTH_EXIT_WITH_STDIN: "1",
      PYTHONPATH: PYTHON_SDK,
      PYTHONDONTWRITEBYTECODE: "1",
    };
    const child = spawn(command, args, { env, stdio: "pipe" });
    child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
    runtimes.push(child);
  }
  const deadline = Date.now() + 60_000;
  const isReady = (model: string) =>
    existsSync(socketPath(socketDir, model)) && existsSync(heartbeatPath(socketDir, model));
  while (!MODELS.every(isReady)) {
    if (Date.now() > deadline) throw new Error(`the runtimes did not come up within 60 s\n${log}`);
    await wait(20);
  }
});

after(async () => {
  for (const child of runtimes) {
    if (child.exitCode !== null) continue;
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    await exited;
  }
  rmSync(folder, { recursive: true });
});

function options(modelId: string, more: Partial<KitOptions> = {}): KitOptions {
  const socket = socketPath(socketDir, modelId);
  const size = { width: 160, height: 128 };
  return { socket, modelId, shmDir, deadlineMs: PATIENCE_MS, patienceMs: PATIENCE_MS, ...size, ...more };
}

function failures(report: Report): string[] {
  return report.outcomes.filter((one) => one.problem !== null).map((one) => `${one.group}: ${one.name}`);
}

function explained(report: Report): string {
  return report.outcomes.flatMap((one) => (one.problem === null ? [] : [`${one.name}: ${one.problem}`])).join("\n");
}

for (const model of MODELS)
  test(`the runtime ${model} passes every case and leaves no frames behind`, async () => {
    const told: string[] = [];
    const report = await runConformance(options(model), (outcome) => told.push(outcome.name));
    assert.equal(explained(report), "");
    assert.deepEqual(
      told,
      CASES.map((one) => one.name),
    );
    assert.deepEqual(readdirSync(shmDir), []);
  });

const every = (pattern: RegExp) => CASES.map((one) => `${one.group}: ${one.name}`).filter((name) => pattern.test(name));
const REFUSALS = every(/: refused: |a hundred refused|stops and starts again/);
const FRAMING = every(/announces|broken message is still answered/);

/** The cases that each flaw fails, all of them and no others. */
const FOUND: [flaw: Flaw, cases: string[]][] = [
  ["none", []],
  ["believes-frames", every(/^(frames|paths): refused|of another model|stops and starts again/)],
  ["any-path", every(/^paths: refused: (?!the folder of another camera|a link)/)],
  ["closes-on-error", [...REFUSALS, ...FRAMING]],
  ["bare-error", [...REFUSALS, ...FRAMING]],
  ["error-with-frame", [...REFUSALS, ...FRAMING]],
  ["open-socket", every(/owner's only/)],
  ["no-heartbeat", every(/heartbeat/)],
];

for (const [flaw, cases] of FOUND)
  test(`the flaw "${flaw}" fails its cases and no others`, async (t) => {
    const dir = mkdtempSync(join(folder, "proxy-"));
    await using proxy = await FlawedProxy.start(flaw, "barcode", socketPath(socketDir, "barcode"), shmDir, dir);
    const report = await runConformance(options("barcode", { socket: proxy.path }), () => undefined);
    t.diagnostic(`${failures(report).length} of ${report.outcomes.length} cases failed`);
    assert.deepEqual(failures(report).sort(), [...new Set(cases)].sort(), explained(report));
  });

/** These fail by waiting in vain, or more than these by chance; nothing else is asked of them. */
const FOUND_BY_WAITING: [flaw: Flaw, cases: string[], patienceMs: number][] = [
  ["waits-for-all", every(/announces (one byte|four)/), 5000],
  ["one-caller", every(/side by side|say nothing/), 5000],
  // Requests that the proxy sees one by one are answered one by one, in order.
  ["newest-first", every(/two in one write/), PATIENCE_MS],
  ["twice", every(/in their order|nothing is sent/), PATIENCE_MS],
  ["oversized", every(/answered with one valid reply/), PATIENCE_MS],
  ["hangs", every(/answered with one valid reply/), 1000],
];

for (const [flaw, cases, patienceMs] of FOUND_BY_WAITING)
  test(`the flaw "${flaw}" is found`, async () => {
    const dir = mkdtempSync(join(folder, "proxy-"));
    await using proxy = await FlawedProxy.start(flaw, "barcode", socketPath(socketDir, "barcode"), shmDir, dir);
    const report = await runConformance(
      options("barcode", { socket: proxy.path, patienceMs }),
      () => undefined,
      (one) => cases.includes(`${one.group}: ${one.name}`),
    );
    assert.deepEqual(failures(report), cases);
  });

async function command(args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH: process.env.PATH ?? "" }, stdio: "pipe" });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, err };
}

test("the command prints a report and ends with 0, 1, 2 or 3", async () => {
  const socket = socketPath(socketDir, "barcode");
  const slow = ["--deadline", "60000", "--patience", "60000", "--size", "160x128"];
  const good = await command([socket, "--shm-dir", shmDir, ...slow]);
  assert.equal(good.code, 0, good.out);
  assert.match(good.out, /^ {2}ok {4}a request is answered/m);
  assert.match(good.out, new RegExp(`^${CASES.length} passed, 0 failed, reply p50 `, "m"));

  const paths = await command([socket, "--shm-dir", shmDir, ...slow, "--only", "paths"]);
  assert.equal(paths.code, 0, paths.out);
  assert.doesNotMatch(paths.out, /malformed/);
  assert.match(paths.out, /refused: the root/);

  const absent = await command([socketPath(socketDir, "absent"), "--shm-dir", shmDir, "--json"]);
  assert.equal(absent.code, 1);
  const report = JSON.parse(absent.out) as Report;
  assert.equal(report.untried, CASES.length - 1);
  assert.match(report.outcomes[0]?.problem ?? "", /accepts no connection: ENOENT/);

  const file = join(folder, "file");
  writeFileSync(file, "");
  assert.equal((await command([socket, "--shm-dir", file])).code, 3);
  for (const args of [[], [socket, "again"], [socket, "--size", "9x9"], [socket, "--colour"], ["/tmp/x"]])
    assert.equal((await command(args)).code, 2, args.join(" "));
});
