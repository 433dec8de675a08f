import assert from "node:assert/strict";
import { test } from "node:test";
import type { AiHealth, Health } from "@vas/contracts/http.ts";
import { coreWords, latencyWords, siteWords, skippedWords } from "./words.ts";

test("skipped frames are told by reason, the most frequent first", () => {
  assert.equal(
    skippedWords({ timeout: 3, busy: 12, torn: 0, later: 1 }),
    "model still busy 12, no answer in time 3, later 1",
  );
  assert.equal(skippedWords({}), "none");
});

test("what was not measured is a dash", () => {
  assert.equal(latencyWords({ p50: null, p95: null }), "-");
  assert.equal(latencyWords({ p50: 22.44, p95: 48 }), "22.4 / 48 ms");
});

test("the site and Core are said in one sentence each", () => {
  const health = { store: "ok", cameras: { total: 3, live: 2, connecting: 0, retrying: 1, stopped: 0 } } as Health;
  assert.equal(siteWords(health), "3 cameras: 2 live, 1 retrying.");
  const core = { connected: true, reason: null, last_report_at: new Date(1_000).toISOString() } as AiHealth["core"];
  assert.equal(coreWords(core, 3_000), "Connected; last report 2 s ago.");
});
