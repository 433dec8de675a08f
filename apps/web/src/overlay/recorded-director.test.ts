import assert from "node:assert/strict";
import { test } from "node:test";
import type { FrameIndex } from "../playback/frames.ts";
import { Track } from "../playback/track.ts";
import type { ShownFrame } from "./frame.ts";
import { RecordedDirector } from "./recorded-director.ts";
import { readOverlaySettings } from "./settings.ts";

const T0 = Date.parse("2026-01-02T03:00:00.000Z");
const SETTINGS = { ...readOverlaySettings(undefined), on: true };
/** 25 frames a second from T0 on, all of one run but the first second. */
const frames = {
  at: (mediaTime: number) =>
    mediaTime < 0 ? null : { pts90k: T0 * 90 + Math.round(mediaTime * 90_000), wallMs: T0 + mediaTime * 1_000 },
  framesBetween: (from: number, to: number) => (from < (T0 + 1_000) * 90 ? null : (to - from) / 3_600),
} as unknown as FrameIndex;

async function played() {
  const results = [0.96, 2, 3].map((seconds) => ({
    model_id: "m",
    frame_id: 1,
    pts90k: (T0 + seconds * 1_000) * 90,
    wall_ms: T0 + seconds * 1_000,
    detections: [],
  }));
  const track = new Track(
    async ({ from }) => ({ ok: true, value: { items: Date.parse(from) === T0 ? results : [], next_cursor: null } }),
    () => T0 + 3_600_000,
  );
  const director = new RecordedDirector({ frames, track, speed: () => 1 });
  const look = (mediaTime: number | null, mode: "exact" | "fast" = "exact") => {
    const shown = { rtpTimestamp: null, mediaTime, picture: `at ${mediaTime}`, close: () => {} };
    const shot = director.look(shown as unknown as ShownFrame, { ...SETTINGS, mode });
    return { ...shot, frames: shot.drawn.map((one) => director.framesOf(one, shot.pts90k)) };
  };
  assert.equal(look(2).state, "loading");
  await new Promise((resolve) => setImmediate(resolve));
  return look;
}

test("a recorded frame with a result of its own is drawn together with it", async () => {
  const look = await played();
  const shot = look(2);
  assert.deepEqual([shot.state, shot.picture?.source, shot.frames], ["exact", "at 2", [0]]);
  assert.equal(look(2, "fast").picture, null);
});

test("between results the last one is drawn with its age in frames, for a second at most", async () => {
  const look = await played();
  assert.deepEqual(look(2.2).frames, [5]);
  assert.deepEqual(look(2.96).frames, [24]);
  assert.deepEqual(look(3.96).frames, [24]);
  assert.deepEqual([look(4.04).state, look(4.04).drawn.length], ["waiting", 0]);
});

test("a result of another run is not drawn, however near it is", async () => {
  const look = await played();
  assert.deepEqual(look(0.96).frames, [0], "on its own frame it is");
  assert.deepEqual(look(1.04).drawn, []);
});

test("a frame that is not known has nothing drawn on it", async () => {
  const look = await played();
  assert.deepEqual([look(-1).state, look(-1).drawn.length, look(-1).picture], ["unknown", 0, null]);
  assert.equal(look(null).state, "approximate");
});
