import assert from "node:assert/strict";
import { test } from "node:test";
import type { CoreMetrics, SubscriptionMetrics } from "@vas/contracts/http.ts";
import type { HealthHistory, SystemHealth } from "@vas/contracts/health.ts";
import { addCamera, addUser, openTestSite, type TestSite } from "../testing/site.ts";

const HOUR = "/api/v1/health/history?range=hour&series=";

function metrics(cameraId: string, busy: number): CoreMetrics {
  const subscription: SubscriptionMetrics = {
    camera_id: cameraId,
    model_id: "person",
    health: "healthy",
    reason: null,
    desired_fps: 5,
    achieved_fps: 4.5,
    dispatched: 10,
    results: 9,
    skipped: { busy, cap: 0 },
    queue_depth: 1,
    latency_ms: { p50: 20, p95: 40 },
    last_success_at: new Date().toISOString(),
    last_error: null,
  };
  const model = {
    model_id: "person",
    health: "healthy" as const,
    reason: null,
    heartbeat_at: new Date().toISOString(),
    total_requests: 100,
    total_errors: 0,
    avg_latency_ms: 21,
    uptime_seconds: 60,
    memory_bytes: 1e8,
    service_ms: 19,
  };
  return { uptime_seconds: 60, results_dropped: 0, cameras: [], subscriptions: [subscription], models: [model] };
}

async function historyOf(site: TestSite, names: string[], cookie = site.cookie): Promise<HealthHistory> {
  const reply = await fetch(`${site.url}${HOUR}${names.join(",")}`, { headers: { cookie } });
  assert.equal(reply.status, 200, await reply.clone().text());
  return (await reply.json()) as HealthHistory;
}

test("what Core and the kernel say becomes history, and what Core no longer says is a gap", async (t) => {
  const startMs = Date.now();
  const site = await openTestSite(t);
  const camera = await addCamera(site);
  const { core } = site.backend;
  core.connected = true;
  // A report that stays fresh, however slow this machine is.
  core.lastReportWallMs = Date.now() + 3_600_000;
  core.metrics = metrics(camera, 100);
  await site.observer.sample();
  core.metrics = metrics(camera, 200);
  await site.observer.sample();
  const name = `subscription.${camera}.person`;
  const names = [`${name}.achieved`, `${name}.skipped.busy`, `${name}.skipped.cap`, "model.person.service"];
  const { series, step_ms } = await historyOf(site, [...names, `camera.${camera}.live`, "system.memory", "no.such"]);
  const last = Object.fromEntries(series.map((one) => [one.name, one.values.at(-1) ?? null]));
  assert.equal(step_ms, 5000);
  assert.equal(last[`${name}.achieved`], 4.5);
  const busy = series.find((one) => one.name === `${name}.skipped.busy`);
  assert.ok(busy?.values.some((value) => (value ?? 0) > 0));
  assert.equal(last["model.person.service"], 19);
  assert.equal(last[`camera.${camera}.live`], 1);
  assert.ok((last["system.memory"] ?? 0) > 0);
  assert.ok(!(`${name}.skipped.cap` in last) && !("no.such" in last), "a reason that never came up has no series");

  core.connected = false;
  await site.observer.sample();
  const after = await historyOf(site, [`${name}.achieved`, `camera.${camera}.live`]);
  assert.deepEqual(
    after.series.map(({ values }) => values.at(-1)),
    [null, 1],
  );
  const health = await (await site.call("GET", "/api/v1/ai-health")).json();
  const { since } = (health as { core: { since: string } }).core;
  assert.ok(Date.parse(since) >= startMs && Date.parse(since) <= Date.now(), since);
});

test("who sees some cameras gets their history, not that of others, of models or of the machine", async (t) => {
  const site = await openTestSite(t);
  const seen = await addCamera(site, { name: "Seen" });
  const hidden = await addCamera(site, { name: "Hidden" });
  const viewer = await addUser(site, { role: "viewer", camera_ids: [seen] });
  await site.observer.sample();
  await site.observer.sample();
  const names = [`camera.${seen}.live`, `camera.${hidden}.live`, "system.memory", `subscription.${hidden}.m.achieved`];
  const told = await historyOf(site, names, viewer.cookie);
  assert.deepEqual(
    told.series.map(({ name }) => name),
    [`camera.${seen}.live`],
  );
  const all = await historyOf(site, names);
  assert.equal(all.series.length, 3);
  const machine = await fetch(`${site.url}/api/v1/health/system`, { headers: { cookie: viewer.cookie } });
  assert.equal(machine.status, 403);
  const many = await site.call("GET", `${HOUR}${Array.from({ length: 65 }, (_, n) => `a${n}`).join(",")}`);
  assert.equal(many.status, 400);
});

test("the machine's use is told with VAS itself first", async (t) => {
  const site = await openTestSite(t);
  const system = (await (await site.call("GET", "/api/v1/health/system")).json()) as SystemHealth;
  assert.equal(system.processes[0]?.name, "VAS");
  assert.ok(system.memory.total_bytes > system.memory.free_bytes && system.processors > 0);
  assert.deepEqual([system.store.kind, system.shm], ["sqlite", null]);
  assert.ok(system.store.answer_ms === null || system.store.answer_ms >= 0);
});
