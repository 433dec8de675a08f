import assert from "node:assert/strict";
import { test } from "node:test";
import type { AiHealth, Assignment, SubscriptionMetrics } from "@vas/contracts/http.ts";
import { runningWords, wantedWords } from "./words.ts";

const health = (connected: boolean) =>
  ({
    core: { connected, reason: connected ? null : "Ruth Core is not connected." },
    subscriptions: [],
  }) as unknown as AiHealth;
const subscription = { achieved_fps: 4.93, health: "degraded", reason: "No reply for 40 s." } as SubscriptionMetrics;

test("what is wanted and what runs are said apart", () => {
  assert.equal(wantedWords(undefined), "not assigned");
  assert.equal(wantedWords({ enabled: true, desired_fps: 5 } as Assignment), "up to 5 fps");
  assert.equal(runningWords(health(true), subscription, true), "4.9 fps, degraded: No reply for 40 s.");
  assert.equal(runningWords(health(true), null, true), "not yet: Ruth Core has not begun");
  assert.equal(runningWords(health(true), null, false), "no");
  assert.equal(runningWords(health(false), subscription, true), "not known: Ruth Core is not connected.");
});
