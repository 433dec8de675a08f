import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { CameraGroup } from "@vas/contracts/http.ts";
import { addCamera, addUser, openTestSite } from "../testing/site.ts";

const GROUPS = "/api/v1/camera-groups";

async function openGroups(t: TestContext) {
  const site = await openTestSite(t);
  const [a, b, c] = [await addCamera(site), await addCamera(site), await addCamera(site)];
  const operator = await addUser(site, { role: "operator", camera_ids: [a, b] });
  const as = (cookie: string) => async (method: string, path: string, body?: unknown) => {
    const response = await site.call(method, path, body, { cookie });
    const text = await response.text();
    return { status: response.status, body: (text === "" ? null : JSON.parse(text)) as never };
  };
  return { site, a, b, c, admin: as(site.cookie), operator: as(operator.cookie) };
}

test("a group keeps its name and the order of its cameras, each once", async (t) => {
  const { a, b, c, admin } = await openGroups(t);
  const made = await admin("POST", GROUPS, { name: " Doors ", camera_ids: [c, a, c.toUpperCase()] });
  assert.equal(made.status, 201);
  const { id, name, camera_ids } = made.body as CameraGroup;
  assert.deepEqual([name, camera_ids], ["Doors", [c, a]]);
  const patched = await admin("PATCH", `${GROUPS}/${id}`, { camera_ids: [b, a, c] });
  assert.deepEqual((patched.body as CameraGroup).camera_ids, [b, a, c]);
  const listed = await admin("GET", GROUPS);
  assert.deepEqual(
    (listed.body as { items: CameraGroup[] }).items.map((group) => [group.name, group.camera_ids]),
    [["Doors", [b, a, c]]],
  );
  assert.equal((await admin("DELETE", `${GROUPS}/${id}`)).status, 204);
  assert.deepEqual((await admin("GET", GROUPS)).body, { items: [] });
});

test("a camera that one may not see is neither told, nor moved, nor added, nor taken out", async (t) => {
  const { a, b, c, admin, operator } = await openGroups(t);
  const { id } = (await admin("POST", GROUPS, { name: "All", camera_ids: [c, a, b] })).body as CameraGroup;
  const seen = async () => ((await operator("GET", GROUPS)).body as { items: CameraGroup[] }).items[0]?.camera_ids;
  const stored = async () => ((await admin("GET", GROUPS)).body as { items: CameraGroup[] }).items[0]?.camera_ids;
  assert.deepEqual(await seen(), [a, b]);
  assert.equal((await operator("PATCH", `${GROUPS}/${id}`, { camera_ids: [a, c] })).status, 404);
  assert.equal((await operator("POST", GROUPS, { name: "Mine", camera_ids: [c] })).status, 404);
  assert.equal((await operator("PATCH", `${GROUPS}/${id}`, { camera_ids: [b, a] })).status, 200);
  assert.deepEqual(await stored(), [b, a, c]);
  assert.equal((await operator("DELETE", `${GROUPS}/${id}`)).status, 204);
  assert.equal(await seen(), undefined);
  assert.deepEqual(await stored(), [c]);
});

test("a deleted camera leaves its groups, and who sees every camera still finds the empty one", async (t) => {
  const { a, admin, operator } = await openGroups(t);
  await admin("POST", GROUPS, { name: "One", camera_ids: [a] });
  await admin("DELETE", `/api/v1/cameras/${a}`);
  assert.deepEqual(
    ((await admin("GET", GROUPS)).body as { items: CameraGroup[] }).items.map(({ camera_ids }) => camera_ids),
    [[]],
  );
  assert.deepEqual((await operator("GET", GROUPS)).body, { items: [] });
});

test("an unknown camera, an empty group and a nameless one are refused, and nothing is stored", async (t) => {
  const { a, admin } = await openGroups(t);
  for (const [body, status] of [
    [{ name: "X", camera_ids: [crypto.randomUUID()] }, 404],
    [{ name: "X", camera_ids: [] }, 400],
    [{ name: "  ", camera_ids: [a] }, 400],
  ] as const)
    assert.equal((await admin("POST", GROUPS, body)).status, status);
  assert.deepEqual((await admin("GET", GROUPS)).body, { items: [] });
});
