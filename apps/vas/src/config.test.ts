import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Config, type Env, loadConfig } from "./config.ts";

const bin = mkdtempSync(join(tmpdir(), "vas-config-"));
for (const name of ["ffmpeg", "mediasoup-worker"]) {
  writeFileSync(join(bin, name), "");
  chmodSync(join(bin, name), 0o755);
}
const base: Env = { PATH: bin, MEDIASOUP_WORKER_BIN: join(bin, "mediasoup-worker"), HOME: bin };

function accepted(env: Env): Config {
  const loaded = loadConfig({ ...base, ...env });
  assert.ok(loaded.ok, loaded.ok ? "" : loaded.problems.join("\n"));
  return loaded.config;
}

function refused(env: Env): string[] {
  const loaded = loadConfig({ ...base, ...env });
  assert.ok(!loaded.ok, "the environment was accepted");
  return loaded.problems;
}

test("an empty environment gives the documented defaults", () => {
  const config = accepted({});
  assert.equal(config.httpHost, "127.0.0.1");
  assert.equal(config.httpPort, 8080);
  assert.equal(config.rtcPort, 44_400);
  assert.equal(config.rtcListenIp, "127.0.0.1");
  assert.deepEqual(config.frameExport, {
    ...{ enabled: false, slotCount: 8, shmDir: "/dev/shm/vas" },
    hardware: undefined,
  });
  assert.equal(config.retentionFreePercent, 10);
  assert.equal(config.ffmpeg, join(bin, "ffmpeg"));
  assert.ok(config.mediaWorkers >= 1);
});

test("an unknown variable is refused by name, and variables of other processes are not", () => {
  assert.match(refused({ VAS_HTTP_PROT: "80" })[0] ?? "", /^VAS_HTTP_PROT: is not a variable of VAS/);
  assert.match(refused({ AI_FRAME_EXPORT: "true" })[0] ?? "", /^AI_FRAME_EXPORT:/);
  accepted({ VAS_URL: "http://127.0.0.1:8080", VAS_SERVICE_KEY_FILE: "x", RUTH_MODELS_DIR: "x" });
});

test("every invalid value is told with its name, value and rule, all at once", () => {
  const bad: [string, string][] = [
    ["VAS_HTTP_PORT", "70000"],
    ["VAS_HTTP_PORT", "-1"],
    ["VAS_HTTP_PORT", "8080x"],
    ["VAS_HTTP_HOST", "a b"],
    ["VAS_RTC_PORT", "80"],
    ["VAS_RTC_LISTEN_IP", "localhost"],
    ["VAS_MEDIA_WORKERS", "1.5"],
    ["AI_FRAME_EXPORT_ENABLED", "yes"],
    ["AI_FRAME_BUFFER_CAPACITY", "1"],
    ["VAS_HWACCEL", "gpu"],
    ["VAS_HWACCEL_DEVICE", "0"],
    ["VAS_TRUST_PROXY", "10.0.0.0/33"],
    ["VAS_RETENTION_FREE_PERCENT", "100"],
    ["VAS_FFMPEG", "/nowhere/ffmpeg"],
    ["MEDIASOUP_WORKER_BIN", bin],
  ];
  for (const [name, value] of bad)
    assert.ok(refused({ [name]: value }).some((line) => line.startsWith(`${name}=${JSON.stringify(value)}: must`)));
  assert.equal(refused({ VAS_HTTP_PORT: "x", AI_FRAME_EXPORT_ENABLED: "x", VAS_NO: "1" }).length, 3);
});

