/**
 * What a full grid costs a browser: the real page against a real VAS, 16 tiles of 16 cameras, overlays off and on. The
 * main thread's script and whole work per displayed frame of the screen, and what the heap holds over time.
 *
 *   node bench/grid-cost.ts [minutes of watching] [exact|fast]
 *
 * The cameras are two small GOP-exact sources, each ingested eight times. Results are put into the page's WebSocket here,
 * two boxes for every frame of every camera, as Core would send them: what models cost is not this bench's matter.
 */
import { startSite } from "@vas/testkit/site.ts";
import { startSyntheticCamera } from "@vas/testkit/synthetic-camera.ts";
import { waitFor } from "@vas/testkit/processes.ts";
import type { LiveReply, LiveNotice, LiveResults, Result, Run } from "@vas/contracts/live.ts";
import type { CDPSession, Page } from "playwright-core";
import { logIn, openBrowser, openPage } from "../tests/e2e/browser.ts";

const minutes = Number(process.argv[2] ?? 10);
const mode = process.argv[3] === "fast" ? "fast" : "exact";
const TILES = 16;
const FPS = 5;
const FRAME_TICKS = 90_000 / FPS;
const WINDOW_S = 20;
const ROUNDS = 3;
/** A model's time, and the network's. */
const LATENCY_MS = 150;

const sources = await Promise.all(
  [0, 1].map(() => startSyntheticCamera({ width: 320, height: 180, fps: FPS, gop: 2 * FPS, bitrate: 200_000 })),
);
const site = await startSite({ vasEnv: { VAS_ALLOW_LOOPBACK_CAMERAS: "true" } });
const browser = await openBrowser();
try {
  const api = await site.api();
  for (let at = 0; at < TILES; at++)
    await api.post("cameras", { name: `Camera ${at + 1}`, rtsp_url: sources[at % 2]?.url, record: false });
  const { page } = await openPage(browser, site.url);
  await page.setViewportSize({ width: 1920, height: 1080 });
  const results = await feedResults(page);
  await logIn(page, site.adminPassword);
  await page.getByRole("button", { name: "16 tiles" }).click();
  await waitFor("16 pictures", async () => (await page.locator('[data-phase="playing"]').count()) === TILES, {
    withinMs: 180_000,
    seen: () => page.locator("[data-phase]").evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.phase)),
  });
  await page.evaluate(
    async (kept) => {
      const me = (await (await fetch("/api/v1/auth/me")).json()) as { id: string };
      localStorage.setItem(`vas.overlay.${me.id}`, kept);
    },
    JSON.stringify({ on: false, mode }),
  );
  await page.reload();
  await playing(page);

  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const off: Figures[] = [];
  const on: Figures[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    off.push(await measured(page, session));
    await page.keyboard.press("o");
    await waitFor("boxes in every tile", async () => (await drawn(page)) >= TILES, {
      withinMs: 120_000,
      seen: () => drawn(page),
    });
    on.push(await measured(page, session));
    await page.keyboard.press("o");
  }
  console.log(
    `${TILES} tiles of 320x180 at ${FPS} fps on 1920x1080, ${mode} mode, two boxes a frame; medians of ${ROUNDS} windows of ${WINDOW_S} s`,
  );
  for (const [name, rows] of [
    ["overlays off", off],
    ["overlays on", on],
  ] as const)
    console.log(
      `${name.padEnd(14)} script ${median(rows, "script")} ms   whole main thread ${median(rows, "task")} ms   per animation frame of ${median(rows, "fps")} a second; frames of all tiles ${median(rows, "shown")} a second; animation frames over 50 ms ${rows.map((row) => row.long).join(", ")}`,
    );

  await page.keyboard.press("o");
  console.log(`\nmemory while overlays are on, after a collection, each ${minutes >= 20 ? 5 : 1} min`);
  for (let minute = 0; minute <= minutes; minute += minutes >= 20 ? 5 : 1) {
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    const { nodes, jsEventListeners } = await session.send("Memory.getDOMCounters");
    console.log(
      `${String(minute).padStart(4)} min   heap ${(usedSize / 1e6).toFixed(2)} MB   nodes ${nodes}   listeners ${jsEventListeners}   results ${results()}   drawn in ${await drawn(page)} tiles`,
    );
    if (minute < minutes) await page.waitForTimeout((minutes >= 20 ? 5 : 1) * 60_000);
  }
} finally {
  await browser.close();
  await site.stop();
  for (const source of sources) await source.close();
}

type Figures = { script: number; task: number; fps: number; shown: number; long: number };

