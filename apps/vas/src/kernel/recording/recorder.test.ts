import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createLog } from "@vas/base/log.ts";
import type { SegmentRecord } from "../index.ts";
import type { Fragment, VideoInit } from "./fmp4.ts";
import { Recorder } from "./recorder.ts";

const CAMERA = "11111111-1111-4111-8111-111111111111";
const INIT: VideoInit = { bytes: Buffer.from("init"), codec: "avc1.42c01e", width: 640, height: 360 };
const START_MS = Date.UTC(2026, 0, 1, 12);

function fragment(second: number, key: boolean): Fragment {
  const startDts = second * 90_000;
  return {
    bytes: Buffer.from(`fragment ${second};`),
    startDts,
    endDts: startDts + 90_000,
    pts: [startDts, startDts + 45_000],
    key,
    reordered: false,
  };
}

async function withRecorder(
  use: (
    recorder: Recorder,
    said: { opened: SegmentRecord[]; closed: SegmentRecord[]; failed: string[] },
    dir: string,
  ) => Promise<void>,
  prepare: (dir: string) => Promise<void> = async () => undefined,
) {
  const dir = await mkdtemp(join(tmpdir(), "recorder-"));
  await prepare(dir);
  const said = { opened: [] as SegmentRecord[], closed: [] as SegmentRecord[], failed: [] as string[] };
  const recorder = new Recorder(
    CAMERA,
    dir,
    createLog(() => undefined),
    {
      segmentOpened: (segment) => said.opened.push(segment),
      segmentClosed: (segment) => said.closed.push(segment),
      writeFailed: (_wallMs, message) => said.failed.push(message),
    },
  );
  try {
    await use(recorder, said, dir);
  } finally {
    await recorder.endRun();
    await rm(dir, { recursive: true });
  }
}

test("segments begin with a key frame, last about ten seconds and follow each other without a hole", async () => {
  await withRecorder(async (recorder, said, dir) => {
    recorder.beginRun({ runId: "run-1", pts90kBase: 1_000_000 });
    recorder.takeInit(INIT);
    for (let second = 0; second < 25; second++)
      recorder.takeFragment(fragment(second, second % 4 === 0), START_MS + (second + 1) * 1000, true);
    await recorder.endRun();
    assert.deepEqual(
      said.closed.map((segment) => segment.endWallMs - segment.startWallMs),
      [12_000, 12_000, 1_000],
    );
    assert.deepEqual(
      said.closed.map((segment) => segment.startWallMs),
      [START_MS, START_MS + 12_000, START_MS + 24_000],
    );
    assert.deepEqual(
      said.closed.map((segment) => segment.startPts90k),
      [1_000_000, 2_080_000, 3_160_000],
    );
    assert.equal(said.opened.length, 3);
    const bytes = await readFile(join(dir, said.closed[1]?.path ?? ""), "utf8");
    assert.ok(bytes.startsWith("initfragment 12;") && bytes.endsWith("fragment 23;"), bytes);
    assert.equal(said.closed[1]?.sizeBytes, bytes.length);
  });
});

test("fragments before the first key frame are not recorded", async () => {
  await withRecorder(async (recorder, said) => {
    recorder.beginRun({ runId: "run-1", pts90kBase: 0 });
    recorder.takeInit(INIT);
    recorder.takeFragment(fragment(0, false), START_MS, true);
    recorder.takeFragment(fragment(1, true), START_MS + 1000, true);
    await recorder.endRun();
    assert.equal(said.closed[0]?.startPts90k, 90_000);
  });
});

test("a presentation time that is recorded later is waited for, and given up when the run ends", async () => {
  await withRecorder(async (recorder) => {
    recorder.beginRun({ runId: "run-1", pts90kBase: 0 });
    recorder.takeInit(INIT);
    recorder.takeFragment(fragment(0, true), START_MS, true);
    const soon = recorder.reaches(100_000, new AbortController().signal);
    const never = recorder.reaches(900_000, new AbortController().signal);
    recorder.takeFragment(fragment(1, false), START_MS + 1000, true);
    assert.equal(await soon, true);
    assert.equal(await recorder.reaches(45_000, new AbortController().signal), true);
    await recorder.endRun();
    assert.equal(await never, false);
  });
});

test("a disk that refuses a write is said once, ends the segment, and recording goes on when it takes writes again", async () => {
  await withRecorder(
    async (recorder, said, dir) => {
      recorder.beginRun({ runId: "run-1", pts90kBase: 0 });
      recorder.takeInit(INIT);
      for (let second = 0; second < 3; second++) recorder.takeFragment(fragment(second, true), START_MS, true);
      await recorder.reaches(1e12, AbortSignal.timeout(50));
      assert.equal(said.failed.length, 1);
      assert.equal(said.opened.length, 0);
      await rm(join(dir, "recordings"));
      recorder.takeFragment(fragment(4, true), START_MS + 5000, true);
      await recorder.endRun();
      assert.equal(said.closed.length, 1);
      assert.ok((await stat(join(dir, said.closed[0]?.path ?? ""))).size > 0);
    },
    (dir) => writeFile(join(dir, "recordings"), "a file where a folder should be"),
  );
});

test("a picture of now needs no recording, and only two groups of pictures are kept in memory", async () => {
  await withRecorder(async (recorder) => {
    recorder.beginRun({ runId: "run-1", pts90kBase: 0 });
    recorder.takeInit(INIT);
    for (let second = 0; second < 100; second++)
      recorder.takeFragment(fragment(second, second % 2 === 0), START_MS, false);
    assert.deepEqual(
      recorder.newestGroup?.fragments.map((entry) => entry.startDts / 90_000),
      [98, 99],
    );
    assert.equal(recorder.openSegment, undefined);
  });
});
