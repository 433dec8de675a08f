/** Debian's Chromium, headless, driven as a person would drive it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";

/** Without these Chromium looks for hosts that are not there, at every start. */
export const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const CHROMIUM = process.env.VAS_CHROMIUM ?? "/usr/bin/chromium";

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: QUIET });
}

/** A page that keeps what its console and its requests complained of. */
export async function openPage(
  browser: Browser,
  url: string,
  options: { bypassCSP?: boolean } = {},
): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    ...options,
  });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const asked = new URL(request.url());
    if (!["data:", "blob:"].includes(asked.protocol) && asked.host !== new URL(url).host)
      complaints.push(`request to another host: ${request.url()}`);
  });
  return { page, complaints };
}

export async function logIn(page: Page, password: string, name = "admin"): Promise<void> {
  await page.goto("/");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
}

/** The picture that a video element shows now, as RGBA. */
export async function displayedPicture(
  video: Locator,
): Promise<{ width: number; height: number; rgba: Uint8ClampedArray } | null> {
  const shot = await video.evaluate((element) => {
    const source = element as HTMLVideoElement;
    if (source.videoWidth === 0 || source.readyState < 2) return null;
    const canvas = document.createElement("canvas");
    canvas.width = source.videoWidth;
    canvas.height = source.videoHeight;
    const pen = canvas.getContext("2d");
    if (!pen) return null;
    pen.drawImage(source, 0, 0);
    const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
    let binary = "";
    for (let at = 0; at < data.length; at += 32768)
      binary += String.fromCharCode(...data.subarray(at, Math.min(data.length, at + 32768)));
    return { width: canvas.width, height: canvas.height, base64: btoa(binary) };
  });
  if (!shot) return null;
  return { width: shot.width, height: shot.height, rgba: new Uint8ClampedArray(Buffer.from(shot.base64, "base64")) };
}

/** Keeps a screenshot where VAS_SCREENSHOTS names a folder. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = process.env.VAS_SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
