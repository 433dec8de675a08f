import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Camera, CameraHoldings } from "@vas/contracts/http.ts";
import { parseCameraAddress } from "./camera-address.ts";
import { isFile } from "./files.ts";
import { saveSegment } from "./store/recordings.ts";
import { addCamera, makeSegment, MOMENT, openTestSite, type TestSite } from "./testing/site.ts";

async function json<T>(response: Promise<Response>, status = 200): Promise<T> {
  const answered = await response;
  const text = await answered.text();
  assert.equal(answered.status, status, text);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}
const get = (site: TestSite, id: string) => json<Camera>(site.call("GET", `/api/v1/cameras/${id}`));
const patch = (site: TestSite, id: string, body: unknown) =>
  json<Camera>(site.call("PATCH", `/api/v1/cameras/${id}`, body));

test("a camera is created, started, listed, stopped and started again", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site, { name: " Yard ", username: "joe", password: "secret1" });
  const camera = await get(site, id);
  assert.deepEqual(
    [camera.name, camera.username, camera.has_password, camera.record, camera.retention_days, camera.started],
    ["Yard", "joe", true, true, null, true],
  );
  assert.equal(camera.status.state, "live");
  assert.deepEqual(site.kernel.specs.get(id), {
    id,
    url: "rtsp://192.0.2.1/main",
    username: "joe",
    password: "secret1",
    sub: null,
    frameExport: { enabled: true, maxFps: null, height: null, stream: "main" },
    record: true,
  });
  const { items } = await json<{ items: Camera[] }>(site.call("GET", "/api/v1/cameras"));
  assert.deepEqual(
    items.map((one) => one.id),
    [id],
  );
  assert.equal((await json<Camera>(site.call("POST", `/api/v1/cameras/${id}/stop`))).started, false);
  assert.ok(!site.kernel.specs.has(id));
  assert.equal((await json<Camera>(site.call("POST", `/api/v1/cameras/${id}/start`))).status.state, "live");
  const health = await json<{ cameras: object }>(fetch(`${site.url}/health`));
  assert.deepEqual(health.cameras, { total: 1, live: 1, connecting: 0, retrying: 0, stopped: 0 });
});

test("cameras that were started come back after a restart, the others do not", async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), "vas-site-"));
  const first = await openTestSite(t, { dataDir });
  const on = await addCamera(first, { password: "secret1" });
  await addCamera(first, { name: "off", start: false });
  await first.close();
  const second = await openTestSite(t, { dataDir });
  assert.deepEqual([...second.kernel.specs.keys()], [on]);
  assert.equal(second.kernel.specs.get(on)?.password, "secret1");
});

test("another host is not shown the old password, another path is", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site, { username: "joe", password: "secret1" });
  assert.equal((await patch(site, id, { rtsp_url: "rtsp://192.0.2.1/sub" })).has_password, true);
  assert.equal((await patch(site, id, { rtsp_url: "rtsp://192.0.2.9/sub" })).has_password, false);
  assert.equal(site.kernel.specs.get(id)?.password, null);
  await patch(site, id, { rtsp_url: "rtsp://ann:secret%202@192.0.2.9/sub" });
  const spec = site.kernel.specs.get(id);
  assert.deepEqual([spec?.username, spec?.password], ["ann", "secret 2"]);
  assert.equal((await patch(site, id, { rtsp_url: "rtsp://192.0.2.10/", password: "given33" })).has_password, true);
  assert.equal((await patch(site, id, { password: null, username: null })).has_password, false);
});

test("a probe uses the stored password for the same host only", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site, { username: "joe", password: "secret1" });
  const probe = (body: object) => json(site.call("POST", "/api/v1/cameras/probe", { camera_id: id, ...body }));
  await probe({ rtsp_url: "rtsp://192.0.2.1/sub" });
  await probe({ rtsp_url: "rtsp://192.0.2.2/sub" });
  await probe({ rtsp_url: "rtsp://192.0.2.1:8554/sub" });
  await probe({ rtsp_url: "rtsp://192.0.2.1/sub", password: "other22" });
  assert.deepEqual(
    site.kernel.probed.map((target) => target.password),
    ["secret1", null, null, "other22"],
  );
});

test("a sub stream has the camera's credentials on its host, its own where given, and never another host's", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site, { username: "joe", password: "secret1", sub_rtsp_url: "rtsp://192.0.2.1/low" });
  const sub = () => {
    const { url, username, password } = site.kernel.specs.get(id)?.sub ?? { url: null, username: null, password: null };
    return [url, username, password];
  };
  assert.deepEqual(sub(), ["rtsp://192.0.2.1/low", "joe", "secret1"]);
  await patch(site, id, { sub_rtsp_url: "rtsp://192.0.2.7/low" });
  assert.deepEqual(sub(), ["rtsp://192.0.2.7/low", null, null]);
  const shown = await patch(site, id, { sub_rtsp_url: "rtsp://ann:canary-sub@192.0.2.7/low", export_stream: "sub" });
  assert.deepEqual([shown.has_sub, shown.sub_rtsp_url, shown.export_stream], [true, "rtsp://192.0.2.7/low", "sub"]);
  assert.deepEqual(sub(), ["rtsp://192.0.2.7/low", "ann", "canary-sub"]);
  await patch(site, id, { sub_rtsp_url: "rtsp://192.0.2.7/lower" });
  assert.deepEqual(sub(), ["rtsp://192.0.2.7/lower", "ann", "canary-sub"], "another path of the same host");
  await json(site.call("POST", "/api/v1/cameras/probe", { camera_id: id, rtsp_url: "rtsp://192.0.2.7/lower" }));
  assert.equal(site.kernel.probed.at(-1)?.password, "canary-sub");
  const [row] = await site.backend.db.selectFrom("cameras").selectAll().execute();
  assert.ok(!JSON.stringify([row, shown, site.logged]).includes("canary-sub"));
  await patch(site, id, { sub_rtsp_url: "rtsp://192.0.2.8/low" });
  assert.deepEqual(sub(), ["rtsp://192.0.2.8/low", null, null], "another host is not shown them");
  const gone = await patch(site, id, { sub_rtsp_url: null });
  assert.deepEqual([gone.has_sub, gone.sub_rtsp_url, site.kernel.specs.get(id)?.sub], [false, null, null]);
  for (const bad of ["rtsp://127.0.0.1/x", "http://192.0.2.1/x"])
    await json(site.call("PATCH", `/api/v1/cameras/${id}`, { sub_rtsp_url: bad }), 400);
});

