import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import type { AiEvent } from "@vas/contracts/http.ts";
import type { LiveNotice, LiveReply, Result } from "@vas/contracts/live.ts";
import { WebSocket } from "ws";
import { addCamera, addUser, openTestSite, type TestSite } from "../testing/site.ts";
import { CLOSE, MAX_TRANSPORTS } from "./live.ts";

const WATCHDOG_MS = 10_000;

class Browser {
  readonly socket: WebSocket;
  readonly notices: LiveNotice[] = [];
  readonly #replies: LiveReply[] = [];
  readonly closed: Promise<number>;
  readonly #waiting = new Set<() => void>();
  #id = 0;

  constructor(site: TestSite, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(`${site.url.replace("http", "ws")}/api/v1/live`, {
      headers: { cookie: site.cookie, origin: site.url, ...headers },
    });
    this.closed = once(this.socket, "close").then(([code]) => code as number);
    this.socket.on("message", (data) => {
      const message = JSON.parse(String(data)) as LiveReply | LiveNotice;
      if ("notice" in message) this.notices.push(message);
      else this.#replies.push(message);
      for (const wake of this.#waiting) wake();
    });
  }

  async ask(method: string, params: object): Promise<any> {
    const id = ++this.#id;
    this.socket.send(JSON.stringify({ id, method, params }));
    const reply = await this.#until(`the reply to ${method}`, () => this.#replies.find((one) => one.id === id));
    return reply.ok ? reply.result : reply.error.code;
  }

  reply(id: number | null): Promise<LiveReply> {
    return this.#until(`a reply with id ${id}`, () => this.#replies.find((one) => one.id === id));
  }

  notice<N extends LiveNotice["notice"]>(name: N): Promise<Extract<LiveNotice, { notice: N }>> {
    const find = () =>
      this.notices.find((one) => one.notice === name) as Extract<LiveNotice, { notice: N }> | undefined;
    return this.#until(`the notice ${name}`, find);
  }

  async #until<T>(what: string, find: () => T | undefined): Promise<T> {
    const timeout = AbortSignal.timeout(WATCHDOG_MS);
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      await new Promise<void>((resolve, reject) => {
        this.#waiting.add(resolve);
        timeout.addEventListener("abort", () => reject(new Error(`${what} did not come`)), { once: true });
      });
    }
  }
}

async function connect(t: TestContext, site: TestSite, headers: Record<string, string> = {}): Promise<Browser> {
  const browser = new Browser(site, headers);
  t.after(() => browser.socket.terminate());
  await once(browser.socket, "open");
  return browser;
}

async function watchdog<T>(what: string, promise: Promise<T>): Promise<T> {
  const late = new Promise<never>((_resolve, reject) => {
    setTimeout(() => reject(new Error(`${what} did not happen`)), WATCHDOG_MS).unref();
  });
  return Promise.race([promise, late]);
}

test("a viewer is set up step by step, and its transport goes with the socket", async (t) => {
  const site = await openTestSite(t);
  const camera_id = await addCamera(site);
  const browser = await connect(t, site);
  assert.deepEqual(await browser.ask("capabilities", { camera_id }), { rtp_capabilities: { codecs: [] } });
  const { transport_id } = await browser.ask("transport", { camera_id });
  assert.deepEqual(await browser.ask("connect", { transport_id, dtls_parameters: { fingerprints: [] } }), {});
  const consumed = await browser.ask("consume", { transport_id, rtp_capabilities: {} });
  assert.equal(consumed.kind, "video");
  assert.equal(consumed.run.rtp_base, 7);
  assert.deepEqual(await browser.ask("resume", { consumer_id: consumed.consumer_id }), {});
  assert.equal(site.kernel.consumers[0]?.resumed, true);
  site.kernel.consumers[0]?.end();
  assert.equal((await browser.notice("stream_ended")).consumer_id, consumed.consumer_id);
  assert.equal(await browser.ask("resume", { consumer_id: consumed.consumer_id }), "consumer_not_found");
  const transport = site.kernel.transports[0];
  const isClosed = new Promise<void>((resolve) => {
    if (transport) transport.close = () => resolve();
  });
  browser.socket.close();
  await watchdog("the close of the transport", isClosed);
});

