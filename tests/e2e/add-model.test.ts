/**
 * A network from a person's disk to boxes: dropped on the page, explained, tried on what a camera shows, added, found by
 * Core without a restart, assigned, and running.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { AiHealth, AiModelList, AssignmentPage, Camera, CameraStatus } from "@vas/contracts/http.ts";
import { startGstCamera } from "@vas/testkit/gst-camera.ts";
import { waitFor } from "@vas/testkit/processes.ts";
import { startSite } from "@vas/testkit/site.ts";
import { testData } from "@vas/testkit/test-data.ts";
import { logIn, openBrowser, openPage, screenshot } from "./browser.ts";

const WATCHDOG_MS = 60_000;

test("a dropped network is explained, tried on a camera's picture, added, and runs", async () => {
  const models = mkdtempSync(join(tmpdir(), "vas-models-"));
  after(() => rmSync(models, { recursive: true, force: true }));
  const camera = await startGstCamera({
    ...{ width: 768, height: 432, fps: 10, gop: 10 },
    video: testData("one-by-one-person-detection.mp4"),
  });
  after(() => camera.close());
  const site = await startSite({ frameExport: true, modelsDirs: [models], addedModelsDir: models });
  after(() => site.stop());
  const api = await site.api();
  const { id } = await api.post<Camera>("cameras", { name: "Room", rtsp_url: camera.url });
  await waitFor(
    "the camera's picture",
    async () => (await api.get<CameraStatus>(`cameras/${id}/status`)).state === "live",
  );

  const browser = await openBrowser();
  after(() => browser.close());
  const { page, complaints } = await openPage(browser, site.url);
  page.setDefaultTimeout(WATCHDOG_MS);
  await logIn(page, site.adminPassword);
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Models" }).click();
  await page.getByRole("link", { name: "Add a model" }).click();
  await page.getByText("Drop an ONNX file").waitFor();
  await screenshot(page, "add-model-empty");

  // What is no network is told with a remedy, and another choice can be made.
  const wrong = join(models, "..", `wrong-${process.pid}.onnx`);
  writeFileSync(wrong, "<html>404</html>");
  after(() => rmSync(wrong));
  const files = page.locator('input[type="file"]').first();
  await files.setInputFiles(wrong);
  await page.getByText(/this is no ONNX model.*export the network to ONNX again/).waitFor();
  await files.setInputFiles(testData("FastestDet.onnx"));
  await page.getByText("FastestDet, for object detection, with 80 classes.").waitFor();
  await page.getByText(/format fastestdet: objectness, box and class scores of 22x22 cells/).waitFor();
  await page.getByText(/no license is named/).waitFor();

  // A correction is looked at again at once.
  await page.getByLabel("Name", { exact: true }).fill("People of the room");
  await page.getByLabel("Id", { exact: true }).fill("room-people");
  await page.getByLabel("Licence").fill("BSD-3-Clause");
  await page.getByText(/no license is named/).waitFor({ state: "detached" });

  const found = page.getByRole("list", { name: "What was found" });
  await waitFor(
    "somebody to be found on the camera's picture",
    async () => {
      await page.getByRole("button", { name: "Try it on this picture" }).click();
      await page.getByText(/found, in \d+ ms/).waitFor();
      await page.getByRole("button", { name: "Try it on this picture" }).waitFor();
      return (await found.count()) > 0 && /person/.test(await found.innerText());
    },
    { withinMs: 150_000, everyMs: 1000 },
  );
  const picture = page.getByRole("img", { name: /The picture of Room/ });
  await waitFor("the picture to be shown", async () =>
    picture.evaluate((element) => (element as HTMLImageElement).naturalWidth === 768),
  );
  await screenshot(page, "add-model-tried");

  await page.getByRole("button", { name: "Add this model" }).click();
  await page.locator('[data-model="room-people"]').getByText("valid", { exact: true }).waitFor();
  const { items } = await api.get<AiModelList>("ai-models");
  const added = items.find(({ model_id }) => model_id === "room-people");
  assert.deepEqual(
    [added?.valid, added?.present, added?.license, added?.class_names.length],
    [true, true, "BSD-3-Clause", 80],
  );

  // The launcher starts what came; here the test does what the launcher does.
  for (const runtime of site.newRuntimes()) await runtime.start();
  await api.put(`ai-model-assignments/${id}/room-people`, { desired_fps: 5 });
  await waitFor(
    "the added model to answer",
    async () => {
      const { subscriptions } = await api.get<AiHealth>("ai-health");
      return subscriptions.some((one) => one.model_id === "room-people" && one.achieved_fps > 0);
    },
    { withinMs: WATCHDOG_MS, seen: () => api.get<AiHealth>("ai-health") },
  );

  // What came from the web goes by the web, with its runtime; what it did is told first.
  await page.reload();
  await page.getByRole("button", { name: "Remove People of the room" }).click();
  const asking = page.getByRole("alertdialog");
  await asking.getByText("These cameras use it, and stop using it: Room.").waitFor();
  await screenshot(page, "remove-model");
  await asking.getByRole("button", { name: "Remove the model" }).click();
  await asking.waitFor({ state: "detached" });
  assert.deepEqual((await api.get<AssignmentPage>("ai-model-assignments")).items, []);
  assert.deepEqual(await site.endGoneRuntimes(), ["runtime-room-people"]);
  assert.deepEqual(readdirSync(models), []);
  await waitFor("Core to notice", async () =>
    (await api.get<AiModelList>("ai-models")).items.every(({ present, removable }) => !present && !removable),
  );
  assert.deepEqual(
    complaints.filter((text) => !/status of (401|409)/.test(text)),
    [],
  );
});
