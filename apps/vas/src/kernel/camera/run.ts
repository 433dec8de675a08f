/**
 * One run: one FFmpeg, one RTSP session, from its start to its honest end. It never retries; camera.ts does.
 *
 * Alive means bytes advancing: a process that exists but sends nothing is ended here, by the deadlines below.
 */
import type { Readable, Writable } from "node:stream";
import type { Clock } from "@vas/base/clock.ts";
import type { RtpTarget } from "../live/camera-live.ts";
import { Fmp4Error, type Fmp4Part, Fmp4Splitter } from "../recording/fmp4.ts";
import { type Cause, cause, causeOf } from "./causes.ts";
import { Child } from "./child.ts";
import { type CameraSource, IO_TIMEOUT_MS, ingestArgs, inputScript, type LiveCodec } from "./ffmpeg-args.ts";
import { startTestPicture } from "./test-picture.ts";

/** To the moment FFmpeg knows the stream; one read of it may take 5 s, so a camera that trickles is noticed here. */
const OPEN_DEADLINE_MS = 10_000;
/** To the first key frame, which is as long as the camera's GOP. */
const FIRST_FRAGMENT_DEADLINE_MS = 30_000;
/** Between fragments, which last a second. */
const FRAGMENT_DEADLINE_MS = 8_000;
const CHECK_EVERY_MS = 500;
/** Fragments of a second do not get larger than this; more is not what a camera sends. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024;

export type RunOptions = {
  ffmpeg: string;
  source: CameraSource;
  rtp: RtpTarget;
  live: LiveCodec;
  /** Write end of the tap's pipe; undefined where frames are not exported. */
  tapWriteFd: number | undefined;
  clock: Clock;
  /** Takes what was recorded; a cause that it returns ends the run. */
  onPart(part: Fmp4Part): Cause | undefined;
  /** FFmpeg has its end of the tap's pipe; ours can be closed. */
  onSpawned(): void;
};

/** Runs until the stream ends, fails, stalls or the signal aborts; the cause says which. */
export async function runIngest(options: RunOptions, signal: AbortSignal): Promise<Cause> {
  const { clock } = options;
  const startedMs = nowMs(clock);
  let opened = false;
  let verdict: Cause | undefined;
  let phase: { deadlineMs: number; since: number; cause: Cause } = {
    deadlineMs: OPEN_DEADLINE_MS,
    since: nowMs(clock),
    cause: cause("timed_out"),
  };
  const args = ingestArgs({
    rtp: options.rtp,
    live: options.live,
    tap: options.tapWriteFd !== undefined,
    test: options.source.test !== undefined,
  });
  const child = new Child(
    options.ffmpeg,
    args,
    ["pipe", "ignore", "pipe", "pipe", options.tapWriteFd ?? "ignore"],
    (line) => {
      if (!line.startsWith("Input #0") || opened) return;
      opened = true;
      phase = { deadlineMs: FIRST_FRAGMENT_DEADLINE_MS, since: nowMs(clock), cause: cause("stalled") };
    },
  );
  options.onSpawned();
  child.process.stdin?.on("error", () => child.process.kill("SIGKILL"));
  const { test } = options.source;
  const picture = test === undefined ? undefined : startTestPicture(options.ffmpeg, test);
  if (picture) picture.process.stdout?.pipe(child.process.stdin as Writable);
  else child.process.stdin?.end(inputScript(options.source));

  const end = (found: Cause) => {
    verdict ??= found;
    child.process.kill("SIGKILL");
  };
  const splitter = new Fmp4Splitter();
  const media = child.process.stdio[3] as Readable;
  media.on("data", (chunk: Buffer) => {
    if (verdict) return;
    try {
      for (const part of splitter.push(chunk)) {
        if (part.kind === "fragment")
          phase = { deadlineMs: FRAGMENT_DEADLINE_MS, since: nowMs(clock), cause: cause("stalled") };
        const found = options.onPart(part);
        if (found) return end(found);
      }
      if (splitter.pendingBytes > MAX_PENDING_BYTES) end(cause("unsupported"));
    } catch (error) {
      if (!(error instanceof Fmp4Error)) throw error;
      end({ code: "unsupported", message: `The stream cannot be recorded: ${error.message}.` });
    }
  });
  media.on("error", () => end(cause("failed")));

  const watch = setInterval(() => {
    if (nowMs(clock) - phase.since > phase.deadlineMs) end(phase.cause);
  }, CHECK_EVERY_MS);
  const stop = () => {
    verdict ??= cause("ended");
    void child.stop();
  };
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    await child.exited;
  } finally {
    picture?.process.kill("SIGKILL");
    await picture?.exited;
    clearInterval(watch);
    signal.removeEventListener("abort", stop);
  }
  const silent = !opened && nowMs(clock) - startedMs >= IO_TIMEOUT_MS;
  return verdict ?? causeOf(child.lastLines, silent ? "timed_out" : opened ? "ended" : "failed");
}

function nowMs(clock: Clock): number {
  return Number(clock.monotonicNs() / 1_000_000n);
}
