import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "@vas/base/clock.ts";
import { LoginDelays } from "./login-delays.ts";
import { hashPassword, verifyPassword } from "./passwords.ts";
import { openSealer, openServiceKey } from "./secrets.ts";
import { SESSION_MS, Sessions } from "./sessions.ts";
import { openDatabase } from "./store/database.ts";
import { addCamera, logIn, openTestSite, PASSWORD } from "./testing/site.ts";

test("a login gives a cookie that scripts and other sites do not see, and a logout ends it", async (t) => {
  const site = await openTestSite(t);
  const login = await fetch(`${site.url}/api/v1/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "admin", password: PASSWORD }),
  });
  const cookie = login.headers.get("set-cookie") ?? "";
  for (const part of ["HttpOnly", "SameSite=Strict", "Path=/", `Max-Age=${SESSION_MS / 1000}`])
    assert.ok(cookie.includes(part), cookie);
  assert.doesNotMatch(cookie, /Secure/);
  const me = (await (await site.call("GET", "/api/v1/auth/me")).json()) as { username: string; role: string };
  assert.deepEqual([me.username, me.role], ["admin", "administrator"]);
  assert.equal((await site.call("POST", "/api/v1/auth/logout")).status, 204);
  assert.equal((await site.call("GET", "/api/v1/auth/me")).status, 401);
});

test("the cookie is Secure behind a proxy that ends TLS", async (t) => {
  const site = await openTestSite(t, { env: { VAS_TRUST_PROXY: "127.0.0.1" } });
  const login = await fetch(`${site.url}/api/v1/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-forwarded-proto": "https" },
    body: JSON.stringify({ username: "admin", password: PASSWORD }),
  });
  assert.match(login.headers.get("set-cookie") ?? "", /Secure/);
});

test("failed logins are delayed more and more, and say for how long", async (t) => {
  const site = await openTestSite(t);
  const codes: string[] = [];
  let retryAfter: string | null = null;
  for (let n = 0; n < 6; n++) {
    const response = await site.call("POST", "/api/v1/auth/login", { username: "admin", password: `wrong-${n}` });
    codes.push(((await response.json()) as { error: { code: string } }).error.code);
    retryAfter = response.headers.get("retry-after");
  }
  assert.deepEqual(codes.slice(0, 4), Array(4).fill("login_failed"));
  assert.equal(codes[5], "login_delayed");
  assert.ok(Number(retryAfter) >= 1);
});

test("delays grow, count from the begin of a try, end with a success and stay bounded in memory", () => {
  const delays = new LoginDelays();
  for (let n = 0; n < 4; n++) assert.equal(delays.begin("a", "1.1.1.1", 0), 0);
  assert.equal(delays.begin("a", "1.1.1.1", 0), 1000);
  assert.equal(delays.begin("a", "1.1.1.1", 1000), 0);
  assert.equal(delays.begin("a", "2.2.2.2", 1000), 2000, "the name waits from another address too");
  assert.equal(delays.begin("b", "1.1.1.1", 1000), 2000, "the address waits for another name too");
  delays.succeeded("a", "1.1.1.1");
  assert.equal(delays.begin("a", "1.1.1.1", 1000), 0);
  for (let n = 0; n < 30_000; n++) delays.begin(`name${n}`, `address${n}`, n);
  assert.ok(delays.size <= 20_000);
});

test("an IPv6 network waits as one address, and IPv4 is itself in either spelling", () => {
  const delays = new LoginDelays();
  const tries = [
    "2001:db8:0:1::1",
    "2001:0db8::1:ffff:0:0:9",
    "2001:db8:0:1:aaaa:bbbb:cccc:dddd",
    "2001:DB8:0:1::%eth0",
  ];
  for (const [n, address] of tries.entries()) assert.equal(delays.begin(`name${n}`, address, 0), 0);
  assert.equal(delays.begin("other", "2001:db8:0:1::2", 0), 1000);
  assert.equal(delays.begin("other", "2001:db8:0:2::2", 0), 0);
  for (let n = 0; n < 4; n++) delays.begin(`v4${n}`, n % 2 ? "192.0.2.1" : "::ffff:192.0.2.1", 0);
  assert.equal(delays.begin("v4", "192.0.2.1", 0), 1000);
  delays.succeeded("v4", "::ffff:192.0.2.1");
  assert.equal(delays.begin("v4", "192.0.2.1", 0), 0);
  assert.equal(delays.begin("v4", "::1", 0), 0);
});

test("a password matches itself only, in any of its Unicode spellings", async () => {
  const stored = await hashPassword("pa\u00dfw\u00f6rt");
  assert.ok(await verifyPassword("pa\u00dfwo\u0308rt", stored));
  assert.ok(!(await verifyPassword("passw\u00f6rt", stored)));
  assert.doesNotMatch(stored, /pa/);
});

