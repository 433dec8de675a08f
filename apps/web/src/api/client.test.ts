import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient, withQuery } from "./client.ts";

function clientWith(status: number, body: string) {
  const seen: { url: string; init: RequestInit }[] = [];
  let loggedOut = 0;
  const client = createClient(
    async (url, init) => {
      seen.push({ url, init });
      return new Response(status === 204 ? null : body, { status });
    },
    () => {
      loggedOut += 1;
    },
  );
  return { client, seen, loggedOut: () => loggedOut };
}

test("a reply's JSON is the value and the body is sent as JSON", async () => {
  const { client, seen } = clientWith(200, '{"a":1}');
  assert.deepEqual(await client("cameras", { method: "POST", body: { name: "x" } }), { ok: true, value: { a: 1 } });
  assert.equal(seen[0]?.url, "/api/v1/cameras");
  assert.equal(seen[0]?.init.body, '{"name":"x"}');
});

test("an empty reply is no error", async () => {
  const { client } = clientWith(204, "");
  assert.deepEqual(await client("cameras/1", { method: "DELETE" }), { ok: true, value: undefined });
});

test("an error carries the API's own words and request id", async () => {
  const { client, loggedOut } = clientWith(
    409,
    '{"error":{"code":"camera_stopped","message":"The camera is stopped."},"request_id":"r1"}',
  );
  const outcome = await client("x");
  assert.deepEqual(outcome, {
    ok: false,
    error: { code: "camera_stopped", message: "The camera is stopped.", status: 409, requestId: "r1" },
  });
  assert.equal(loggedOut(), 0);
});

test("a 401 says that the session is over, a wrong password does not", async () => {
  const over = clientWith(401, '{"error":{"code":"not_logged_in","message":"Log in first."},"request_id":"r"}');
  await over.client("cameras");
  assert.equal(over.loggedOut(), 1);
  const wrong = clientWith(401, '{"error":{"code":"login_failed","message":"Wrong."},"request_id":"r"}');
  await wrong.client("auth/login", { method: "POST", body: {} });
  assert.equal(wrong.loggedOut(), 0);
});

test("a proxy's page and a dead network are errors in words", async () => {
  const page = await clientWith(502, "<html>").client("x");
  assert.equal(page.ok ? "" : page.error.message, "VAS answered with status 502.");
  const dead = createClient(
    async () => {
      throw new TypeError("Failed to fetch");
    },
    () => {},
  );
  const outcome = await dead("x");
  assert.equal(outcome.ok ? "" : outcome.error.code, "unreachable");
});

test("a query leaves out what has no value", () => {
  assert.equal(withQuery("a", { x: 1, y: "", z: null, w: undefined, v: "b c" }), "a?x=1&v=b+c");
});
