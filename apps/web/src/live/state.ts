/** What a tile says of its camera: a badge, and words in place of a picture. */
import type { CameraStatus } from "@vas/contracts/http.ts";
import type { Tone } from "../cameras/words.ts";
import { liveText } from "../strings/live.ts";
import { duration, shortTime } from "../ui/format.ts";
import type { ViewerView } from "./viewer.ts";

export type Shown = {
  tone: Tone;
  badge: string;
  /** In place of the picture; null while one is shown. */
  words: string | null;
  /** The picture is the last one of a stream that has stopped, and is shown as such. */
  isOld: boolean;
};

/** A picture that stands for this long is not called live any more. */
const STALLED_MS = 3_000;

export type Watched = {
  status: CameraStatus;
  view: Pick<ViewerView<unknown>, "phase" | "error">;
  /** The connection to VAS is open. */
  online: boolean;
  /** Since the last new frame; null before the first. */
  stillMs: number | null;
};

export function shownOf({ status, view, online, stillMs }: Watched, now = new Date()): Shown {
  const say = (tone: Tone, badge: string, words: string): Shown => ({ tone, badge, words, isOld: true });
  const since = {
    time: shortTime(status.since, now),
    for: duration((now.getTime() - Date.parse(status.since)) / 1000),
  };
  if (status.state === "stopped") return say("plain", liveText.stopped, liveText.stoppedSince(since.time));
  if (!online) return say("warn", liveText.noConnection, liveText.noConnectionWords);
  if (status.state === "retrying")
    return say("bad", liveText.offline, liveText.offlineSince(since.time, since.for, status.reason?.message ?? null));
  if (view.phase === "playing") {
    // A camera of less than a frame a second stands still between any two.
    const patience = Math.max(STALLED_MS, status.fps ? 3_000 / status.fps : 0);
    if (stillMs === null || stillMs < patience)
      return { tone: "good", badge: liveText.live, words: null, isOld: false };
    return say("warn", liveText.still, liveText.stillFor(duration(stillMs / 1000)));
  }
  if (view.phase === "retrying")
    return say("warn", liveText.waiting, liveText.tryingAgain(view.error?.message ?? null));
  if (status.state === "connecting") return say("warn", liveText.connecting, liveText.connectingCamera);
  switch (view.phase) {
    case "waiting_key_frame":
      return say("warn", liveText.waiting, liveText.waitingKeyFrame(status.gop_seconds));
    case "waiting_run":
      return say("warn", liveText.waiting, liveText.waitingPicture);
    default:
      return say("warn", liveText.connecting, liveText.connectingViewer);
  }
}

/** How long a picture has stood still, by the count of frames that the element has shown. */
export class Stillness {
  #frames = 0;
  #sinceMs: number | null = null;

  /** @returns milliseconds since the last new frame; null before the first */
  push(frames: number, nowMs: number): number | null {
    if (frames !== this.#frames) {
      this.#frames = frames;
      this.#sinceMs = frames > 0 ? nowMs : null;
    }
    return this.#sinceMs === null ? null : nowMs - this.#sinceMs;
  }
}
