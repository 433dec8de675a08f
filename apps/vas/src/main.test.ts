import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { lockDataFolder } from "./backend/store/lock.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

/** Runs VAS to its end. The tools are never reached: what is tried here ends before. */
function run(env: Record<string, string>): Promise<{ code: number | null; out: string; err: string }> {
  const tool = process.execPath;
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env["PATH"], VAS_FFMPEG: tool, MEDIASOUP_WORKER_BIN: tool, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
  });
}

test("an invalid environment ends with code 3 and a line for each problem", async () => {
  const { code, out, err } = await run({ VAS_HTTP_PORT: "x", VAS_TYPO: "1", VAS_DATABASE_URL: "mysql://a:b@c/d" });
  assert.equal(code, 3);
  assert.equal(out, "");
  const names = err
    .trim()
    .split("\n")
    .map((line) => line.split(/[=:]/)[0]);
  assert.deepEqual(names, ["VAS_HTTP_PORT", "VAS_DATABASE_URL", "VAS_TYPO"]);
});

test("a second VAS on the same data folder ends before it touches anything", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "vas-main-"));
  const lock = lockDataFolder(dataDir);
  const { code, err } = await run({ VAS_DATA_DIR: dataDir, VAS_HTTP_PORT: "0" });
  assert.equal(code, 1);
  assert.match(err, /another VAS uses this data folder/);
  lock.release();
  lockDataFolder(dataDir).release();
});
