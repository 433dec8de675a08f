import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "@vas/base/clock.ts";
import { createLog } from "@vas/base/log.ts";
import type { ApiKey, ApiKeyCreated, Me, Session, User } from "@vas/contracts/http.ts";
import { ApiKeys } from "./api-keys.ts";
import { Sessions } from "./sessions.ts";
import { openDatabase } from "./store/database.ts";
import { StoreUnavailable } from "./store/failure.ts";
import { addCamera, addUser, logIn, openTestSite, PASSWORD, type TestSite } from "./testing/site.ts";
import { Users } from "./users.ts";

const NEW_PASSWORD = "a-new-password";

async function json<T>(reply: Response, status = 200): Promise<T> {
  const text = await reply.text();
  assert.equal(reply.status, status, text);
  return JSON.parse(text) as T;
}

async function code(reply: Response): Promise<string> {
  return ((await reply.json()) as { error: { code: string } }).error.code;
}

const as = (cookie: string) => ({ cookie });
const me = (site: TestSite, cookie: string) => site.call("GET", "/api/v1/auth/me", undefined, as(cookie));

test("a user is made, changed and removed, and its name is one in any case", async (t) => {
  const site = await openTestSite(t);
  const camera = await addCamera(site);
  const wish = { username: "Ann.Lee", password: PASSWORD, role: "viewer", camera_ids: [camera] };
  const ann = await json<User>(await site.call("POST", "/api/v1/users", wish), 201);
  assert.deepEqual([ann.username, ann.role, ann.all_cameras, ann.camera_ids], ["ann.lee", "viewer", false, [camera]]);
  assert.equal(ann.last_used_at, null);
  assert.equal(
    await code(await site.call("POST", "/api/v1/users", { ...wish, username: "ann.LEE" })),
    "username_taken",
  );
  assert.equal(
    await code(await site.call("POST", "/api/v1/users", { ...wish, username: "x", camera_ids: [crypto.randomUUID()] })),
    "camera_not_found",
  );
  const cookie = await logIn(site.url, "ANN.lee");
  const known = await json<Me>(await me(site, cookie));
  assert.deepEqual([known.role, known.permissions, known.all_cameras], ["viewer", ["view"], false]);
  const patched = await json<User>(
    await site.call("PATCH", `/api/v1/users/${ann.id}`, { role: "operator", all_cameras: true, camera_ids: [] }),
  );
  assert.deepEqual([patched.role, patched.all_cameras, patched.camera_ids], ["operator", true, []]);
  assert.ok(patched.last_used_at);
  assert.deepEqual((await json<Me>(await me(site, cookie))).permissions, ["view", "operate"], "without a new login");
  assert.equal((await site.call("DELETE", `/api/v1/users/${ann.id}`)).status, 204);
  assert.equal((await me(site, cookie)).status, 401);
  assert.equal(await code(await site.call("GET", `/api/v1/users/${ann.id}`)), "user_not_found");
  const { items } = await json<{ items: User[] }>(await site.call("GET", "/api/v1/users"));
  assert.deepEqual(
    items.map(({ username }) => username),
    ["admin"],
  );
});

test("whoever is no administrator any more keeps only the cameras that were granted", async (t) => {
  const site = await openTestSite(t);
  const camera = await addCamera(site);
  const { id, cookie } = await addUser(site, { role: "administrator" });
  const count = async () => {
    const reply = await site.call("GET", "/api/v1/cameras", undefined, as(cookie));
    return (await json<{ items: unknown[] }>(reply)).items.length;
  };
  assert.equal(await count(), 1);
  await site.call("PATCH", `/api/v1/users/${id}`, { role: "viewer" });
  assert.equal(await count(), 0);
  await site.call("PATCH", `/api/v1/users/${id}`, { camera_ids: [camera] });
  assert.equal(await count(), 1);
});

