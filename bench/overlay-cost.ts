/**
 * What overlays cost a browser: main-thread time per displayed frame at 3840x2160 with 500 moving boxes, beside the same
 * page without overlays; and how late exact mode's picture is, and what its kept pictures hold, for models of several
 * latencies. Chromium without a GPU: every pixel is drawn by the processor, which no viewer's machine has to do.
 *
 *   node bench/overlay-cost.ts [seconds per round] [rounds]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { build } from "vite";
import { openBrowser } from "../tests/e2e/browser.ts";
import type { Figures, Round } from "../apps/web/bench/overlay-round.ts";

const seconds = Number(process.argv[2] ?? 6);
const rounds = Number(process.argv[3] ?? 5);
const folder = mkdtempSync(join(tmpdir(), "bench-overlay-"));
const LARGE = { width: 3840, height: 2160, fps: 10 };
const USUAL = { width: 1280, height: 720, fps: 25 };
const script = await bundled();
const html = `<!doctype html><style>
  body { margin: 0; overflow: hidden } .stage { position: relative; width: 100vw; height: 100vh }
  video { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain } canvas { position: absolute }
  </style><div class="stage"><video muted src="/film.mp4"></video><canvas id="picture"></canvas><canvas id="boxes"></canvas></div>
  <script type="module" src="/page.js"></script>`;

const browser = await openBrowser();
try {
  for (const size of [LARGE, USUAL]) await costs(size);

  console.log("\nexact mode");
  for (const size of [USUAL, LARGE]) {
    const shown = await opened(size);
    for (const latencyMs of [40, 200, 500, 800]) {
      const { figures } = await measured(shown, { mode: "exact", boxes: 4, latencyMs });
      const { delayMs, memoryBytes } = figures;
      console.log(
        `${`${size.width}x${size.height}`.padEnd(10)} model's latency ${String(latencyMs).padStart(4)} ms   delay p50 ${at(delayMs, 0.5)}, p95 ${at(delayMs, 0.95)} ms   pictures ${(memoryBytes / 1e6).toFixed(0)} MB`,
      );
    }
    await shown.close();
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}

/** The main thread's time per displayed frame, with and without an overlay, in turns. */
async function costs(size: typeof LARGE): Promise<void> {
  const page = await opened(size);
  const rows: { name: string; round: Round; main: number[]; paint: number[] }[] = [
    { name: "no overlay", round: { mode: "none", boxes: 0, latencyMs: 0 }, main: [], paint: [] },
    { name: "fast, 500 boxes", round: { mode: "fast", boxes: 500, latencyMs: 40 }, main: [], paint: [] },
    { name: "exact, 500 boxes", round: { mode: "exact", boxes: 500, latencyMs: 40 }, main: [], paint: [] },
    { name: "fast, 4 boxes", round: { mode: "fast", boxes: 4, latencyMs: 40 }, main: [], paint: [] },
    { name: "exact, 4 boxes", round: { mode: "exact", boxes: 4, latencyMs: 40 }, main: [], paint: [] },
  ];
  for (let turn = 0; turn < rounds; turn++)
    for (const row of rows) {
      const { main, figures } = await measured(page, row.round);
      row.main.push(main / figures.frames);
      row.paint.push(figures.paintMs.reduce((sum, ms) => sum + ms, 0) / figures.frames);
    }
  const { width, height, fps } = size;
  console.log(
    `${width}x${height} at ${fps} fps, medians of ${rounds} rounds of ${seconds} s, processor ms of the main thread per frame`,
  );
  const empty = median(rows[0]?.main ?? []);
  for (const { name, main, paint } of rows)
    console.log(
      `${name.padEnd(20)} all ${median(main).toFixed(2).padStart(7)}   above the empty page ${(median(main) - empty).toFixed(2).padStart(7)}   the layer by the clock ${median(paint).toFixed(2).padStart(7)}`,
    );
  await page.close();
}

/** A page that plays a film of exactly its own size. */
async function opened({ width, height, fps }: typeof LARGE): Promise<Page> {
  const viewport = { width, height };
  const film = filmOf(width, height, fps);
  const page = await browser.newPage({ viewport, deviceScaleFactor: 1 });
  await page.route("http://bench.invalid/**", (route) => {
    const path = new URL(route.request().url()).pathname;
    if (path === "/page.js") return route.fulfill({ contentType: "text/javascript", body: script });
    if (path === "/film.mp4") return route.fulfill({ contentType: "video/mp4", body: film });
    return route.fulfill({ contentType: "text/html", body: html });
  });
  await page.goto("http://bench.invalid/");
  await page.evaluate("document.querySelector('video').play()");
  return page;
}

/** Plain pictures, two seconds of them again and again: decoding is not what is measured, and it shares the processor. */
function filmOf(width: number, height: number, fps: number): Buffer {
  const [short, long] = [join(folder, "short.mp4"), join(folder, "long.mp4")];
  execFileSync("ffmpeg", [
    ..."-v error -y -f lavfi -i".split(" "),
    `color=c=gray:size=${width}x${height}:rate=${fps}:duration=2`,
    ..."-c:v libx264 -preset ultrafast -pix_fmt yuv420p".split(" "),
    short,
  ]);
  execFileSync("ffmpeg", [..."-v error -y -stream_loop 600 -i".split(" "), short, "-c", "copy", long]);
  return readFileSync(long);
}

/** One round, and the main thread's busy time meanwhile in milliseconds. */
async function measured(page: Page, round: Round): Promise<{ main: number; figures: Figures }> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const busy = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return (metrics.find((metric) => metric.name === "TaskDuration")?.value ?? 0) * 1000;
  };
  const before = await busy();
  const figures = await page.evaluate<Figures>(`play(${JSON.stringify(round)}, ${seconds})`);
  const main = (await busy()) - before;
  await session.detach();
  return { main, figures };
}

async function bundled(): Promise<string> {
  const output = await build({
    configFile: false,
    root: fileURLToPath(new URL("..", import.meta.url)),
    logLevel: "error",
    build: {
      write: false,
      minify: false,
      target: "es2022",
      lib: {
        entry: fileURLToPath(new URL("../apps/web/bench/overlay-page.ts", import.meta.url)),
        formats: ["es"],
        fileName: "page",
      },
    },
  });
  const first = Array.isArray(output) ? output[0] : output;
  if (!first || !("output" in first)) throw new Error("the page was not built");
  const chunk = first.output.find((one) => one.type === "chunk");
  if (!chunk || chunk.type !== "chunk") throw new Error("the page has no script");
  return chunk.code;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function at(values: number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(0).padStart(4);
}
