/** A camera's state in a person's words. */
import type { Camera, CameraStatus, StreamStatus } from "@vas/contracts/http.ts";
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
      return `Live since ${shortTime(status.since, now)}`;
    case "connecting":
      return "Connecting to the camera";
    case "retrying":
      return `Retrying since ${shortTime(status.since, now)}: ${status.reason?.message ?? "the camera sends nothing."}`;
    default:
      return "Stopped";
  }
}

export type CameraFact = { name: string; value: string };

const dash = "not known yet";

/** Of the camera: of its main stream, and what is done with it. */
export function cameraFacts(camera: Camera): CameraFact[] {
  const { status } = camera;
  return [
    ...streamFacts(status),
    { name: "Recording", value: recordingWords(camera) },
    { name: "Frame export", value: exportWords(status) },
  ];
}

/** Of one stream. */
export function streamFacts(status: StreamFigures): CameraFact[] {
  const live =
    status.live_transcoded === null ? "copied as the camera sends it" : `re-encoded: ${status.live_transcoded}`;
  return [
    { name: "State", value: stateWords(status) },
    { name: "Codec", value: status.codec ?? dash },
    { name: "Size", value: status.width && status.height ? `${status.width} x ${status.height}` : dash },
    { name: "Frame rate", value: status.fps === null ? dash : `${Math.round(status.fps * 10) / 10} fps` },
    {
      name: "Key frame every",
      value: status.gop_seconds === null ? dash : `${Math.round(status.gop_seconds * 10) / 10} s`,
    },
    { name: "Bitrate", value: status.bitrate_kbps === null ? dash : bandwidth(status.bitrate_kbps) },
    { name: "Live view", value: live },
    { name: "Viewers", value: String(status.viewers) },
  ];
}

export function isSub(status: StreamStatus): boolean {
  return status.stream === "sub";
}

function recordingWords(camera: Camera): string {
  if (!camera.record) return "off";
  return camera.status.recording ? "running" : "on, nothing to record at the moment";
}

function exportWords(status: CameraStatus): string {
  const { enabled, state, reason } = status.frame_export;
  if (!enabled) return "off";
  const words = `${state ?? "waiting"}${status.frame_export.stream === "sub" ? ", of the sub stream" : ""}`;
  return reason === null ? words : `${words}: ${reason}`;
}
