/**
 * What is kept of a frame is that frame: the number that the camera burned into it is read back from exports, copied and
 * with boxes burned in, from the pictures of events, and from a clip. A real site, its real media over its own API.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { AiEvent, Camera, DetectionsPage, Export, Recordings, TrackResult } from "@vas/contracts/http.ts";
import type { EventOpened } from "@vas/contracts/results.ts";
import type { Api } from "@vas/testkit/api.ts";
import { ECHO_MODEL, ECHO_MODELS_DIR, ECHO_PLACES, echoPlace } from "@vas/testkit/echo-model/echo.ts";
import { readFrameNumber } from "@vas/testkit/picture.ts";
import { waitFor } from "@vas/testkit/processes.ts";
import { startSite } from "@vas/testkit/site.ts";
import { startSyntheticCamera } from "@vas/testkit/synthetic-camera.ts";
import { openedAt } from "../../apps/vas/src/backend/testing/ai-site.ts";
import { connectAsCore } from "./core.ts";

const [WIDTH, HEIGHT, FPS] = [640, 360, 10];
const FRAME_TICKS = 90_000 / FPS;
const EVENTS = 50;
/** Waiting triggers are bounded: more at once would be dropped. */
const EVENTS_AT_ONCE = 10;
const LONG = { withinMs: 120_000 };
/** Between top and bottom of the echo model's box, and below its label. */
const BOX_ROWS = Array.from({ length: 60 }, (_, row) => Math.round(0.68 * HEIGHT) + row);

