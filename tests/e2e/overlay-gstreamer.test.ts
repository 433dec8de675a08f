/**
 * The same proof on a stream that we did not make: a film of a walking person through GStreamer's encoder and RTSP server.
 * Only the frame number is ours; it is burned into the film's own pictures before they are sent.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Camera } from "@vas/contracts/http.ts";
import { ECHO_MODEL, ECHO_MODELS_DIR } from "@vas/testkit/echo-model/echo.ts";
import { startGstCamera } from "@vas/testkit/gst-camera.ts";
import { burnFrameNumber } from "@vas/testkit/picture.ts";
import { waitFor } from "@vas/testkit/processes.ts";
import { startSite } from "@vas/testkit/site.ts";
import { testData } from "@vas/testkit/test-data.ts";
import { logIn, openBrowser, openPage, screenshot } from "./browser.ts";
import { BOX_COLOUR, seenCount, seenFrames, watch } from "./overlay-proof.ts";

const [WIDTH, HEIGHT, FPS] = [640, 360, 20];
const SIZE = `${WIDTH}x${HEIGHT}`;
/** The film begins again after so many frames, and so do its numbers. */
const LOOP = 10 * FPS;
const FRAMES = 1_000;

test("boxes are on the frames of a film that GStreamer streams, live and recorded", async () => {
  const folder = mkdtempSync(join(tmpdir(), "vas-film-"));
  after(() => rmSync(folder, { recursive: true }));
  const video = numberedFilm(folder);
  const camera = await startGstCamera({ width: WIDTH, height: HEIGHT, fps: FPS, gop: FPS, video });
  after(() => camera.close());
  const site = await startSite({ frameExport: true, modelsDirs: [ECHO_MODELS_DIR] });
  after(() => site.stop());
  const api = await site.api();
  const { id } = await api.post<Camera>("cameras", { name: "Film", rtsp_url: camera.url });
  await waitFor("the model to be registered", async () =>
    (await api.get<{ items: { model_id: string }[] }>("ai-models")).items.some((one) => one.model_id === ECHO_MODEL),
  );
  await api.put(`ai-model-assignments/${id}/${ECHO_MODEL}`, { desired_fps: 60 });
  const browser = await openBrowser();
  after(() => browser.close());
  const { page } = await openPage(browser, site.url);
  await logIn(page, site.adminPassword);
  await page.evaluate(
    async (kept) => {
      const me = (await (await fetch("/api/v1/auth/me")).json()) as { id: string };
      localStorage.setItem(`vas.overlay.${me.id}`, kept);
    },
    JSON.stringify({ on: true, mode: "exact", colours: { [ECHO_MODEL]: BOX_COLOUR } }),
  );

  const proven = async (count: number) => {
    await waitFor(
      "exact pictures",
      async () => (await page.getByTestId("overlay").getAttribute("data-state")) === "exact",
      { withinMs: 60_000, seen: () => page.getByTestId("overlay-age").innerText() },
    );
    await watch(page, "picture");
    await waitFor(`${count} painted frames`, async () => (await seenCount(page)) >= count, {
      withinMs: 300_000,
      everyMs: 500,
      seen: async () => [await seenCount(page), await page.getByTestId("overlay-age").innerText()],
    });
    const own = (await seenFrames(page)).filter((one) => one.claimed === 0);
    assert.ok(own.length > count / 2, `frames with a result of their own [own:${own.length}, of:${count}]`);
    const wrong = own.filter(({ shown, drawn, place }) => shown === null || shown !== drawn || place !== drawn % 64);
    assert.deepEqual(wrong, []);
  };
  await page.goto(`/cameras/${id}`);
  await proven(FRAMES);
  await screenshot(page, "overlay-film-live");
  await page.goto(`/recordings?camera=${id}&at=${new Date(Date.now() - 40_000).toISOString()}`);
  await proven(400);
  await screenshot(page, "overlay-film-recorded");
});

/** Ten seconds of the film with a number in each picture. */
function numberedFilm(folder: string): string {
  const film = testData("one-by-one-person-detection.mp4");
  const raw = execFileSync(
    "ffmpeg",
    [
      ..."-v error -nostdin -ss 4 -i".split(" "),
      film,
      ...`-map 0:v:0 -vf scale=${WIDTH}:${HEIGHT},fps=${FPS} -frames:v ${LOOP} -f rawvideo -pix_fmt yuv420p pipe:1`.split(
        " ",
      ),
    ],
    { maxBuffer: 256 * 1024 * 1024 },
  );
  const frameBytes = (WIDTH * HEIGHT * 3) / 2;
  assert.equal(raw.length, LOOP * frameBytes);
  for (let frame = 0; frame < LOOP; frame++)
    burnFrameNumber(raw.subarray(frame * frameBytes, (frame + 1) * frameBytes), WIDTH, HEIGHT, frame);
  const file = join(folder, "film.mp4");
  execFileSync(
    "ffmpeg",
    [
      ...`-v error -y -f rawvideo -pix_fmt yuv420p -video_size ${SIZE} -framerate ${FPS} -i pipe:0`.split(" "),
      ..."-c:v libx264 -preset ultrafast -crf 12".split(" "),
      file,
    ],
    { input: raw },
  );
  return file;
}
