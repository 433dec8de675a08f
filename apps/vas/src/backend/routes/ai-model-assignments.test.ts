import assert from "node:assert/strict";
import { test } from "node:test";
import type { DiscoveredModel } from "@vas/contracts/http.ts";
import { type AiSite, CAMERA, discovered, OTHER_CAMERA, startAiSite, type TestCore } from "../testing/ai-site.ts";

const SCHEMA = {
  type: "object",
  additionalProperties: false,
  required: ["threshold"],
  properties: {
    threshold: { type: "number", minimum: 0, maximum: 1 },
    zones: { type: "array", maxItems: 2, items: { type: "object", properties: { name: { type: "string" } } } },
    mode: { enum: ["fast", "exact"] },
  },
};

async function siteWith(models: DiscoveredModel[]): Promise<AiSite & { core: TestCore }> {
  const site = await startAiSite();
  const core = await site.connectCore();
  const answer = await core.ask({ type: "models", models });
  assert.ok("ack" in answer, JSON.stringify(answer));
  return Object.assign(site, { core });
}

const noticesOf = (core: TestCore) => core.answers.filter((answer) => "notice" in answer).length;

/** Notices and acks come in order, so every notice sent before is there when this resolves. */
async function settled(core: TestCore): Promise<number> {
  await core.ask({ type: "results", results: [] });
  return noticesOf(core);
}

test("an assignment is made with defaults, changed by what is named, and repeated without effect", async () => {
  await using site = await siteWith([discovered("person")]);
  const path = `ai-model-assignments/${CAMERA}/person`;
  const made = await site.request("PUT", path, {});
  assert.equal(made.status, 200);
  const { created_at, updated_at, ...wish } = made.body;
  assert.deepEqual(wish, {
    camera_id: CAMERA,
    model_id: "person",
    enabled: true,
    desired_fps: 5,
    priority: 50,
    parameters: {},
    clip: false,
    zones: [],
  });
  assert.equal(created_at, updated_at);
  assert.equal(await settled(site.core), 1);
  const changed = await site.request("PUT", path, { desired_fps: 12.5, parameters: { a: { b: [1] } } });
  assert.deepEqual(
    [changed.body.desired_fps, changed.body.priority, changed.body.parameters, changed.body.created_at],
    [12.5, 50, { a: { b: [1] } }, created_at],
  );
  assert.equal(await settled(site.core), 2);
  const again = await site.request("PUT", path, { desired_fps: 12.5 });
  assert.deepEqual(again, changed);
  assert.equal(await settled(site.core), 2);
  assert.deepEqual((await site.request("GET", "ai-model-assignments")).body, {
    items: [changed.body],
    next_cursor: null,
  });
  assert.equal((await site.request("DELETE", path)).status, 204);
  assert.equal(await settled(site.core), 3);
  const gone = await site.request("DELETE", path);
  assert.deepEqual([gone.status, gone.body.error.code], [404, "assignment_not_found"]);
  assert.equal(await settled(site.core), 3);
});

test("an assignment needs a camera and a model that can run", async () => {
  const reason = { line: 3, message: "unknown key", remedy: "remove it" };
  await using site = await siteWith([
    discovered("person"),
    discovered("broken", { valid: false, reason }),
    discovered("off"),
  ]);
  assert.equal((await site.request("PATCH", "ai-models/off", { enabled: false })).status, 200);
  const cases: [string, number, string][] = [
    [`${crypto.randomUUID()}/person`, 404, "camera_not_found"],
    [`${CAMERA}/nobody`, 404, "model_not_found"],
    [`${CAMERA}/broken`, 409, "model_invalid"],
    [`${CAMERA}/off`, 409, "model_disabled"],
    [`${CAMERA}/A%20B`, 400, "bad_request"],
    ["door/person", 400, "bad_request"],
  ];
  for (const [path, status, code] of cases) {
    const reply = await site.request("PUT", `ai-model-assignments/${path}`, {});
    assert.deepEqual([reply.status, reply.body.error?.code], [status, code], path);
  }
  assert.deepEqual((await site.request("GET", "ai-model-assignments")).body.items, []);
});