test("a password has 8 characters or more, and a name no spaces", async (t) => {
  const site = await openTestSite(t);
  const wish = { username: "bob", password: "1234567", role: "viewer" };
  const short = await site.call("POST", "/api/v1/users", wish);
  assert.equal(short.status, 400);
  assert.match(await short.text(), /password/);
  for (const username of ["", " bob", "b ob", "-bob", "b\u0000b", "x".repeat(65), "../x"])
    assert.equal((await site.call("POST", "/api/v1/users", { ...wish, password: PASSWORD, username })).status, 400);
  assert.equal((await site.call("POST", "/api/v1/users", { ...wish, password: "12345678" })).status, 201);
});

test("the last administrator is neither removed nor given another role, even by two at once", async (t) => {
  const site = await openTestSite(t);
  const [admin] = (await json<{ items: User[] }>(await site.call("GET", "/api/v1/users"))).items;
  assert.equal(await code(await site.call("DELETE", `/api/v1/users/${admin?.id}`)), "last_administrator");
  const demotion = { role: "operator" };
  assert.equal(await code(await site.call("PATCH", `/api/v1/users/${admin?.id}`, demotion)), "last_administrator");
  const other = await addUser(site, { role: "administrator" });
  const both = await Promise.all([
    site.call("DELETE", `/api/v1/users/${other.id}`),
    site.call("DELETE", `/api/v1/users/${admin?.id}`, undefined, as(other.cookie)),
  ]);
  const statuses = both.map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 204).length, 1, String(statuses));
});

test("a password change asks the old one and ends the person's other sessions", async (t) => {
  const site = await openTestSite(t);
  const { username, cookie, id } = await addUser(site, { role: "viewer" });
  const other = await logIn(site.url, username);
  const change = (old_password: string, new_password = NEW_PASSWORD) =>
    site.call("POST", "/api/v1/auth/password", { old_password, new_password }, as(cookie));
  assert.equal(await code(await change("wrong-password")), "password_wrong");
  assert.equal((await change(PASSWORD, "short")).status, 400);
  assert.equal((await me(site, other)).status, 200);
  assert.equal((await change(PASSWORD)).status, 204);
  assert.equal((await me(site, cookie)).status, 200, "this session goes on");
  assert.equal((await me(site, other)).status, 401);
  await assert.rejects(logIn(site.url, username), /login_failed/);
  await logIn(site.url, username, NEW_PASSWORD);
  for (let n = 0; n < 12; n++) await change(`guess-${n}`);
  const late = await change(NEW_PASSWORD);
  assert.equal(await code(late), "login_delayed", "a stolen session is no place to guess the password");
  assert.ok(Number(late.headers.get("retry-after")) >= 1);
  assert.equal((await site.call("PATCH", `/api/v1/users/${id}`, { password: PASSWORD })).status, 200);
  assert.equal((await me(site, cookie)).status, 401, "a password set by an administrator ends all");
});

test("an administrator's own password is not set without the old one", async (t) => {
  const site = await openTestSite(t);
  const { id } = await json<Me>(await site.call("GET", "/api/v1/auth/me"));
  assert.equal(await code(await site.call("PATCH", `/api/v1/users/${id}`, { password: NEW_PASSWORD })), "bad_request");
});

