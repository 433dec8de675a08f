import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Export, ExportPage, TrackResult } from "@vas/contracts/http.ts";
import type { ErrorBody } from "@vas/contracts/errors.ts";
import type { Detection } from "@vas/contracts/inference.ts";
import type { Drawing, ExportRequest } from "../kernel/index.ts";
import { storeModels } from "./store/ai-models.ts";
import { saveSegment } from "./store/recordings.ts";
import { discovered } from "./testing/ai-site.ts";
import { addCamera, makeSegment, MOMENT, openTestSite, type TestSite, type TestSiteOptions } from "./testing/site.ts";

const FRAME_MS = 200;

/** A camera with a minute of recording, and two models that looked at each of its frames. */
async function recorded(t: TestContext, options: TestSiteOptions = {}): Promise<{ site: TestSite; camera: string }> {
  const site = await openTestSite(t, options);
  const camera = await addCamera(site);
  await storeModels(site.backend.db, [discovered("person"), discovered("gauge")], 0);
  for (let n = 0; n < 6; n++) await saveSegment(site.backend.db, makeSegment(camera, n));
  const person: Detection = { class_id: 0, class_name: "person", confidence: 0.9, bbox: [0.1, 0.2, 0.3, 0.4] };
  const gauge: Detection = { ...person, class_name: "<b> & gauge", value: 4.25, unit: "bar" };
  for (let n = 0; n < 300; n++) {
    const wall_ms = MOMENT + n * FRAME_MS;
    const frame = { camera_id: camera, frame_id: n + 1, pts90k: wall_ms * 90, wall_ms, width: 640, height: 360 };
    site.backend.track.keep({
      ...frame,
      model_id: "person",
      detections: n % 2 ? [] : [person],
      inference_ms: 1,
      latency_ms: 1,
    });
    if (n % 50 === 0)
      site.backend.track.keep({ ...frame, model_id: "gauge", detections: [gauge], inference_ms: 1, latency_ms: 1 });
  }
  return { site, camera };
}

const at = (seconds: number) => new Date(MOMENT + seconds * 1000).toISOString();

async function ask(site: TestSite, camera: string, more: object = {}): Promise<Export> {
  const reply = await site.call("POST", `/api/v1/cameras/${camera}/exports`, { from: at(5), to: at(25), ...more });
  const body = await reply.json();
  assert.equal(reply.status, 202, JSON.stringify(body));
  return body as Export;
}

const get = async (site: TestSite, id: string) =>
  (await (await site.call("GET", `/api/v1/exports/${id}`)).json()) as Export;

async function reaches(site: TestSite, id: string, state: Export["state"]): Promise<Export> {
  let last: Export | undefined;
  await eventually(
    `the state ${state}`,
    async () => {
      last = await get(site, id);
      return last.state === state;
    },
    () => last,
  );
  return last as unknown as Export;
}

