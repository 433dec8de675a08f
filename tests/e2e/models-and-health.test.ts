/**
 * What people do about models and health, in Chromium against a real site: draw a zone and get its events, look at one
 * frame's way, pause a model while the video goes on, resume it, and find both in the list of changes.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import type { AiEvent, AiHealth, Camera, DetectionsPage } from "@vas/contracts/http.ts";
import { readFrameNumberRgba } from "@vas/testkit/picture.ts";
import { waitFor } from "@vas/testkit/processes.ts";
import { REPOSITORY, startSite } from "@vas/testkit/site.ts";
import { startSyntheticCamera } from "@vas/testkit/synthetic-camera.ts";
import { displayedPicture, logIn, openBrowser, openPage, screenshot } from "./browser.ts";

const WATCHDOG = { withinMs: 60_000 };
const WAIT = { timeout: 60_000 };
const MODEL = "Echo of the burned frame number";

test("a zone is drawn and its events carry it; a model is paused and resumed while the video goes on", async () => {
  await using camera = await startSyntheticCamera({ width: 640, height: 360, fps: 15, gop: 15 });
  const site = await startSite({
    frameExport: true,
    modelsDirs: [join(REPOSITORY, "packages/testkit/src/echo-model")],
    vasEnv: { VAS_ALLOW_LOOPBACK_CAMERAS: "true" },
  });
  after(() => site.stop());
  const api = await site.api();
  const { id } = await api.post<Camera>("cameras", { name: "Yard", rtsp_url: camera.url });
  await waitFor(
    "the camera to be live",
    async () => (await api.get<Camera>(`cameras/${id}`)).status.state === "live",
    WATCHDOG,
  );
  const browser = await openBrowser();
  after(() => browser.close());
  const { page, complaints } = await openPage(browser, site.url);
  await logIn(page, site.adminPassword);
  complaints.length = 0;

  // Switched on by one press; then a zone is drawn on the camera's picture.
  await page.goto("/models");
  await page.getByRole("switch", { name: "echo on Yard" }).click(WAIT);
  await page.getByRole("button", { name: `Settings of ${MODEL} on Yard` }).click(WAIT);
  const form = page.getByRole("form", { name: "Settings of echo on Yard" });
  await form.getByRole("button", { name: "Draw a zone" }).click(WAIT);
  const area = page.getByTestId("zone-area");
  await area.scrollIntoViewIfNeeded();
  const box = await area.boundingBox();
  assert.ok(box);
  const corners: [number, number][] = [
    [0.01, 0.01],
    [0.99, 0.01],
    [0.99, 0.99],
    [0.01, 0.99],
  ];
  for (const [x, y] of corners) await area.click({ position: { x: x * box.width, y: y * box.height } });
  await form.getByRole("button", { name: "Finish the zone" }).click(WAIT);
  await form.getByLabel("Name of the zone").fill("Path");
  await waitFor(
    "a forecast of a model that was measured",
    async () => (await page.getByTestId("forecast").innerText()).includes("At the measured"),
    WATCHDOG,
  );
  await screenshot(page, "zone");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await form.waitFor({ state: "hidden", ...WAIT });
  const event = await waitFor(
    "an event with the zone's name",
    async () =>
      (await api.get<{ items: AiEvent[] }>("ai-events")).items.find(({ event_metadata }) => event_metadata["zones"]),
    WATCHDOG,
  );
  assert.deepEqual(event.event_metadata["zones"], ["Path"]);

  // One frame's way, from the camera to this very browser.
  await page.goto(`/site/frames?${new URLSearchParams({ camera: id, model: "echo" })}`);
  await page.getByRole("switch", { name: "Draw them here" }).click(WAIT);
  await page.locator('tr[data-step="drawn"]').waitFor(WAIT);
  const steps = await page
    .locator("tr[data-step]")
    .evaluateAll((rows) => rows.map((row) => [row.getAttribute("data-step"), Number(row.getAttribute("data-at"))]));
  const times = steps.map(([, at]) => at as number);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
  const names = steps.map(([name]) => name as string);
  assert.deepEqual(names.slice(0, 6), ["captured", "exported", "chosen", "sent", "answered", "delivered"]);
  assert.deepEqual(names.slice(6).sort(), ["drawn", "stored"]);
  await page.getByRole("button", { name: "Skipped", exact: true }).click();
  await page.getByText("It came before its turn: the wanted rate is lower than the camera's.").waitFor(WAIT);
  await screenshot(page, "frames");

  // Paused after a question: results end, the video does not.
  await page.goto("/site");
  await page.getByRole("button", { name: "Pause echo on Yard" }).click(WAIT);
  const question = page.getByRole("alertdialog", { name: "Pause echo on Yard?" });
  await question.getByText("Live view and recording go on").waitFor(WAIT);
  await question.getByRole("button", { name: "Pause", exact: true }).click();
  await page.getByRole("button", { name: "Resume echo on Yard" }).waitFor(WAIT);
  const subscriptions = async () => (await api.get<AiHealth>("ai-health")).subscriptions;
  await waitFor("the subscription to be gone", async () => (await subscriptions()).length === 0, WATCHDOG);
  const pausedMs = Date.now();
  const onlooker = await openPage(browser, site.url);
  await logIn(onlooker.page, site.adminPassword);
  await onlooker.page.goto(`/cameras/${id}`);
  const video = onlooker.page.getByTestId("live-video");
  const numberOf = async () => {
    const picture = await displayedPicture(video);
    return picture && readFrameNumberRgba(picture.rgba, picture.width, picture.height);
  };
  const first = await waitFor("a live picture", numberOf, WATCHDOG);
  await waitFor("45 later frames", async () => ((await numberOf()) ?? 0) >= first + 45, WATCHDOG);
  const range = `from=${new Date(pausedMs + 1000).toISOString()}&to=${new Date(Date.now() + 1000).toISOString()}`;
  const results = await api.get<DetectionsPage>(`cameras/${id}/detections?${range}`);
  assert.deepEqual(results.items, [], "no result is of a frame after the pause");

  await page.getByRole("button", { name: "Resume echo on Yard" }).click();
  await waitFor(
    "results again",
    async () => (await subscriptions()).some(({ results: count, health }) => count > 0 && health === "healthy"),
    WATCHDOG,
  );
  await page.getByRole("button", { name: "Pause echo on Yard" }).waitFor(WAIT);
  await page.locator(".chart canvas").first().waitFor(WAIT);
  await screenshot(page, "health");

  // Who did that.
  await page.getByRole("link", { name: "Who changed what" }).click();
  await page.locator('li[data-action="assignment.resume"]').first().waitFor(WAIT);
  const actions = await page
    .locator("li[data-action^=assignment]")
    .evaluateAll((entries) => entries.map((entry) => entry.getAttribute("data-action")));
  assert.deepEqual(actions, ["assignment.resume", "assignment.pause", "assignment.edit", "assignment.create"]);
  await page.getByText("admin paused the model echo on Yard").waitFor(WAIT);
  assert.deepEqual(complaints, []);
});