test("exports, event pictures and clips hold exactly the frames that they say", async () => {
  await using camera = await startSyntheticCamera({ width: WIDTH, height: HEIGHT, fps: FPS, gop: FPS });
  await using site = await startSite({ frameExport: true, modelsDirs: [ECHO_MODELS_DIR] });
  const folder = mkdtempSync(join(tmpdir(), "vas-kept-"));
  after(() => rmSync(folder, { recursive: true }));
  const api = await site.api();
  const { id } = await api.post<Camera>("cameras", { name: "Numbered", rtsp_url: camera.url });
  await waitFor("the echo model", async () =>
    (await api.get<{ items: { model_id: string }[] }>("ai-models")).items.some((one) => one.model_id === ECHO_MODEL),
  );
  const path = `ai-model-assignments/${id}/${ECHO_MODEL}`;
  await api.put(path, { desired_fps: 3 * FPS });
  const startMs = Date.now() - 60_000;
  const results = await waitFor(
    "150 results",
    async () => {
      const found = await allResults(api, id, startMs);
      return found.length >= 150 ? found : undefined;
    },
    LONG,
  );
  await site.core.stop();
  for (const runtime of site.runtimes.values()) await runtime.stop();

  // A range that lies well inside of what was recorded and looked at.
  const inside = results.slice(20, 120);
  const [first, last] = [inside[0] as TrackResult, inside.at(-1) as TrackResult];
  await waitFor(
    "the recording of it",
    async () => {
      const to = new Date(Date.now() + 60_000).toISOString();
      const { segments } = await api.get<Recordings>(
        `cameras/${id}/recordings?from=${new Date(startMs).toISOString()}&to=${to}`,
      );
      return (segments.at(-1)?.end_pts90k ?? 0) > last.pts90k + 90_000;
    },
    LONG,
  );
  const range = { from: new Date(first.wall_ms).toISOString(), to: new Date(last.wall_ms).toISOString() };
  // One that is deleted at work ends and leaves no file, and those after it are made.
  const wish = { from: range.from, to: new Date().toISOString(), boxes: true };
  const { id: unwanted } = await api.post<Export>(`cameras/${id}/exports`, wish);
  await waitFor("the export to begin", async () => (await api.get<Export>(`exports/${unwanted}`)).state !== "queued");
  await api.delete(`exports/${unwanted}`);
  assert.deepEqual((await api.get<{ items: Export[] }>("exports")).items, []);
  assert.deepEqual(
    readdirSync(site.dataDir, { recursive: true }).filter((name) => String(name).includes(unwanted)),
    [],
  );
  const copied = await exported(api, id, { ...range, boxes: false });
  const burned = await exported(api, id, { ...range, boxes: true });

  const file = async (name: string, what: string) => {
    const target = join(folder, name);
    writeFileSync(target, await bytes(api, what));
    return target;
  };
  const frames = decoded(await file("copied.mp4", `exports/${copied.id}/video`));
  const byMs = new Map(frames.map((frame) => [frame.ms, frame.number]));
  const track = JSON.parse((await bytes(api, `exports/${copied.id}/detections.json`)).toString()) as {
    results: (TrackResult & { time: number })[];
  };
  const wrongInJson = track.results.filter(
    ({ time, detections }) => byMs.get(Math.round(time * 1000)) !== detections[0]?.value,
  );
  assert.ok(track.results.length > 50, `${track.results.length} results in the JSON track`);
  assert.deepEqual(wrongInJson, [], "each result's time is that of its own frame");
  const cues = cuesOf((await bytes(api, `exports/${copied.id}/detections.vtt`)).toString());
  assert.equal(cues.length, track.results.length);
  assert.deepEqual(
    cues.filter(({ ms, number }) => byMs.get(ms) !== number),
    [],
    "each cue begins at its own frame",
  );
  const { start_pts90k: start, end_pts90k: end } = copied;
  const longest = ((end ?? 0) - (start ?? 0)) / FRAME_TICKS;
  assert.ok(frames.length <= longest + 1, `${frames.length} frames in the time of ${longest}`);
  assert.ok(
    frames.every(({ number }, at) => at === 0 || Number(number) > Number(frames[at - 1]?.number)),
    "each frame once, in order",
  );

  // Burned in: what differs from the copied picture of the same number, in the row of the box, begins with the box.
  const plain = new Map(frames.map((frame) => [frame.number, frame]));
  const drawn = decoded(await file("burned.mp4", `exports/${burned.id}/video`));
  const looked = new Set(results.map(({ detections }) => detections[0]?.value));
  const wrong: string[] = [];
  let compared = 0;
  for (const { number, planes } of drawn) {
    const before = number === null ? undefined : plain.get(number)?.planes;
    if (number === null || !before || !looked.has(number)) continue;
    compared += 1;
    const left = firstDifference(before, planes);
    const place = left === null ? null : echoPlace(left / WIDTH);
    if (place !== number % ECHO_PLACES) wrong.push(`frame ${number}: box at ${left}, place ${place}`);
  }
  assert.ok(compared > 50, `${compared} frames were compared`);
  assert.deepEqual(wrong, [], "each frame carries its own box");
  assert.ok(drawn.every(({ number }) => number !== null));

  // Events: the picture of each is of its very frame. As Core sends them, of so many models that no rate limit holds.
  const chosen = Array.from({ length: EVENTS }, (_, index) => results[20 + 2 * index] as TrackResult);
  const sent: { event: EventOpened; number: number }[] = chosen.map((result, index) => ({
    number: Number(result.detections[0]?.value),
    event: openedAt(result.wall_ms, {
      camera_id: id,
      model_id: index === 0 ? ECHO_MODEL : `${ECHO_MODEL}-${index}`,
      frame_id: result.frame_id,
      pts90k: result.pts90k,
      detections: result.detections,
    }),
  }));
  await api.put(path, { desired_fps: 3 * FPS, clip: true });
  const core = await connectAsCore(site.url, site.serviceKey());
  const wrongPictures: string[] = [];
  for (let at = 0; at < sent.length; at += EVENTS_AT_ONCE) {
    const some = sent.slice(at, at + EVENTS_AT_ONCE);
    const opened = JSON.stringify(some.map(({ event }) => event));
    assert.ok("ack" in (await core.say(`"type":"events","opened":${opened},"closed":[]`)));
    for (const { event, number } of some) {
      const stored = await withOf(api, event.event_id, "snapshot_id");
      const jpeg = await file("event.jpg", `snapshots/${stored.snapshot_id}/image`);
      const shown = decoded(jpeg)[0]?.number;
      if (shown !== number) wrongPictures.push(`frame ${number}: the picture shows ${shown}`);
    }
  }
  assert.deepEqual(wrongPictures, []);
  const [clipped] = sent;
  const { clip_id } = await withOf(api, clipped?.event.event_id ?? "", "clip_id");
  const inClip = decoded(await file("clip.mp4", `clips/${clip_id}/video`)).map(({ number }) => number);
  assert.ok(inClip.includes(clipped?.number ?? -1), `the clip holds its event's frame ${clipped?.number}: ${inClip}`);
  core.close();
});