test("a camera that stops closes the transports of its viewers with a notice", async (t) => {
  const site = await openTestSite(t);
  const camera_id = await addCamera(site);
  const browser = await connect(t, site);
  const { transport_id } = await browser.ask("transport", { camera_id });
  await site.call("POST", `/api/v1/cameras/${camera_id}/stop`);
  assert.equal((await browser.notice("transport_closed")).transport_id, transport_id);
  assert.equal(await browser.ask("consume", { transport_id, rtp_capabilities: {} }), "transport_not_found");
  assert.equal(await browser.ask("transport", { camera_id }), "camera_stopped");
  await browser.notice("cameras_changed");
});

test("one browser cannot reach what another one made", async (t) => {
  const site = await openTestSite(t);
  const camera_id = await addCamera(site);
  const [mine, other] = [await connect(t, site), await connect(t, site)];
  const { transport_id } = await mine.ask("transport", { camera_id });
  assert.equal(await other.ask("close", { transport_id }), "transport_not_found");
  assert.equal(await other.ask("consume", { transport_id, rtp_capabilities: {} }), "transport_not_found");
  assert.deepEqual(await mine.ask("close", { transport_id }), {});
});

test("a connection has so many transports and no more", async (t) => {
  const site = await openTestSite(t);
  const camera_id = await addCamera(site);
  const browser = await connect(t, site);
  const asked = Array.from({ length: MAX_TRANSPORTS + 2 }, () => browser.ask("transport", { camera_id }));
  const answers = await Promise.all(asked);
  assert.equal(answers.filter((answer) => answer === "viewer_limit").length, 2);
});

test("results come for the cameras that were asked for, other notices to everyone", async (t) => {
  const site = await openTestSite(t);
  const camera_id = await addCamera(site);
  const browser = await connect(t, site);
  const result = (id: string) => ({ notice: "result", result: { camera_id: id } as Result }) as const;
  await browser.ask("detections", { camera_id, on: true });
  site.backend.notices.publish(result(crypto.randomUUID()));
  site.backend.notices.publish(result(camera_id));
  assert.equal((await browser.notice("result")).result.camera_id, camera_id);
  await browser.ask("detections", { camera_id, on: false });
  site.backend.notices.publish(result(camera_id));
  site.listener.cameraStatus(site.kernel.status(camera_id));
  await browser.notice("camera");
  assert.equal(browser.notices.filter((notice) => notice.notice === "result").length, 1);
  assert.equal(await browser.ask("detections", { camera_id: crypto.randomUUID(), on: true }), "camera_not_found");
});

test("a bad message is answered, and the connection lives on", async (t) => {
  const site = await openTestSite(t);
  const camera_id = await addCamera(site);
  const browser = await connect(t, site);
  const bad = [
    "{",
    "null",
    "[]",
    "5",
    '{"id":-1}',
    '{"id":1}',
    '{"id":1,"method":"constructor","params":{}}',
    '{"id":1,"method":"__proto__","params":{}}',
    '{"id":1,"method":"capabilities","params":{}}',
    '{"id":1,"method":"capabilities","params":{"camera_id":"x"}}',
    `{"id":1,"method":"capabilities","params":{"camera_id":"${camera_id}","x":1}}`,
    '{"id":1e999,"method":"resume","params":{"consumer_id":5}}',
  ];
  for (const message of bad) browser.socket.send(message);
  const { transport_id } = await browser.ask("transport", { camera_id });
  assert.equal(await browser.ask("connect", { transport_id, dtls_parameters: {} }), "bad_request");
  const reply = await browser.reply(null);
  assert.ok(!reply.ok && reply.error.code === "bad_request");
  assert.doesNotMatch(site.logged.join(""), /"level":"error"/);
});