test("a test camera has no address and two streams; a camera of RTSP needs an address", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site, { source: "test", rtsp_url: undefined });
  const camera = await get(site, id);
  assert.deepEqual([camera.source, camera.rtsp_url, camera.has_sub, camera.has_password], ["test", "", true, false]);
  assert.equal(site.kernel.specs.get(id)?.test, true);
  await json(site.call("PATCH", `/api/v1/cameras/${id}`, { rtsp_url: "rtsp://192.0.2.1/" }), 400);
  await json(site.call("POST", "/api/v1/cameras", { name: "x" }), 400);
  await json(site.call("POST", "/api/v1/cameras", { name: "x", source: "test", password: "y" }), 400);
  assert.equal((await patch(site, id, { name: "Test", username: null })).name, "Test");
});

test("what goes with a camera is told before it is deleted", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  const holdings = () => json<CameraHoldings>(site.call("GET", `/api/v1/cameras/${id}/holdings`));
  assert.deepEqual(await holdings(), {
    recorded_hours: 0,
    recorded_since: null,
    size_bytes: 0,
    snapshots: 0,
    clips: 0,
    exports: 0,
    events: 0,
    assignments: 0,
  });
  const hour = { endWallMs: MOMENT + 5_400_000, sizeBytes: 7 };
  await saveSegment(site.backend.db, makeSegment(id, 0, hour));
  await json(site.call("POST", `/api/v1/cameras/${id}/snapshots`, {}), 201);
  const { recorded_hours, recorded_since, size_bytes, snapshots } = await holdings();
  assert.deepEqual(
    [recorded_hours, recorded_since, size_bytes, snapshots],
    [1.5, new Date(MOMENT).toISOString(), 7, 1],
  );
  await json(site.call("GET", `/api/v1/cameras/${crypto.randomUUID()}/holdings`), 404);
});

test("a deleted camera leaves no row and no file", async (t) => {
  const site = await openTestSite(t);
  const id = await addCamera(site);
  const segment = makeSegment(id, 0);
  const file = join(site.kernel.mediaDir, segment.path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, "x");
  await saveSegment(site.backend.db, segment);
  await json(site.call("POST", `/api/v1/cameras/${id}/snapshots`, {}), 201);
  const [snapshot] = await site.backend.db.selectFrom("snapshots").select("path").execute();
  await json(site.call("DELETE", `/api/v1/cameras/${id}`), 204);
  assert.ok(!(await isFile(file)));
  assert.ok(!(await isFile(join(site.kernel.mediaDir, snapshot?.path ?? ""))));
  for (const table of [
    "segments",
    "snapshots",
    "clips",
    "gaps",
    "ai_events",
    "ai_event_reviews",
    "ai_model_assignments",
    "cameras",
  ] as const)
    assert.deepEqual(await site.backend.db.selectFrom(table).selectAll().execute(), [], table);
  await json(site.call("GET", `/api/v1/cameras/${id}`), 404);
  await json(site.call("DELETE", `/api/v1/cameras/${id}`), 404);
});

test("the site takes 64 cameras and refuses the next", async (t) => {
  const site = await openTestSite(t);
  for (let n = 0; n < 64; n++) await addCamera(site, { start: false });
  const refused = await json<{ error: { code: string } }>(
    site.call("POST", "/api/v1/cameras", { name: "x", rtsp_url: "rtsp://192.0.2.1/" }),
    409,
  );
  assert.equal(refused.error.code, "camera_limit");
});

test("name and password are split off an address, whatever characters they have", () => {
  const parsed = parseCameraAddress("RTSP://a%40b:p:%C3%A4s%2Fs@Cam.example:8554/x?y=1");
  assert.equal(parsed.url, "rtsp://Cam.example:8554/x?y=1");
  assert.equal(parsed.host, "cam.example:8554");
  assert.deepEqual([parsed.username, parsed.password], ["a@b", "p:äs/s"]);
  assert.equal(parseCameraAddress("rtsps://u@[2001:db8::1]/").url, "rtsps://[2001:db8::1]/");
  assert.equal(parseCameraAddress("rtsp://a:p@ss@host/").password, "p@ss");
  for (const bad of ["http://h/", "rtsp:host", "rtsp://", "rtsp://@/", "rtsp://h/ x", "rtsp://h/\u0000", "rtsp://h:x/"])
    assert.throws(() => parseCameraAddress(bad), { code: "bad_request" }, bad);
});