async function eventually(what: string, holds: () => boolean | Promise<boolean>, seen: () => unknown = () => null) {
  const end = performance.now() + 30_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`never came: ${what}; seen: ${JSON.stringify(seen())}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("an export has its video, and its results with the second at which each frame is shown", async (t) => {
  const { site, camera } = await recorded(t);
  const asked = await ask(site, camera);
  assert.deepEqual([asked.camera_id, asked.from, asked.to, asked.boxes], [camera, at(5), at(25), false]);
  const done = await reaches(site, asked.id, "done");
  assert.equal(done.progress, 1);
  assert.equal(done.start_pts90k, MOMENT * 90);
  const video = await site.call("GET", `/api/v1/exports/${asked.id}/video`);
  assert.equal(video.headers.get("content-type"), "video/mp4");
  assert.match(
    video.headers.get("content-disposition") ?? "",
    /attachment; filename="export-2026-03-01-12-00-05\.mp4"/,
  );
  assert.equal(await video.text(), "[]", "nothing is drawn");
  const json = (await (await site.call("GET", `/api/v1/exports/${asked.id}/detections.json`)).json()) as {
    results: (TrackResult & { time: number })[];
  };
  // The file holds segments 0 to 2, which is what the kernel in memory says.
  assert.equal(json.results.length, 150 + 3);
  for (const { time, pts90k } of json.results) assert.equal(time, (pts90k - MOMENT * 90) / 90_000);
  assert.deepEqual(json.results[1], {
    time: 0,
    model_id: "person",
    frame_id: 1,
    pts90k: MOMENT * 90,
    wall_ms: MOMENT,
    detections: [{ class_id: 0, class_name: "person", confidence: 0.9, bbox: [0.1, 0.2, 0.3, 0.4] }],
  });
  const vtt = await (await site.call("GET", `/api/v1/exports/${asked.id}/detections.vtt`)).text();
  const cues = vtt.split("\n\n");
  assert.equal(cues[0], "WEBVTT");
  assert.equal(cues[1], "gauge 1\n00:00:00.000 --> 00:00:02.000\n&lt;b&gt; &amp; gauge 90% 4.25 bar");
  assert.equal(cues[2], "person 1\n00:00:00.000 --> 00:00:00.200\nperson 90%");
  assert.equal(cues[3], "person 3\n00:00:00.400 --> 00:00:00.600\nperson 90%");
  const starts = [...vtt.matchAll(/(\S+) -->/g)].map(([, time]) => time as string);
  assert.deepEqual(starts, starts.toSorted(), "cues begin one after the other");
});

test("with boxes the kernel is given every result of the models asked for, from two seconds before", async (t) => {
  const { site, camera } = await recorded(t);
  const asked = await ask(site, camera, { from: at(15), to: at(18), boxes: true, models: ["person"] });
  await reaches(site, asked.id, "done");
  const drawings = (await (await site.call("GET", `/api/v1/exports/${asked.id}/video`)).json()) as Drawing[];
  assert.ok(drawings.every(({ layer }) => layer === "person"));
  assert.equal(drawings[0]?.pts90k, (MOMENT + 8000) * 90);
  assert.equal(drawings.length, 60);
  assert.deepEqual(drawings[1]?.shapes, [], "a frame without a detection clears what was drawn before");
  assert.deepEqual(drawings[0]?.shapes[0]?.box, [0.1, 0.2, 0.3, 0.4]);
  assert.equal(drawings[0]?.shapes[0]?.label, "person 90%");
});

test("exports are made one at a time; one that is deleted ends at once, whether it runs or waits", async (t) => {
  const { site, camera } = await recorded(t);
  const begun: { request: ExportRequest; end: () => void }[] = [];
  site.kernel.onExport = (request) =>
    new Promise((resolve, reject) => {
      begun.push({ request, end: resolve });
      request.signal.addEventListener("abort", () => reject(request.signal.reason as Error));
    });
  const [first, second, third] = [await ask(site, camera), await ask(site, camera), await ask(site, camera)];
  await reaches(site, first.id, "running");
  await eventually("the kernel's turn", () => begun.length === 1);
  begun[0]?.request.onProgress(0.25);
  assert.equal((await get(site, first.id)).progress, 0.25);
  assert.equal((await get(site, second.id)).state, "queued");
  assert.equal((await site.call("GET", `/api/v1/exports/${first.id}/video`)).status, 409);
  assert.equal((await site.call("DELETE", `/api/v1/exports/${second.id}`)).status, 204);
  assert.equal((await site.call("DELETE", `/api/v1/exports/${first.id}`)).status, 204);
  await eventually("the third", () => begun.length === 2);
  assert.ok(begun[0]?.request.signal.aborted);
  begun[1]?.end();
  await reaches(site, third.id, "done");
  assert.equal(begun.length, 2, "the second was never begun");
  assert.equal((await site.call("GET", `/api/v1/exports/${first.id}`)).status, 404);
  const page = (await (await site.call("GET", `/api/v1/exports?camera_id=${camera}`)).json()) as ExportPage;
  assert.deepEqual(
    page.items.map(({ id }: Export) => id),
    [third.id],
  );
  const folder = join(site.dataDir, "media", "exports", camera, "2026-03-01");
  assert.equal(readdirSync(folder).length, 3);
  await site.call("DELETE", `/api/v1/exports/${third.id}`);
  assert.deepEqual(readdirSync(folder), []);
});

test("an export that VAS was stopped in is begun again, one that fails says why and leaves no file", async (t) => {
  const { site, camera } = await recorded(t);
  site.kernel.onExport = ({ signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
  const asked = await ask(site, camera);
  await reaches(site, asked.id, "running");
  await site.close();
  const again = await openTestSite(t, {
    dataDir: site.dataDir,
    before: (kernel) => {
      kernel.onExport = () => Promise.reject(new Error("disk of the test"));
    },
  });
  const failed = await reaches(again, asked.id, "failed");
  assert.equal(failed.error, "disk of the test");
  const folder = join(site.dataDir, "media", "exports", camera, "2026-03-01");
  assert.deepEqual(existsSync(folder) ? readdirSync(folder) : [], []);
});

test("what cannot be exported is refused by its code, and a camera takes its exports along", async (t) => {
  const { site, camera } = await recorded(t);
  const code = async (body: object, id = camera) =>
    ((await (await site.call("POST", `/api/v1/cameras/${id}/exports`, body)).json()) as ErrorBody).error.code;
  assert.equal(await code({ from: at(5), to: at(5) }), "range_invalid");
  assert.equal(await code({ from: at(0), to: at(90_000) }), "range_invalid");
  assert.equal(await code({ from: at(0), to: new Date(Date.now() + 60_000).toISOString() }), "range_invalid");
  assert.equal(await code({ from: at(100), to: at(110) }), "not_recorded");
  assert.equal(await code({ from: at(0), to: at(10), models: [] }), "bad_request");
  assert.equal(await code({ from: at(0), to: at(10) }, crypto.randomUUID()), "camera_not_found");
  const { id } = await ask(site, camera);
  await reaches(site, id, "done");
  assert.equal((await site.call("DELETE", `/api/v1/cameras/${camera}`)).status, 204);
  assert.equal((await site.call("GET", `/api/v1/exports/${id}`)).status, 404);
  assert.deepEqual(readdirSync(join(site.dataDir, "media", "exports", camera, "2026-03-01")), []);
});