test("a person sees where it is logged in, and ends one session or all of somebody", async (t) => {
  const site = await openTestSite(t);
  const { id, username, cookie } = await addUser(site, { role: "viewer" });
  const other = await logIn(site.url, username);
  const list = async (by: string) =>
    (await json<{ items: Session[] }>(await site.call("GET", "/api/v1/sessions", undefined, as(by)))).items;
  const seen = await list(cookie);
  assert.deepEqual([seen.length, seen.filter(({ current }) => current).length], [2, 1]);
  for (const { address, agent } of seen) assert.ok(address.includes("127.0.0.1") && agent.includes("node"), agent);
  assert.ok(!JSON.stringify(seen).includes(cookie.split("=")[1] ?? "x"), "no token is told");
  const [theirs] = await list(site.cookie);
  const revoke = (session: string, by: string) => site.call("DELETE", `/api/v1/sessions/${session}`, undefined, as(by));
  assert.equal(await code(await revoke(theirs?.id ?? "", cookie)), "session_not_found", "only one's own");
  const away = seen.find(({ current }) => !current);
  assert.equal((await revoke(away?.id ?? "", cookie)).status, 204);
  assert.equal((await me(site, other)).status, 401);
  assert.equal((await site.call("DELETE", `/api/v1/users/${id}/sessions`)).status, 204);
  assert.equal((await me(site, cookie)).status, 401);
  assert.equal(await code(await site.call("DELETE", `/api/v1/users/${theirs?.id}/sessions`)), "user_not_found");
});

test("an API key is shown once, kept as a hash, tells when it was used, and can do nothing with people", async (t) => {
  const site = await openTestSite(t);
  const camera = await addCamera(site);
  const wish = { name: " Home automation ", role: "administrator" };
  const made = await json<ApiKeyCreated>(await site.call("POST", "/api/v1/api-keys", wish), 201);
  assert.match(made.key, /^vas_[\w-]{43}$/);
  assert.deepEqual([made.name, made.created_by, made.last_used_at], ["Home automation", "admin", null]);
  const bearer = { cookie: "", authorization: `Bearer ${made.key}` };
  assert.equal((await json<Me>(await site.call("GET", "/api/v1/auth/me", undefined, bearer))).username, made.name);
  for (const [method, path] of [
    ["GET", "users"],
    ["POST", "api-keys"],
    ["GET", "sessions"],
    ["POST", "auth/password"],
  ]) {
    const body = method === "POST" ? { ...wish, old_password: "x", new_password: NEW_PASSWORD } : undefined;
    const reply = await site.call(method as string, `/api/v1/${path}`, body, bearer);
    assert.ok(reply.status === 403 || reply.status === 400, `${method} ${path}: ${reply.status}`);
  }
  assert.equal((await site.call("PATCH", `/api/v1/cameras/${camera}`, { name: "Gate" }, bearer)).status, 200);
  const text = await (await site.call("GET", "/api/v1/api-keys")).text();
  const [listed] = (JSON.parse(text) as { items: ApiKey[] }).items;
  assert.ok(listed?.last_used_at);
  const inUrl = await site.call("GET", `/api/v1/cameras?key=${made.key}&access_token=${made.key}`, undefined, as(""));
  assert.equal(inUrl.status, 401, "a key in an address is no key");
  const files = ["vas.sqlite", "vas.sqlite-wal"].map((name) => readFileSync(join(site.dataDir, name), "latin1"));
  for (const place of [text, ...files, ...site.logged]) assert.ok(!place.includes(made.key));
  assert.equal((await site.call("DELETE", `/api/v1/api-keys/${made.id}`)).status, 204);
  assert.equal((await site.call("GET", "/api/v1/cameras", undefined, bearer)).status, 401);
  assert.equal(await code(await site.call("DELETE", `/api/v1/api-keys/${made.id}`)), "api_key_not_found");
});

test("an API key opens nothing from the moment it expires", async () => {
  const db = openDatabase(":memory:");
  let now = Date.parse("2026-03-01T12:00:00.000Z");
  const keys = new ApiKeys(
    db,
    { ...systemClock, wallMs: () => now },
    createLog(() => undefined),
  );
  const wish = { name: "a visit", role: "viewer" as const };
  const made = await keys.create({ ...wish, expires_at: "2026-03-01T13:00:00Z" }, "admin");
  const lasting = await keys.create(wish, "admin");
  assert.deepEqual([made.expires_at, lasting.expires_at], ["2026-03-01T13:00:00.000Z", null]);
  const found = await keys.find(made.key);
  assert.ok(found);
  now = Date.parse("2026-03-01T13:00:00.000Z");
  assert.equal(await keys.find(made.key), undefined);
  assert.equal(await keys.findByHash(found.keyHash), undefined, "an open WebSocket looks here");
  assert.ok(await keys.find(lasting.key));
  assert.equal((await keys.list()).length, 2, "an administrator still sees what has expired");
  await assert.rejects(keys.create({ ...wish, expires_at: "2026-03-01T13:00:00Z" }, "admin"), { code: "bad_request" });
  await db.destroy();
});

