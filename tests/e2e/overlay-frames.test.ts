/**
 * Every result on its frame: a camera burns its frame number into each picture, the echo model answers the number it
 * read, and what Chromium shows must agree with what is drawn on it. Live, after a restart of the camera, and in recordings
 * while playing at several speeds, after seeks and when stepping.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Camera } from "@vas/contracts/http.ts";
import { ECHO_MODEL, ECHO_MODELS_DIR } from "@vas/testkit/echo-model/echo.ts";
import { waitFor } from "@vas/testkit/processes.ts";
import { startSite } from "@vas/testkit/site.ts";
import { startSyntheticCamera } from "@vas/testkit/synthetic-camera.ts";
import type { Page } from "playwright-core";
import { logIn, openBrowser, openPage, screenshot } from "./browser.ts";
import { BOX_COLOUR, onScreen, type Seen, seenCount, seenFrames, watch, wrong } from "./overlay-proof.ts";

const FPS = 25;
const FRAME_TICKS = 90_000 / FPS;
const FRAMES = 1_000;
/** 40 s where the machine keeps up; a loaded one shows fewer frames a second. */
const PATIENCE = { withinMs: 300_000, everyMs: 500 };

test("boxes are on the frames they were computed from", async (context) => {
  const camera = await startSyntheticCamera({ width: 640, height: 360, fps: FPS, gop: FPS });
  after(() => camera.close());
  const site = await startSite({ frameExport: true, modelsDirs: [ECHO_MODELS_DIR] });
  after(() => site.stop());
  const api = await site.api();
  const { id } = await api.post<Camera>("cameras", { name: "Numbers", rtsp_url: camera.url });
  await waitFor("the model to be registered", async () =>
    (await api.get<{ items: { model_id: string }[] }>("ai-models")).items.some((one) => one.model_id === ECHO_MODEL),
  );
  const assign = (delayMs: number) =>
    api.put(`ai-model-assignments/${id}/${ECHO_MODEL}`, { desired_fps: 60, parameters: { delay_ms: delayMs } });
  await assign(0);
  const browser = await openBrowser();
  after(() => browser.close());
  const { page } = await openPage(browser, site.url);
  await logIn(page, site.adminPassword);
  await choose(page, "exact");

  const live = async (count: number): Promise<Seen[]> => {
    await state(page, "exact");
    await watch(page, "picture");
    await frames(page, count);
    return seenFrames(page);
  };

  await context.test("live, in exact mode", async () => {
    await page.goto(`/cameras/${id}`);
    const seen = await live(FRAMES);
    allRight(seen);
    assert.ok(
      seen.every((one) => one.claimed === 0),
      "every box is on its own frame",
    );
    let found = 0;
    for (let shot = 0; shot < 10; shot++) {
      const { shown, place } = await onScreen(page.locator(".stage"));
      // A shot between two pictures' labels may miss the box's row; one that has both must have them of one frame.
      if (shown === null || place === null) continue;
      assert.equal(place, shown % 64, "on the screen itself");
      found++;
    }
    assert.ok(found >= 5, `numbers and boxes on the screen [found:${found}]`);
    await screenshot(page, "overlay-live-exact");
  });

  await context.test("live, in exact mode, after a restart of the camera", async () => {
    const before = await page.getByTestId("overlay").getAttribute("data-pts");
    await api.post(`cameras/${id}/stop`);
    await waitFor("the camera to stop", async () => (await status(api, id)) === "stopped");
    await api.post(`cameras/${id}/start`);
    await waitFor(
      "a picture of the new run",
      async () => {
        const now = await page.getByTestId("overlay").getAttribute("data-pts");
        return Number(now) > Number(before) + 90_000;
      },
      { withinMs: 60_000 },
    );
    const seen = await live(FRAMES);
    allRight(seen);
    assert.ok(seen.every((one) => one.claimed === 0));
  });

  await context.test("live, with a model that takes 200 ms", async () => {
    await assign(200);
    await waitFor(
      "a delay of 200 ms",
      async () => Number(await page.getByTestId("overlay").getAttribute("data-delay-ticks")) >= 200 * 90,
      { withinMs: 60_000 },
    );
    const exact = await live(50);
    allRight(exact);
    assert.ok(exact.every((one) => one.claimed === 0));

    await page.getByRole("button", { name: "Fast" }).click();
    await state(page, "playing");
    await watch(page, "video");
    await frames(page, 300);
    const fast = await seenFrames(page);
    // The element may have gone on to its next frame before the test looked: then the two speak of different frames.
    const offsets = new Map<number, number>();
    for (const one of fast) offsets.set(offsetOf(one), (offsets.get(offsetOf(one)) ?? 0) + 1);
    const [offset] = [...offsets].sort((a, b) => b[1] - a[1])[0] as [number, number];
    const same = fast.filter((one) => offsetOf(one) === offset);
    assert.ok(same.length > fast.length / 2, `[same:${same.length}, all:${fast.length}]`);
    const playing = same.filter((one) => one.state === "playing");
    allRight(playing);
    assert.deepEqual(
      playing.map((one) => one.claimed),
      playing.map((one) => (one.shown ?? 0) - (one.drawn ?? 0)),
      "the error that is shown is the error that is measured",
    );
    assert.ok(
      same.some((one) => (one.claimed ?? 0) >= 4),
      "boxes of a slow model are old, and it is said",
    );
    await screenshot(page, "overlay-live-fast");
    await page.getByRole("button", { name: "Exact" }).click();
    await assign(0);
  });

  await context.test("in recordings: playing, at several speeds, after seeks, stepping", async () => {
    const { segments } = await api.get<{ segments: { start: string; end: string; start_pts90k: number }[] }>(
      `cameras/${id}/recordings?from=${new Date(Date.now() - 3_600_000).toISOString()}&to=${new Date().toISOString()}`,
    );
    const [first, last] = [segments[0]?.start ?? "", segments.at(-1)?.start ?? ""].map((iso) => Date.parse(iso)) as [
      number,
      number,
    ];
    await page.goto(`/recordings?camera=${id}&at=${new Date(first + 4_000).toISOString()}`);
    const video = page.getByTestId("recording-video");
    await state(page, "exact");

    const numbers = new Set<number>();
    const check = async (count: number) => {
      const seen = await seenFrames(page);
      recorded(seen, count);
      for (const { shown } of seen) numbers.add(shown ?? -1);
    };

    // Playing, over the camera's restart too.
    await watch(page, "picture");
    await frames(page, FRAMES);
    await check(FRAMES);
    await screenshot(page, "overlay-recorded");

    // Twenty seeks, each played on from.
    await page.getByLabel("Speed").selectOption("2");
    await watch(page, "picture");
    for (let seek = 0; seek < 20; seek++) {
      const to = first + 2_000 + Math.random() * Math.max(1, last - first - 4_000);
      const from = await seenCount(page);
      await page.evaluate((at) => {
        history.replaceState(
          null,
          "",
          `${location.pathname}?${new URLSearchParams({ camera: new URLSearchParams(location.search).get("camera") ?? "", at })}`,
        );
        dispatchEvent(new PopStateEvent("popstate"));
      }, new Date(to).toISOString());
      await frames(page, from + 50);
    }
    await check(20 * 50);

    // Half and double speed, from the start.
    for (const [speed, count] of [
      ["0.5", FRAMES * 0.4],
      ["2", FRAMES * 0.6],
    ] as const) {
      await page.getByLabel("Speed").selectOption(speed);
      await video.evaluate((element) => {
        const target = element as HTMLVideoElement;
        target.currentTime = target.seekable.start(0) + 3;
        void target.play();
      });
      await watch(page, "picture");
      await frames(page, count);
      await check(count);
    }

    // One frame forward, one back: no frame is left out, and none is shown twice.
    await page.getByLabel("Speed").selectOption("1");
    // Where every frame has a result of its own: a busy machine has played on to where the model was slow, or to the end.
    await video.evaluate((element) => {
      const target = element as HTMLVideoElement;
      target.currentTime = target.seekable.start(0) + 6;
      void target.play();
    });
    await watch(page, "picture");
    await frames(page, 10);
    await video.evaluate((element) => (element as HTMLVideoElement).pause());
    const stage = page.locator(".stage");
    const steps = [
      await waitFor("a paused frame with its box", () => paired(stage), {
        everyMs: 200,
        seen: async () => [await onScreen(stage), await page.getByTestId("overlay-age").innerText()],
      }),
    ];
    for (let step = 1; step <= 8; step++) {
      const before = steps.at(-1) as number;
      await page.getByRole("button", { name: "Next frame" }).click();
      const next = await waitFor(
        `a frame after ${before} and its box`,
        async () => {
          const now = await paired(stage);
          return now !== null && now !== before ? now : null;
        },
        { seen: () => onScreen(stage) },
      );
      assert.ok(next > before, `[before:${before}, next:${next}]`);
      // A camera that was kept from its work leaves out numbers; what it sent was seen while it played.
      for (let between = before + 1; between < next; between++)
        assert.ok(!numbers.has(between), `frame ${between} is recorded and was left out`);
      steps.push(next);
    }
    for (const wanted of steps.toReversed().slice(1)) {
      await page.keyboard.press(",");
      await waitFor(`frame ${wanted} and its box`, async () => (await paired(stage)) === wanted, {
        seen: () => onScreen(stage),
      });
    }
  });
});

