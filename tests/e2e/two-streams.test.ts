/**
 * A person without a camera tries the test camera; one with a camera adds both of its streams. The grid shows the small
 * one, the camera's page the large one, and deleting says what goes.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Camera } from "@vas/contracts/http.ts";
import { startGstCamera } from "@vas/testkit/gst-camera.ts";
import { waitFor } from "@vas/testkit/processes.ts";
import { startSite } from "@vas/testkit/site.ts";
import { logIn, openBrowser, openPage, screenshot } from "./browser.ts";

const WAIT = { withinMs: 60_000 };

test("a person tries the test camera, adds a camera with two streams, and sees each where it belongs", async () => {
  const auth = { username: "operator", password: "canary-two" };
  const camera = await startGstCamera({
    ...{ width: 640, height: 360, fps: 15, gop: 15, auth },
    sub: { width: 320, height: 180 },
  });
  after(() => camera.close());
  const site = await startSite({ frameExport: false, modelsDirs: [], vasEnv: { VAS_ALLOW_LOOPBACK_CAMERAS: "true" } });
  after(() => site.stop());
  const browser = await openBrowser();
  after(() => browser.close());
  const { page, complaints } = await openPage(browser, site.url);
  await page.goto("/");
  await logIn(page, site.adminPassword);
  complaints.length = 0; // before the login nobody was logged in, and the console says so
  const width = (selector: string) =>
    page
      .locator(selector)
      .evaluate((element) => (element as HTMLVideoElement).videoWidth)
      .catch(() => 0);
  const api = await site.api();

  // The first page offers a camera that needs no hardware.
  await page.getByRole("button", { name: "Try the test camera" }).click();
  await page.waitForURL(/\/cameras\/[0-9a-f-]{36}$/);
  await waitFor("the test picture", async () => (await width('[data-testid="live-video"]')) === 1280, WAIT);
  await screenshot(page, "test-camera");

  // A camera with two streams, each probed.
  await page.goto("/cameras/new");
  await page.getByLabel("Address").fill(camera.url);
  await page.getByLabel("User").fill(auth.username);
  await page.getByLabel("Password").fill(auth.password);
  await page.getByLabel("Name").fill("Gate");
  await page.getByRole("button", { name: "Probe", exact: true }).click();
  await page.getByRole("img", { name: "What the camera sees now" }).waitFor({ timeout: 60_000 });
  await page.getByRole("switch", { name: "This camera has a sub stream" }).click();
  await page.getByLabel("Address of the sub stream").fill(camera.subUrl);
  await page.getByRole("button", { name: "Probe the sub stream" }).click();
  await page.getByRole("img", { name: "What the sub stream shows now" }).waitFor({ timeout: 60_000 });
  assert.match(await page.getByRole("region", { name: "Sub stream probe" }).innerText(), /320 x 180/);
  await screenshot(page, "two-streams-form");
  await page.getByRole("button", { name: "Save" }).click();
  await page.waitForURL(/\/cameras\/[0-9a-f-]{36}$/);
  const stored = (await api.get<{ items: Camera[] }>("cameras")).items.find((one) => one.name === "Gate");
  assert.ok(stored?.has_sub);
  await waitFor("the main stream on its page", async () => (await width('[data-testid="live-video"]')) === 640, WAIT);
  await page.getByRole("heading", { name: "Sub stream" }).waitFor();
  await screenshot(page, "two-streams-camera");

  // The grid shows the small picture.
  await page.goto("/");
  const tile = `[data-camera="${stored.id}"] [data-testid="live-video"]`;
  await waitFor("the sub stream in the grid", async () => (await width(tile)) === 320, WAIT);
  await screenshot(page, "two-streams-grid");

  // Deleting says what goes.
  await page.goto(`/cameras/${stored.id}`);
  await page.getByRole("button", { name: "Delete" }).click();
  const dialog = page.getByRole("alertdialog");
  await dialog.getByText(/of recording/).waitFor({ timeout: 30_000 });
  await screenshot(page, "delete-camera");
  await dialog.getByRole("button", { name: "Delete the camera" }).click();
  await page.waitForURL(/\/$/);
  assert.deepEqual(complaints, [], "neither the console nor a request complained");
  assert.ok(!site.vas.tail(10_000).includes("canary"), "no password in the log");
});
