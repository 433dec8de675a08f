/** What a person does on the events page: looks for something, goes through it by keys, marks it, and is not disturbed. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { EventOpened } from "@vas/contracts/results.ts";
import { waitFor } from "@vas/testkit/processes.ts";
import type { Page } from "playwright-core";
import { openedAt } from "../../apps/vas/src/backend/testing/ai-site.ts";
import { siteWithEvents } from "../../bench/events-site.ts";
import { logIn, openBrowser, openPage, screenshot } from "./browser.ts";
import { connectAsCore } from "./core.ts";

const WAIT = { timeout: 60_000 };

test("events are looked for in words, gone through by keys, reviewed everywhere at once, and come without a jump", async () => {
  const site = await siteWithEvents(600);
  after(() => site.stop());
  const browser = await openBrowser();
  after(() => browser.close());
  const [first, second] = [await openPage(browser, site.url), await openPage(browser, site.url)];
  const { page } = first;
  for (const one of [first, second]) {
    await logIn(one.page, site.adminPassword);
    one.complaints.length = 0;
  }

  // One line of words and a press of Enter answer "when was someone at the door yesterday".
  await page.getByRole("link", { name: "Events" }).click();
  await page.locator(".event-row").first().waitFor(WAIT);
  await page.getByLabel("Look for").fill("someone at the door yesterday");
  await page.keyboard.press("Enter");
  await page.waitForURL(/time=yesterday/);
  const asked = new URL(page.url()).searchParams;
  assert.deepEqual([asked.get("label"), asked.get("camera")], ["person", site.cameraIds[0]]);
  await page
    .getByRole("link", { name: /^person at Front door, Yesterday/ })
    .first()
    .waitFor(WAIT);
  assert.equal(await page.getByRole("link", { name: /^(car|dog) at/ }).count(), 0);
  await page.getByLabel("Look for").fill("purple elephants");
  await page.keyboard.press("Enter");
  await page.getByText("Not understood: purple, elephants").waitFor(WAIT);

  // Keys: the next one, its picture with its box, reviewed here and in the other browser, closed with the focus kept.
  await page.getByRole("link", { name: "Clear the filters" }).click();
  await second.page.goto("/events");
  await second.page.locator(".event-row").first().waitFor(WAIT);
  await waitFor("the unfiltered list", async () => (await rowLabels(page)).some((label) => label.startsWith("dog")));
  await page.locator("h1").click();
  await page.keyboard.press("j");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("j");
  const third = await page.locator(".event-row").nth(2).getAttribute("data-event");
  await page.locator(`.event-detail[data-shown="${third}"]`).waitFor(WAIT);
  assert.equal(new URL(page.url()).searchParams.get("event"), third);
  await waitFor("its box", async () => (await page.getByTestId("event-boxes").getAttribute("data-drawn")) === "1");
  await screenshot(page, "event-open");
  await page.keyboard.press("r");
  for (const one of [page, second.page])
    await one.locator(`[data-event="${third}"][data-reviewed="true"]`).waitFor(WAIT);
  await page.getByText(/Reviewed by admin/).waitFor(WAIT);
  await page.keyboard.press("Escape");
  await page.locator(".event-detail").waitFor({ state: "detached", ...WAIT });
  await waitFor("the focus on the row", () =>
    page.evaluate((id) => document.activeElement?.closest("[data-event]")?.getAttribute("data-event") === id, third),
  );

  // Unreviewed ones only: the reviewed one is not among them.
  await page.getByRole("combobox", { name: "Reviewed" }).selectOption("Not reviewed");
  await page.waitForURL(/reviewed=no/);
  await waitFor("a list without it", async () => {
    const ids = await page
      .locator(".event-row")
      .evaluateAll((rows) => rows.map((row) => row.getAttribute("data-event")));
    return ids.length > 0 && !ids.includes(third);
  });

  // Further down, what arrives waits above and moves nothing.
  await page.getByRole("link", { name: "Clear the filters" }).click();
  await waitFor("the whole list", async () => (await page.locator('[data-reviewed="true"]').count()) === 1);
  await page.evaluate(() => scrollTo(0, 4000));
  assert.equal(await page.evaluate(() => scrollY), 4000);
  const resting = await settled(page);
  await sendEvent(
    site.url,
    site.serviceKey(),
    openedAt(Date.now(), { camera_id: site.cameraIds[1] ?? "", label: "owl" }),
  );
  await page.getByRole("button", { name: "1 new event" }).waitFor(WAIT);
  assert.deepEqual(await settled(page), resting, "nothing moved");
  await page.getByRole("button", { name: "1 new event" }).click();
  await page.getByRole("link", { name: /^owl at Yard/ }).waitFor(WAIT);
  assert.equal(await page.evaluate(() => scrollY), 0);

  // All that is shown at once, and back.
  await page.getByRole("button", { name: /^Mark all \d+ as reviewed$/ }).click();
  await page.getByText(/events are marked as reviewed/).waitFor(WAIT);
  await second.page.locator('.event-row[data-reviewed="true"]').nth(4).waitFor(WAIT);
  await page.getByRole("button", { name: "Undo" }).click();
  await waitFor("the marks to be gone", async () => (await page.locator('[data-reviewed="true"]').count()) <= 1);

  // Enter leads to the moment in the recording, with the overlay on.
  await page.keyboard.press("j");
  await page.locator(".event-detail").waitFor(WAIT);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/recordings\?camera=.*at=/);
  const overlayIsOn = await page.evaluate(async () => {
    const me = (await (await fetch("/api/v1/auth/me")).json()) as { id: string };
    return JSON.parse(localStorage.getItem(`vas.overlay.${me.id}`) ?? "{}").on;
  });
  assert.equal(overlayIsOn, true);

  // On a phone the event opens over the list; "back" closes it.
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/events");
  await page
    .getByRole("link", { name: /^(person|car|dog) at/ })
    .first()
    .click();
  await page.getByRole("dialog").waitFor(WAIT);
  await waitFor("its box", async () => (await page.getByTestId("event-boxes").getAttribute("data-drawn")) === "1");
  await page.goBack();
  await page.getByRole("dialog").waitFor({ state: "detached", ...WAIT });
  assert.ok(await page.locator(".event-row").first().isVisible());
  for (const { complaints } of [first, second]) assert.deepEqual(complaints, []);
});

async function rowLabels(page: Page): Promise<string[]> {
  return page
    .locator(".event-row a")
    .evaluateAll((links) => links.map((link) => link.getAttribute("aria-label") ?? ""));
}

/** Where the rows on screen are, once they have come to rest. */
async function settled(page: Page): Promise<string> {
  const look = () =>
    page
      .locator(".event-row")
      .evaluateAll((rows) =>
        JSON.stringify(
          rows
            .map((row) => [row.getAttribute("data-event"), row.getBoundingClientRect().top] as const)
            .filter(([, top]) => top > 0 && top < innerHeight),
        ),
      );
  let before = await look();
  return waitFor("the rows to rest", async () => {
    const now = await look();
    const rests = now === before && (JSON.parse(now) as unknown[]).length > 5;
    before = now;
    return rests ? now : undefined;
  });
}

/** As Ruth Core sends it. */
async function sendEvent(url: string, serviceKey: string, event: EventOpened): Promise<void> {
  const core = await connectAsCore(url, serviceKey);
  assert.ok("ack" in (await core.say(`"type":"events","opened":[${JSON.stringify(event)}],"closed":[]`)));
  core.close();
}