test("a wish outside its limits is refused", async () => {
  await using site = await siteWith([discovered("person")]);
  for (const body of [
    { desired_fps: 0 },
    { desired_fps: 121 },
    { desired_fps: "5" },
    { priority: 101 },
    { priority: 1.5 },
    { enabled: 1 },
    { parameters: [] },
    { parameters: null },
    { camera_id: CAMERA },
    [],
    null,
    { parameters: { text: "x".repeat(70_000) } },
  ]) {
    const { status } = await site.request("PUT", `ai-model-assignments/${CAMERA}/person`, body);
    assert.ok(status === 400 || status === 413, `${JSON.stringify(body).slice(0, 80)} was answered ${status}`);
  }
  assert.deepEqual((await site.request("GET", "ai-model-assignments")).body.items, []);
});

test("parameters that do not fit the model's config_schema are refused with the field's name", async () => {
  await using site = await siteWith([discovered("person", { config_schema: SCHEMA })]);
  const path = `ai-model-assignments/${CAMERA}/person`;
  const cases: [unknown, string][] = [
    [{}, "threshold"],
    [{ threshold: 2 }, "threshold"],
    [{ threshold: "0.5" }, "threshold"],
    [{ threshold: 0.5, treshold: 1 }, "treshold"],
    [{ threshold: 0.5, mode: "slow" }, "mode"],
    [{ threshold: 0.5, zones: [{ name: "a" }, { name: 7 }] }, "zones.1.name"],
    [{ threshold: 0.5, zones: [{}, {}, {}] }, "zones"],
  ];
  for (const [parameters, field] of cases) {
    const reply = await site.request("PUT", path, { parameters });
    assert.deepEqual(
      [reply.status, reply.body.error?.code, reply.body.error?.details?.field],
      [400, "parameters_invalid", field],
      JSON.stringify(reply.body),
    );
  }
  // What a new assignment would have where nothing is said does not fit this model either.
  assert.equal((await site.request("PUT", path, {})).body.error.details.field, "threshold");
  const fits = await site.request("PUT", path, {
    parameters: { threshold: 0.5, zones: [{ name: "gate" }], mode: "fast" },
  });
  assert.equal(fits.status, 200);
});

test("an assignment whose parameters a newer model no longer takes can be switched off but not on", async () => {
  await using site = await siteWith([discovered("person")]);
  const path = `ai-model-assignments/${CAMERA}/person`;
  assert.equal((await site.request("PUT", path, { parameters: { old: 1 } })).status, 200);
  await site.core.ask({ type: "models", models: [discovered("person", { version: "2", config_schema: SCHEMA })] });
  assert.equal((await site.request("PUT", path, { enabled: false })).status, 200);
  assert.equal((await site.request("PUT", path, { enabled: true })).body.error.code, "parameters_invalid");
  assert.equal((await site.request("PUT", path, { enabled: true, parameters: { threshold: 1 } })).status, 200);
});

test("a config_schema that cannot be used is the model's fault, and nothing breaks", async () => {
  await using site = await siteWith([
    discovered("pattern", { config_schema: { properties: { a: { type: "string", pattern: "(" } } } }),
    discovered("loop", { config_schema: { $ref: "#" } }),
    discovered("endless", { config_schema: { properties: { a: { type: "string", pattern: "^(a+)+$" } } } }),
    discovered("person"),
  ]);
  for (const model of ["pattern", "loop", "endless"]) {
    const parameters = { a: `${"a".repeat(60)}!` };
    const reply = await site.request("PUT", `ai-model-assignments/${CAMERA}/${model}`, { parameters });
    assert.deepEqual([reply.status, reply.body.error.code], [409, "model_invalid"], model);
  }
  assert.equal((await site.request("PUT", `ai-model-assignments/${CAMERA}/person`, {})).status, 200);
});

test("Core reads assignments of a disabled model as not enabled, a person reads what was chosen", async () => {
  await using site = await siteWith([discovered("person"), discovered("cat")]);
  for (const model of ["person", "cat"]) await site.request("PUT", `ai-model-assignments/${CAMERA}/${model}`, {});
  const before = await settled(site.core);
  assert.equal((await site.request("PATCH", "ai-models/cat", { enabled: false })).body.enabled, false);
  assert.equal(await settled(site.core), before + 1);
  assert.equal((await site.request("PATCH", "ai-models/cat", { enabled: false })).status, 200);
  assert.equal(await settled(site.core), before + 1);
  const read = async (as: "person" | "core") =>
    (await site.request("GET", "ai-model-assignments", undefined, as)).body.items.map(
      (item: { model_id: string; enabled: boolean }) => [item.model_id, item.enabled],
    );
  assert.deepEqual(await read("core"), [
    ["cat", false],
    ["person", true],
  ]);
  assert.deepEqual(await read("person"), [
    ["cat", true],
    ["person", true],
  ]);
});

