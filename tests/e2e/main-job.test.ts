/**
 * The main job as a person does it, in Chromium, against a GStreamer RTSP server: add a camera, see it move, see a box
 * where the code is, find the event with its picture, play the recording of that moment.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import type { AiEvent, Camera } from "@vas/contracts/http.ts";
import { startGstCamera } from "@vas/testkit/gst-camera.ts";
import { readFrameNumberRgba } from "@vas/testkit/picture.ts";
import { waitFor } from "@vas/testkit/processes.ts";
import { REPOSITORY, startSite } from "@vas/testkit/site.ts";
import { displayedPicture, logIn, openBrowser, openPage, screenshot } from "./browser.ts";

const CODE = "VAS end to end";

test("a person adds a camera, sees boxes on it, and finds event, picture and recording", async () => {
  const auth = { username: "operator", password: "canary-e2e-7" };
  const camera = await startGstCamera({ width: 640, height: 360, fps: 15, gop: 15, text: CODE, auth });
  after(() => camera.close());
  const site = await startSite({
    frameExport: true,
    modelsDirs: [join(REPOSITORY, "runtimes")],
    vasEnv: { VAS_ALLOW_LOOPBACK_CAMERAS: "true" },
  });
  after(() => site.stop());
  const browser = await openBrowser();
  after(() => browser.close());
  const { page, complaints } = await openPage(browser, site.url);

  // A wrong password is answered in words.
  await page.goto("/");
  await page.getByLabel("Password").fill("not this one");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByText("The name or the password is wrong.").waitFor();
  assert.ok(
    complaints.every((line) => line.includes("401")),
    complaints.join("\n"),
  );
  complaints.length = 0;
  await logIn(page, site.adminPassword);

  // Add the camera, with a probe that shows its picture.
  await page.getByRole("link", { name: "Add a camera" }).first().click();
  await page.getByLabel("Address").fill(camera.url);
  await page.getByLabel("Name").fill("Front door");
  await page.getByLabel("User").fill(auth.username);
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Probe" }).click();
  await page.getByText("another name or password (401)").waitFor({ timeout: 60_000 });
  complaints.length = 0;
  await page.getByLabel("Password").fill(auth.password);
  await page.getByRole("button", { name: "Probe" }).click();
  await page.getByRole("img", { name: "What the camera sees now" }).waitFor({ timeout: 60_000 });
  assert.match(await page.getByRole("region", { name: "Probe" }).innerText(), /640/);
  await screenshot(page, "probe");
  await page.getByRole("button", { name: "Save" }).click();
  await page.waitForURL(/\/cameras\/[0-9a-f-]{36}$/);

  // Decoded pixels move, by the number the camera burns into them.
  const video = page.getByTestId("live-video");
  const numberOf = async () => {
    const picture = await displayedPicture(video);
    return picture && readFrameNumberRgba(picture.rgba, picture.width, picture.height);
  };
  const first = await waitFor("a live picture with a readable number", numberOf, { withinMs: 60_000 });
  await waitFor("30 later frames", async () => ((await numberOf()) ?? 0) >= first + 30);

  // Assign the model, switch the overlay on, and see a box drawn where the code is.
  const api = await site.api();
  const [stored] = (await api.get<{ items: Camera[] }>("cameras")).items;
  assert.ok(stored);
  await waitFor("the model to be registered", async () =>
    (await api.get<{ items: { model_id: string }[] }>("ai-models")).items.some((model) => model.model_id === "barcode"),
  );
  await api.put(`ai-model-assignments/${stored.id}/barcode`, { desired_fps: 5 });
  assert.equal(await page.getByTestId("overlay").count(), 0, "overlays are off until a person turns them on");
  await page.getByRole("switch", { name: "Overlay" }).click();
  const overlay = page.getByTestId("overlay");
  await waitFor("a box on the overlay", async () => Number(await overlay.getAttribute("data-drawn")) >= 1, {
    seen: () => page.getByTestId("overlay-age").innerText(),
  });
  const box = await waitFor("the pixels of the box and the place of the code", async () => {
    const frame = await numberOf();
    const at = frame === null || !camera.qrBox ? undefined : camera.qrBox(frame);
    const drawn = await overlay.evaluate((canvas) => {
      const target = canvas as HTMLCanvasElement;
      const pen = target.getContext("2d");
      if (!pen || target.width === 0) return null;
      const { data } = pen.getImageData(0, 0, target.width, target.height);
      let [left, top, right, bottom] = [1, 1, 0, 0];
      for (let y = 0; y < target.height; y += 2)
        for (let x = 0; x < target.width; x += 2)
          if ((data[(y * target.width + x) * 4 + 3] ?? 0) > 100) {
            left = Math.min(left, x / target.width);
            right = Math.max(right, x / target.width);
            top = Math.min(top, y / target.height);
            bottom = Math.max(bottom, y / target.height);
          }
      return right > left ? [left, top, right, bottom] : null;
    });
    return at && drawn ? { at, drawn } : undefined;
  });
  const centre = ([left, top, right, bottom]: number[]) => [
    ((left ?? 0) + (right ?? 0)) / 2,
    ((top ?? 0) + (bottom ?? 0)) / 2,
  ];
  const [codeX = 0, codeY = 0] = centre(box.at);
  const [drawnX = 0, drawnY = 0] = centre(box.drawn);
  assert.ok(
    Math.abs(codeX - drawnX) < 0.25 && Math.abs(codeY - drawnY) < 0.25,
    `the box is at the code [code:${box.at}, drawn:${box.drawn}]`,
  );
  await screenshot(page, "live-overlay");

  // The event is there with its picture, and leads to the recording of its moment.
  await page.getByRole("link", { name: "Events" }).click();
  const card = page.getByRole("link", { name: /QRCode at Front door/ }).first();
  await card.waitFor({ timeout: 60_000 });
  await waitFor(
    "the event's picture",
    () => card.locator("img").evaluate((img) => (img as HTMLImageElement).naturalWidth === 640),
    { withinMs: 60_000 },
  );
  const [event] = (await api.get<{ items: AiEvent[] }>("ai-events")).items;
  assert.equal(event?.detections[0]?.text, CODE);
  await screenshot(page, "events");
  await card.click();
  await page.getByRole("link", { name: "Show in recording" }).click();
  const recording = page.getByTestId("recording-video");
  const recordedNumber = async () => {
    const picture = await displayedPicture(recording);
    return picture && readFrameNumberRgba(picture.rgba, picture.width, picture.height);
  };
  const played = await waitFor("the recording to show a numbered frame", recordedNumber, {
    withinMs: 40_000,
    seen: () => page.locator(".stage").innerText(),
  });
  await waitFor("the recording to play on", async () => ((await recordedNumber()) ?? 0) > played + 5, {
    withinMs: 60_000,
  });
  const shownAt = Date.parse((await page.getByTestId("recording-time").getAttribute("datetime")) ?? "");
  assert.ok(Math.abs(shownAt - Date.parse(event?.timestamp ?? "")) < 15_000, "it plays the event's moment");
  await screenshot(page, "recording");

  // Seek back by ten seconds or to the start: an earlier number is shown.
  const before = await waitFor("a number before the seek", recordedNumber);
  await recording.evaluate((element) => {
    const target = element as HTMLVideoElement;
    target.currentTime = target.seekable.start(0);
  });
  await waitFor("an earlier frame after the seek", async () => {
    const now = await recordedNumber();
    return now !== null && now < before;
  });

  assert.deepEqual(complaints, [], "neither the console nor a request complained");
  for (const part of [site.vas, site.core, ...site.runtimes.values()])
    assert.ok(!part.tail(10_000).includes("canary"), `no password in the log of ${part.name}`);
});
