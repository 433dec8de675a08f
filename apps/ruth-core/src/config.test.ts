import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "./config.ts";

test("an empty environment gives the documented defaults", () => {
  const config = readConfig({ PATH: "/bin", VAS_HTTP_PORT: "1" });
  assert.ok(typeof config !== "string");
  assert.equal(config.vasUrl, "http://127.0.0.1:8080");
  assert.equal(config.shmDir, "/dev/shm/vas");
  assert.equal(config.socketDir, "/tmp");
  assert.equal(config.reconcileIntervalMs, 5000);
  assert.equal(config.eventGapMs, 5000);
  assert.equal(config.replyTimeoutMs, 1000);
  assert.match(config.serviceKeyFile, /\/data\/service-key$/);
  assert.equal(config.modelsDirs.length, 1);
});

test("a bad value or an unknown RUTH_ variable is refused with a sentence that names it", () => {
  for (const [env, name] of [
    [{ RUTH_EVENT_GAP: "5" }, "RUTH_EVENT_GAP "],
    [{ VAS_URL: "ftp://x" }, "VAS_URL"],
    [{ VAS_URL: "http://user:pw@x" }, "VAS_URL"],
    [{ VAS_URL: "nothing" }, "VAS_URL"],
    [{ RUTH_REPLY_TIMEOUT_MS: "1e9" }, "RUTH_REPLY_TIMEOUT_MS"],
    [{ RUTH_REPLY_TIMEOUT_MS: "-1" }, "RUTH_REPLY_TIMEOUT_MS"],
    [{ RECONCILIATION_INTERVAL_SECONDS: "often" }, "RECONCILIATION_INTERVAL_SECONDS"],
    [{ RUTH_EVENT_GAP_SECONDS: "0" }, "RUTH_EVENT_GAP_SECONDS"],
    [{ RUTH_MODELS_DIR: "a::b" }, "RUTH_MODELS_DIR"],
    [{ RUTH_EXIT_WITH_STDIN: "yes" }, "RUTH_EXIT_WITH_STDIN"],
    [{ VAS_SERVICE_KEY: "two words" }, "VAS_SERVICE_KEY"],
  ] as const) {
    const answer = readConfig(env);
    assert.ok(
      typeof answer === "string" && answer.startsWith(name),
      `${JSON.stringify(env)} gave ${JSON.stringify(answer)}`,
    );
  }
  const answer = readConfig({ VAS_SERVICE_KEY: "secret words" });
  assert.ok(typeof answer === "string" && !answer.includes("secret"));
});