/** The number on the screen where the box on the screen is the same number's. */
async function paired(stage: Parameters<typeof onScreen>[0]): Promise<number | null> {
  const { shown, place } = await onScreen(stage);
  return shown !== null && place === shown % 64 ? shown : null;
}

/** Sets what a person would set in the panel, before the page is opened. */
async function choose(page: Page, mode: "exact" | "fast"): Promise<void> {
  await page.evaluate(
    async (kept) => {
      const me = (await (await fetch("/api/v1/auth/me")).json()) as { id: string };
      localStorage.setItem(`vas.overlay.${me.id}`, kept);
    },
    JSON.stringify({ on: true, mode, colours: { [ECHO_MODEL]: BOX_COLOUR } }),
  );
}

async function state(page: Page, wanted: string): Promise<void> {
  await waitFor(
    `the overlay to be ${wanted}`,
    async () => (await page.getByTestId("overlay").getAttribute("data-state")) === wanted,
    { withinMs: 60_000, seen: () => page.getByTestId("overlay-age").innerText() },
  );
}

async function frames(page: Page, count: number): Promise<void> {
  await waitFor(`${count} painted frames`, async () => (await seenCount(page)) >= count, {
    ...PATIENCE,
    seen: async () => [await seenCount(page), await page.getByTestId("overlay-age").innerText()],
  });
}

async function status(api: { get<T>(path: string): Promise<T> }, id: string): Promise<string> {
  return (await api.get<Camera>(`cameras/${id}`)).status.state;
}

function offsetOf({ pts, rtp }: Seen): number {
  return (((pts - (rtp ?? 0)) % 2 ** 32) + 2 ** 32) % 2 ** 32;
}

function allRight(seen: Seen[]): void {
  assert.deepEqual(
    seen.map((one) => wrong(one, FRAME_TICKS)).filter((problem) => problem !== null),
    [],
  );
}

/** Between results a recorded frame has the last ones, with their age; most have their own. */
function recorded(seen: Seen[], count: number): void {
  assert.ok(seen.length >= count, `[seen:${seen.length}]`);
  allRight(seen);
  const own = seen.filter((one) => one.claimed === 0).length;
  assert.ok(own > seen.length / 2, `frames with a result of their own [own:${own}, of:${seen.length}]`);
}
