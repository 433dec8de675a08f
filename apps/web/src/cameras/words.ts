/** A camera's state in a person's words. */
import type { Camera, CameraStatus } from "@vas/contracts/http.ts";
import { liveText } from "../strings/live.ts";
import { shortTime } from "../ui/format.ts";

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

/** One sentence about the camera itself. */
export function stateWords(status: CameraStatus, now = new Date()): string {
  switch (status.state) {
    case "live":
      return "Live";
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

export function cameraFacts(camera: Camera): CameraFact[] {
  const { status } = camera;
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
    { name: "Bitrate", value: status.bitrate_kbps === null ? dash : `${Math.round(status.bitrate_kbps)} kbit/s` },
    { name: "Live view", value: live },
    { name: "Viewers", value: String(status.viewers) },
    { name: "Recording", value: recordingWords(camera) },
    { name: "Frame export", value: exportWords(status) },
  ];
}

function recordingWords(camera: Camera): string {
  if (!camera.record) return "off";
  return camera.status.recording ? "running" : "on, nothing to record at the moment";
}

function exportWords(status: CameraStatus): string {
  const { enabled, state, reason } = status.frame_export;
  if (!enabled) return "off";
  const words = state ?? "waiting";
  return reason === null ? words : `${words}: ${reason}`;
}
