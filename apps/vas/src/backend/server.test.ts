import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { ERROR_CODES } from "@vas/contracts/errors.ts";
import { addCamera, openTestSite, type TestSite } from "./testing/site.ts";

const PUBLIC = new Set([
  "GET /health",
  "HEAD /health",
  "GET /api/v1/health",
  "HEAD /api/v1/health",
  "POST /api/v1/auth/login",
  "GET /*",
  "HEAD /*",
]);
const WITH_SERVICE_KEY = new Set(["/metrics", "/api/v1/ai-results", "/api/v1/ai-model-assignments"]);

type Route = { method: string; path: string };

/** What the server itself says it has, so that no route can be forgotten here. */
function everyRoute(site: TestSite): Route[] {
  const routes: Route[] = [];
  let parents: string[] = [];
  for (const line of site.app.printRoutes({ commonPrefix: false, includeHooks: false }).split("\n")) {
    const found = /^([│ ├└─]*)(\S+)(?: \(([A-Z, ]+)\))?$/.exec(line);
    if (!found) continue;
    const [, indent = "", part = "", methods] = found;
    parents = [...parents.slice(0, indent.length / 4 - 1), part];
    for (const method of methods?.split(", ") ?? []) {
      // Wildcards are printed without their folder.
      const path = parents.join("").replace(/^\*$/, "/*").replace("/docs/*", "/docs/static/*");
      assert.ok(site.app.hasRoute({ method, url: path }), `${method} ${path} was read wrongly`);
      routes.push({ method, path });
    }
  }
  return routes;
}

const fill = (path: string) => path.replace(/:\w+/g, "00000000-0000-4000-8000-000000000000");

test("every route but the public ones refuses a caller without a session", async (t) => {
  const site = await openTestSite(t);
  const routes = everyRoute(site);
  assert.ok(routes.length > 60, site.app.printRoutes());
  const reached: string[] = [];
  for (const { method, path } of routes) {
    const response = await fetch(site.url + fill(path), { method, redirect: "manual" });
    if (response.status !== 401) reached.push(`${method} ${path}`);
  }
  assert.deepEqual(
    reached.filter((route) => !PUBLIC.has(route)),
    [],
  );
});

test("the service key opens what is meant for Core, and nothing else", async (t) => {
  const site = await openTestSite(t);
  const authorization = `Bearer ${site.backend.serviceKey}`;
  const reached = new Set<string>();
  for (const { method, path } of everyRoute(site)) {
    if (PUBLIC.has(`${method} ${path}`)) continue;
    const response = await fetch(site.url + fill(path), { method, headers: { authorization }, redirect: "manual" });
    if (response.status !== 401) reached.add(path);
  }
  assert.deepEqual(
    [...reached].filter((path) => !WITH_SERVICE_KEY.has(path)),
    [],
  );
  assert.ok(reached.has("/metrics"));
  const wrong = await fetch(`${site.url}/metrics`, { headers: { authorization: "Bearer wrong" } });
  assert.equal(wrong.status, 401);
});

test("a request of another site is refused, whatever cookie it carries", async (t) => {
  const site = await openTestSite(t);
  const post = (headers: Record<string, string>) => site.call("POST", "/api/v1/auth/logout", undefined, headers);
  for (const origin of ["http://evil.example", "null", "http://127.0.0.1", "https://127.0.0.1:1", "x"])
    assert.equal((await post({ origin })).status, 403, origin);
  assert.equal((await post({ "sec-fetch-site": "cross-site" })).status, 403);
  assert.equal((await post({ origin: site.url })).status, 204);
});

test("replies carry the security headers, and API replies are not stored by caches", async (t) => {
  const site = await openTestSite(t);
  for (const path of ["/health", "/api/v1/cameras", "/", "/nowhere.js"]) {
    const { headers } = await site.call("GET", path);
    assert.match(headers.get("content-security-policy") ?? "", /default-src 'self'.*frame-ancestors 'none'/);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
  }
  assert.equal((await site.call("GET", "/api/v1/cameras")).headers.get("cache-control"), "no-store");
});

const ID = "00000000-0000-4000-8000-000000000000";
const LONG = "x".repeat(300_000);
const NUL = "\u0000";

