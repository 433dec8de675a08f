import assert from "node:assert/strict";
import { test } from "node:test";
import { importsOf, isTest, sources } from "./sources.ts";

const CONTRACTS = "packages/contracts/src/";
const BASE = "packages/base/src/";
const SDK = "packages/runtime-sdk/src/";
const TESTKIT = "packages/testkit/src/";
const DOCTOR = "packages/model-doctor/src/";

/** The first row that a file's path begins with says what of ours it may import beside its own folder. */
const RULES: [folder: string, may: string[]][] = [
  [CONTRACTS, []],
  [BASE, []],
  [SDK, [CONTRACTS, BASE]],
  [TESTKIT, [CONTRACTS, BASE]],
  [DOCTOR, [CONTRACTS, BASE, SDK, "runtimes/onnx/"]],
  ["packages/conformance/src/", [CONTRACTS, BASE]],
  ["apps/vas/src/kernel/", [CONTRACTS, BASE]],
  ["apps/vas/src/backend/", [CONTRACTS, BASE, "apps/vas/src/kernel/index.ts", "apps/vas/src/config.ts"]],
  ["apps/vas/src/", [CONTRACTS, BASE, "apps/vas/src/kernel/index.ts", "apps/vas/src/backend/"]],
  ["apps/ruth-core/src/", [CONTRACTS, BASE]],
  ["apps/web/", [CONTRACTS]],
  ["runtimes/", [SDK]],
];
/** What only tests may import as well. */
const FOR_TESTS = [TESTKIT, `${SDK}testing/`];

/** A runtime's folder is one model's: no runtime imports another. */
function ownFolder(path: string, folder: string): string {
  return folder === "runtimes/" ? path.split("/").slice(0, 2).join("/") : folder;
}

test("no file imports what its place does not allow", () => {
  const wrong: string[] = [];
  for (const source of sources(".ts", ".tsx")) {
    const rule = RULES.find(([folder]) => source.path.startsWith(folder));
    if (rule === undefined) continue;
    const [folder, may] = rule;
    const allowed = [ownFolder(source.path, folder), ...may, ...(isTest(source.path) ? FOR_TESTS : [])];
    for (const name of importsOf(source)) {
      if (!/^(apps|packages|runtimes|tests|tools|deploy|bench)\/.*\.tsx?$/.test(name)) continue;
      if (!allowed.some((prefix) => name.startsWith(prefix))) wrong.push(`${source.path} imports ${name}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("what only tests use is imported by tests only", () => {
  const wrong: string[] = [];
  for (const source of sources(".ts", ".tsx")) {
    // The launcher starts sites as the tests do, with the testkit's own site.
    if (isTest(source.path) || source.path.startsWith(TESTKIT) || source.path === "deploy/site.ts") continue;
    for (const name of importsOf(source))
      if (name.startsWith(TESTKIT) || isTest(name)) wrong.push(`${source.path} imports ${name}`);
  }
  assert.deepEqual(wrong, []);
});

test("imports of our own modules end in .ts or .tsx, so that Node runs them as they are written", () => {
  const wrong: string[] = [];
  for (const source of sources(".ts", ".tsx")) {
    if (source.path.startsWith("apps/web/")) continue;
    for (const name of importsOf(source))
      if (/^(apps|packages|runtimes|tests|tools|deploy)\//.test(name) && !/\.(tsx?|json)$/.test(name))
        wrong.push(`${source.path} imports ${name}`);
  }
  assert.deepEqual(wrong, []);
});

/** Modules of Node that reach nothing outside the process. */
const isComputation = (name: string) => name === "node:vm";

test("the contracts and base depend on no process: no child, no network, no environment, no files", () => {
  const wrong: string[] = [];
  for (const source of sources(".ts")) {
    if (isTest(source.path) || !(source.path.startsWith(CONTRACTS) || source.path.startsWith(BASE))) continue;
    for (const name of importsOf(source))
      if (name.startsWith("node:") && !isComputation(name)) wrong.push(`${source.path} imports ${name}`);
    if (/process\.env/.test(source.text)) wrong.push(`${source.path} reads process.env`);
  }
  assert.deepEqual(wrong, []);
});