test("a session ends 30 days after its last use, not after its first", async () => {
  const db = openDatabase(":memory:");
  let now = 1_000_000;
  const sessions = new Sessions(db, { ...systemClock, wallMs: () => now });
  await sessions.ensureAdministrator(PASSWORD);
  const { token } = await sessions.login("admin", PASSWORD, "a");
  now += SESSION_MS - 1000;
  assert.equal((await sessions.find(token))?.renewed, true);
  now += SESSION_MS - 1000;
  assert.ok(await sessions.find(token));
  now += SESSION_MS;
  assert.equal(await sessions.find(token), undefined);
  const rows = await db.selectFrom("sessions").selectAll().execute();
  assert.ok(!JSON.stringify(rows).includes(token), "the store has the hash only");
  await db.destroy();
});

test("the administrator's password is made up once, and another one given later takes its place", async () => {
  const db = openDatabase(":memory:");
  const sessions = new Sessions(db, systemClock);
  const made = await sessions.ensureAdministrator(undefined);
  assert.ok(made && made.length >= 20);
  assert.equal(await sessions.ensureAdministrator(undefined), undefined);
  const { token } = await sessions.login("admin", made, "a");
  assert.equal(await sessions.ensureAdministrator("another-password"), undefined);
  assert.equal(await sessions.find(token), undefined, "sessions of the old password are over");
  await assert.rejects(sessions.login("admin", made, "a"), { code: "login_failed" });
  await sessions.login("admin", "another-password", "a");
  await assert.rejects(sessions.login("nobody", "another-password", "a"), { code: "login_failed" });
  await db.destroy();
});

test("keys are made once, for their owner only, and a sealed secret opens in its own place only", () => {
  const dir = mkdtempSync(join(tmpdir(), "vas-secrets-"));
  const sealed = openSealer(dir).seal("hunter22", "camera-1");
  assert.equal(openSealer(dir).open(sealed, "camera-1"), "hunter22");
  assert.throws(() => openSealer(dir).open(sealed, "camera-2"));
  assert.throws(() => openSealer(dir).open(`${sealed.slice(0, -4)}AAAA`, "camera-1"));
  assert.notEqual(openSealer(dir).seal("hunter22", "camera-1"), sealed);
  const key = openServiceKey(dir, undefined);
  assert.equal(openServiceKey(dir, undefined), key);
  assert.equal(readFileSync(join(dir, "service-key"), "utf8"), `${key}\n`);
  for (const name of ["secret.key", "service-key"]) assert.equal(statSync(join(dir, name)).mode & 0o777, 0o600);
});

test("no secret is ever in a reply, in the log or readable in the store", async (t) => {
  const site = await openTestSite(t);
  const secrets = ["s3cret-in-url", "s3cret-in-body", "s3cret%20probe", PASSWORD, site.backend.serviceKey];
  const texts: string[] = [];
  const call = async (method: string, path: string, body?: unknown) => {
    texts.push(await (await site.call(method, path, body)).text());
  };
  const id = await addCamera(site, { rtsp_url: "rtsp://joe:s3cret-in-url@192.0.2.1/main" });
  await call("GET", "/api/v1/cameras");
  await call("PATCH", `/api/v1/cameras/${id}`, { password: "s3cret-in-body" });
  await call("GET", `/api/v1/cameras/${id}`);
  site.kernel.probeFailure = new Error("rtsp://joe:s3cret%20probe@192.0.2.1/ refused s3cret-in-body");
  await call("POST", "/api/v1/cameras/probe", { rtsp_url: "rtsp://joe:s3cret%20probe@192.0.2.1/main" });
  await call("POST", "/api/v1/cameras", { name: "x", rtsp_url: "rtsp://joe:s3cret-in-url@127.0.0.1/main" });
  await call("POST", "/api/v1/cameras", { name: "x", rtsp_url: "rtsp://joe:s3cret-in-url@ho st/main" });
  await call("POST", "/api/v1/auth/login", { username: "admin", password: "s3cret-in-body", x: PASSWORD });
  for (const path of ["/metrics", "/openapi.json", "/health"]) await call("GET", path);
  assert.equal(site.kernel.specs.get(id)?.password, "s3cret-in-body", "the kernel is given the password");
  assert.equal(site.kernel.specs.get(id)?.url, "rtsp://192.0.2.1/main");
  assert.ok(site.logged.some((line) => line.includes("refused")));
  const files = ["vas.sqlite", "vas.sqlite-wal"].map((name) => readFileSync(join(site.dataDir, name), "latin1"));
  for (const secret of secrets) {
    for (const text of [...texts, ...site.logged, ...files])
      assert.ok(!text.includes(secret), `${secret} in ${text.slice(0, 300)}`);
  }
});

test("a second login is a session of its own", async (t) => {
  const site = await openTestSite(t);
  const other = await logIn(site.url);
  assert.notEqual(other, site.cookie);
  await site.call("POST", "/api/v1/auth/logout");
  const me = await fetch(`${site.url}/api/v1/auth/me`, { headers: { cookie: other } });
  assert.equal(me.status, 200);
});