test("decoding hardware is named by a kind and by a device of that kind, and by nothing else", () => {
  const hardware = (env: Env) => accepted(env).frameExport.hardware;
  assert.equal(hardware({ VAS_HWACCEL: "none" }), undefined);
  assert.deepEqual(hardware({ VAS_HWACCEL: "auto" }), { kind: "auto", device: null });
  const render = "/dev/dri/renderD129";
  assert.deepEqual(hardware({ VAS_HWACCEL: "vaapi", VAS_HWACCEL_DEVICE: render }), { kind: "vaapi", device: render });
  assert.deepEqual(hardware({ VAS_HWACCEL: "cuda", VAS_HWACCEL_DEVICE: "1" }), { kind: "cuda", device: "1" });
  assert.deepEqual(hardware({ VAS_HWACCEL: "vulkan" }), { kind: "vulkan", device: null });
  for (const [kind, device] of [
    ["vaapi", "/dev/dri/../sda"],
    ["vaapi", "/dev/dri/renderD128,driver=x"],
    ["vaapi", "0"],
    ["cuda", "16"],
    ["cuda", "0:primary_ctx=1"],
    ["auto", "0"],
    ["none", "/dev/dri/renderD128"],
  ] as const)
    assert.match(
      refused({ VAS_HWACCEL: kind, VAS_HWACCEL_DEVICE: device })[0] ?? "",
      /^VAS_HWACCEL_DEVICE=.*: must be/,
    );
});

test("a problem with a secret does not show the secret", () => {
  const problems = refused({ VAS_ADMIN_PASSWORD: "short", VAS_SERVICE_KEY: "tiny" });
  assert.equal(problems.length, 2);
  assert.doesNotMatch(problems.join("\n"), /=short|=tiny|"short"|"tiny"/);
});

test("the store is a SQLite file or a PostgreSQL with a database's name, and nothing else", () => {
  const sqlite = (path: string) => ({ dialect: "sqlite", path });
  assert.deepEqual(accepted({ VAS_DATABASE_URL: "sqlite:///tmp/a.sqlite" }).database, sqlite("/tmp/a.sqlite"));
  assert.deepEqual(accepted({ VAS_DATABASE_URL: "/tmp/b.sqlite" }).database, sqlite("/tmp/b.sqlite"));
  for (const url of [
    "postgres://vas:hunter22@db/vas",
    "postgresql://vas@[::1]:5433/vas?sslmode=verify-full",
    "postgres://vas:hunter22@%2Frun%2Fpostgresql/vas",
    "postgres:///vas?host=/run/postgresql",
  ])
    assert.deepEqual(accepted({ VAS_DATABASE_URL: url }).database, { dialect: "postgres", url });
  for (const url of [
    "postgres://vas:hunter22@db",
    "postgres://vas:hunter22@db/",
    "postgres:///vas",
    "postgres://vas:hunter22%@db/vas",
    "mysql://vas:hunter22@db/vas",
  ]) {
    const [problem = ""] = refused({ VAS_DATABASE_URL: url });
    assert.match(problem, /^VAS_DATABASE_URL=\*\*\*: must be a SQLite file/);
    assert.doesNotMatch(problem, /hunter22/);
  }
});

test("tools that are nowhere are named with what to do", () => {
  const empty = mkdtempSync(join(tmpdir(), "vas-config-"));
  const loaded = loadConfig({ PATH: empty, HOME: empty });
  assert.ok(!loaded.ok);
  assert.deepEqual(
    loaded.problems.map((line) => line.split(":")[0]),
    ["VAS_FFMPEG", "MEDIASOUP_WORKER_BIN"],
  );
});

test("a worker built before is found in the cache", () => {
  const home = mkdtempSync(join(tmpdir(), "vas-config-"));
  mkdirSync(join(home, ".cache/vas"), { recursive: true });
  const worker = join(home, ".cache/vas/mediasoup-worker-3.19.22");
  writeFileSync(worker, "");
  chmodSync(worker, 0o755);
  const loaded = loadConfig({ PATH: bin, HOME: home });
  assert.ok(loaded.ok);
  assert.equal(loaded.config.mediasoupWorkerBin, worker);
});

test("viewers are served on the HTTP address unless that is loopback", () => {
  assert.equal(accepted({ VAS_HTTP_HOST: "0.0.0.0" }).rtcListenIp, "0.0.0.0");
  assert.equal(accepted({ VAS_HTTP_HOST: "localhost" }).rtcListenIp, "127.0.0.1");
  assert.equal(accepted({ VAS_HTTP_HOST: "0.0.0.0", VAS_RTC_LISTEN_IP: "10.0.0.4" }).rtcListenIp, "10.0.0.4");
});
