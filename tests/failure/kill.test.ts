/**
 * Kill -9, one part after another, while a browser watches and everything records. The table in docs/design/failures.md
 * says what each may be noticed as.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { AiHealth, Camera, Gap, Recordings } from "@vas/contracts/http.ts";
import type { Api } from "@vas/testkit/api.ts";
import { readFrameNumberRgba } from "@vas/testkit/picture.ts";
import { descendants, isRunning, killNow, type ProcessRow, waitFor } from "@vas/testkit/processes.ts";
import { REPOSITORY, type Site, startSite } from "@vas/testkit/site.ts";
import { type SyntheticCamera, startSyntheticCamera } from "@vas/testkit/synthetic-camera.ts";
import type { Browser, Page } from "playwright-core";
import { displayedPicture, logIn, openBrowser, openPage } from "../e2e/browser.ts";

describe("kill -9 while a browser watches", { concurrency: false }, () => {
  let camera: SyntheticCamera;
  let site: Site;
  let browser: Browser;
  let page: Page;
  let api: Api;
  let cameraId: string;
  const startedMs = Date.now();

  before(async () => {
    camera = await startSyntheticCamera({ width: 640, height: 360, fps: 15, gop: 15 });
    site = await startSite({
      frameExport: true,
      modelsDirs: [join(REPOSITORY, "runtimes")],
      vasEnv: { VAS_ALLOW_LOOPBACK_CAMERAS: "true" },
    });
    api = await site.api();
    cameraId = (await api.post<Camera>("cameras", { name: "Watched", rtsp_url: camera.url })).id;
    await waitFor("the model to be registered", async () =>
      (await api.get<{ items: { model_id: string }[] }>("ai-models")).items.some(
        (model) => model.model_id === "barcode",
      ),
    );
    await api.put(`ai-model-assignments/${cameraId}/barcode`, { desired_fps: 5 });
    browser = await openBrowser();
    ({ page } = await openPage(browser, site.url));
    await logIn(page, site.adminPassword);
    await page.goto(`/cameras/${cameraId}`);
    await playsOn("at first");
    await resultsFlow("at first");
  });
  after(async () => {
    await browser?.close();
    await site?.stop();
    await camera?.close();
  });

  const liveNumber = async () => {
    const picture = await displayedPicture(page.getByTestId("live-video"));
    return picture && readFrameNumberRgba(picture.rgba, picture.width, picture.height);
  };
  /** The displayed picture goes on by two seconds of frames. */
  const playsOn = async (when: string) => {
    const first = await waitFor(`a numbered live picture ${when}`, liveNumber, {
      withinMs: 45_000,
      seen: () => page.locator(".stage").innerText(),
    });
    await waitFor(`live video to go on ${when}`, async () => ((await liveNumber()) ?? 0) >= first + 30, {
      withinMs: 45_000,
      seen: () => page.locator(".stage").innerText(),
    });
  };
  const health = () => api.get<AiHealth>("ai-health");
  const subscription = async () => (await health()).subscriptions.find((one) => one.model_id === "barcode");
  /** Ten more results arrive. */
  const resultsFlow = async (when: string) => {
    const base = await waitFor(`the subscription to be reported ${when}`, subscription, { seen: health });
    await waitFor(
      `results to flow ${when}`,
      async () => {
        const now = await subscription();
        return now && (now.results >= base.results + 10 || now.results < base.results);
      },
      { withinMs: 60_000, seen: health },
    );
  };
  const recordings = () =>
    api.get<Recordings>(
      `cameras/${cameraId}/recordings?from=${new Date(startedMs).toISOString()}&to=${new Date(Date.now() + 60_000).toISOString()}`,
    );
  const lastEnd = async () => Math.max(...(await recordings()).segments.map((segment) => Date.parse(segment.end)), 0);
  /** Three more seconds are recorded. */
  const recordsOn = async (when: string) => {
    const end = await lastEnd();
    await waitFor(`recording to go on ${when}`, async () => (await lastEnd()) >= end + 3000, { seen: recordings });
  };
  const gaps = async (): Promise<Gap[]> => (await recordings()).gaps.filter((gap) => gap.reason !== "connecting");
  const children = (match: string): ProcessRow[] =>
    descendants(site.vas.pid()).filter((row) => argv(row.pid).includes(match));
  const ingest = () => children("-f concat");
  const one = (rows: ProcessRow[], what: string): number => {
    assert.equal(rows.length, 1, `${what}: ${JSON.stringify(rows)}`);
    return (rows[0] as ProcessRow).pid;
  };

  test("a runtime: only its model's results stop, it is counted, and nothing starts it again", async () => {
    const runtime = site.runtimes.get("barcode");
    assert.ok(runtime);
    const ffmpeg = one(ingest(), "the ingest FFmpeg");
    await runtime.kill();
    await waitFor(
      "the missing runtime to be counted and said",
      async () => {
        const now = await subscription();
        return now && now.health === "degraded" && (now.skipped.no_runtime ?? 0) >= 5;
      },
      { seen: health },
    );
    await playsOn("without the runtime");
    await recordsOn("without the runtime");
    assert.equal(runtime.running(), false, "nobody started the runtime again");
    assert.equal(one(ingest(), "the ingest FFmpeg"), ffmpeg);
    await runtime.start();
    await resultsFlow("after the runtime was started by hand");
  });

  test("Core: video does not notice, health says so, and it picks up where it is when it is started", async () => {
    const ffmpeg = one(ingest(), "the ingest FFmpeg");
    await site.core.kill();
    await waitFor("health to say that Core is away", async () => (await health()).core.health !== "healthy", {
      seen: health,
    });
    await playsOn("without Core");
    await recordsOn("without Core");
    assert.equal(one(ingest(), "the ingest FFmpeg"), ffmpeg);
    assert.equal(site.core.running(), false, "nobody started Core again");
    await site.core.start();
    await waitFor("health to say that Core is back", async () => (await health()).core.health === "healthy");
    await resultsFlow("after Core was started");
  });

  test("the tap: video does not notice, and frames come back", async () => {
    const ffmpeg = one(ingest(), "the ingest FFmpeg");
    const tap = one(children("tap-process"), "the tap");
    const before = (await gaps()).length;
    killNow(tap);
    await playsOn("without the tap");
    await recordsOn("without the tap");
    await waitFor("another tap process", () => children("tap-process").some((row) => row.pid !== tap));
    await resultsFlow("after the tap came back");
    assert.equal(one(ingest(), "the ingest FFmpeg"), ffmpeg);
    assert.equal((await gaps()).length, before, "no gap");
  });

  test("a media worker: recording does not notice, and the viewer comes back by itself", async () => {
    const ffmpeg = one(ingest(), "the ingest FFmpeg");
    const before = (await gaps()).length;
    const worker = one(children("mediasoup-worker"), "the media worker");
    killNow(worker);
    await waitFor("another media worker", () => children("mediasoup-worker").some((row) => row.pid !== worker));
    await playsOn("after the media worker was replaced");
    await recordsOn("after the media worker was replaced");
    await resultsFlow("after the media worker was replaced");
    assert.equal(one(ingest(), "the ingest FFmpeg"), ffmpeg);
    assert.equal((await gaps()).length, before, "no gap");
  });

  test("the ingest FFmpeg: the camera comes back by itself, with one gap that has a reason", async () => {
    const before = (await gaps()).length;
    const ffmpeg = one(ingest(), "the ingest FFmpeg");
    killNow(ffmpeg);
    await waitFor("another ingest FFmpeg", () => ingest().some((row) => row.pid !== ffmpeg));
    await playsOn("after the ingest came back");
    await recordsOn("after the ingest came back");
    await resultsFlow("after the ingest came back");
    const now = await waitFor("the gap", async () => {
      const all = await gaps();
      return all.length > before ? all : undefined;
    });
    assert.equal(now.length, before + 1);
    assert.ok(now.every((gap) => gap.end !== null && gap.message.length > 0));
  });

  test("VAS: no child of it is left, and after its start the camera, the viewer, the recording and Core are back", async () => {
    const before = (await gaps()).length;
    const family = descendants(site.vas.pid()).map((row) => row.pid);
    assert.ok(family.length >= 3, "FFmpeg, tap and media worker");
    await site.vas.kill();
    await waitFor("every child of VAS to be gone", () => family.every((pid) => !isRunning(pid)), {
      seen: () => family.filter(isRunning).map(argv),
    });
    await site.vas.start();
    api = await site.api();
    await playsOn("after VAS came back");
    await recordsOn("after VAS came back");
    await resultsFlow("after VAS came back");
    const after = await gaps();
    assert.equal(after.length, before + 1, JSON.stringify(after));
    assert.ok(
      after.some((gap) => gap.reason === "vas_stopped"),
      JSON.stringify(after),
    );
    const open = (await recordings()).segments.filter((segment) => segment.open);
    assert.ok(open.length <= 1, "no segment was left open by the killed VAS");
  });

  test("when the site is stopped nothing of it is left", async () => {
    const shm = site.shmDir;
    const sockets = site.socketDir;
    assert.deepEqual(await site.stop(), []);
    for (const folder of [shm, sockets]) assert.deepEqual(list(folder), [], folder);
  });
});

function argv(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
