/**
 * Intent in a real VAS becomes what a real Core runs. Core looks at the assignments by itself once an hour here, so
 * whatever it does before that, it does because VAS told it.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { AiHealth, AiModel, Camera } from "@vas/contracts/http.ts";
import { FakeRing } from "@vas/testkit/fake-ring.ts";
import { MisbehavingRuntime } from "@vas/testkit/misbehaving-runtime.ts";
import { freePort, waitFor } from "@vas/testkit/processes.ts";
import { startSite } from "@vas/testkit/site.ts";

test("every change of intent reaches the runtimes by the notice alone, and a new Core converges to it", async (t) => {
  const models = mkdtempSync(join(tmpdir(), "vas-models-"));
  after(() => rmSync(models, { recursive: true }));
  const folder = (name: string, more: string) => {
    mkdirSync(join(models, name));
    const yaml = `model_id: ${name}\nmodel_name: ${name}\nmodel_version: "1"\nmodel_type: module\nentry: handler.ts\n`;
    writeFileSync(join(models, name, "model.yaml"), yaml + more);
    writeFileSync(join(models, name, "handler.ts"), "export const handler = () => [];\n");
  };
  folder("person", "config_schema: { type: object, properties: { threshold: { type: number, maximum: 1 } } }\n");
  folder("gpu", "resource_requirements: { gpu_required: true, cpu_fallback_allowed: true }\n");

  const site = await startSite({
    modelsDirs: [models],
    start: { runtimes: false },
    vasEnv: { VAS_ALLOW_LOOPBACK_CAMERAS: "true" },
    coreEnv: { RECONCILIATION_INTERVAL_SECONDS: "3600" },
  });
  after(() => site.stop());
  await using runtime = await MisbehavingRuntime.start(site.socketDir, "person");
  const api = await site.api();
  const rtsp_url = `rtsp://127.0.0.1:${await freePort()}/absent`;
  const { id } = await api.post<Camera>("cameras", { name: "Frames without a camera", rtsp_url });
  const ring = new FakeRing(site.shmDir, id);
  const base = Date.now() * 90;
  let frames = 0;
  const writing = setInterval(() => {
    ring.write({ timestampNs: process.hrtime.bigint(), pts90k: base + ++frames * 3600, wallMs: Date.now() });
  }, 40);
  after(() => clearInterval(writing));

  const found = await waitFor("both models in the registry", async () => {
    const { items } = await api.get<{ items: AiModel[] }>("ai-models");
    return items.length === 2 ? items : undefined;
  });
  // A machine of a developer may have a GPU; then there is nothing to say.
  const notice = found.find((model) => model.model_id === "gpu")?.notice ?? null;
  assert.ok(notice === null || /asks for a GPU/.test(notice), String(notice));

  const assignment = `ai-model-assignments/${id}/person`;
  const seen = (what: string, isSo: () => boolean) => waitFor(what, isSo, { withinMs: 60_000, everyMs: 5 });
  const newest = () => runtime.requests.at(-1);
  const timed = async (what: string, isSo: () => boolean) => {
    const start = performance.now();
    await seen(what, isSo);
    t.diagnostic(`${what}: ${Math.round(performance.now() - start)} ms after VAS answered`);
  };
  const refusal = async (path: string, body: unknown) => {
    const answer = await api.request("PUT", path, body);
    return [answer.status, (answer.body as { error: { code: string } }).error.code];
  };

  await api.put(assignment, { desired_fps: 20, parameters: { threshold: 0.5 } });
  await timed("a first request", () => newest()?.config?.threshold === 0.5);
  await api.put(assignment, { parameters: { threshold: 0.7 } });
  await timed("other parameters", () => newest()?.config?.threshold === 0.7);

  assert.deepEqual(await refusal(assignment, { parameters: { threshold: 7 } }), [400, "parameters_invalid"]);
  assert.deepEqual(await refusal(`ai-model-assignments/${id}/nobody`, {}), [404, "model_not_found"]);

  const running = async () => (await api.get<AiHealth>("ai-health")).subscriptions.length;
  await api.patch("ai-models/person", { enabled: false });
  await waitFor("nothing to run for a disabled model", async () => (await running()) === 0, { withinMs: 60_000 });
  assert.deepEqual(await refusal(assignment, { desired_fps: 5 }), [409, "model_disabled"]);
  const before = runtime.requests.length;
  await api.patch("ai-models/person", { enabled: true });
  await timed("requests of the model enabled again", () => runtime.requests.length > before);
  assert.equal(newest()?.config?.threshold, 0.7, "the stored wish was kept");

  await site.core.kill();
  await api.put(assignment, { parameters: { threshold: 0.9 } });
  await site.core.start();
  await seen("the newest intent in a new Core", () => newest()?.config?.threshold === 0.9);

  await api.delete(assignment);
  await waitFor("nothing to run without an assignment", async () => (await running()) === 0, { withinMs: 60_000 });
  const last = runtime.requests.length;
  const shown = frames;
  await seen("ten more frames", () => frames > shown + 10);
  assert.equal(runtime.requests.length, last);
  assert.deepEqual(runtime.violations, []);
});
