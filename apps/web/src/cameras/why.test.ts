import assert from "node:assert/strict";
import { test } from "node:test";
import type { AiHealth, AiModel, Assignment, SubscriptionMetrics } from "@vas/contracts/http.ts";
import { type Known, lastResults, whyNot } from "./why.ts";

const NOW = 1_000_000;
const assignment = { camera_id: "c", model_id: "person", enabled: true } as Assignment;
const model = { model_id: "person", name: "People", valid: true, enabled: true, present: true } as AiModel;
const subscription = {
  camera_id: "c",
  model_id: "person",
  health: "healthy",
  reason: null,
  achieved_fps: 4.96,
} as SubscriptionMetrics;
const health = (change: Partial<SubscriptionMetrics> | null = {}, connected = true): AiHealth =>
  ({
    core: { connected },
    subscriptions: change === null ? [] : [{ ...subscription, ...change }],
  }) as unknown as AiHealth;
const status = { state: "live", frame_export: { enabled: true, state: "running", reason: null } };
const known = (change: Partial<Known> = {}, camera: object = {}): Known => ({
  camera: { id: "c", export_frames: true, status, ...camera } as unknown as Known["camera"],
  siteExports: true,
  assignments: [assignment],
  models: [model],
  health: health(),
  results: [],
  resultsWallMs: NOW,
  ...change,
});
const first = (of: Known) => {
  const [answer] = whyNot(of) ?? [];
  return answer && `${answer.words} [${answer.tone}, ${answer.fix}]`;
};

test("the first thing in the way is said, with where it is put right", () => {
  const starting = { ...status, frame_export: { enabled: true, state: "starting", reason: "waiting for a key frame" } };
  for (const [of, words] of [
    [known({ siteExports: false, assignments: [] }), /AI_FRAME_EXPORT_ENABLED set to true.* \[warn, health\]/],
    [known({}, { export_frames: false }), /switched off for this camera\. \[warn, settings\]/],
    [known({ assignments: [{ ...assignment, camera_id: "other" }] }), /^No model is assigned.* \[plain, models\]/],
    [known({}, { status: { ...status, state: "stopped" } }), /^The camera is stopped/],
    [known({}, { status: { ...status, state: "retrying" } }), /^The camera sends nothing/],
    [known({ health: health({}, false) }), /^Ruth AI.* not connected\. \[bad, health\]/],
    [known({ assignments: [{ ...assignment, enabled: false }] }), /^People is assigned.* switched off here/],
    [known({ models: [] }), /^person is assigned.* not there any more/],
    [known({ models: [{ ...model, enabled: false }] }), /^People is switched off for the whole site/],
    [known({ health: health(null) }), /has not begun/],
    [known({ health: health({ health: "unknown" }) }, { status: starting }), /not there yet: waiting for a key frame/],
    [known({ health: health({ health: "unknown" }) }), /has not answered yet/],
    [known({ health: health({ health: "degraded", reason: "the newest request failed" }) }), /no results: the newest/],
  ] as const)
    assert.match(first(of) ?? "", words);
});

test("where everything works the last result is told, also where it found nothing", () => {
  assert.match(first(known()) ?? "", /^People works: 5 fps\. \[good, null\]/);
  const results = (detections: unknown[]) =>
    lastResults([
      { model_id: "person", wall_ms: NOW - 2_000, detections },
      { model_id: "person", wall_ms: NOW - 9_000, detections: [1, 2, 3] },
    ]);
  assert.match(first(known({ results: results([]) })) ?? "", /the last result, 2 s ago, found nothing\. \[good/);
  assert.match(first(known({ results: results([1]) })) ?? "", /1 detection in the last result, 2 s ago/);
});

test("nothing is said before it is known, and once for all models", () => {
  const assignments = [assignment, { ...assignment, model_id: "other" }];
  assert.equal(whyNot(known({ assignments, models: null, health: null }))?.length, 1);
  assert.equal(whyNot(known({ siteExports: null })), null);
  assert.equal(whyNot(known({ assignments: null })), null);
});