test("a user gets another name, unless somebody has it, and stays logged in", async (t) => {
  const site = await openTestSite(t);
  const { id, cookie } = await addUser(site, { role: "viewer" });
  const rename = (username: string) => site.call("PATCH", `/api/v1/users/${id}`, { username });
  assert.equal(await code(await rename("ADMIN")), "username_taken");
  assert.equal((await json<User>(await rename("Bob.Lee"))).username, "bob.lee");
  assert.equal((await json<User>(await rename("BOB.lee"))).username, "bob.lee", "the own name is not taken");
  assert.equal((await json<Me>(await me(site, cookie))).username, "bob.lee");
  await logIn(site.url, "bob.lee");
  assert.equal((await rename("no spaces")).status, 400);
});

test("grants of a deleted camera go with it", async (t) => {
  const site = await openTestSite(t);
  const camera = await addCamera(site);
  const { id } = await addUser(site, { role: "viewer", camera_ids: [camera] });
  await site.call("DELETE", `/api/v1/cameras/${camera}`);
  assert.deepEqual((await json<User>(await site.call("GET", `/api/v1/users/${id}`))).camera_ids, []);
});

test("a password given from outside is set once: what the administrator chose since stays", async () => {
  const db = openDatabase(":memory:");
  const sessions = new Sessions(db, systemClock);
  await sessions.ensureAdministrator(PASSWORD);
  const { token } = await sessions.login("admin", PASSWORD, "a");
  const session = await sessions.find(token);
  assert.ok(session);
  await sessions.changePassword(session, PASSWORD, NEW_PASSWORD, "a");
  await sessions.ensureAdministrator(PASSWORD);
  await sessions.login("admin", NEW_PASSWORD, "a");
  await assert.rejects(sessions.login("admin", PASSWORD, "a"), { code: "login_failed" });
  assert.ok(await sessions.find(token), "the start ends no session");
  // The way back in for whoever forgot it: another one.
  await sessions.ensureAdministrator("a-third-password");
  await sessions.login("admin", "a-third-password", "a");
  assert.equal(await sessions.find(token), undefined);
  await db.destroy();
});

test("while the store is away a session goes on as it was, unless it was changed or ended before", async () => {
  const real = openDatabase(":memory:");
  let isAway = false;
  const db = new Proxy(real, {
    get(target, name) {
      if (isAway) throw new StoreUnavailable("gone");
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  const sessions = new Sessions(db, systemClock);
  await sessions.ensureAdministrator(PASSWORD);
  const users = new Users(db, systemClock, sessions);
  const tokens: string[] = [];
  for (const username of ["kept", "changed", "removed"]) {
    const { id } = await users.create({ username, password: PASSWORD, role: "viewer" });
    const { token } = await sessions.login(username, PASSWORD, "a");
    assert.ok(await sessions.find(token));
    tokens.push(token);
    if (username === "changed") await users.patch(id, { all_cameras: true }, "admin");
    if (username === "removed") await users.delete(id);
  }
  const [kept = "", changed = "", removed = ""] = tokens;
  isAway = true;
  assert.deepEqual((await sessions.find(kept))?.grants.cameraIds(), []);
  for (const token of [changed, removed]) await assert.rejects(sessions.find(token), StoreUnavailable);
  isAway = false;
  assert.equal((await sessions.find(changed))?.grants.cameras, "all");
  assert.equal(await sessions.find(removed), undefined);
  await real.destroy();
});
