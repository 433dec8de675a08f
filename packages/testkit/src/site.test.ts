import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { AiHealth, AiModelList } from "@vas/contracts/http.ts";
import { ApiError } from "./api.ts";
import { descendants, isRunning, waitFor } from "./processes.ts";
import { REPOSITORY, startSite } from "./site.ts";

test("a whole site comes up, answers its client, and leaves no process, socket or shared memory", async () => {
  const deaths: string[] = [];
  const site = await startSite({
    modelsDirs: [join(REPOSITORY, "runtimes")],
    frameExport: true,
    onDeath: (part) => deaths.push(part.name),
  });
  const pids = site.pids();
  try {
    assert.equal(pids.length, 2 + site.runtimes.size);
    const api = await site.api();
    await assert.rejects(
      api.get("cameras/00000000-0000-4000-8000-000000000000"),
      (thrown) => thrown instanceof ApiError && thrown.code === "camera_not_found" && thrown.status === 404,
    );
    await waitFor("Core to be connected", async () => (await api.get<AiHealth>("ai-health")).core.connected);
    await waitFor("the models to be registered", async () => {
      const { items } = await api.get<AiModelList>("ai-models");
      return [...site.runtimes.keys()].every((id) => items.some((model) => model.model_id === id && model.present));
    });
    assert.ok(site.serviceKey().length >= 16);

    await site.core.kill();
    assert.equal(site.core.exit(), "SIGKILL");
    await waitFor("VAS to see that Core is gone", async () => !(await api.get<AiHealth>("ai-health")).core.connected);
    await site.core.start();
    await waitFor("Core to be back", async () => (await api.get<AiHealth>("ai-health")).core.connected);
  } finally {
    const children = descendants(process.pid).map(({ pid }) => pid);
    assert.deepEqual(await site.stop(), []);
    assert.deepEqual([...pids, ...children].filter(isRunning), []);
  }
  for (const folder of [site.dataDir, site.shmDir, site.socketDir]) assert.ok(!existsSync(folder), folder);
  assert.deepEqual(deaths, [], "what was asked to end is no death");
});

test("a part that cannot start says why, with its log, and nothing of the site is left", async () => {
  const before = descendants(process.pid).length;
  await assert.rejects(
    startSite({ vasEnv: { VAS_HTTP_PORT: "eighty" } }),
    /vas ended at its start \[exit:3\][^]*VAS_HTTP_PORT/,
  );
  assert.equal(descendants(process.pid).length, before);
});

test("a model whose entry is a Python file is started with Python", async () => {
  await using site = await startSite({
    modelsDirs: [join(REPOSITORY, "packages/runtime-sdk-python/examples")],
    start: { core: false },
  });
  const runtime = site.runtimes.get("brightness");
  assert.equal(runtime?.running(), true);
  assert.match(readFileSync(`/proc/${runtime.pid()}/cmdline`, "utf8"), /python3\0-B\0-m\0vas_runtime\0/);
  assert.ok(existsSync(join(site.socketDir, "vas_model_brightness.sock")));
});
