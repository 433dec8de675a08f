import assert from "node:assert/strict";
import { test } from "node:test";
import type { CameraStatus } from "@vas/contracts/http.ts";
import { pictureWords, stateWords } from "./words.ts";

const status = (change: Partial<CameraStatus>): CameraStatus => ({
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
  ...change,
});

test("a camera that is away says since when and why", () => {
  const away = status({
    state: "retrying",
    reason: { code: "refused", message: "The camera refused the connection." },
  });
  assert.equal(
    stateWords(away, new Date(2026, 0, 2, 11, 0)),
    "Retrying since 10:32: The camera refused the connection.",
  );
});

test("a tile without a picture says what it waits for", () => {
  const words = (
    change: Partial<CameraStatus>,
    phase: "waiting_key_frame" | "playing" | "waiting_run" | "connecting",
    online = true,
  ) => pictureWords(status(change), { phase, error: null }, online);
  assert.equal(words({}, "waiting_key_frame"), "Waiting for a key frame (one every 2 s).");
  assert.equal(words({ gop_seconds: null }, "waiting_key_frame"), "Waiting for a key frame.");
  assert.equal(words({}, "playing"), null);
  assert.equal(words({ state: "stopped" }, "playing"), "This camera is stopped.");
  assert.equal(words({}, "playing", false), "No connection to VAS. Trying again.");
  assert.equal(words({ state: "connecting" }, "connecting"), "Connecting to the camera.");
});
