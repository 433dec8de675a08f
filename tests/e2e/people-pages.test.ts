/**
 * Two people at two browsers: an administrator makes a person, grants, takes back and removes; the person sees at once
 * what that means, and never a control that would be refused.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import type { Camera } from "@vas/contracts/http.ts";
import { startSite } from "@vas/testkit/site.ts";
import { startSyntheticCamera } from "@vas/testkit/synthetic-camera.ts";
import { logIn, openBrowser, openPage, screenshot } from "./browser.ts";

const WAIT = { timeout: 60_000 };

test("an administrator grants and takes back, and the person sees what may be used and nothing else", async () => {
  await using camera = await startSyntheticCamera({ width: 640, height: 360, fps: 15, gop: 15 });
  const site = await startSite({
    start: { core: false, runtimes: false },
    vasEnv: { VAS_ALLOW_LOOPBACK_CAMERAS: "true" },
  });
  after(() => site.stop());
  const api = await site.api();
  const door = await api.post<Camera>("cameras", { name: "Door", rtsp_url: camera.url });
  await api.post<Camera>("cameras", { name: "Vault", rtsp_url: camera.url });
  const browser = await openBrowser();
  after(() => browser.close());
  const { page: admin, complaints } = await openPage(browser, site.url);
  await logIn(admin, site.adminPassword);
  complaints.length = 0;

  // A person is added with one camera; what is missing is said beside its field.
  await admin.getByRole("link", { name: "People" }).click();
  await admin.getByRole("button", { name: "Add a person" }).click();
  await admin.getByRole("button", { name: "Save" }).click();
  await admin.getByText("Give the person a name.").waitFor();
  await admin.getByText("Use 8 characters or more.").waitFor();
  await admin.getByLabel("Name", { exact: true }).fill("Ann");
  await admin.getByRole("checkbox", { name: "Door" }).check();
  await admin.getByRole("button", { name: "Make up a password" }).click();
  const password = await admin.getByLabel("Password", { exact: true }).inputValue();
  assert.match(password, /^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/);
  await screenshot(admin, "people-add");
  await admin.getByRole("button", { name: "Save" }).click();
  await admin.getByText("ann was added.").waitFor();

  // The person sees the one camera and none of what a viewer may not use.
  const { page: ann } = await openPage(browser, site.url);
  await logIn(ann, password, "Ann");
  await ann.getByRole("link", { name: "Open Door" }).waitFor(WAIT);
  for (const link of ["Open Vault", "Add a camera", "People"])
    assert.equal(await ann.getByRole("link", { name: link }).count(), 0, link);
  await screenshot(ann, "live-viewer");
  await ann.getByRole("link", { name: "Open Door" }).click();
  await ann.getByRole("button", { name: "Full screen" }).waitFor();
  for (const button of ["Take snapshot", "Stop", "Delete"])
    assert.equal(await ann.getByRole("button", { name: button }).count(), 0, button);
  assert.equal(await ann.getByRole("link", { name: "Edit" }).count(), 0);
  await screenshot(ann, "camera-viewer");
  for (const path of ["/people", "/people/keys", "/cameras/new", `/cameras/${door.id}/edit`]) {
    await ann.goto(path);
    await ann.getByText("This page is for administrators").waitFor(WAIT);
  }
  await ann.goto(`/recordings?camera=${door.id}`);
  await ann.getByRole("button", { name: "Full screen" }).waitFor(WAIT);
  for (const button of ["Choose a range", "Take snapshot"])
    assert.equal(await ann.getByRole("button", { name: button }).count(), 0, button);

  // Another role is there without a reload, and so is another camera.
  await ann.goto(`/cameras/${door.id}`);
  await ann.getByRole("button", { name: "Full screen" }).waitFor(WAIT);
  await admin.getByRole("button", { name: "Edit ann" }).click();
  await admin.getByLabel("Role").selectOption("operator");
  await admin.getByRole("button", { name: "Save" }).click();
  await admin.getByText("ann was changed.").waitFor();
  await ann.getByRole("button", { name: "Stop" }).waitFor(WAIT);
  assert.equal(await ann.getByRole("button", { name: "Delete" }).count(), 0);
  await ann.getByRole("link", { name: "Live", exact: true }).click();
  await admin.getByRole("button", { name: "Edit ann" }).click();
  await admin.getByRole("checkbox", { name: "Door" }).uncheck();
  await admin.getByRole("checkbox", { name: "Vault" }).check();
  await admin.getByRole("button", { name: "Save" }).click();
  await ann.getByRole("link", { name: "Open Vault" }).waitFor(WAIT);
  await ann.getByRole("link", { name: "Open Door" }).waitFor({ state: "detached", ...WAIT });

  // The own password, and the own sessions.
  const { page: phone } = await openPage(browser, site.url);
  await logIn(phone, password, "ann");
  await ann.getByRole("button", { name: /account and settings/ }).click();
  await ann.getByRole("menuitem", { name: "My account" }).click();
  await ann.getByText("this browser").waitFor();
  await ann.getByRole("button", { name: /^Log out Chrome/ }).waitFor();
  const change = async (old: string, again: string) => {
    await ann.getByLabel("Old password").fill(old);
    await ann.getByLabel("New password", { exact: true }).fill("my-own-words");
    await ann.getByLabel("New password again").fill(again);
    await ann.getByRole("button", { name: "Change", exact: true }).click();
  };
  await change(password, "my-other-words");
  await ann.getByText("The two are not the same.").waitFor();
  await change("not the old one", "my-own-words");
  await ann.getByText("The old password is wrong.").waitFor();
  await change(password, "my-own-words");
  await ann.getByText("The password is changed.").waitFor();
  await phone.getByRole("button", { name: "Log in" }).waitFor(WAIT);
  await logIn(phone, "my-own-words", "ann");

  // A key is shown once, works, and is revoked.
  await admin.getByRole("link", { name: "API keys" }).click();
  await admin.getByRole("button", { name: "Make a key" }).click();
  await admin.getByLabel("Name", { exact: true }).fill("Doorbell");
  await admin.getByRole("checkbox", { name: "Door" }).check();
  await admin.getByRole("button", { name: "Make the key" }).click();
  const key = await admin.getByLabel("Key of Doorbell").inputValue();
  await screenshot(admin, "people-key-made");
  const ask = () => fetch(`${site.url}/api/v1/cameras`, { headers: { authorization: `Bearer ${key}` } });
  const seen = (await (await ask()).json()) as { items: Camera[] };
  assert.deepEqual(
    seen.items.map(({ name }) => name),
    ["Door"],
  );
  await admin.getByRole("button", { name: "I have kept it" }).click();
  assert.ok(!(await admin.content()).includes(key));

  await looksRight(admin, { people: "/people", keys: "/people/keys", account: "/account" });
  await looksRight(ann, { "account-viewer": "/account", "models-operator": "/models" });

  await admin.goto("/people/keys");
  await admin.getByRole("button", { name: "Revoke Doorbell" }).click();
  await admin.getByRole("button", { name: "Revoke the key" }).click();
  await admin.getByText("No keys.").waitFor();
  assert.equal((await ask()).status, 401);

  // Whoever is removed is out, wherever the person was.
  await admin.getByRole("link", { name: "Persons" }).click();
  await admin.getByRole("button", { name: "Edit ann" }).click();
  await admin.getByRole("button", { name: "Remove", exact: true }).click();
  await screenshot(admin, "people-remove");
  await admin.getByRole("button", { name: "Remove the person" }).click();
  await admin.getByText("ann was removed.").waitFor();
  for (const page of [ann, phone]) await page.getByRole("button", { name: "Log in" }).waitFor(WAIT);
  assert.deepEqual(complaints, []);
});

/** No page is wider than its window, in light, dark and phone size. */
async function looksRight(page: Page, pages: Record<string, string>): Promise<void> {
  for (const [scheme, width, height] of [
    ["light", 1280, 800],
    ["dark", 1280, 800],
    ["light", 390, 844],
  ] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height });
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(path);
      await page.getByRole("navigation", { name: "Pages" }).waitFor(WAIT);
      await page
        .getByRole("status")
        .filter({ hasText: "Loading" })
        .first()
        .waitFor({ state: "detached", ...WAIT });
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.ok(overflow <= 0, `${name} at ${width} pixels is ${overflow} pixels too wide`);
      await screenshot(page, `${name}-${scheme}-${width}`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 800 });
}