test("no hostile request is answered with a failure of ours", async (t) => {
  const site = await openTestSite(t);
  mkdirSync(join(site.dataDir, "web"));
  writeFileSync(join(site.dataDir, "web/index.html"), "");
  const camera = await addCamera(site);
  const cam = `/api/v1/cameras/${camera}`;
  const url = "rtsp://192.0.2.1/x";
  const bodies: unknown[] = [
    "{",
    "null",
    "[]",
    '"text"',
    "1e999",
    "",
    {},
    [],
    { __proto__: null, constructor: {} },
    '{"__proto__":{"name":"x"}}',
    { name: "x", rtsp_url: url, extra: 1 },
    { name: NUL, rtsp_url: url, start: "yes" },
    { name: " ", rtsp_url: url },
    { name: LONG, rtsp_url: url },
    { name: {}, rtsp_url: [] },
    { name: "x", rtsp_url: "http://192.0.2.1/" },
    { name: "x", rtsp_url: "file:///etc/passwd" },
    { name: "x", rtsp_url: "rtsp://" },
    { name: "x", rtsp_url: "rtsp:///path" },
    { name: "x", rtsp_url: "rtsp://host:99999/" },
    { name: "x", rtsp_url: "rtsp://ho st/" },
    { name: "x", rtsp_url: "rtsp://host/\r\nTEARDOWN" },
    { name: "x", rtsp_url: "rtsp://a:%zz@host/" },
    { name: "x", rtsp_url: "rtsp://a:%0d%0a@host/" },
    { name: "x", rtsp_url: "rtsp://a:b#c@host/" },
    { name: "x", rtsp_url: "rtsp://127.0.0.1/" },
    { name: "x", rtsp_url: url, password: "a\r\nb" },
    { name: "x", rtsp_url: url, retention_days: -1 },
    { name: "x", rtsp_url: url, retention_days: 1e308 },
    { from: "x", to: "y" },
    { from: "2026-01-01T00:00:00Z", to: "2025-01-01T00:00:00Z" },
    { from: "2026-01-01T23:59:60Z", to: "2026-01-02T00:00:00Z" },
    { from: "0000-01-01T00:00:00Z", to: "0000-01-01T00:00:01Z" },
    { from: "2026-01-01T00:00:00Z", to: "2026-01-01T03:00:00Z", label: NUL },
    { at: "9999-12-31T23:59:59Z" },
    { at: 5 },
    { username: "admin" },
    { username: NUL, password: NUL },
    { username: ["admin"], password: { $ne: "" } },
    { enabled: "no" },
    '{"desired_fps":1e400,"parameters":[]}',
    { rtsp_url: url, camera_id: "x" },
  ];
  const targets = [
    ["POST", "/api/v1/cameras"],
    ["POST", "/api/v1/cameras/probe"],
    ["PATCH", cam],
    ["POST", `${cam}/snapshots`],
    ["POST", `${cam}/clips`],
    ["PATCH", "/api/v1/ai-models/none"],
    ["PUT", `/api/v1/ai-model-assignments/${camera}/none`],
  ] as const;
  const broken: string[] = [];
  const check = async (what: string, response: Response) => {
    const text = await response.text();
    if (response.status >= 500) broken.push(`${what} -> ${response.status} ${text}`);
    if (response.status < 400 || !text.startsWith("{")) return;
    const reply = JSON.parse(text) as { error: { code: string }; request_id: string };
    assert.ok(reply.error.code in ERROR_CODES, `${what}: ${text}`);
    assert.ok(reply.request_id, text);
    assert.doesNotMatch(text, /SQLITE|select |node_modules|\.ts:|vas-site-/i, what);
  };
  for (const [method, path] of targets)
    for (const body of bodies)
      await check(`${method} ${path} ${JSON.stringify(body).slice(0, 80)}`, await site.call(method, path, body));
  for (const body of bodies)
    await check(`login ${JSON.stringify(body).slice(0, 80)}`, await site.call("POST", "/api/v1/auth/login", body));
  await check("content type", await site.call("POST", "/api/v1/cameras", "a=b", { "content-type": "text/plain" }));
  await check("xml", await site.call("POST", "/api/v1/cameras", "<x/>", { "content-type": "application/xml" }));

  const time = "2026-01-01T00:00:00Z";
  const paths = [
    "/api/v1/cameras/x",
    "/api/v1/cameras/%00",
    `/api/v1/cameras/${LONG.slice(0, 5000)}`,
    "/api/v1/cameras/%zz",
    "/api/v1/nothing",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2fetc/passwd",
    "/%00",
    `${cam}/recordings`,
    `${cam}/recordings?from=${time}`,
    `${cam}/recordings?from=${time}&to=${time}`,
    `${cam}/recordings?from=${time}&to=2036-01-01T00:00:00Z`,
    `${cam}/recordings?from=${time}&from=${time}&to=${time}`,
    `${cam}/recordings?from=2026-06-30T23:59:60Z&to=2026-07-01T00:00:00Z`,
    `${cam}/playlist.m3u8?from=${time}&to=2026-01-03T00:00:00Z`,
    `${cam}/playlist.m3u8?from=${time}&to=2026-01-01T01:00:00Z`,
    `/api/v1/segments/${ID}`,
    "/api/v1/segments/..%2f..%2fsecret.key",
    "/api/v1/snapshots?limit=0",
    "/api/v1/snapshots?limit=1e9",
    "/api/v1/snapshots?cursor=x",
    `/api/v1/snapshots?cursor=${Buffer.from(`9:${"'".repeat(36)}`).toString("base64url")}`,
    "/api/v1/clips?cursor=%00&camera_id=x",
    `/api/v1/clips/${ID}/video`,
    "/api/v1/ai-events?limit=-1&min_confidence=NaN",
    "/api/v1/ai-events?from=x",
    "/api/v1/ai-events?cursor=%F0%9F",
  ];
  for (const path of paths) await check(`GET ${path.slice(0, 100)}`, await site.call("GET", path));
  assert.deepEqual(broken, []);
});

