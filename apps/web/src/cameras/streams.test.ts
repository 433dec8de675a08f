import assert from "node:assert/strict";
import { test } from "node:test";
import type { CameraHoldings, ProbeReply } from "@vas/contracts/http.ts";
import { bandwidth, lossWords, probeFacts, storageWords, subWarnings } from "./streams.ts";

const reply = (fields: Partial<ProbeReply> = {}): ProbeReply => ({
  codec: "H.264",
  profile: "High",
  width: 1920,
  height: 1080,
  fps: 24.96,
  gop_seconds: 2,
  b_frames: false,
  has_audio: true,
  bitrate_kbps: 4096,
  picture: null,
  warnings: [],
  ...fields,
});

test("a probe's facts are in words, also those that it could not measure", () => {
  const values = (found: ProbeReply) => probeFacts(found).map((fact) => fact.value);
  assert.deepEqual(values(reply()), ["H.264 (High)", "1920 x 1080", "25 fps", "2 s", "4.1 Mbit/s", "no", "yes"]);
  assert.equal(values(reply({ bitrate_kbps: null, fps: null })).filter((value) => value === "not known").length, 2);
  assert.equal(bandwidth(512.4), "512 kbit/s");
});

test("a sub stream that is not smaller, or slow to begin, is warned of", () => {
  assert.deepEqual(subWarnings(reply({ width: 640, height: 360 }), reply()), []);
  assert.match(subWarnings(reply(), reply())[0] ?? "", /wrong way round/);
  assert.match(subWarnings(reply({ width: 640, height: 360, gop_seconds: 8 }), null)[0] ?? "", /8 s/);
});

test("what recording takes is told from the measured rate", () => {
  assert.equal(storageWords(null, ""), null);
  assert.match(storageWords(4000, "") ?? "", /^About 4\d(\.\d)? GB a day/);
  assert.match(storageWords(4000, "10") ?? "", /in all/);
});

test("what goes with a camera is told line by line, without what there is none of", () => {
  const none: CameraHoldings = {
    recorded_hours: 0,
    recorded_since: null,
    size_bytes: 0,
    snapshots: 0,
    clips: 0,
    exports: 0,
    events: 0,
    assignments: 0,
  };
  assert.deepEqual(lossWords(none), []);
  const held = { ...none, recorded_hours: 26.04, recorded_since: "2026-03-01T12:00:00.000Z", clips: 1, events: 3 };
  const [recorded = "", ...others] = lossWords(held, new Date("2026-03-02T12:00:00.000Z"));
  assert.match(recorded, /^26 h of recording/);
  assert.deepEqual(others, ["1 clip", "3 events"]);
});
