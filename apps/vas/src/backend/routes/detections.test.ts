import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { DetectionsPage } from "@vas/contracts/http.ts";
import type { Detection } from "@vas/contracts/inference.ts";
import { type AiSite, CAMERA, discovered, OTHER_CAMERA, startAiSite, type TestCore } from "../testing/ai-site.ts";
import { resultAt, START_MS } from "../testing/track.ts";

async function connect(site: AiSite): Promise<TestCore> {
  const core = await site.connectCore();
  await core.ask({ type: "models", models: [discovered("person"), discovered("pose")] });
  return core;
}

const at = (ms: number) => encodeURIComponent(new Date(START_MS + ms).toISOString());
const path = (camera: string, from: number, to: number, more = "") =>
  `cameras/${camera}/detections?from=${at(from)}&to=${at(to)}${more}`;
const frames = (page: DetectionsPage) => page.items.map((item) => `${item.model_id} ${item.frame_id}`);

test("results that Core sent are listed by range, model and page, and are on disk when they are listed", async () => {
  await using site = await startAiSite();
  const core = await connect(site);
  const sent = Array.from({ length: 40 }, (_, n) => resultAt(n, { model_id: n % 2 ? "pose" : "person" }));
  sent.push(resultAt(40, { camera_id: OTHER_CAMERA }), resultAt(41, { detections: [] }));
  assert.ok("ack" in (await core.ask({ type: "results", results: sent })));
  const all = await site.request("GET", path(CAMERA, 0, 60_000));
  assert.equal(all.status, 200, JSON.stringify(all.body));
  assert.equal(all.body.items.length, 41);
  assert.equal(all.body.next_cursor, null);
  assert.deepEqual(all.body.items.at(-1).detections, [], "a frame on which nothing was found");
  const [first] = all.body.items as DetectionsPage["items"];
  assert.equal(first?.pts90k, sent[0]?.pts90k);
  assert.deepEqual(first?.detections, sent[0]?.detections, "four decimals come back as they were sent");
  const some = await site.request("GET", path(CAMERA, 1000, 3000, "&model_id=pose"));
  assert.deepEqual(
    frames(some.body),
    [6, 8, 10, 12, 14].map((frame) => `pose ${frame}`),
  );
  const paged: string[] = [];
  let cursor = "";
  for (let pages = 0; pages < 20; pages++) {
    const { body } = await site.request("GET", path(CAMERA, 0, 60_000, `&limit=7${cursor}`));
    paged.push(...frames(body));
    if (body.next_cursor === null) break;
    cursor = `&cursor=${body.next_cursor}`;
  }
  assert.deepEqual(paged, frames(all.body));
});

test("what is no range, no cursor or no camera is refused by its code", async () => {
  await using site = await startAiSite();
  const code = async (request: string) => (await site.request("GET", request)).body.error?.code;
  assert.equal(await code(path(CAMERA, 1000, 0)), "range_invalid");
  assert.equal(await code(path(CAMERA, 0, 40 * 86_400_000)), "range_invalid");
  assert.equal(await code(path(CAMERA, 0, 1, "&cursor=abc")), "cursor_invalid");
  assert.equal(await code(path(CAMERA, 0, 1, "&limit=5001")), "bad_request");
  assert.equal(await code(`cameras/${CAMERA}/detections`), "bad_request");
  assert.equal(await code(path(crypto.randomUUID(), 0, 1)), "camera_not_found");
});

const told = (field: object) => JSON.stringify(field).slice(0, 60);