test("pages and filters of assignments hold each once, in order", async () => {
  const models = Array.from({ length: 9 }, (_, n) => discovered(`m${n}`));
  await using site = await siteWith(models);
  for (const camera of [OTHER_CAMERA, CAMERA])
    for (const { model_id } of models) await site.request("PUT", `ai-model-assignments/${camera}/${model_id}`, {});
  const expected = [CAMERA, OTHER_CAMERA].flatMap((camera) => models.map((model) => `${camera} ${model.model_id}`));
  const seen: string[] = [];
  let cursor = "";
  do {
    const { body } = await site.request("GET", `ai-model-assignments?limit=4${cursor}`, undefined, "core");
    seen.push(
      ...body.items.map((item: { camera_id: string; model_id: string }) => `${item.camera_id} ${item.model_id}`),
    );
    cursor = body.next_cursor === null ? "" : `&cursor=${body.next_cursor}`;
  } while (cursor !== "");
  assert.deepEqual(seen, expected);
  const count = async (query: string) => (await site.request("GET", `ai-model-assignments?${query}`)).body.items.length;
  assert.equal(await count(`camera_id=${CAMERA}`), 9);
  assert.equal(await count("model_id=m3"), 2);
  assert.equal(await count(`camera_id=${CAMERA}&model_id=m3`), 1);
  assert.equal(await count(`camera_id=${crypto.randomUUID()}`), 0);
  for (const bad of ["x", Buffer.from("a").toString("base64url"), Buffer.from("a b c").toString("base64url")])
    assert.equal((await site.request("GET", `ai-model-assignments?cursor=${bad}`)).body.error.code, "cursor_invalid");
  await site.backend.db.deleteFrom("cameras").where("id", "=", CAMERA).execute();
  assert.equal(await count(""), 9);
});

const triangle = (name: string, x = 0.1) => ({
  name,
  points: [
    [x, 0.1],
    [x + 0.3, 0.1],
    [x, 0.8],
  ],
});

test("zones are kept as they were drawn, stay where nothing is said of them, and go with an empty list", async () => {
  await using site = await siteWith([discovered("person")]);
  const path = `ai-model-assignments/${CAMERA}/person`;
  const zones = [triangle("door"), triangle("Einfahrt links", 0.5)];
  const made = await site.request("PUT", path, { zones });
  assert.deepEqual([made.status, made.body.zones], [200, zones]);
  assert.deepEqual((await site.request("PUT", path, { desired_fps: 2 })).body.zones, zones);
  assert.equal(await settled(site.core), 2);
  await site.request("PUT", path, { zones });
  assert.equal(await settled(site.core), 2, "the same zones are no change");
  assert.deepEqual((await site.request("PUT", path, { zones: [] })).body.zones, []);
});

test("zones that cannot be used are refused by name, and the assignment stays as it was", async () => {
  await using site = await siteWith([discovered("person")]);
  const path = `ai-model-assignments/${CAMERA}/person`;
  await site.request("PUT", path, { zones: [triangle("door")] });
  const twice = await site.request("PUT", path, { zones: [triangle("door"), triangle(" DOOR ")] });
  assert.deepEqual([twice.status, twice.body.error.code], [400, "zones_invalid"]);
  const line = {
    name: "line",
    points: [
      [0, 0],
      [0.5, 0.5],
      [1, 1],
    ],
  };
  const flat = await site.request("PUT", path, { zones: [line] });
  assert.deepEqual(
    [flat.status, flat.body.error.code, flat.body.error.details],
    [400, "zones_invalid", { name: "line" }],
  );
  for (const zone of [
    {
      ...triangle("outside"),
      points: [
        [0, 0],
        [1.1, 0],
        [0, 1],
      ],
    },
    {
      name: "two points",
      points: [
        [0, 0],
        [1, 1],
      ],
    },
    triangle(""),
    triangle("  "),
    triangle("a\nb"),
    { ...triangle("more"), colour: "red" },
  ]) {
    const refused = await site.request("PUT", path, { zones: [zone] });
    assert.deepEqual([refused.status, refused.body.error.code], [400, "bad_request"], JSON.stringify(zone));
  }
  const many = Array.from({ length: 17 }, (_, at) => triangle(`zone ${at}`));
  assert.equal((await site.request("PUT", path, { zones: many })).status, 400);
  const kept = await site.request("GET", "ai-model-assignments");
  assert.deepEqual(kept.body.items[0].zones, [triangle("door")]);
});