test("too large and binary messages close the connection", async (t) => {
  const site = await openTestSite(t);
  const large = await connect(t, site);
  large.socket.send("x".repeat(70_000));
  assert.equal(await watchdog("the close", large.closed), CLOSE.tooBig);
  const binary = await connect(t, site);
  binary.socket.send(Buffer.from("{}"));
  assert.equal(await watchdog("the close", binary.closed), CLOSE.unsupportedData);
});

test("a logout closes the browser's connection, and so does a session that is gone", async (t) => {
  const site = await openTestSite(t, { pingMs: 50 });
  const first = await connect(t, site);
  await site.call("POST", "/api/v1/auth/logout");
  assert.equal(await watchdog("the close", first.closed), CLOSE.loggedOut);
  const again = await openTestSite(t, { pingMs: 50 });
  const second = await connect(t, again);
  await again.backend.db.deleteFrom("sessions").execute();
  assert.equal(await watchdog("the close", second.closed), CLOSE.loggedOut);
});

test("a browser that does not read loses notices, which are counted, and nobody waits", async (t) => {
  const site = await openTestSite(t);
  const browser = await connect(t, site);
  browser.socket.pause();
  const big = { ...site.kernel.status(crypto.randomUUID()), reason: { code: "x", message: "y".repeat(100_000) } };
  for (let n = 0; n < 200; n++) site.listener.cameraStatus(big);
  const text = await (await site.call("GET", "/metrics")).text();
  assert.match(text, /^vas_notices_dropped_total [1-9]\d*$/m);
  browser.socket.resume();
});

test("the end of VAS is told to browsers, and one that does not answer holds up nothing", async (t) => {
  const site = await openTestSite(t);
  const camera_id = await addCamera(site);
  const [reading, frozen] = [await connect(t, site), await connect(t, site)];
  await frozen.ask("transport", { camera_id });
  frozen.socket.pause();
  await watchdog("the end of VAS", site.close());
  assert.equal(await watchdog("the close", reading.closed), CLOSE.goingAway);
  assert.deepEqual(
    site.kernel.transports.map((transport) => transport.isClosed),
    [true],
  );
});

test("a connection needs a session and the site's own origin", async (t) => {
  const site = await openTestSite(t);
  const refused = async (headers: Record<string, string>) => {
    const { socket, closed } = new Browser(site, headers);
    closed.catch(() => {}); // the refusal comes as an error, below
    const [error] = (await once(socket, "error")) as [Error];
    return error.message;
  };
  assert.match(await refused({ cookie: "" }), /401/);
  assert.match(await refused({ cookie: "vas_session=made-up" }), /401/);
  assert.match(await refused({ origin: "http://evil.example" }), /403/);
});

/** One of each notice about a camera. */
function tellOf(site: TestSite, camera_id: string): void {
  const { notices } = site.backend;
  site.listener.cameraStatus(site.kernel.status(camera_id));
  site.listener.run(camera_id, { run_id: crypto.randomUUID(), pts90k_base: 1, rtp_base: null });
  notices.publish({ notice: "cameras_changed", camera_id });
  notices.publish({ notice: "event", event: { camera_id } as AiEvent });
  notices.publish({ notice: "result", result: { camera_id } as Result });
}

test("of a camera that was not granted nothing is told, and asking for it answers as for none", async (t) => {
  const site = await openTestSite(t);
  const [granted, hidden, absent] = [await addCamera(site), await addCamera(site), crypto.randomUUID()];
  const { cookie } = await addUser(site, { role: "viewer", camera_ids: [granted.toUpperCase()] });
  const reply = await site.call("POST", "/api/v1/api-keys", { name: "x", role: "viewer", camera_ids: [granted] });
  const { key } = (await reply.json()) as { key: string };
  const admin = await connect(t, site);
  const asViewer = await connect(t, site, { cookie });
  const asKey = await connect(t, site, { cookie: "", authorization: `Bearer ${key}` });
  await admin.ask("detections", { camera_id: hidden, on: true });
  for (const browser of [asViewer, asKey]) {
    for (const method of ["capabilities", "transport"])
      for (const camera_id of [hidden, absent])
        assert.equal(await browser.ask(method, { camera_id }), "camera_not_found");
    assert.equal(await browser.ask("detections", { camera_id: hidden, on: true }), "camera_not_found");
    assert.deepEqual(await browser.ask("detections", { camera_id: granted, on: true }), {});
  }
  tellOf(site, hidden);
  site.backend.notices.publish({ notice: "cameras_changed" });
  tellOf(site, granted);
  for (const browser of [asViewer, asKey]) {
    await browser.notice("result");
    assert.deepEqual(
      browser.notices.map(({ notice }) => notice),
      ["camera", "run", "cameras_changed", "event", "result"],
    );
    assert.ok(!JSON.stringify(browser.notices).includes(hidden));
  }
  await admin.notice("result");
  assert.ok(JSON.stringify(admin.notices).includes(hidden), "whoever sees all is told of all");
});

