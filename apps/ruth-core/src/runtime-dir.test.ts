import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { socketPath } from "@vas/contracts/inference.ts";
import { runtimeDir } from "./runtime-dir.ts";

test("a runtime is looked for in the folder of all, then in its own, and never in another's", (t) => {
  const dir = mkdtempSync(join(tmpdir(), "runtime-dir-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const own = join(dir, "person");
  assert.equal(runtimeDir(dir, "person"), dir);
  for (const folder of [own, join(dir, "other")]) mkdirSync(folder);
  writeFileSync(socketPath(join(dir, "other"), "person"), "");
  assert.equal(runtimeDir(dir, "person"), dir, "another model's folder says nothing of this one");
  writeFileSync(socketPath(own, "person"), "");
  assert.equal(runtimeDir(dir, "person"), own);
  writeFileSync(socketPath(dir, "person"), "");
  assert.equal(runtimeDir(dir, "person"), dir);
});
