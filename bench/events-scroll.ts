/**
 * The events page in Chromium, scrolled from the newest of many real events on: processor time of the main thread for each
 * frame, frames whose work would not fit into a sixtieth of a second, and the page's memory. Beside it a page that
 * is as high and empty, in turns, because the machine is shared. Chromium without a GPU: the processor paints as well.
 *
 *   MEDIASOUP_WORKER_BIN=... node bench/events-scroll.ts [events] [rounds]        (after the web was built)
 */
import type { CDPSession, Page } from "playwright-core";
import { waitFor } from "@vas/testkit/processes.ts";
import { logIn, openBrowser, openPage } from "../tests/e2e/browser.ts";
import { siteWithEvents } from "./events-site.ts";

const count = Number(process.argv[2] ?? 10_000);
const rounds = Number(process.argv[3] ?? 3);
/** A steady wheel, and a drag of the scroll bar: more than a screen each frame, every row new. */
const STEPS_PX = [120, 900];
const FRAMES = 300;
const FRAME_MS = 1000 / 60;

type Round = { mainMs: number[] };

await using site = await siteWithEvents(count);
const browser = await openBrowser();
try {
  const { page, complaints } = await openPage(browser, site.url);
  await logIn(page, site.adminPassword);
  complaints.length = 0;
  await page.goto("/events");
  await page.locator(".event-row").first().waitFor();
  const loadMs = await loadAll(page);
  const rowsInPage = await page.locator(".event-row").count();
  console.log(
    `${count} events loaded by scrolling in ${(loadMs / 1000).toFixed(1)} s; rows in the page: ${rowsInPage}`,
  );

  const bare = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  await bare.setContent(`<div style="height:${await page.evaluate(() => document.documentElement.scrollHeight)}px">`);
  for (const stepPx of STEPS_PX) {
    const found: Record<"events" | "empty", Round[]> = { events: [], empty: [] };
    for (let round = 0; round < rounds; round++) {
      found.events.push(await scrolled(page, stepPx));
      found.empty.push(await scrolled(bare, stepPx));
    }
    for (const [name, list] of Object.entries(found)) {
      const main = list.flatMap((one) => one.mainMs).sort((a, b) => a - b);
      const at = (share: number) => (main[Math.floor(share * (main.length - 1))] ?? 0).toFixed(2);
      const over = main.filter((ms) => ms > FRAME_MS).length;
      console.log(
        `${String(stepPx).padStart(4)} px a frame, ${name.padEnd(6)}: main thread p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, most ${at(1)} ms a frame; over ${FRAME_MS.toFixed(1)} ms: ${over} of ${main.length}`,
      );
    }
  }
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const heap = await metric(session, "JSHeapUsedSize");
  console.log(`script memory of the page ${(heap / 1e6).toFixed(1)} MB, ${await metric(session, "Nodes")} nodes`);
  if (complaints.length > 0) throw new Error(complaints.join("\n"));
} finally {
  await browser.close();
}

/** @returns milliseconds until the oldest event was there */
async function loadAll(page: Page): Promise<number> {
  const start = performance.now();
  await waitFor(
    "the oldest event",
    async () => {
      await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
      return page.getByText("These are all the events.").isVisible();
    },
    { withinMs: 300_000 },
  );
  return performance.now() - start;
}

/** One frame after the other, each with the processor time that the main thread spent on it. */
async function scrolled(page: Page, stepPx: number): Promise<Round> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  await page.evaluate(() => scrollTo(0, 0));
  await page.evaluate(nextFrame, 0);
  const mainMs: number[] = [];
  let before = await metric(session, "TaskDuration");
  while (mainMs.length < FRAMES) {
    await page.evaluate(nextFrame, stepPx);
    const now = await metric(session, "TaskDuration");
    mainMs.push((now - before) * 1000);
    before = now;
  }
  await session.detach();
  return { mainMs };
}

/** Runs in the page: scrolls, and resolves in the first task after the frame was painted. */
async function nextFrame(stepPx: number): Promise<void> {
  scrollBy(0, stepPx);
  await new Promise(requestAnimationFrame);
  const { port1, port2 } = new MessageChannel();
  await new Promise((resolve) => {
    port1.addEventListener("message", resolve);
    port1.start();
    port2.postMessage(null);
  });
  port1.close();
}

async function metric(session: CDPSession, name: string): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find((one) => one.name === name)?.value ?? 0;
}
