import assert from "node:assert/strict";
import { test } from "node:test";
import type { Result, Run } from "@vas/contracts/live.ts";
import type { ShownFrame } from "./frame.ts";
import { LiveDirector } from "./live-director.ts";
import { reportOf } from "./report.ts";
import { readOverlaySettings } from "./settings.ts";

const SETTINGS = { ...readOverlaySettings({ mode: "fast" }), on: true };

function playing() {
  let run: Run | null = { run_id: "one", pts90k_base: 900_000_000, rtp_base: 0xffff_f000 };
  let send: (result: Result) => void = () => {};
  const director = new LiveDirector({
    run: () => run,
    fps: () => 25,
    follow: (onResult) => {
      send = onResult;
      return () => {};
    },
    nowMs: () => 0,
    unixMs: () => 0,
  });
  let changes = 0;
  director.start(() => changes++);
  return {
    director,
    changes: () => changes,
    setRun: (next: Run | null) => {
      run = next;
    },
    result: (pts90k: number, more: Partial<Result> = {}) =>
      send({ model_id: "m", frame_id: 1, pts90k, detections: [], ...more } as unknown as Result),
    look: (rtpTimestamp: number | null) =>
      director.look({ rtpTimestamp, mediaTime: 0, close: () => {} } as unknown as ShownFrame, SETTINGS, 2, 2),
  };
}

test("a displayed frame is placed by its run and gets the result of its own", () => {
  const { look, result, director } = playing();
  result(900_003_600);
  const shot = look(0xffff_f000 + 3_600 - 2 ** 32);
  assert.deepEqual([shot.state, shot.pts90k, shot.drawn[0]?.ageTicks], ["playing", 900_003_600, 0]);
  assert.equal(director.framesOf({ result: shot.drawn[0]?.result as never, ageTicks: 7_200 }, shot.pts90k), 2);
});

test("a run that ended takes its results with it", () => {
  const { look, result, setRun } = playing();
  result(900_003_600);
  assert.equal(look(0xffff_f000).drawn.length, 0, "the result is ahead of the picture");
  setRun(null);
  assert.deepEqual(look(0).drawn, []);
  setRun({ run_id: "two", pts90k_base: 900_010_000, rtp_base: 0 });
  assert.deepEqual(look(0).drawn, [], "however near in time it is");
  result(900_010_000);
  assert.equal(look(0).drawn.length, 1);
});

test("malformed results are counted, change nothing and are not drawn", () => {
  const { look, result, director, changes } = playing();
  result(Number.NaN);
  result(900_000_000, { detections: "many" as never });
  assert.equal(director.malformed(), 2);
  assert.equal(changes(), 0);
  assert.deepEqual(look(0xffff_f000).drawn, []);
});

test("without an RTP timestamp the newest result is drawn and called approximate", () => {
  const { look, result } = playing();
  result(900_000_000);
  assert.equal(look(null).state, "approximate");
});

test("what was found in another stream is never on its own frame, whatever the times say, and is called approximate", () => {
  const { look, result, setRun, director } = playing();
  result(900_003_600, { stream: "sub" });
  const shot = look(0xffff_f000 + 3_600 - 2 ** 32);
  assert.deepEqual([shot.state, shot.drawn[0]?.isAbout], ["elsewhere", true]);
  const { ageMs, ageFrames, ages } = reportOf(shot, director, SETTINGS);
  assert.deepEqual([ageMs, ageFrames, ages.map((age) => age.isAbout)], [null, null, [true]]);
  assert.equal(look(0xffff_f000 + 3_600 - 2 ** 32).picture, null);
  setRun({ run_id: "sub", pts90k_base: 900_000_000, rtp_base: 0xffff_f000, stream: "sub" });
  result(900_003_690, { stream: "sub" });
  assert.equal(look(0xffff_f000 + 3_690 - 2 ** 32).state, "playing", "on its own stream it is exact");
});
