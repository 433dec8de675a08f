import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStat, readProcesses } from "./processes.ts";

test("a process's name may hold spaces and parentheses", () => {
  const numbers = "S 1 1 1 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 1 0 1 1000 25 18446744073709551615";
  assert.deepEqual(parseStat(7, `7 (a) b (c) ${numbers}`), {
    pid: 7,
    name: "a) b (c",
    cpuSeconds: 2,
    memoryBytes: 25 * 4096,
  });
});

test("what is no process says nothing", async () => {
  assert.equal(parseStat(7, ""), undefined);
  assert.equal(parseStat(7, "7 (x) S 1"), undefined);
  assert.deepEqual(await readProcesses(2 ** 30), []);
});

test("a process that runs is found with its memory", async () => {
  const [own] = await readProcesses(process.pid);
  assert.equal(own?.pid, process.pid);
  assert.ok((own?.memoryBytes ?? 0) > 1_000_000);
});
