import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { AuditEntry, AuditPage } from "@vas/contracts/audit.ts";
import { insertAudit, listAudit, pruneAudit } from "./store/audit.ts";
import { storeModels } from "./store/ai-models.ts";
import { discovered } from "./testing/ai-site.ts";
import { addCamera, addUser, logIn, openTestSite, PASSWORD, type TestSite } from "./testing/site.ts";

async function entries(site: TestSite, query = ""): Promise<AuditEntry[]> {
  const reply = await site.call("GET", `/api/v1/audit${query}`);
  assert.equal(reply.status, 200, await reply.clone().text());
  return ((await reply.json()) as AuditPage).items;
}

test("what people change is written with who, from where and what, and never with a secret", async (t) => {
  const site = await openTestSite(t);
  const { db } = site.backend;
  const camera = await addCamera(site, { name: "Door", rtsp_url: "rtsp://ann:s3cret-1@192.0.2.1/main" });
  await storeModels(db, [discovered("person")], 1);
  const zone = {
    name: "path",
    points: [
      [0, 0],
      [1, 0],
      [0, 1],
    ],
  };
  const path = `/api/v1/ai-model-assignments/${camera}/person`;
  const made = (await (await site.call("PUT", path, {})).json()) as { created_at: string };
  while (Date.now() <= Date.parse(made.created_at)) await setImmediate();
  await site.call("PUT", path, { desired_fps: 3, zones: [zone], parameters: {} });
  await site.call("PUT", path, { enabled: false });
  await site.call("PUT", path, { enabled: true });
  await site.call("PATCH", `/api/v1/cameras/${camera}`, { name: "Front door", password: "s3cret-2" });
  await site.call("POST", `/api/v1/cameras/${camera}/stop`);
  await site.call("PATCH", "/api/v1/ai-models/person", { enabled: false });
  const user = await addUser(site, { role: "operator" });
  await site.call("DELETE", `/api/v1/users/${user.id}`);
  await site.call("DELETE", `/api/v1/cameras/${camera}`);

  const all = await entries(site);
  assert.deepEqual(all.map(({ action, object_name }) => [action, object_name]).toReversed(), [
    ["auth.login", "admin"],
    ["camera.create", "Door"],
    ["assignment.create", "Door"],
    ["assignment.edit", "Door"],
    ["assignment.pause", "Door"],
    ["assignment.resume", "Door"],
    ["camera.edit", "Door"],
    ["camera.stop", "Front door"],
    ["model.disable", "person"],
    ["user.create", user.username],
    ["auth.login", user.username],
    ["user.delete", user.username],
    ["camera.delete", "Front door"],
  ]);
  const edit = all.find(({ action }) => action === "assignment.edit");
  assert.deepEqual(
    { ...edit, id: "", at: "", session: "" },
    {
      id: "",
      at: "",
      actor: { kind: "person", id: edit?.actor.id, name: "admin" },
      address: "127.0.0.1",
      session: "",
      action: "assignment.edit",
      object_id: "person",
      object_name: "Door",
      camera_id: camera,
      details: { fields: ["desired_fps", "parameters", "zones"], desired_fps: 3, parameters: [], zones: ["path"] },
    },
  );
  const { items } = (await (await site.call("GET", "/api/v1/sessions")).json()) as { items: { id: string }[] };
  assert.ok(
    items.some(({ id }) => id === edit?.session),
    "the session is one that the list of sessions has",
  );
  const text = JSON.stringify(all);
  for (const secret of ["s3cret", PASSWORD, "192.0.2"]) assert.ok(!text.includes(secret), secret);
});

test("what was refused, only read or only tried is not written", async (t) => {
  const site = await openTestSite(t);
  const camera = await addCamera(site);
  const viewer = await addUser(site, { role: "viewer", camera_ids: [camera] });
  const before = (await entries(site)).length;
  await site.call("GET", "/api/v1/cameras");
  await site.call("POST", "/api/v1/cameras/probe", { rtsp_url: "rtsp://192.0.2.9/" });
  await site.call("POST", `/api/v1/cameras/${crypto.randomUUID()}/stop`);
  await site.call("PUT", `/api/v1/ai-model-assignments/${camera}/none`, {});
  await site.call("POST", `/api/v1/cameras/${camera}/stop`, undefined, { cookie: viewer.cookie });
  await assert.rejects(logIn(site.url, "admin", "wrong-password"));
  assert.equal((await entries(site)).length, before);
});

test("the list is filtered by actor, object, action, camera and time, and paged without gaps", async (t) => {
  const site = await openTestSite(t);
  const camera = await addCamera(site, { name: "One" });
  const other = await addCamera(site, { name: "Two" });
  const operator = await addUser(site, { role: "operator", all_cameras: true });
  for (const id of [camera, other, camera])
    await site.call("POST", `/api/v1/cameras/${id}/stop`, undefined, { cookie: operator.cookie });
  assert.equal((await entries(site, `?actor=${operator.username}&action=camera`)).length, 3);
  assert.equal((await entries(site, `?actor=${operator.username}`)).length, 4, "its login too");
  assert.equal((await entries(site, "?action=camera.stop")).length, 3);
  assert.equal((await entries(site, `?action=camera&camera_id=${camera}`)).length, 3);
  assert.equal((await entries(site, `?to=${new Date(1000).toISOString()}`)).length, 0);
  const whole = await entries(site);
  const paged: AuditEntry[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const reply = await site.call("GET", `/api/v1/audit?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`);
    const page = (await reply.json()) as AuditPage;
    paged.push(...page.items);
    cursor = page.next_cursor;
  }
  assert.deepEqual(paged, whole);
  for (const cursor of ["x", "-1", "0", "1e9"])
    assert.equal((await site.call("GET", `/api/v1/audit?cursor=${cursor}`)).status, 400, cursor);
});

test("the oldest entries go", async (t) => {
  const { db } = (await openTestSite(t)).backend;
  const row = { at_ms: 1, actor_kind: "person", actor_id: "", actor_name: "x", address: "", session: null };
  for (let n = 0; n < 5; n++)
    await insertAudit(db, {
      ...row,
      action: "a.b",
      object_id: null,
      object_name: null,
      camera_id: null,
      details: "{}",
    });
  const rows = await listAudit(db, { actor: "x" }, {}, 10);
  await pruneAudit(db, rows[1]?.seq ?? 0);
  assert.deepEqual(await listAudit(db, { actor: "x" }, {}, 10), rows.slice(0, 1));
});