test("what is no HTTP is answered as a bad request", async (t) => {
  const site = await openTestSite(t);
  const { port } = new URL(site.url);
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port, path: "/", headers: { "x-long": "a".repeat(100_000) } });
    request.on("response", (response) => resolve(response.resume().statusCode));
    request.on("error", reject);
    request.end();
  });
  assert.equal(status, 400);
});

test("a failing store is answered as such, and its words stay in the log", async (t) => {
  const site = await openTestSite(t);
  await site.backend.db.schema.dropTable("cameras").execute();
  const response = await site.call("GET", "/api/v1/cameras");
  assert.equal(response.status, 503);
  const text = await response.text();
  assert.match(text, /store_unavailable/);
  assert.doesNotMatch(text, /no such table/);
  assert.ok(site.logged.some((line) => line.includes("no such table")));
  const health = (await (await fetch(`${site.url}/health`)).json()) as { status: string; store: string };
  assert.deepEqual([health.status, health.store], ["degraded", "unavailable"]);
});

test("the web is served with its pages' addresses, and hashed files are kept for ever", async (t) => {
  const site = await openTestSite(t);
  const web = join(site.dataDir, "web");
  const get = (path: string) => fetch(site.url + path);
  const missing = await get("/cameras/1");
  assert.equal(missing.status, 503);
  assert.match(await missing.text(), /was not built/);
  mkdirSync(join(web, "assets"), { recursive: true });
  writeFileSync(join(web, "index.html"), "<title>page</title>");
  writeFileSync(join(web, "assets/index-Ab12_-Cd.js"), "1;");
  writeFileSync(join(web, "icon.svg"), "<svg/>");
  for (const path of ["/", "/index.html", "/cameras/1/edit"]) {
    const page = await get(path);
    assert.equal(page.status, 200, path);
    assert.equal(await page.text(), "<title>page</title>");
    assert.equal(page.headers.get("cache-control"), "no-cache");
  }
  const script = await get("/assets/index-Ab12_-Cd.js");
  assert.match(script.headers.get("cache-control") ?? "", /immutable/);
  assert.match(script.headers.get("content-type") ?? "", /javascript/);
  assert.equal(script.headers.get("content-encoding"), null, "nothing packed is there");
  const packed = "assets/index-Ab12_-Cd.js";
  writeFileSync(join(web, `${packed}.gz`), gzipSync("2;"));
  writeFileSync(join(web, `${packed}.br`), brotliCompressSync("3;"));
  for (const [accepted, encoding, text] of [
    ["gzip, deflate, br", "br", "3;"],
    ["gzip, br;q=0", "gzip", "2;"],
    ["identity", null, "1;"],
  ]) {
    const reply = await fetch(`${site.url}/${packed}`, { headers: { "accept-encoding": accepted ?? "" } });
    const { headers } = reply;
    assert.deepEqual([headers.get("content-encoding"), headers.get("vary")], [encoding, "accept-encoding"]);
    assert.match(headers.get("content-type") ?? "", /javascript/);
    assert.match(headers.get("cache-control") ?? "", /immutable/);
    assert.equal(await reply.text(), text, accepted ?? "");
  }
  assert.equal((await get("/icon.svg")).headers.get("cache-control"), "no-cache");
  assert.equal((await get("/assets/gone-12345678.js")).status, 404);
  assert.equal((await get("/api/v1/nothing")).status, 404);
  assert.equal((await get("/..%2fsecret.key")).status, 404);
});

test("metrics are in Prometheus' form, from the kernel and the backend", async (t) => {
  const site = await openTestSite(t);
  const text = await (await site.call("GET", "/metrics")).text();
  assert.match(text, /^# HELP vas_cameras Cameras\.\n# TYPE vas_cameras gauge\nvas_cameras\{state="a\\"b"\} 0$/m);
  assert.match(text, /^vas_http_requests_total\{status="2xx"\} \d+$/m);
});

test("the description names the routes and their schemas", async (t) => {
  const site = await openTestSite(t);
  const description = (await (await site.call("GET", "/openapi.json")).json()) as { paths: Record<string, object> };
  assert.ok(description.paths["/api/v1/cameras/{id}"]);
  assert.ok(description.paths["/health"]);
  assert.equal((await site.call("GET", "/docs/")).status, 200);
});