test("a grant that goes takes along what is open of the camera, and one that comes is there at once", async (t) => {
  const site = await openTestSite(t);
  const [first, second] = [await addCamera(site), await addCamera(site)];
  const { id, cookie } = await addUser(site, { role: "operator", camera_ids: [first] });
  const browser = await connect(t, site, { cookie });
  const { transport_id } = await browser.ask("transport", { camera_id: first });
  await browser.ask("detections", { camera_id: first, on: true });
  assert.equal((await site.call("PATCH", `/api/v1/users/${id}`, { camera_ids: [second] })).status, 200);
  await browser.notice("access_changed");
  assert.equal((await browser.notice("transport_closed")).transport_id, transport_id);
  assert.deepEqual(
    site.kernel.transports.map((transport) => transport.isClosed),
    [true],
  );
  assert.equal(await browser.ask("transport", { camera_id: first }), "camera_not_found");
  assert.ok((await browser.ask("transport", { camera_id: second })).transport_id);
  const before = browser.notices.length;
  tellOf(site, first);
  tellOf(site, second);
  await browser.notice("event");
  assert.ok(!JSON.stringify(browser.notices.slice(before)).includes(first));
  // Granted again, the detections that were on before are not on by themselves.
  await site.call("PATCH", `/api/v1/users/${id}`, { all_cameras: true });
  tellOf(site, first);
  assert.ok(!browser.notices.some(({ notice }) => notice === "result"));
});

test("a removed user, a new password and a revoked key close what they have open", async (t) => {
  const site = await openTestSite(t);
  const [removed, reset] = [await addUser(site, { role: "viewer" }), await addUser(site, { role: "viewer" })];
  const reply = await site.call("POST", "/api/v1/api-keys", { name: "x", role: "administrator" });
  const made = (await reply.json()) as { id: string; key: string };
  const open = [
    await connect(t, site, { cookie: removed.cookie }),
    await connect(t, site, { cookie: reset.cookie }),
    await connect(t, site, { cookie: "", authorization: `Bearer ${made.key}` }),
  ];
  await site.call("DELETE", `/api/v1/users/${removed.id}`);
  await site.call("PATCH", `/api/v1/users/${reset.id}`, { password: "another-password" });
  await site.call("DELETE", `/api/v1/api-keys/${made.id}`);
  for (const browser of open) assert.equal(await watchdog("the close", browser.closed), CLOSE.loggedOut);
});

test("a viewer that wants the sub stream gets main until the sub stream is live, and is told which", async (t) => {
  const site = await openTestSite(t);
  const camera_id = await addCamera(site, { sub_rtsp_url: "rtsp://192.0.2.1/low" });
  const browser = await connect(t, site);
  const wanted = { camera_id, stream: "sub" };
  assert.deepEqual(await browser.ask("capabilities", wanted), { rtp_capabilities: { codecs: [] } });
  assert.equal((await browser.ask("transport", wanted)).stream, "main");
  site.kernel.liveSubs.add(camera_id);
  assert.equal((await browser.ask("transport", wanted)).stream, "sub");
  assert.equal((await browser.ask("transport", { camera_id })).stream, "main");
  assert.equal(await browser.ask("transport", { camera_id, stream: "third" }), "bad_request");
  assert.deepEqual(
    site.kernel.transports.map((transport) => transport.stream),
    ["main", "sub", "main"],
  );
});
