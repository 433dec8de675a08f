/**
 * axe-core on every page and its main states, in light, dark and on a phone: no violation. A page that is not in PAGES
 * is not looked at; the list names what a person can open.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import type { Camera } from "@vas/contracts/http.ts";
import { waitFor } from "@vas/testkit/processes.ts";
import { REPOSITORY, startSite } from "@vas/testkit/site.ts";
import { startSyntheticCamera } from "@vas/testkit/synthetic-camera.ts";
import { testData } from "@vas/testkit/test-data.ts";
import { logIn, openBrowser, openPage, screenshot } from "./browser.ts";

type Violation = { id: string; help: string; nodes: { html: string; failureSummary?: string }[] };

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** A card that is a link as a whole is named in one sentence; its words stand in it in another order. */
const OPTIONS = { rules: { "label-content-name-mismatch": { enabled: false } } };
const WAIT = { timeout: 60_000 };
const LOOKS = [
  ["light", 1280, 800],
  ["dark", 1280, 800],
  ["light", 390, 844],
] as const;

async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate("typeof window.axe === 'object'"))) await page.addScriptTag({ content: AXE });
  const found = await page.evaluate<Violation[]>(
    `window.axe.run(${JSON.stringify(OPTIONS)}).then((results) => results.violations)`,
  );
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id} (${help}): ${node.html.slice(0, 200)} ${node.failureSummary ?? ""}`),
  );
}

/** Waits until the page has a heading and loads nothing any more. */
async function settled(page: Page): Promise<void> {
  await page.getByRole("heading").first().waitFor(WAIT);
  await page
    .getByRole("status")
    .filter({ hasText: "Loading" })
    .first()
    .waitFor({ state: "detached", ...WAIT });
}

/** What is wrong with the page as it is, in every look. */
async function inEveryLook(page: Page, name: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const [colorScheme, width, height] of LOOKS) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height });
    await screenshot(page, `axe-${name}-${colorScheme}-${width}`);
    wrong.push(...(await violations(page)).map((line) => `${name}, ${colorScheme}, ${width} px: ${line}`));
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  return wrong;
}

test("no page and no state of a page has a violation that axe knows", async () => {
  await using camera = await startSyntheticCamera({ width: 640, height: 360, fps: 15, gop: 15 });
  const addedModelsDir = mkdtempSync(join(tmpdir(), "models-"));
  after(() => rmSync(addedModelsDir, { recursive: true, force: true }));
  const site = await startSite({
    frameExport: true,
    modelsDirs: [join(REPOSITORY, "runtimes"), addedModelsDir],
    addedModelsDir,
    vasEnv: { VAS_ALLOW_LOOPBACK_CAMERAS: "true" },
  });
  after(() => site.stop());
  const api = await site.api();
  const browser = await openBrowser();
  after(() => browser.close());
  const { page } = await openPage(browser, site.url, { bypassCSP: true });
  const wrong: string[] = [];
  const look = async (name: string) => {
    await settled(page);
    wrong.push(...(await inEveryLook(page, name)));
  };
  const open = async (name: string, path: string) => {
    await page.goto(path);
    await look(name);
  };

  await open("log in", "/");
  await page.getByLabel("Password").fill("not this one");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("alert").waitFor(WAIT);
  await look("log in refused");
  await logIn(page, site.adminPassword);

  // Before anything is there.
  for (const [name, path] of Object.entries({
    live: "/",
    recordings: "/recordings",
    events: "/events",
    models: "/models",
    health: "/site",
    keys: "/people/keys",
  }))
    await open(`${name} of an empty site`, path);

  const { id } = await api.post<Camera>("cameras", { name: "Yard", rtsp_url: camera.url });
  await api.post<Camera>("cameras", { name: "Away", rtsp_url: "rtsp://127.0.0.1:9/none" });
  await waitFor("the model to be registered", async () =>
    (await api.get<{ items: { model_id: string }[] }>("ai-models")).items.some((model) => model.model_id === "barcode"),
  );
  await api.put(`ai-model-assignments/${id}/barcode`, { desired_fps: 5 });
  await waitFor("an event", async () => (await api.get<{ items: unknown[] }>("ai-events")).items.length > 0);
  await api.post("users", { username: "ann", password: "ann-has-a-password", role: "viewer", camera_ids: [id] });
  await api.post("api-keys", { name: "Doorbell", role: "viewer" });

  for (const [name, path] of Object.entries({
    live: "/",
    camera: `/cameras/${id}`,
    "add a camera": "/cameras/new",
    "edit a camera": `/cameras/${id}/edit`,
    recordings: `/recordings?camera=${id}&at=${new Date().toISOString()}`,
    kept: "/recordings/kept",
    "exports and clips": "/recordings/kept",
    events: "/events",
    "events that match nothing": "/events?label=unheard-of",
    models: "/models",
    "add a model": "/models/add",
    health: "/site",
    "last frames": "/site/frames",
    "who changed what": "/site/audit",
    people: "/people",
    keys: "/people/keys",
    account: "/account",
    wall: "/wall",
    missing: "/no-such-page",
    "missing camera": "/cameras/00000000-0000-4000-8000-000000000000",
  }))
    await open(name, path);

  // Layers, forms with what is wrong in them, and choices that change what is shown.
  await page.goto("/people");
  await settled(page);
  await page.getByRole("button", { name: /account and settings/ }).click();
  await page.getByRole("menuitem", { name: "My account" }).waitFor(WAIT);
  wrong.push(...(await inEveryLook(page, "account menu")));
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor(WAIT);
  wrong.push(...(await inEveryLook(page, "shortcuts")));
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Add a person" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("alert").first().waitFor(WAIT);
  wrong.push(...(await inEveryLook(page, "person with errors")));
  const layer = page.locator("[role=dialog], [role=alertdialog]").first();
  await page.goto("/models");
  await settled(page);
  await page
    .getByRole("button", { name: /Settings/ })
    .first()
    .click();
  await layer.waitFor(WAIT);
  wrong.push(...(await inEveryLook(page, "assignment")));
  await page.goto(`/cameras/${id}`);
  await settled(page);
  await page.getByRole("button", { name: "Delete" }).click();
  await layer.waitFor(WAIT);
  wrong.push(...(await inEveryLook(page, "delete a camera")));
  await page.keyboard.press("Escape");
  await layer.waitFor({ state: "detached", ...WAIT });
  await page.keyboard.press("o");
  await page.getByTestId("overlay").waitFor(WAIT);
  wrong.push(...(await inEveryLook(page, "camera with overlay")));

  await page.goto("/models");
  await settled(page);
  await page.getByRole("button", { name: "Settings of Barcodes and QR codes on Yard" }).click();
  await page.getByRole("button", { name: "Add a square" }).click();
  wrong.push(...(await inEveryLook(page, "assignment with a zone")));

  // A model on its way in, and the question before one goes.
  await page.goto("/models/add");
  await page.locator('input[type="file"]').first().setInputFiles(testData("FastestDet.onnx"));
  await page.getByText("FastestDet, for object detection, with 80 classes.").waitFor(WAIT);
  wrong.push(...(await inEveryLook(page, "a model that is explained")));
  await page.getByLabel("Id", { exact: true }).fill("room-people");
  await page.getByRole("button", { name: "Add this model" }).click();
  await page
    .locator('[data-model="room-people"]')
    .getByRole("button", { name: /^Remove/ })
    .click(WAIT);
  await page.getByRole("alertdialog").getByText("No camera uses it.").waitFor(WAIT);
  wrong.push(...(await inEveryLook(page, "remove a model")));

  // A viewer at a page for administrators.
  const { page: ann } = await openPage(browser, site.url, { bypassCSP: true });
  await logIn(ann, "ann-has-a-password", "ann");
  for (const [name, path] of [
    ["forbidden", "/people"],
    ["live of a viewer", "/"],
    ["models of a viewer", "/models"],
  ] as const) {
    await ann.goto(path);
    await settled(ann);
    wrong.push(...(await inEveryLook(ann, name)));
  }
  assert.deepEqual(wrong, []);
});
