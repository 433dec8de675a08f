/**
 * Pictures of every page, in light, dark and phone size, of a real site with cameras, a model, events and people:
 *
 *   npm run screenshots [-- FOLDER] [--video FILE] [--only NAME,NAME]
 *
 * All go into FOLDER (`screenshots/` where absent, which git ignores). Those that a page of docs/guide shows are also made
 * small and written to docs/guide/pictures.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Page } from "playwright-core";
import type { AiEvent, Camera } from "@vas/contracts/http.ts";
import { waitFor } from "@vas/testkit/processes.ts";
import { REPOSITORY, startSite } from "@vas/testkit/site.ts";
import { startSyntheticCamera } from "@vas/testkit/synthetic-camera.ts";
import { logIn, openBrowser, openPage } from "./browser.ts";

const LOOKS = [
  { name: "light", colorScheme: "light", width: 1280, height: 800 },
  { name: "dark", colorScheme: "dark", width: 1280, height: 800 },
  { name: "phone", colorScheme: "light", width: 390, height: 844 },
] as const;
const WAIT = { timeout: 60_000 };

type Shot = {
  name: string;
  path: string /** What a person does before the picture is taken. */;
  act?: (page: Page) => Promise<void>;
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { video: { type: "string" }, only: { type: "string" } },
});
const folder = resolve(positionals[0] ?? join(REPOSITORY, "screenshots"));
mkdirSync(folder, { recursive: true });

const film = values.video === undefined ? {} : { video: resolve(values.video) };
await using door = await startSyntheticCamera({
  width: 1280,
  height: 720,
  fps: 15,
  gop: 30,
  text: "Parcel 4711",
  ...film,
});
await using yard = await startSyntheticCamera({ width: 1280, height: 720, fps: 15, gop: 30, text: "Gate B", ...film });
await using site = await startSite({
  frameExport: true,
  modelsDirs: [join(REPOSITORY, "runtimes")],
  vasEnv: { VAS_ALLOW_LOOPBACK_CAMERAS: "true" },
});
const api = await site.api();
const browser = await openBrowser();
try {
  await shoot();
} finally {
  await browser.close();
}
guidePictures();

async function shoot(): Promise<void> {
  const { page } = await openPage(browser, site.url);
  await take(page, [{ name: "log-in", path: "/" }]);
  await logIn(page, site.adminPassword);
  await take(page, [{ name: "live-empty", path: "/" }]);
  const cameras: Camera[] = [];
  for (const [name, url] of [
    ["Front door", door.url],
    ["Yard", yard.url],
    ["Garage", "rtsp://127.0.0.1:9/stream"],
  ])
    cameras.push(await api.post<Camera>("cameras", { name, rtsp_url: url }));
  const [first, second] = cameras.map(({ id }) => id);
  await waitFor("the models to be registered", async () =>
    (await api.get<{ items: { model_id: string }[] }>("ai-models")).items.some((one) => one.model_id === "barcode"),
  );
  const model = values.video === undefined ? "barcode" : "person-hog";
  await api.put(`ai-model-assignments/${first}/${model}`, { desired_fps: 5 });
  await api.put(`ai-model-assignments/${second}/${model}`, { desired_fps: 2 });
  await api.post("users", { username: "ann", password: "ann-has-a-password", role: "viewer", camera_ids: [first] });
  await api.post("users", { username: "ben", password: "ben-has-a-password", role: "operator", all_cameras: true });
  await api.post("api-keys", { name: "Home automation", role: "viewer", all_cameras: true });
  const event = await waitFor("an event with a picture", async () =>
    (await api.get<{ items: AiEvent[] }>("ai-events")).items.find((one) => one.snapshot_id !== null),
  );
  await waitFor("half a minute of recording", async () => {
    const since = Date.now() - 600_000;
    const query = `from=${new Date(since).toISOString()}&to=${new Date().toISOString()}`;
    const { segments } = await api.get<{ segments: { start: string; end: string }[] }>(
      `cameras/${first}/recordings?${query}`,
    );
    return segments.reduce((sum, one) => sum + Date.parse(one.end) - Date.parse(one.start), 0) > 30_000;
  });

  const overlay = async (of: Page) => {
    const choice = of.getByRole("switch", { name: "Overlay" });
    if (!(await choice.isChecked())) await choice.click();
  };
  await take(page, [
    { name: "live", path: "/" },
    { name: "wall", path: "/wall" },
    { name: "camera", path: `/cameras/${first}`, act: overlay },
    { name: "camera-offline", path: `/cameras/${cameras[2]?.id}` },
    { name: "camera-add", path: "/cameras/new" },
    { name: "camera-edit", path: `/cameras/${first}/edit` },
    { name: "recordings", path: `/recordings?camera=${first}&at=${encodeURIComponent(event.timestamp)}` },
    { name: "events", path: "/events" },
    { name: "events-none", path: "/events?label=unheard-of" },
    { name: "models", path: "/models" },
    { name: "health", path: "/site" },
    { name: "last-frames", path: `/site/frames?camera=${first}` },
    { name: "audit", path: "/site/audit" },
    { name: "kept", path: "/recordings/kept" },
    { name: "model-add", path: "/models/add" },
    { name: "people", path: "/people" },
    {
      name: "people-edit",
      path: "/people",
      act: (of) => of.getByRole("button", { name: "Edit ann" }).click(),
    },
    { name: "keys", path: "/people/keys" },
    { name: "account", path: "/account" },
    {
      name: "shortcuts",
      path: "/",
      act: async (of) => {
        await of.keyboard.press("?");
        await of.getByRole("dialog").waitFor(WAIT);
      },
    },
    { name: "missing", path: "/no-such-page" },
  ]);
}

async function take(page: Page, shots: Shot[]): Promise<void> {
  for (const { name, path, act } of shots) {
    if (values.only !== undefined && !values.only.split(",").includes(name)) continue;
    for (const look of LOOKS) {
      await page.emulateMedia({ colorScheme: look.colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width: look.width, height: look.height });
      await page.goto(path);
      await page.getByRole("heading").first().waitFor(WAIT);
      await page
        .getByRole("status")
        .filter({ hasText: "Loading" })
        .first()
        .waitFor({ state: "detached", ...WAIT });
      await act?.(page);
      // Pictures that move are asked for after their page is there; nothing tells when the last one has come.
      await page.waitForTimeout(2_500);
      await page.screenshot({ path: join(folder, `${name}-${look.name}.png`) });
    }
    process.stdout.write(`${name}\n`);
  }
}

/** What the guide shows, in 256 colours and 960 pixels wide. */
function guidePictures(): void {
  const guide = join(REPOSITORY, "docs/guide");
  const taken = new Set(readdirSync(folder));
  mkdirSync(join(guide, "pictures"), { recursive: true });
  for (const file of readdirSync(guide).filter((name) => name.endsWith(".md")))
    for (const [, name = ""] of readFileSync(join(guide, file), "utf8").matchAll(/\(pictures\/([\w-]+\.png)\)/g)) {
      if (!taken.has(name)) continue;
      const filter =
        "scale='min(960,iw)':-1:flags=lanczos,split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=sierra2_4a";
      const args = ["-v", "error", "-y", "-i", join(folder, name), "-filter_complex", filter];
      execFileSync("ffmpeg", [...args, join(guide, "pictures", name)]);
    }
}
