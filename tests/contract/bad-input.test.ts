/** What is wrong is named, and everything beside it goes on: a site with one good camera and model among bad ones. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { AiHealth, AiModel, Camera } from "@vas/contracts/http.ts";
import { MisbehavingRuntime } from "@vas/testkit/misbehaving-runtime.ts";
import { waitFor } from "@vas/testkit/processes.ts";
import { REPOSITORY, startSite } from "@vas/testkit/site.ts";
import { startSyntheticCamera } from "@vas/testkit/synthetic-camera.ts";

test("bad cameras, bodies, model folders and runtimes are named, and the good ones do not notice", async () => {
  const models = mkdtempSync(join(tmpdir(), "vas-models-"));
  after(() => rmSync(models, { recursive: true }));
  const folder = (name: string, yaml: string) => {
    mkdirSync(join(models, name));
    writeFileSync(join(models, name, "model.yaml"), yaml);
    writeFileSync(join(models, name, "handler.ts"), "export const handler = () => [];\n");
  };
  folder(
    "typo",
    "model_id: typo\nmodel_name: Typo\nmodel_version: '1'\nmodel_type: module\nentry: handler.ts\nconfidence: 1\n",
  );
  folder("broken", "model_id: broken\nmodel_id: again\n");
  folder(
    "escapes",
    "model_id: escapes\nmodel_name: E\nmodel_version: '1'\nmodel_type: module\nentry: ../../etc/passwd\n",
  );
  folder("garbage", "model_id: garbage\nmodel_name: G\nmodel_version: '1'\nmodel_type: module\nentry: handler.ts\n");

  await using camera = await startSyntheticCamera({ width: 640, height: 360, fps: 15, gop: 15 });
  const site = await startSite({
    frameExport: true,
    modelsDirs: [join(REPOSITORY, "runtimes"), models],
    start: { runtimes: false },
    vasEnv: { VAS_ALLOW_LOOPBACK_CAMERAS: "true" },
  });
  after(() => site.stop());
  await site.runtimes.get("barcode")?.start();
  const garbage = await MisbehavingRuntime.start(site.socketDir, "garbage", { behaviour: "garbage" });
  after(() => garbage[Symbol.asyncDispose]());
  const api = await site.api();
  const { id } = await api.post<Camera>("cameras", { name: "Good", rtsp_url: camera.url });

  const registry = await waitFor("every folder in the registry", async () => {
    const { items } = await api.get<{ items: AiModel[] }>("ai-models");
    return items.length === 6 ? new Map(items.map((model) => [model.folder, model])) : undefined;
  });
  for (const [name, line, says] of [
    ["typo", 6, /unknown key "confidence"/],
    ["broken", 2, /unique/],
    ["escapes", 1, /leaves the model's folder/],
  ] as const) {
    const model = registry.get(name);
    assert.equal(model?.valid, false, name);
    assert.equal(model?.reason?.line, line, JSON.stringify(model?.reason));
    assert.match(model?.reason?.message ?? "", says);
    assert.ok((model?.reason?.remedy ?? "").length > 5);
  }

  const code = async (method: string, path: string, body?: unknown) => {
    const answer = await api.request(method, path, body);
    return `${answer.status} ${(answer.body as { error?: { code?: string } }).error?.code}`;
  };
  const assignment = `ai-model-assignments/${id}`;
  assert.equal(await code("PUT", `${assignment}/typo`, {}), "409 model_invalid");
  assert.equal(await code("PUT", `${assignment}/nobody-knows-me`, {}), "404 model_not_found");
  assert.equal(await code("PUT", `${assignment}/barcode`, { desired_fps: -1 }), "400 bad_request");
  assert.equal(
    await code("PUT", `${assignment}/barcode`, { parameters: { formats: "all" } }),
    "400 parameters_invalid",
  );
  assert.equal(await code("POST", "cameras", { name: "x", rtsp_url: "file:///etc/passwd" }), "400 bad_request");
  assert.equal(await code("POST", "cameras", { name: "x", rtsp_url: camera.url, colour: 1 }), "400 bad_request");
  assert.equal(await code("POST", "cameras/probe", { rtsp_url: "rtsp://127.0.0.1:9/x" }), "422 probe_refused");

  const lost = await api.post<Camera>("cameras", { name: "Lost", rtsp_url: `${camera.url}/nothing` });
  for (const model of ["barcode", "garbage"]) await api.put(`${assignment}/${model}`, { desired_fps: 5 });
  await waitFor("the lost camera to say why", async () => {
    const { status } = await api.get<Camera>(`cameras/${lost.id}`);
    return status.state === "retrying" && status.reason?.code === "stream_not_found";
  });
  const health = () => api.get<AiHealth>("ai-health");
  await waitFor(
    "the garbage to be counted, and the good model to go on at its rate",
    async () => {
      const { subscriptions } = await health();
      const good = subscriptions.find((one) => one.model_id === "barcode");
      const bad = subscriptions.find((one) => one.model_id === "garbage");
      return (
        good &&
        bad &&
        good.health === "healthy" &&
        good.achieved_fps >= 4.5 &&
        bad.health === "degraded" &&
        bad.results === 0 &&
        (bad.skipped.error ?? 0) >= 3
      );
    },
    { withinMs: 40_000, seen: health },
  );
  assert.equal((await api.get<Camera>(`cameras/${id}`)).status.state, "live");
  assert.ok(site.core.running() && site.vas.running());
});
