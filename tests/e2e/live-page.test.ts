/**
 * The live grid and the page of one camera as a person uses them: groups, the wall, keys, zoom with the overlay on the
 * screen's own pixels, statistics, why nothing is detected, and overlay controls that ask VAS for nothing.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, test } from "node:test";
import type { Camera, CameraGroup } from "@vas/contracts/http.ts";
import { ECHO_MODEL, ECHO_MODELS_DIR, ECHO_PLACES, echoPlace } from "@vas/testkit/echo-model/echo.ts";
import { readFrameNumberRgba } from "@vas/testkit/picture.ts";
import { waitFor } from "@vas/testkit/processes.ts";
import { startSite } from "@vas/testkit/site.ts";
import { startSyntheticCamera } from "@vas/testkit/synthetic-camera.ts";
import type { Page } from "playwright-core";
import { logIn, openBrowser, openPage, screenshot } from "./browser.ts";
import { BOX_COLOUR } from "./overlay-proof.ts";

const PATIENT = { withinMs: 120_000 };
const WAIT = { timeout: 60_000 };
/** What the page asks again by itself every few seconds, or when something happens. */
const ASKED_AGAIN =
  /^\/(health|api\/v1\/(ai-models|ai-model-assignments|ai-health\/|ai-events|cameras$|camera-groups|cameras\/[^/]+\/detections|snapshots\/))/;

