/** What the tap's tests share: a tap on a pipe of its own, test streams, and what the ring then holds. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import type { TestContext } from "node:test";
import { waitFor } from "@vas/testkit/processes.ts";
import { PIPE_SIZE_BYTES, closeEnd, openPipe } from "./pipe.ts";
import { openRing } from "./ring-reader.testing.ts";
import type { ReadHeader, ReadSlot } from "./ring-reader.testing.ts";
import { tapOutputArguments } from "./tap-output.ts";
import { startTap } from "./tap.ts";
import type { TapOptions, TapState } from "./tap-types.ts";

export const BASE = 161_100_000_000_000;
export const work = mkdtempSync(join(tmpdir(), "vas-tap-test-"));
export const shmDir = mkdtempSync("/dev/shm/vas-tap-test-");
after(() => {
  for (const folder of [work, shmDir]) rmSync(folder, { recursive: true, force: true });
});

/** A tap on a pipe of its own. Whatever a test forgets to end ends with it. */
export function makeTap(
  t: TestContext,
  wishes: Pick<TapOptions, "enabled" | "maxFps" | "width" | "height" | "hardware"> = {},
) {
  const pipe = openPipe(PIPE_SIZE_BYTES);
  const cameraId = randomUUID();
  const folder = join(shmDir, cameraId);
  const states: TapState[] = [];
  const tap = startTap({
    cameraId,
    shmDir,
    slotCount: 64,
    inputFd: pipe.readFd,
    pts90kBase: BASE,
    ...wishes,
    onState: (state) => states.push(state),
  });
  let writeOpen = true;
  const children: ChildProcess[] = [];
  const closeWriter = () => {
    if (writeOpen) closeEnd(pipe.writeFd);
    writeOpen = false;
  };
  t.after(async () => {
    for (const child of children) child.kill("SIGKILL");
    closeWriter();
    await tap.stop();
    closeEnd(pipe.readFd);
    assert.ok(!existsSync(folder), "the export folder is gone");
  });
  return {
    tap,
    folder,
    states,
    /** Starts FFmpeg with the pipe's write end as its descriptor 3. */
    ffmpeg(...args: string[]): ChildProcess {
      const child = spawn("ffmpeg", ["-nostdin", "-v", "error", ...args], {
        stdio: ["ignore", "ignore", "inherit", pipe.writeFd],
      });
      children.push(child);
      return child;
    },
    /** Writes files into the pipe, one after the other, and then closes it. */
    async feed(...paths: string[]): Promise<void> {
      const child = spawn("/bin/sh", ["-c", 'cat "$@" >&3', "sh", ...paths], {
        stdio: ["ignore", "ignore", "inherit", pipe.writeFd],
      });
      children.push(child);
      closeWriter();
      await once(child, "exit");
    },
    closeWriter,
    tapPid: () => childrenOf(process.pid, "tap-process.ts", folder)[0],
    exported: (count: number) =>
      waitFor(`${count} exported frames`, () => tap.counters().framesExported >= count, {
        seen: () => ({ counters: tap.counters(), states }),
      }),
    ended: () =>
      waitFor("the tap to say that the stream ended", () => states.at(-1)?.reason === "the stream ended", {
        seen: () => states,
      }),
  };
}

/** Process ids of live processes below `parent` whose command line holds all of these. */
export function childrenOf(parent: number, ...parts: string[]): number[] {
  const found: number[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, "latin1");
      const ppid = Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, "latin1"))?.[1]);
      if (parts.every((part) => line.includes(part)) && (parent === 0 || ppid === parent)) found.push(Number(name));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT" && code !== "ESRCH") throw error;
    }
  }
  return found;
}

/** Makes a test stream. */
export function encode(name: string, ...args: string[]): string {
  const path = join(work, name);
  if (!existsSync(path)) execFileSync("ffmpeg", ["-nostdin", "-v", "error", ...args, "-y", path]);
  return path;
}
export const source = (size: string, seconds: number, rate = 15) => [
  "-f",
  "lavfi",
  "-i",
  `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`,
];
export const x264 = (bFrames: number, gop = 15) =>
  `-c:v libx264 -preset ultrafast -threads 1 -bf ${bFrames} -g ${gop} -sc_threshold 0`.split(" ");
export const bFramesClip = () =>
  encode("b-frames.ts", ...source("320x240", 4), ...x264(2), "-x264-params", "b-adapt=0");
export const plainClip = () => encode("plain.ts", ...source("320x240", 4), ...x264(0));

/** All frames of the ring there is now, by frame_id. */
export function framesIn(folder: string): { header: ReadHeader; frames: ReadSlot[] } {
  const reader = openRing(folder);
  const header = reader.header();
  const frames = Array.from({ length: header.slotCount }, (_, slot) => reader.slot(slot));
  reader.close();
  return {
    header,
    frames: frames
      .filter((frame) => frame.sequence > 0n && frame.sequence % 2n === 0n)
      .sort((a, b) => a.frameId - b.frameId),
  };
}

/** A live camera whose stream is recorded and exported by one FFmpeg, as an ingest does it. */
export function liveCamera(it: ReturnType<typeof makeTap>, seconds: number) {
  const clip = encode(`live-${seconds}.ts`, ...source("320x240", seconds), ...x264(0));
  const recorded = join(work, `${randomUUID()}.mp4`);
  const record = "-map 0:v:0 -c copy -f mp4 -movflags frag_keyframe+empty_moov".split(" ");
  const child = it.ffmpeg("-re", "-i", clip, ...tapOutputArguments("pipe:3"), ...record, recorded);
  return {
    child,
    ended: once(child, "exit"),
    /** Frames in the recording; none may be missing between the first and the last. */
    recordedFrames() {
      const show = "-v error -select_streams v -show_entries packet=pts_time -of csv=p=0".split(" ");
      const times = execFileSync("ffprobe", [...show, recorded], { encoding: "utf8" })
        .trim()
        .split(/[\s,]+/)
        .map(Number);
      for (let at = 1; at < times.length; at++)
        assert.equal(Math.round(((times[at] as number) - (times[at - 1] as number)) * 15), 1, `recorded frame ${at}`);
      return times.length;
    },
  };
}
