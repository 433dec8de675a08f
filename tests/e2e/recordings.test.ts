/**
 * Recordings as a person uses them, in Chromium, on the real system: zoom and click the timeline, look at two cameras in
 * step, drag a range and keep it as an export, name it, take its video, delete it.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, test } from "node:test";
import type { Camera, Export, Recordings } from "@vas/contracts/http.ts";
import type { Timeline } from "@vas/contracts/timeline.ts";
import { readFrameNumberRgba } from "@vas/testkit/picture.ts";
import { waitFor } from "@vas/testkit/processes.ts";
import { startSite } from "@vas/testkit/site.ts";
import { startSyntheticCamera } from "@vas/testkit/synthetic-camera.ts";
import type { Locator } from "playwright-core";
import { displayedPicture, logIn, openBrowser, openPage, screenshot } from "./browser.ts";

const FPS = 15;
const WAIT = { withinMs: 60_000, everyMs: 100 };

test("a person finds a moment on the timeline, sees two cameras in step, and keeps what was found", async () => {
  await using source = await startSyntheticCamera({ width: 640, height: 360, fps: FPS, gop: FPS });
  const site = await startSite({
    start: { core: false, runtimes: false },
    vasEnv: { VAS_ALLOW_LOOPBACK_CAMERAS: "true" },
  });
  after(() => site.stop());
  const api = await site.api();
  // Two cameras that see the same: their pictures carry the same numbers.
  const { id } = await api.post<Camera>("cameras", { name: "Door", rtsp_url: source.url });
  const { id: other } = await api.post<Camera>("cameras", { name: "Yard", rtsp_url: source.url });
  const recorded = async (camera: string) => {
    const [from, to] = [Date.now() - 600_000, Date.now()].map((ms) => new Date(ms).toISOString());
    const { segments } = await api.get<Recordings>(`cameras/${camera}/recordings?from=${from}&to=${to}`);
    const [first, last] = [segments[0], segments.at(-1)];
    return first && last ? { fromMs: Date.parse(first.start), toMs: Date.parse(last.end) } : null;
  };
  const footage = await waitFor(
    "25 s of footage of both",
    async () => {
      const both = await Promise.all([recorded(id), recorded(other)]);
      const [fromMs, toMs] = [
        Math.max(...both.map((one) => one?.fromMs ?? Infinity)),
        Math.min(...both.map((one) => one?.toMs ?? 0)),
      ];
      return toMs - fromMs >= 25_000 ? { fromMs, toMs } : undefined;
    },
    { withinMs: 120_000, everyMs: 1000 },
  );

  const browser = await openBrowser();
  after(() => browser.close());
  const { page, complaints } = await openPage(browser, site.url);
  await logIn(page, site.adminPassword);
  complaints.length = 0;

  // Without a moment the newest picture is there. The timeline zooms to a year and back to seconds.
  await page.getByRole("link", { name: "Recordings" }).first().click();
  const timeline = page.getByTestId("timeline");
  const video = page.getByTestId("recording-video").first();
  const numberIn = async (element: Locator) => {
    const picture = await displayedPicture(element);
    return picture && readFrameNumberRgba(picture.rgba, picture.width, picture.height);
  };
  await waitFor("the newest picture", () => numberIn(video), {
    ...WAIT,
    seen: () => page.locator(".stage").innerText(),
  });
  const shown = async () => {
    const [from, to] = await Promise.all(["data-from", "data-to"].map((name) => timeline.getAttribute(name)));
    return { fromMs: Number(from), toMs: Number(to) };
  };
  const length = async () => (await shown()).toMs - (await shown()).fromMs;
  await page.getByRole("button", { name: "Year", exact: true }).click();
  await waitFor("a year", async () => (await length()) > 360 * 86_400_000);
  await page.getByRole("button", { name: "Minute", exact: true }).click();
  await waitFor("a minute", async () => (await length()) === 60_000);
  const box = await timeline.boundingBox();
  assert.ok(box);
  const y = box.y + box.height - 20;
  /** Where a moment is on screen; it is in the view. */
  const xOf = async (atMs: number) => {
    const { fromMs, toMs } = await shown();
    return box.x + ((atMs - fromMs) / (toMs - fromMs)) * box.width;
  };
  await page.mouse.move(await xOf(footage.fromMs + 10_000), y);
  for (let turn = 0; turn < 3; turn++) await page.mouse.wheel(0, -120);
  await waitFor("a nearer view", async () => (await length()) < 40_000);

  // A small picture of the moment under the pointer, and the moment itself by a click.
  await page.getByTestId("pointed").locator("img").waitFor({ timeout: 60_000 });
  const clickedMs = footage.fromMs + 8_000;
  await page.mouse.click(await xOf(clickedMs), y);
  const playing = async () => Date.parse((await page.getByTestId("recording-time").getAttribute("datetime")) ?? "");
  await waitFor("the clicked moment to play", async () => Math.abs((await playing()) - clickedMs) < 6_000, {
    ...WAIT,
    seen: playing,
  });
  await page.getByText(/of the time since the camera was added is recorded/).waitFor({ timeout: 60_000 });
  const day = await api.get<Timeline>(
    `cameras/${id}/timeline?from=${new Date(footage.toMs - 86_400_000).toISOString()}&to=${new Date(footage.toMs).toISOString()}`,
  );
  assert.equal(
    day.sums.reduce((sum, { ms }) => sum + ms, 0),
    86_400_000,
    "every millisecond is accounted for",
  );
  await screenshot(page, "recordings");

  // The second camera beside the first: in step by their clocks, and by the numbers in their pictures.
  await page.getByRole("button", { name: "Cameras: Door" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Yard" }).click();
  await page.keyboard.press("Escape");
  const second = page.getByTestId("recording-video").nth(1);
  await waitFor("a picture of the second camera", () => numberIn(second), { ...WAIT, withinMs: 90_000 });
  await page.mouse.click(await xOf(footage.fromMs + 5_000), y);
  const spread = async () => Number((await page.getByTestId("spread").getAttribute("data-ms")) ?? Number.NaN);
  await waitFor("both within a frame", async () => (await spread()) <= 40, {
    ...WAIT,
    withinMs: 120_000,
    seen: spread,
  });
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await waitFor(
    "the same number in both pictures, or the next",
    async () => {
      const [a, b] = [await numberIn(video), await numberIn(second)];
      return a !== null && b !== null && Math.abs(a - b) <= 2 && (await spread()) <= 40;
    },
    { ...WAIT, seen: async () => [await numberIn(video), await numberIn(second), await spread()] },
  );
  await screenshot(page, "recordings-two");
  await page.getByRole("button", { name: /^Cameras:/ }).click();
  await page.getByRole("menuitemcheckbox", { name: "Yard" }).click();
  await page.keyboard.press("Escape");

  // A range by the hand, its size before it is made, and the export with its progress.
  const [fromX, toX] = [await xOf(footage.fromMs + 4_000), await xOf(footage.fromMs + 12_000)];
  const low = (await timeline.boundingBox()) ?? box;
  await page.keyboard.down("Shift");
  await page.mouse.move(fromX, low.y + low.height - 20);
  await page.mouse.down();
  await page.mouse.move((fromX + toX) / 2, low.y + low.height - 20);
  await page.mouse.move(toX, low.y + low.height - 20);
  await page.mouse.up();
  await page.keyboard.up("Shift");
  const panel = page.getByRole("region", { name: "Range" });
  await panel.getByText(/recorded, about .*B/).waitFor({ timeout: 60_000 });
  await screenshot(page, "recordings-range");
  await panel.getByRole("button", { name: "Export", exact: true }).click();
  await panel.getByLabel("Name").fill("Parcel");
  await panel.getByRole("button", { name: "Make the export" }).click();
  await page.getByText("The export has begun.").waitFor({ timeout: 60_000 });
  await page.getByRole("link", { name: "Kept" }).click();
  const row = page.getByRole("article", { name: "Parcel" });
  const download = row.getByRole("button", { name: "Download: Parcel" });
  await download.waitFor({ timeout: 120_000 });
  const [made] = (await api.get<{ items: Export[] }>("exports")).items;
  assert.equal(made?.label, "Parcel");
  const asked = Date.parse(made?.to ?? "") - Date.parse(made?.from ?? "");
  assert.ok(Math.abs(asked - 8_000) < 1_500, `the range is the one that was dragged [ms:${asked}]`);
  await screenshot(page, "kept");

  // Its video is a whole file, it gets another name, and then it is deleted.
  await download.click();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: "Video" }).click(),
  ]);
  assert.match(file.suggestedFilename(), /^export-.*\.mp4$/);
  const seconds = Number(
    execFileSync("ffprobe", [..."-v error -show_entries format=duration -of csv=p=0".split(" "), await file.path()], {
      encoding: "utf8",
    }),
  );
  assert.ok(seconds > 6 && seconds < 14, `the file is as long as the range [seconds:${seconds}]`);
  await row.getByRole("button", { name: "More for Parcel" }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("The parcel at the door");
  await page.getByRole("button", { name: "Save" }).click();
  const renamed = page.getByRole("article", { name: "The parcel at the door" });
  await renamed.waitFor({ timeout: 60_000 });
  await renamed.getByRole("button", { name: /^More for/ }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("heading", { name: "No exports yet" }).waitFor({ timeout: 60_000 });
  assert.deepEqual((await api.get<{ items: Export[] }>("exports")).items, []);
  assert.deepEqual(complaints, []);
});
