/** A camera's state in a person's words. */
import type { Camera, CameraStatus, StreamStatus } from "@vas/contracts/http.ts";
import { camerasText as words } from "../strings/cameras.ts";
import { liveText } from "../strings/live.ts";
import { shortTime } from "../ui/format.ts";
import { bandwidth } from "./streams.ts";

export type Tone = "good" | "warn" | "bad" | "plain";

export function stateTone(state: CameraStatus["state"]): Tone {
  return ({ live: "good", connecting: "warn", retrying: "bad", stopped: "plain" } as const)[state];
}

export function stateName(state: CameraStatus["state"]): string {
  return {
    live: liveText.live,
    connecting: liveText.connecting,
    retrying: liveText.offline,
    stopped: liveText.stopped,
  }[state];
}

type StateAndReason = Pick<CameraStatus, "state" | "since" | "reason">;
type StreamFigures = Omit<StreamStatus, "stream">;

/** One sentence about the camera itself, or one of its streams. */
export function stateWords(status: StateAndReason, now = new Date()): string {
  switch (status.state) {
    case "live":
      return words.liveSince(shortTime(status.since, now));
    case "connecting":
      return words.isConnecting;
    case "retrying":
      return words.retryingSince(shortTime(status.since, now), status.reason?.message);
    default:
      return words.isStopped;
  }
}

export type CameraFact = { name: string; value: string };

const dash = words.notKnownYet;

/** Of the camera: of its main stream, and what is done with it. */
export function cameraFacts(camera: Camera): CameraFact[] {
  const { status } = camera;
  return [
    ...streamFacts(status),
    { name: words.recording, value: recordingWords(camera) },
    { name: words.frameExport, value: exportWords(status) },
  ];
}

/** Of one stream. */
export function streamFacts(status: StreamFigures): CameraFact[] {
  const live = status.live_transcoded === null ? words.copied : words.reencoded(status.live_transcoded);
  return [
    { name: words.state, value: stateWords(status) },
    { name: words.codec, value: status.codec ?? dash },
    { name: words.size, value: status.width && status.height ? `${status.width} x ${status.height}` : dash },
    { name: words.frameRate, value: status.fps === null ? dash : `${Math.round(status.fps * 10) / 10} fps` },
    {
      name: words.keyFrameEvery,
      value: status.gop_seconds === null ? dash : `${Math.round(status.gop_seconds * 10) / 10} s`,
    },
    { name: words.bitrate, value: status.bitrate_kbps === null ? dash : bandwidth(status.bitrate_kbps) },
    { name: words.liveView, value: live },
    { name: words.viewers, value: String(status.viewers) },
  ];
}

export function isSub(status: StreamStatus): boolean {
  return status.stream === "sub";
}

function recordingWords(camera: Camera): string {
  if (!camera.record) return words.notDone;
  return camera.status.recording ? words.isRecording : words.recordsNothing;
}

function exportWords(status: CameraStatus): string {
  const { enabled, state, reason } = status.frame_export;
  return enabled ? words.exporting(state, status.frame_export.stream === "sub", reason) : words.notDone;
}
