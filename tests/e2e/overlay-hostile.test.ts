/**
 * A browser that looks at a camera whose results come from a Core that says anything: what is malformed is refused or
 * draws nothing, what is well formed is drawn as words and lines whatever the words are, and the video plays on.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Camera } from "@vas/contracts/http.ts";
import { waitFor } from "@vas/testkit/processes.ts";
import { startSite } from "@vas/testkit/site.ts";
import { startSyntheticCamera } from "@vas/testkit/synthetic-camera.ts";
import { logIn, openBrowser, openPage, screenshot } from "./browser.ts";
import { connectAsCore } from "./core.ts";

const LONG = { withinMs: 60_000 };
const MARKUP = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`;
const GOOD = { class_id: 0, class_name: "good", confidence: 0.9, bbox: [0.4, 0.4, 0.6, 0.6] };
const many = (count: number, of: unknown) => `[${Array.from({ length: count }, () => JSON.stringify(of)).join(",")}]`;

/** Lists of detections as they are written into a message; JSON itself has no NaN, and 1e999 is read as infinity. */
const REFUSED: Record<string, string> = {
  "no list": "7",
  nothing: "null",
  "a number for a detection": "[7]",
  "nothing for a detection": "[null]",
  "not a number": '[{"class_id":0,"class_name":"x","confidence":NaN,"bbox":[0,0,1,1]}]',
  "an infinite edge": '[{"class_id":0,"class_name":"x","confidence":0.5,"bbox":[0,0,1e999,1]}]',
  "huge edges": '[{"class_id":0,"class_name":"x","confidence":0.5,"bbox":[0,0,1e300,1e300]}]',
  "negative edges": '[{"class_id":0,"class_name":"x","confidence":0.5,"bbox":[-5,-5,-1,-1]}]',
  "three edges": '[{"class_id":0,"class_name":"x","confidence":0.5,"bbox":[0,0,1]}]',
  "edges in words": '[{"class_id":0,"class_name":"x","confidence":0.5,"bbox":["0","0","1","1"]}]',
  "a confidence above 1": '[{"class_id":0,"class_name":"x","confidence":7,"bbox":[0,0,1,1]}]',
  "no class": '[{"confidence":0.5,"bbox":[0,0,1,1]}]',
  "an endless class": JSON.stringify([{ ...GOOD, class_name: "x".repeat(5_000) }]),
  "key points of one number": JSON.stringify([{ ...GOOD, keypoints: [[1]] }]),
  "a polygon of words": JSON.stringify([{ ...GOOD, polygon: "round" }]),
  "10,000 boxes": many(10_000, GOOD),
};
/** What the contract allows; the page draws what can be drawn of it. */
const LET_THROUGH: Record<string, unknown[]> = {
  nothing: [],
  "markup as class and text": [{ ...GOOD, class_name: MARKUP.slice(0, 128), text: MARKUP }],
  "edges the wrong way round": [{ ...GOOD, bbox: [0.9, 0.9, 0.1, 0.1] }],
  "a box without a size": [{ ...GOOD, bbox: [0.5, 0.5, 0.5, 0.5] }],
  "a value beyond reason": [{ ...GOOD, value: 1.7e308, unit: "m" }],
  "letters of all kinds": [{ ...GOOD, class_name: "\u202e\u0007\u{1f9ff}\u0000".slice(0, 4), text: "\u202eabc" }],
  "1,000 boxes": Array.from({ length: 1_000 }, (_, at) => ({ ...GOOD, bbox: [at / 2_000, 0.1, 0.9, 0.9] })),
  "a mask that is none": [{ ...GOOD, mask: { width: 64, height: 64, counts: [1, 2, 3] } }],
};

test("whatever a model says, nothing wrong is drawn, the video plays on and the console is silent", async () => {
  await using camera = await startSyntheticCamera({ width: 320, height: 180, fps: 10, gop: 10 });
  await using site = await startSite({ start: { core: false, runtimes: false } });
  const api = await site.api();
  const { id } = await api.post<Camera>("cameras", { name: "Target", rtsp_url: camera.url });
  const browser = await openBrowser();
  after(() => browser.close());
  const { page, complaints } = await openPage(browser, site.url);
  await logIn(page, site.adminPassword);
  await page.evaluate(async () => {
    const me = (await (await fetch("/api/v1/auth/me")).json()) as { id: string };
    localStorage.setItem(`vas.overlay.${me.id}`, JSON.stringify({ on: true, mode: "fast" }));
  });
  complaints.length = 0;
  await page.goto(`/cameras/${id}`);
  const video = page.getByTestId("live-video");
  const played = () => video.evaluate((element) => (element as HTMLVideoElement).currentTime);
  await waitFor("the video to play", async () => (await played()) > 0.5, LONG);
  await page.getByTestId("overlay").waitFor({ state: "attached", timeout: 60_000 });

  const core = await connectAsCore(site.url, site.serviceKey());
  let frame = 0;
  const say = (model: string, detections: string) => {
    frame += 1;
    const wallMs = Date.now();
    return core.say(
      `"type":"results","results":[{"camera_id":"${id}","model_id":"${model}","frame_id":${frame},"pts90k":${wallMs * 90},"wall_ms":${wallMs},"width":320,"height":180,"detections":${detections},"inference_ms":1,"latency_ms":2}]`,
    );
  };
  const drawn = () =>
    page.getByTestId("overlay").evaluate((canvas) => [canvas.dataset["drawn"], canvas.dataset["first"]]);
  /** A well-formed result is drawn, alone: what came before it left nothing behind. */
  const stillWorks = (after: string) =>
    waitFor(
      `the box of a good result after ${after}`,
      async () => {
        await say("hostile", JSON.stringify([GOOD]));
        const [count, first] = await drawn();
        return count === "1" && first === "good 90 %";
      },
      { ...LONG, seen: async () => JSON.stringify(await drawn()) },
    );
  await stillWorks("the start");

  for (const [what, detections] of Object.entries(REFUSED)) {
    const answer = await say("hostile", detections);
    assert.ok("nack" in answer, `${what} is refused: ${JSON.stringify(answer)}`);
  }
  await stillWorks("all that is refused");
  for (const [what, detections] of Object.entries(LET_THROUGH)) {
    const answer = await say("hostile", JSON.stringify(detections));
    const before = await played();
    await stillWorks(`${what} [${"ack" in answer ? "let through" : "refused"}]`);
    await waitFor(`the video to play on after ${what}`, async () => (await played()) > before, LONG);
  }
  await screenshot(page, "overlay-hostile");
  assert.match(await page.title(), /VAS/);
  assert.deepEqual(complaints, []);
  core.close();
});