/** Each takes a good result and makes it one that must not be taken. */
function* malformed(): Generator<[string, unknown]> {
  const good = () => structuredClone(resultAt(1)) as unknown as Record<string, unknown>;
  const WRONG = [
    null,
    true,
    "1",
    "",
    {},
    [],
    -1,
    1.5,
    2 ** 60,
    Number.MAX_VALUE,
    [1],
    { length: 1 },
    false,
    [[]],
    "NaN",
    -0.5,
  ];
  for (const field of Object.keys(good())) {
    const { [field]: _gone, ...rest } = good();
    yield [`without ${field}`, rest];
    for (const value of WRONG) {
      if (field === "inference_ms" && (value === null || typeof value === "number")) continue;
      if (field === "latency_ms" && typeof value === "number") continue;
      if (field === "detections" && Array.isArray(value) && value.length === 0) continue;
      if (["pts90k", "wall_ms"].includes(field) && value === -1) continue;
      if (field === "model_id" && value === "1") continue;
      yield [`${field} ${JSON.stringify(value)}`, { ...good(), [field]: value }];
    }
  }
  const box = (more: Record<string, unknown>) => {
    const result = good();
    const [first, ...rest] = result.detections as Detection[];
    return { ...result, detections: [...rest, { ...first, ...more }] };
  };
  const NO_BOX = [
    null,
    {},
    "",
    [0, 0, 1],
    [0, 0, 1, 1, 1],
    [0, 0, 1, 1.1],
    [-0.1, 0, 1, 1],
    [0, 0, 1, null],
    ["0", 0, 1, 1],
  ];
  for (const bbox of NO_BOX) yield [told({ bbox }), box({ bbox })];
  for (const confidence of [null, "0.5", -0.1, 1.1, {}, []]) yield [told({ confidence }), box({ confidence })];
  for (const class_id of [null, "0", -1, 0.5, {}]) yield [told({ class_id }), box({ class_id })];
  for (const class_name of [null, 0, {}, [], "x".repeat(129)]) yield [told({ class_name }), box({ class_name })];
  for (const track_id of [1.5, {}, [], true, "x".repeat(65)]) yield [told({ track_id }), box({ track_id })];
  for (const text of [null, 1, {}, "x".repeat(4097)]) yield [told({ text }), box({ text })];
  for (const value of [null, "1", {}]) yield [told({ value }), box({ value })];
  for (const unit of [null, 1, "x".repeat(33)]) yield [told({ unit }), box({ unit })];
  for (const keypoints of [
    null,
    {},
    [[0, 0]],
    [[0, 0, 2]],
    [[0, 0, 0, 0]],
    [null],
    [["0", 0, 0]],
    Array.from({ length: 257 }, () => [0, 0, 0]),
  ])
    yield [told({ keypoints }), box({ keypoints })];
  for (const polygon of [null, {}, [[0]], [[0, 0, 0]], [null], [["0", 0]], Array.from({ length: 1025 }, () => [0, 0])])
    yield [told({ polygon }), box({ polygon })];
  for (const detection of [null, 1, "box", [], {}]) yield [told({ detection }), { ...good(), detections: [detection] }];
  yield ["1001 detections", { ...good(), detections: Array(1001).fill((good().detections as unknown[])[0]) }];
}

test("of 200 malformed results none is kept or shown, each is refused, and nothing else suffers", async () => {
  await using site = await startAiSite();
  const core = await connect(site);
  const kinds = [...malformed()];
  assert.ok(kinds.length >= 200, `kinds: ${kinds.length}`);
  for (const [name, result] of kinds) {
    const answer = await core.ask({ type: "results", results: [resultAt(0), result] });
    assert.ok("nack" in answer, `${name} was answered ${JSON.stringify(answer)}`);
  }
  assert.equal(site.counter("refused"), kinds.length);
  assert.deepEqual(site.notices, []);
  await site.backend.track.flush();
  assert.equal(existsSync(join(site.backend.config.dataDir, "tracks")), false, "nothing was kept");
  assert.ok("ack" in (await core.ask({ type: "results", results: [resultAt(0)] })));
  assert.equal((await site.request("GET", path(CAMERA, 0, 1000))).body.items.length, 1);
});

test("a track that cannot be written is counted; the results are shown all the same", async () => {
  await using site = await startAiSite();
  const core = await connect(site);
  await core.ask({ type: "results", results: [resultAt(0, { model_id: "unheard-of" })] });
  await site.backend.track.flush();
  assert.equal(site.notices.length, 1);
  const unknown = site.backend.track.counters().find((sample) => sample.labels.outcome === "unknown");
  assert.equal(unknown?.value, 1);
});
