/** Every page in light, dark and phone size, with a running camera and model, and the flows of models and health. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Page, Request } from "playwright-core";
import type { Assignment, Camera } from "@vas/contracts/http.ts";
import { waitFor } from "@vas/testkit/processes.ts";
import { REPOSITORY, startSite } from "@vas/testkit/site.ts";
import { startSyntheticCamera } from "@vas/testkit/synthetic-camera.ts";
import { logIn, openBrowser, openPage, screenshot } from "./browser.ts";

test("a model is assigned by hand, health tells of it, and no page overflows or complains", async () => {
  await using camera = await startSyntheticCamera({ width: 640, height: 360, fps: 15, gop: 15 });
  const site = await startSite({
    frameExport: true,
    modelsDirs: [join(REPOSITORY, "runtimes")],
    vasEnv: { VAS_ALLOW_LOOPBACK_CAMERAS: "true" },
  });
  after(() => site.stop());
  const api = await site.api();
  const { id } = await api.post<Camera>("cameras", { name: "Yard", rtsp_url: camera.url });
  const browser = await openBrowser();
  after(() => browser.close());
  const { page, complaints } = await openPage(browser, site.url);
  await logIn(page, site.adminPassword);
  complaints.length = 0;
  const bytes = await firstPageBytes(page);
  assert.ok(bytes > 50_000 && bytes < 200_000, `script and style of the first page are ${bytes} bytes`);

  // Assign the barcode model with the page's own switch; the assignment is there within the interval, and runs.
  await page.getByRole("link", { name: "Models" }).click();
  await page.getByText("Barcodes and QR codes").first().waitFor({ timeout: 60_000 });
  await page.getByRole("switch", { name: "barcode on Yard" }).click();
  const assignments = () => api.get<{ items: Assignment[] }>("ai-model-assignments");
  await waitFor("the assignment", async () => (await assignments()).items.some((one) => one.model_id === "barcode"));
  await page
    .getByText(/\d(\.\d)? fps/)
    .first()
    .waitFor({ timeout: 60_000 });
  await screenshot(page, "models-running");

  await page.getByRole("link", { name: "Health" }).click();
  await page.getByText("healthy").first().waitFor({ timeout: 60_000 });
  await waitFor("an event", async () => (await api.get<{ items: unknown[] }>("ai-events")).items.length > 0);

  const at = new Date().toISOString();
  const pages = {
    live: "/",
    camera: `/cameras/${id}`,
    edit: `/cameras/${id}/edit`,
    add: "/cameras/new",
    recordings: `/recordings?camera=${id}&at=${at}`,
    events: "/events",
    models: "/models",
    health: "/site",
  };
  for (const [scheme, width, height] of [
    ["light", 1280, 800],
    ["dark", 1280, 800],
    ["light", 390, 844],
  ] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height });
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(path);
      await page.getByRole("heading", { level: 1 }).first().waitFor();
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.ok(overflow <= 0, `${name} at ${width} pixels is ${overflow} pixels too wide`);
      if (process.env.VAS_SCREENSHOTS) await page.waitForTimeout(1500);
      await screenshot(page, `${name}-${scheme}-${width}`);
    }
  }
  assert.deepEqual(complaints, []);
});

/** Packed bytes of every script and style that the live page loads, with an empty cache. */
async function firstPageBytes(page: Page): Promise<number> {
  const sizes: Promise<number>[] = [];
  const add = (request: Request) => {
    if (["script", "stylesheet"].includes(request.resourceType()))
      sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize));
  };
  page.on("requestfinished", add);
  const session = await page.context().newCDPSession(page);
  await session.send("Network.clearBrowserCache");
  await page.goto("/", { waitUntil: "networkidle" });
  page.off("requestfinished", add);
  await session.detach();
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