async function allResults(api: Api, cameraId: string, startMs: number): Promise<TrackResult[]> {
  const query = `from=${new Date(startMs).toISOString()}&to=${new Date(Date.now() + 60_000).toISOString()}`;
  const found: TrackResult[] = [];
  let cursor: string | null = null;
  do {
    const page: DetectionsPage = await api.get(
      `cameras/${cameraId}/detections?${query}${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    found.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return found.filter(({ detections }) => detections.length === 1).sort((a, b) => a.pts90k - b.pts90k);
}

async function exported(api: Api, cameraId: string, wish: object): Promise<Export> {
  const { id } = await api.post<Export>(`cameras/${cameraId}/exports`, wish);
  const shares: number[] = [];
  const done = await waitFor(
    "the export",
    async () => {
      const now = await api.get<Export>(`exports/${id}`);
      shares.push(now.progress);
      return now.state === "done" || now.state === "failed" ? now : undefined;
    },
    LONG,
  );
  assert.equal(done.error, null);
  assert.ok(shares.every((share, at) => share >= (shares[at - 1] ?? 0)) && shares.at(-1) === 1, "progress only grows");
  return done;
}

async function withOf(api: Api, eventId: string, field: "snapshot_id" | "clip_id"): Promise<AiEvent> {
  return waitFor(
    `the event's ${field}`,
    async () => {
      const event = await api.get<AiEvent>(`ai-events/${eventId}`);
      return event[field] === null ? undefined : event;
    },
    LONG,
  );
}

async function bytes(api: Api, path: string): Promise<Buffer> {
  const answer = await fetch(`${api.url}/api/v1/${path}`, { headers: { cookie: api.cookie() } });
  assert.equal(answer.status, 200, path);
  return Buffer.from(await answer.arrayBuffer());
}

type Frame = { number: number | null; planes: Uint8Array; ms: number };

/** Every picture of a file, with all three planes at full size. */
function decoded(file: string): Frame[] {
  const read = (args: string) =>
    execFileSync("ffmpeg", `-v error -i ${file} ${args}`.split(" "), { maxBuffer: 1024 * 1024 * 1024 });
  const pictures = read("-fps_mode passthrough -f rawvideo -pix_fmt yuv444p pipe:1");
  const times = read("-fps_mode passthrough -enc_time_base 1:1000 -f framecrc pipe:1")
    .toString()
    .split("\n")
    .filter((line) => line.startsWith("0,"))
    .map((line) => Number(line.split(",")[2]));
  const size = WIDTH * HEIGHT * 3;
  assert.equal(pictures.length, size * times.length);
  return times.map((ms, at) => {
    const planes = pictures.subarray(at * size, (at + 1) * size);
    return { number: readFrameNumber(planes, WIDTH, HEIGHT, WIDTH), planes, ms };
  });
}

/** The first column that differs all the way down the box: encoding again changes a little everywhere, a line much. */
function firstDifference(before: Uint8Array, now: Uint8Array): number | null {
  for (let x = 0; x < WIDTH; x++)
    for (const plane of [0, 1, 2]) {
      let sum = 0;
      for (const y of BOX_ROWS) {
        const at = plane * WIDTH * HEIGHT + y * WIDTH + x;
        sum += Math.abs((before[at] ?? 0) - (now[at] ?? 0));
      }
      if (sum / BOX_ROWS.length > 18) return x;
    }
  return null;
}

function cuesOf(text: string): { ms: number; number: number }[] {
  return [...text.matchAll(/(\d\d):(\d\d):(\d\d)\.(\d{3}) --> .*\nframe 100% (\d+)/g)].map(
    ([, hours, minutes, seconds, ms, number]) => ({
      ms: ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(ms),
      number: Number(number),
    }),
  );
}
