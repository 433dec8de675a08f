/**
 * Lighthouse on live, recordings and events of a real site with a camera, a model and events, logged in, in Debian's
 * Chromium: the scores for a desktop and for a phone, medians of some runs. Lighthouse drags more than a hundred packages
 * behind it, so it is none of ours: it is installed into ~/.cache/vas/lighthouse when this runs for the first time.
 *
 *   node bench/lighthouse.ts [runs] [page...]
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import type { Camera } from "@vas/contracts/http.ts";
import { freePort, waitFor } from "@vas/testkit/processes.ts";
import { REPOSITORY, startSite } from "@vas/testkit/site.ts";
import { startSyntheticCamera } from "@vas/testkit/synthetic-camera.ts";
import { CHROMIUM, logIn, QUIET } from "../tests/e2e/browser.ts";

const VERSION = "13.5.0";
const CATEGORIES = ["performance", "accessibility", "best-practices"] as const;
const FORMS = ["desktop", "phone"] as const;

type Audit = { id: string; title: string; score: number | null; displayValue?: string };
type Report = {
  categories: Record<string, { score: number | null; auditRefs: { id: string; weight: number }[] }>;
  audits: Record<string, Audit>;
};

const [runs = 3, ...wanted] = process.argv.slice(2).map((word, at) => (at === 0 ? Number(word) : word)) as [
  number?,
  ...string[],
];
const program = installed();
await using camera = await startSyntheticCamera({ width: 1280, height: 720, fps: 15, gop: 15 });
await using site = await startSite({
  frameExport: true,
  modelsDirs: [join(REPOSITORY, "runtimes")],
  vasEnv: { VAS_ALLOW_LOOPBACK_CAMERAS: "true" },
});
const api = await site.api();
const { id } = await api.post<Camera>("cameras", { name: "Yard", rtsp_url: camera.url });
await waitFor("the model to be registered", async () =>
  (await api.get<{ items: { model_id: string }[] }>("ai-models")).items.some((model) => model.model_id === "barcode"),
);
await api.put(`ai-model-assignments/${id}/barcode`, { desired_fps: 2 });
await waitFor("an event", async () => (await api.get<{ items: unknown[] }>("ai-events")).items.length > 0);
const pages: Record<string, string> = { live: "/", recordings: `/recordings?camera=${id}`, events: "/events" };

const folder = mkdtempSync(join(tmpdir(), "bench-lighthouse-"));
const port = await freePort();
const browser = await chromium.launchPersistentContext(join(folder, "profile"), {
  executablePath: CHROMIUM,
  args: [...QUIET, `--remote-debugging-port=${port}`],
  baseURL: site.url,
});
try {
  const page = await browser.newPage();
  await logIn(page, site.adminPassword);
  await page.goto("about:blank");
  console.log(`Lighthouse ${VERSION}, medians of ${runs} runs; load ${loadavg()[0]?.toFixed(1)}`);
  console.log(`| page | form | ${CATEGORIES.join(" | ")} | LCP | blocking | layout shift |`);
  for (const [name, path] of Object.entries(pages)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    for (const form of FORMS) await measure(name, path, form);
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}

async function measure(name: string, path: string, form: (typeof FORMS)[number]): Promise<void> {
  const reports: Report[] = [];
  for (let run = 0; run < runs; run += 1) reports.push(await report(site.url + path, form));
  const score = (of: Report, category: string) => Math.round((of.categories[category]?.score ?? 0) * 100);
  const middle = (category: string) => reports.map((of) => score(of, category)).sort((a, b) => a - b)[runs >> 1];
  const [last] = reports.slice(-1);
  const value = (audit: string) => last?.audits[audit]?.displayValue ?? "-";
  const figures = ["largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift"].map(value);
  console.log(`| ${[name, form, ...CATEGORIES.map(middle), ...figures].join(" | ")} |`);
  for (const category of CATEGORIES)
    for (const { id: audit, weight } of last?.categories[category]?.auditRefs ?? []) {
      const found = last?.audits[audit];
      if (found && found.score !== null && found.score < 0.9 && weight > 0)
        console.log(`    ${category}: ${found.title} ${found.displayValue ?? ""}`);
    }
}

/** One run of Lighthouse in the browser that is logged in. */
async function report(url: string, form: (typeof FORMS)[number]): Promise<Report> {
  const file = join(folder, "report.json");
  const child = spawn(
    process.execPath,
    [
      program,
      url,
      `--port=${port}`,
      "--disable-storage-reset",
      "--quiet",
      "--output=json",
      `--output-path=${file}`,
      `--only-categories=${CATEGORIES.join(",")}`,
      ...(form === "desktop" ? ["--preset=desktop"] : []),
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`lighthouse failed [exit:${code}]`);
  return JSON.parse(readFileSync(file, "utf8")) as Report;
}

function installed(): string {
  const home = join(homedir(), ".cache/vas/lighthouse", VERSION);
  const main = join(home, "node_modules/lighthouse/cli/index.js");
  if (existsSync(main)) return main;
  mkdirSync(home, { recursive: true });
  const args = ["install", "--prefix", home, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"];
  execFileSync("npm", [...args, `lighthouse@${VERSION}`], { stdio: "inherit" });
  return main;
}