/** Processor time of the main thread, which waiting for a core does not change. */
async function measured(page: Page, session: CDPSession): Promise<Figures> {
  const busy = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    const of = (name: string) => (metrics.find((metric) => metric.name === name)?.value ?? 0) * 1_000;
    return { script: of("ScriptDuration"), task: of("TaskDuration") };
  };
  await page.waitForTimeout(2_000);
  const shownNow = () =>
    page
      .locator("video")
      .evaluateAll((all) =>
        all.reduce((sum, one) => sum + (one as HTMLVideoElement).getVideoPlaybackQuality().totalVideoFrames, 0),
      );
  const shown = await shownNow();
  const before = await busy();
  const { frames, long, ms } = await page.evaluate(
    (seconds) =>
      new Promise<{ frames: number; long: number; ms: number }>((resolve) => {
        const startMs = performance.now();
        let frames = 0;
        let long = 0;
        let last = startMs;
        const next = (now: number) => {
          frames++;
          if (now - last > 50) long++;
          last = now;
          if (now - startMs < seconds * 1_000) requestAnimationFrame(next);
          else resolve({ frames, long, ms: now - startMs });
        };
        requestAnimationFrame(next);
      }),
    WINDOW_S,
  );
  const after = await busy();
  return {
    script: (after.script - before.script) / frames,
    task: (after.task - before.task) / frames,
    fps: frames / (ms / 1_000),
    shown: ((await shownNow()) - shown) / (ms / 1_000),
    long,
  };
}

async function playing(page: Page): Promise<void> {
  await waitFor("16 pictures", async () => (await page.locator('[data-phase="playing"]').count()) === TILES, {
    withinMs: 180_000,
  });
}

/** Tiles with a box in them now. */
async function drawn(page: Page): Promise<number> {
  return page
    .getByTestId("overlay")
    .evaluateAll((all) => all.filter((one) => Number((one as HTMLElement).dataset.drawn) > 0).length);
}

/** Sits in the page's WebSocket, learns each camera's run, and sends results of its frames. @returns how many so far */
async function feedResults(page: Page): Promise<() => number> {
  let count = 0;
  await page.routeWebSocket(/\/api\/v1\/live/, (browserSide) => {
    const server = browserSide.connectToServer();
    const runs = new Map<string, Run>();
    const asked = new Map<number, string>();
    const cameraOfTransport = new Map<string, string>();
    const followed = new Set<string>();
    browserSide.onMessage((message) => {
      const request = JSON.parse(String(message)) as {
        id: number;
        method: string;
        params: { camera_id?: string; transport_id?: string; on?: boolean };
      };
      const { camera_id = "", transport_id = "", on } = request.params;
      if (request.method === "transport") asked.set(request.id, camera_id);
      if (request.method === "consume") asked.set(request.id, cameraOfTransport.get(transport_id) ?? "");
      if (request.method === "detections" && on) followed.add(camera_id);
      if (request.method === "detections" && !on) followed.delete(camera_id);
      server.send(message);
    });
    server.onMessage((message) => {
      const told = JSON.parse(String(message)) as LiveReply | LiveNotice;
      if ("notice" in told) {
        if (told.notice === "run") runs.set(told.camera_id, told.run);
      } else if (told.ok && told.id !== null && asked.has(told.id)) {
        const camera = asked.get(told.id) as string;
        const result = told.result as Partial<LiveResults["transport"] & LiveResults["consume"]>;
        if (result.transport_id) cameraOfTransport.set(result.transport_id, camera);
        if (result.run) runs.set(camera, result.run);
      }
      browserSide.send(message);
    });
    const timer = setInterval(() => {
      for (const camera_id of followed) {
        const run = runs.get(camera_id);
        if (!run) continue;
        const age = (Date.now() - LATENCY_MS) * 90 - run.pts90k_base;
        const pts90k = run.pts90k_base + Math.floor(age / FRAME_TICKS) * FRAME_TICKS;
        browserSide.send(JSON.stringify({ notice: "result", result: resultOf(camera_id, pts90k) }));
        count++;
      }
    }, 1_000 / FPS);
    browserSide.onClose(() => clearInterval(timer));
  });
  return () => count;
}

function resultOf(camera_id: string, pts90k: number): Result {
  const at = ((pts90k / FRAME_TICKS) % 20) / 40;
  const boxes = [
    [at, 0.2, at + 0.2, 0.7],
    [0.5 - at / 2, 0.5, 0.8 - at / 2, 0.9],
  ] as const;
  return {
    camera_id,
    model_id: "bench",
    frame_id: Math.floor(pts90k / FRAME_TICKS),
    pts90k,
    wall_ms: Math.round(pts90k / 90),
    width: 320,
    height: 180,
    detections: boxes.map((bbox, index) => ({
      class_id: index,
      class_name: index === 0 ? "person" : "car",
      confidence: 0.8,
      bbox: [...bbox] as [number, number, number, number],
    })),
    inference_ms: 40,
    latency_ms: 60,
  };
}

function median(rows: Figures[], name: keyof Figures): string {
  const sorted = rows.map((row) => row[name]).toSorted((a, b) => a - b);
  return (sorted[Math.floor(sorted.length / 2)] ?? Number.NaN).toFixed(2);
}
