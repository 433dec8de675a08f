import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

type Entry = { version?: string; optionalDependencies?: Record<string, string> };

test("package-lock.json has an entry for every optional dependency, or npm ci refuses it", () => {
  // A registry that does not carry the packages of foreign platforms makes `npm install` leave their entries out.
  const lock = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8")) as {
    packages: Record<string, Entry>;
  };
  const missing = Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !lock.packages[`node_modules/${name}`] && !lock.packages[`${path}/node_modules/${name}`])
      .map(([name, version]) => `${name}@${version}`),
  );
  assert.deepEqual(missing, [], "add them with version, os, cpu, libc and optional, as their neighbours are");
});