test("groups, wall, keys, zoom, statistics and overlay controls do what they say", async () => {
  const source = await startSyntheticCamera({ width: 640, height: 360, fps: 15, gop: 15 });
  after(() => source.close());
  const site = await startSite({ frameExport: true, modelsDirs: [ECHO_MODELS_DIR] });
  after(() => site.stop());
  const api = await site.api();
  const { id } = await api.post<Camera>("cameras", { name: "Numbers", rtsp_url: source.url });
  const gate = await api.post<Camera>("cameras", { name: "Gate", rtsp_url: "rtsp://127.0.0.1:9/none" });
  const browser = await openBrowser();
  after(() => browser.close());
  const { page, complaints } = await openPage(browser, site.url);
  const sent: string[] = [];
  page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => sent.push(String(payload))));
  await logIn(page, site.adminPassword);
  complaints.length = 0;
  await page.evaluate(
    async ([model, colour]) => {
      const me = (await (await fetch("/api/v1/auth/me")).json()) as { id: string };
      localStorage.setItem(`vas.overlay.${me.id}`, JSON.stringify({ on: false, colours: { [model]: colour } }));
    },
    [ECHO_MODEL, BOX_COLOUR] as const,
  );

  // A tile says why it has no picture.
  const tileOf = (camera: string) => page.locator(`li[data-camera="${camera}"]`);
  await page.goto("/");
  await tileOf(gate.id)
    .getByText(/^Offline since .* The camera refused the connection/)
    .waitFor(WAIT);
  await tileOf(id).getByText("Live", { exact: true }).waitFor(WAIT);

  // A group is made, shown, and put into another order for everyone.
  await more(page, "New group");
  await page.getByLabel("Name").fill("Doors");
  await page.getByRole("checkbox", { name: "Gate" }).check();
  await page.getByRole("checkbox", { name: "Numbers" }).check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.waitForURL(/group=/);
  assert.deepEqual(await order(page), [gate.id, id]);
  await more(page, "Arrange the tiles");
  await page.getByRole("button", { name: "Move Numbers forward" }).click();
  await page.getByText("Numbers is now 1 of 2.").waitFor(WAIT);
  await page.getByRole("button", { name: "Save this order" }).click();
  await waitFor("the other order", async () => (await order(page))[0] === id);
  const [group] = (await api.get<{ items: CameraGroup[] }>("camera-groups")).items;
  assert.deepEqual([group?.name, group?.camera_ids], ["Doors", [id, gate.id]]);

  // The wall shows pictures and nothing else, turns its pages, and is left with Escape.
  await page.goto(`/wall?group=${group?.id}&tiles=1&every=3`);
  await page.locator("main.wall li").first().waitFor(WAIT);
  assert.equal(await page.getByRole("navigation", { name: "Pages" }).count(), 0);
  for (const turn of [id, gate.id, id])
    await waitFor("the wall to turn to the next camera", async () => (await order(page))[0] === turn, PATIENT);
  await page.reload();
  await page.locator("main.wall li").first().waitFor(WAIT);
  await page.keyboard.press("Escape");
  await page.getByRole("navigation", { name: "Pages" }).waitFor(WAIT);
  assert.deepEqual(await order(page), [id, gate.id]);

  // The number chooses a tile, Enter opens it, Escape comes back to it.
  await page.keyboard.press("1");
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/cameras/${id}`);
  await page.getByRole("heading", { name: "Numbers" }).waitFor(WAIT);
  await page.keyboard.press("Escape");
  await waitFor("the tile to have the focus again", () =>
    page.evaluate(() => document.activeElement?.parentElement?.dataset.camera ?? ""),
  ).then((camera) => assert.equal(camera, id));
  await page.keyboard.press("Enter");

  // Why there are no detections, one press from the grid; and that there are some once there are.
  const why = page.getByTestId("why");
  await why.getByText("No model is assigned to this camera.").waitFor(WAIT);
  assert.equal(await why.getByRole("link").getAttribute("href"), "/models");
  await waitFor(
    "the assignment to be taken",
    () => api.put(`ai-model-assignments/${id}/${ECHO_MODEL}`, { desired_fps: 60 }).then(() => true),
    PATIENT,
  );
  await why.getByText(/works: 1 detection in the last result/).waitFor({ timeout: 120_000 });

  // Statistics are measured again and again.
  await page.getByRole("switch", { name: "Statistics" }).click();
  const decoded = async () => Number(await page.getByTestId("decoded").innerText());
  const first = await waitFor("frames to be counted", decoded, PATIENT);
  await waitFor("more frames", async () => (await decoded()) > first + 15, PATIENT);
  await waitFor("a bitrate", async () => /^\d+ kbit\/s$/.test(await page.getByTestId("bitrate").innerText()), PATIENT);

  // Zoomed, the box is where its number says, on the screen's own pixels.
  await page.locator("body").click({ position: { x: 4, y: 400 } });
  await page.keyboard.press("o");
  const overlay = page.getByTestId("overlay");
  const isExact = async () => (await overlay.getAttribute("data-state")) === "exact";
  await waitFor("exact pictures", isExact, PATIENT);
  await page.evaluate(() => scrollTo(0, 0));
  const box = await page.locator(".stage").boundingBox();
  assert.ok(box);
  // The stage's corners are round: its very edge is not part of it.
  await page.mouse.move(box.x + 4, box.y + 4);
  await page.mouse.wheel(0, -135);
  await page.getByTestId("zoom").filter({ hasText: "1.5×" }).waitFor(WAIT);
  let aligned = 0;
  await waitFor(
    "five pictures whose number and box agree while zoomed",
    async () => {
      const seen = await zoomedScreen(page);
      // A box that is not wholly in the zoomed part says nothing.
      if (seen.shown === null || seen.place === null || seen.shown % ECHO_PLACES > 40) return false;
      assert.equal(seen.place, seen.shown % ECHO_PLACES, "the box is the number's");
      assert.ok(Math.abs(seen.top - 0.6) < 0.01, `the box begins where it should [top:${seen.top}]`);
      return ++aligned >= 5;
    },
    PATIENT,
  );
  await screenshot(page, "camera-zoomed");

  // Stopped, the kept pictures can be gone through.
  const pts = async () => Number(await overlay.getAttribute("data-pts"));
  const stop = async () => {
    await waitFor("exact pictures again", isExact, PATIENT);
    await page.keyboard.press("Space");
    await page.getByText(/^Paused at/).waitFor(WAIT);
    await waitFor("the overlay to stand", async () => (await overlay.getAttribute("data-state")) === "paused", PATIENT);
    return pts();
  };
  let stood = await stop();
  let turn = 0;
  await waitFor(
    "another of the kept pictures",
    async () => {
      // A busy machine keeps few: where there is none before the shown one and none after it, it plays on and stops anew.
      if (++turn % 40 === 0) {
        await page.keyboard.press("Space");
        stood = await stop();
      }
      await page.keyboard.press(turn % 40 < 20 ? "," : ".");
      return (await pts()) !== stood;
    },
    PATIENT,
  );
  await page.keyboard.press("Space");
  await waitFor("pictures to go on", async () => (await isExact()) && (await pts()) > stood, PATIENT);
  await page.keyboard.press("0");
  await page.getByTestId("zoom").filter({ hasText: "1.0×" }).waitFor(WAIT);

  // Nothing that is changed about the overlay is asked of VAS, and no frame is left out for it.
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  sent.length = 0;
  const threshold = page.getByRole("slider", { name: "Confidence threshold" });
  await threshold.focus();
  for (let press = 0; press < 20; press++) await page.keyboard.press("ArrowRight");
  await page.getByText("from 20 %").waitFor(WAIT);
  await page.getByRole("slider", { name: "Opacity" }).focus();
  await page.keyboard.press("ArrowLeft");
  await page.getByRole("slider", { name: "Line width" }).focus();
  await page.keyboard.press("ArrowRight");
  await page.getByRole("checkbox", { name: "Labels" }).uncheck();
  await page.getByRole("button", { name: /^Colour of/ }).click();
  await page.getByRole("button", { name: "Green" }).click();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Fast" }).click();
  await page.getByText(/^Fast: the picture plays on at once/).waitFor(WAIT);
  const shown = page.getByRole("group", { name: "Models shown" }).getByRole("checkbox").first();
  await shown.uncheck();
  await waitFor("no box", async () => (await overlay.getAttribute("data-drawn")) === "0", PATIENT);
  await shown.check();
  await waitFor("a box", async () => (await overlay.getAttribute("data-drawn")) === "1", PATIENT);
  assert.deepEqual(sent, [], "nothing went over the WebSocket");
  assert.deepEqual(
    asked.filter((path) => !ASKED_AGAIN.test(path)),
    [],
  );
  assert.deepEqual(complaints, []);
});

/** One of the entries behind the three dots. */
async function more(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: "More of this grid" }).click();
  await page.getByRole("menuitem", { name }).click();
}

/** Ids of the tiles that are seen. */
async function order(page: Page): Promise<(string | undefined)[]> {
  return page
    .locator("li.tile-box:not(.warming)")
    .evaluateAll((tiles) => tiles.map((tile) => (tile as HTMLElement).dataset.camera));
}

/** The number and the box of a stage that is zoomed about its top left corner, read from one shot of the screen. */
async function zoomedScreen(page: Page): Promise<{ shown: number | null; place: number | null; top: number }> {
  const zoom = await page
    .getByTestId("stage-content")
    .evaluate((element) => new DOMMatrix(getComputedStyle(element).transform).a);
  const png = await page.locator(".stage").screenshot({ type: "png" });
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  // As large as the whole picture would be, of which the screen shows the top left part.
  const [wide, high] = [Math.round(width * zoom), Math.round(height * zoom)];
  const rgba = execFileSync(
    "ffmpeg",
    [
      ..."-v error -f png_pipe -i pipe:0 -vf".split(" "),
      `pad=${wide}:${high}:0:0`,
      ..."-f rawvideo -pix_fmt rgba pipe:1".split(" "),
    ],
    { input: png, maxBuffer: 256 * 1024 * 1024 },
  );
  const isBox = (x: number, y: number) => {
    const at = (y * wide + x) * 4;
    return (rgba[at] as number) > 200 && (rgba[at + 1] as number) < 80 && (rgba[at + 2] as number) > 200;
  };
  const row = Math.round(high * 0.64);
  let left = 0;
  while (left < width && !isBox(left, row)) left++;
  // Inside the box, beside its label.
  const column = Math.min(width - 1, left + Math.round(wide * 0.1));
  let top = row;
  while (top > 0 && !isBox(column, top)) top--;
  return {
    shown: readFrameNumberRgba(rgba, wide, high),
    place: left === width ? null : echoPlace((left + 1) / wide),
    top: top / high,
  };
}
