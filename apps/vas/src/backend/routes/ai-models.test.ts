import assert from "node:assert/strict";
import { test } from "node:test";
import { discovered, startAiSite } from "../testing/ai-site.ts";

test("a model keeps a person's choice over reports, and reads as Core last found it", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  await core.ask({ type: "models", models: [discovered("person", { config_schema: { type: "object" } })] });
  const first = await site.request("GET", "ai-models/person");
  const { updated_at, ...rest } = first.body;
  assert.ok(Number.isFinite(Date.parse(updated_at)));
  assert.deepEqual(rest, {
    ...discovered("person", { config_schema: { type: "object" } }),
    enabled: true,
    present: true,
  });
  assert.equal((await site.request("PATCH", "ai-models/person", { enabled: false })).body.enabled, false);
  await core.ask({ type: "models", models: [discovered("person", { version: "2" })] });
  const { body } = await site.request("GET", "ai-models/person");
  assert.deepEqual([body.version, body.enabled, body.config_schema], ["2", false, null]);
});

test("an unchanged report changes nothing", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  const models = [discovered("person"), discovered("cat")];
  await core.ask({ type: "models", models });
  const before = await site.request("GET", "ai-models");
  await core.ask({ type: "models", models });
  assert.deepEqual(await site.request("GET", "ai-models"), before);
});

test("an invalid model is listed with its reason, cannot be enabled, and is enabled once it is put right", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  const reason = { line: 3, message: "unknown key", remedy: "remove it" };
  await core.ask({ type: "models", models: [discovered("person", { valid: false, reason })] });
  const { body } = await site.request("GET", "ai-models/person");
  assert.deepEqual([body.valid, body.reason, body.enabled], [false, reason, false]);
  const refused = await site.request("PATCH", "ai-models/person", { enabled: true });
  assert.deepEqual([refused.status, refused.body.error.code], [409, "model_invalid"]);
  await core.ask({ type: "models", models: [discovered("person")] });
  assert.equal((await site.request("GET", "ai-models/person")).body.enabled, true);
});

test("of two folders with one id the valid one counts", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  const copy = discovered("person", { folder: "copy", valid: false });
  await core.ask({ type: "models", models: [copy, discovered("person"), { ...copy, folder: "other" }] });
  assert.equal((await site.request("GET", "ai-models/person")).body.folder, "person");
});

test("a Core that invents models without end fills nothing", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  for (let round = 0; round < 4; round++) {
    const models = Array.from({ length: 1000 }, (_, n) => discovered(`m${round}-${n}`));
    const answer = await core.ask({ type: "models", models });
    assert.equal("ack" in answer, round < 2, JSON.stringify(answer));
  }
  assert.equal((await site.request("GET", "ai-models")).body.items.length, 2000);
});

test("an unknown model and an unknown field are refused", async () => {
  await using site = await startAiSite();
  for (const method of ["GET", "PATCH"] as const) {
    const body = method === "PATCH" ? { enabled: true } : undefined;
    const reply = await site.request(method, "ai-models/nobody", body);
    assert.deepEqual([reply.status, reply.body.error.code], [404, "model_not_found"]);
  }
  assert.equal((await site.request("PATCH", "ai-models/nobody", { enabled: true, valid: true })).status, 400);
  assert.equal((await site.request("PATCH", "ai-models/nobody", {})).status, 400);
});
