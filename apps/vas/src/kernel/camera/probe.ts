/** Reads a stream for a few seconds, in a session of its own, and says what it is or why it cannot be read. */
import type { Readable } from "node:stream";
import { CodedError, type ErrorCode } from "@vas/contracts/errors.ts";
import type { ProbeReply } from "@vas/contracts/http.ts";
import { Fmp4Error, Fmp4Splitter, type Fragment, type VideoInit } from "../recording/fmp4.ts";
import type { Pictures } from "../recording/pictures.ts";
import { type CauseCode, causeOf } from "./causes.ts";
import { Child } from "./child.ts";
import { type CameraSource, INPUT_ARGS, IO_TIMEOUT_MS, inputScript, RECORDING_OPTIONS } from "./ffmpeg-args.ts";
import { StreamMeasure } from "./measure.ts";

/** To the first key frame. */
const START_DEADLINE_MS = 15_000;
/** Enough to tell a frame rate. */
const MEASURE_TICKS = 2 * 90_000;
/** From the first key frame to the second, which gives the GOP. */
const MEASURE_MS = 8_000;
const LONG_GOP_SECONDS = 4;

const PROBE_CODES: Partial<Record<CauseCode, ErrorCode>> = {
  refused: "probe_refused",
  timed_out: "probe_timed_out",
  stalled: "probe_timed_out",
  unauthorized: "probe_unauthorized",
  stream_not_found: "probe_stream_not_found",
  unresolved: "probe_unresolved",
  unsupported: "probe_unsupported",
};

/** @throws CodedError probe_* with the cause in words */
export async function probeStream(
  ffmpeg: string,
  source: CameraSource,
  pictures: Pictures,
  signal: AbortSignal,
): Promise<ProbeReply> {
  const seen = await readAWhile(ffmpeg, source, signal);
  const { init, fragments, hasAudio } = seen;
  const measure = new StreamMeasure();
  for (const fragment of fragments) measure.add(fragment);
  const { fps, gopSeconds, bitrateKbps } = measure.measured;
  const [entry, profile = null] = init.codec.split(".", 2) as [string, string?];
  const h265 = entry === "hev1" || entry === "hvc1";
  if (!h265 && entry !== "avc1" && entry !== "avc3")
    throw new CodedError("probe_unsupported", `The camera sends ${entry}; H.264 and H.265 are supported.`);
  const bFrames = fragments.some((fragment) => fragment.reordered);
  const first = fragments[0] as Fragment;
  const { jpeg } = await pictures.decode(init, fragments, first.pts[0] as number);
  const warnings: string[] = [];
  if (h265)
    warnings.push("H.265 is re-encoded for live view, which costs processor time. Recordings stay as they are.");
  else if (bFrames)
    warnings.push("The stream has B-frames: it is re-encoded for live view, which costs processor time.");
  if (gopSeconds === null)
    warnings.push(
      `No second key frame came within ${MEASURE_MS / 1000} seconds: viewers will wait long for their first picture.`,
    );
  else if (gopSeconds > LONG_GOP_SECONDS)
    warnings.push(`Key frames come every ${gopSeconds} seconds: viewers wait that long for their first picture.`);
  if (hasAudio) warnings.push("The stream has sound, which is neither shown live nor recorded.");
  return {
    codec: h265 ? "H.265" : "H.264",
    profile: h265 ? null : h264Profile(profile),
    width: init.width,
    height: init.height,
    fps,
    gop_seconds: gopSeconds,
    b_frames: bFrames,
    has_audio: hasAudio,
    bitrate_kbps: bitrateKbps,
    picture: `data:image/jpeg;base64,${jpeg.toString("base64")}`,
    warnings,
  };
}

async function readAWhile(
  ffmpeg: string,
  source: CameraSource,
  signal: AbortSignal,
): Promise<{ init: VideoInit; fragments: Fragment[]; hasAudio: boolean }> {
  let init: VideoInit | undefined;
  const fragments: Fragment[] = [];
  let hasAudio = false;
  let unsupported: string | undefined;
  let timer: NodeJS.Timeout;
  let timedOut = false;
  const startedMs = performance.now();
  const child = new Child(
    ffmpeg,
    [
      "-hide_banner",
      "-nostdin",
      "-nostats",
      "-loglevel",
      "info",
      ...INPUT_ARGS,
      ...["-map", "0:v:0", "-c:v", "copy", "-f", "mp4"],
      ...Object.entries({ ...RECORDING_OPTIONS, frag_duration: "300000" }).flatMap(([name, value]) => [
        `-${name}`,
        value,
      ]),
      "pipe:1",
    ],
    ["pipe", "pipe", "pipe"],
    (line) => {
      if (/Stream #0:\d+.*: Audio:/.test(line)) hasAudio = true;
    },
  );
  const finish = () => child.process.kill("SIGKILL");
  const timeOut = () => {
    timedOut = true;
    finish();
  };
  timer = setTimeout(timeOut, START_DEADLINE_MS);
  signal.addEventListener("abort", finish, { once: true });
  if (signal.aborted) finish();
  child.process.stdin?.on("error", finish);
  child.process.stdin?.end(inputScript(source));
  const splitter = new Fmp4Splitter();
  (child.process.stdout as Readable).on("data", (chunk: Buffer) => {
    if (unsupported !== undefined) return;
    try {
      for (const part of splitter.push(chunk)) {
        if (part.kind === "init") {
          init = part.init;
          continue;
        }
        fragments.push(part.fragment);
        if (fragments.length === 1) {
          clearTimeout(timer);
          timer = setTimeout(finish, MEASURE_MS);
        }
        // The first fragment is of frames that were on their way, and says nothing of a rate.
        const ticks = part.fragment.endDts - (fragments[0] as Fragment).endDts;
        if (ticks >= MEASURE_TICKS && fragments.filter((fragment) => fragment.key).length >= 2) finish();
      }
    } catch (error) {
      if (!(error instanceof Fmp4Error)) throw error;
      unsupported = error.message;
      finish();
    }
  });
  await child.exited;
  clearTimeout(timer);
  signal.removeEventListener("abort", finish);
  if (unsupported !== undefined)
    throw new CodedError("probe_unsupported", `The stream cannot be recorded: ${unsupported}.`);
  if (init && fragments.length > 0) return { init, fragments, hasAudio };
  const silent = timedOut || performance.now() - startedMs >= IO_TIMEOUT_MS;
  const found = causeOf(child.lastLines, silent ? "timed_out" : "failed");
  throw new CodedError(PROBE_CODES[found.code] ?? "probe_failed", found.message);
}

/** ITU-T H.264 annex A: profile_idc and the constraint that makes baseline a constrained one. */
function h264Profile(hex: string | null): string | null {
  if (hex === null) return null;
  const constrained = (Number.parseInt(hex.slice(2, 4), 16) & 0x40) !== 0;
  const names: Record<string, string> = {
    "42": constrained ? "Constrained Baseline" : "Baseline",
    "4d": "Main",
    "58": "Extended",
    "64": "High",
    "6e": "High 10",
    "7a": "High 4:2:2",
    f4: "High 4:4:4",
  };
  return names[hex.slice(0, 2)] ?? null;
}
