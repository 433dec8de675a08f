import assert from "node:assert/strict";
import { test } from "node:test";
import type { CameraStatus } from "@vas/contracts/http.ts";
import { stateWords } from "./words.ts";

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
