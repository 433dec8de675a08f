import assert from "node:assert/strict";
import { test } from "node:test";
import type { CameraStatus } from "@vas/contracts/http.ts";
import { shownOf, Stillness, type Watched } from "./state.ts";

const NOW = new Date(2026, 0, 2, 10, 35);
const watched = (status: Partial<CameraStatus>, more: Partial<Watched> = {}): Watched => ({
  status: {
    camera_id: "c",
    state: "live",
    since: new Date(2026, 0, 2, 10, 32).toISOString(),
    reason: null,
    codec: "h264",
    width: 1280,
    height: 720,
    fps: 25,
    gop_seconds: 2,
    bitrate_kbps: 900,
    live_transcoded: null,
    viewers: 0,
    recording: true,
    frame_export: { enabled: false, state: null, reason: null },
    ...status,
  },
  view: { phase: "playing", error: null },
  online: true,
  stillMs: 40,
  ...more,
});

test("a tile without a picture says what it waits for", () => {
  const words = (status: Partial<CameraStatus>, more: Partial<Watched> = {}) =>
    shownOf(watched(status, more), NOW).words;
  const key = { view: { phase: "waiting_key_frame", error: null } } as const;
  assert.equal(words({}, key), "Waiting for a key frame (GOP 2 s).");
  assert.equal(words({ gop_seconds: null }, key), "Waiting for a key frame.");
  assert.equal(words({}), null);
  assert.equal(words({ state: "stopped" }), "Stopped since 10:32.");
  assert.equal(words({}, { online: false }), "No connection to VAS. Trying again by itself.");
  assert.equal(
    words({ state: "connecting" }, { view: { phase: "connecting", error: null } }),
    "Connecting to the camera.",
  );
  assert.equal(
    words({}, { view: { phase: "retrying", error: { code: "x", message: "The media worker is being replaced." } } }),
    "The media worker is being replaced. Trying again by itself.",
  );
});

test("an offline camera says since when, for how long and why, also while its last picture is there", () => {
  const reason = { code: "refused", message: "The camera refused the connection." };
  const { badge, tone, words } = shownOf(watched({ state: "retrying", reason }), NOW);
  assert.deepEqual([badge, tone], ["Offline", "bad"]);
  assert.equal(words, "Offline since 10:32 (3 min). The camera refused the connection. VAS tries again by itself.");
});

test("a picture that stands still is not called live, unless the camera is that slow", () => {
  assert.equal(shownOf(watched({}, { stillMs: 2_900 }), NOW).badge, "Live");
  const still = shownOf(watched({}, { stillMs: 8_000 }), NOW);
  assert.deepEqual([still.badge, still.words], ["No new picture", "No new picture for 8 s."]);
  assert.equal(shownOf(watched({ fps: 0.2 }, { stillMs: 8_000 }), NOW).badge, "Live");
});

test("stillness begins with the last new frame, and anew with each stream", () => {
  const stillness = new Stillness();
  assert.equal(stillness.push(0, 0), null);
  assert.equal(stillness.push(1, 1_000), 0);
  assert.equal(stillness.push(1, 3_500), 2_500);
  assert.equal(stillness.push(0, 4_000), null);
  assert.equal(stillness.push(5, 5_000), 0);
});
