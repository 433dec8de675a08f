/** Recordings: the player says which recorded frame is on screen, the track says what was found on it. */
import type { FrameIndex } from "../playback/frames.ts";
import type { Track } from "../playback/track.ts";
import type { Director, Shot } from "./director.ts";
import type { ShownFrame } from "./frame.ts";
import { type Drawn, markedBy } from "./results.ts";
import type { OverlaySettings } from "./settings.ts";
import { SAME_FRAME_TICKS } from "./time.ts";

/** Between two results the last one is drawn, dashed and with its age, for so long. */
const LONGEST_AGE_TICKS = 90_000;

export type RecordedOptions = {
  frames: FrameIndex;
  track: Track;
  /** Frames are shown at so many times their own speed. */
  speed: () => number;
};

export class RecordedDirector implements Director {
  readonly #options: RecordedOptions;

  constructor(options: RecordedOptions) {
    this.#options = options;
  }

  start(changed: () => void): () => void {
    return this.#options.track.onChange(changed);
  }

  look(shown: ShownFrame | null, settings: OverlaySettings): Shot {
    const { frames, track, speed } = this.#options;
    const nothing = { picture: null, pts90k: null, drawn: [], delayTicks: 0 };
    if (shown?.mediaTime == null) return { ...nothing, state: shown ? "approximate" : "waiting" };
    const frame = frames.at(shown.mediaTime);
    if (!frame) return { ...nothing, state: "unknown" };
    const { pts90k } = frame;
    track.want(frame.wallMs, speed());
    const drawn = markedBy(this.#drawn(pts90k, settings), "main");
    if (drawn.length === 0) return { ...nothing, pts90k, state: track.isLoaded(frame.wallMs) ? "waiting" : "loading" };
    if (drawn.some((one) => one.isAbout)) return { ...nothing, pts90k, drawn, state: "elsewhere" };
    if (settings.mode === "fast") return { ...nothing, pts90k, drawn, state: "playing" };
    return { state: "exact", picture: { source: shown.picture, id: pts90k }, pts90k, drawn, delayTicks: 0 };
  }

  #drawn(pts90k: number, settings: OverlaySettings): Drawn[] {
    const { frames, track } = this.#options;
    const drawn: Drawn[] = [];
    for (const model of track.models()) {
      if (settings.hidden.includes(model)) continue;
      const result = track.atOrBefore(model, pts90k + SAME_FRAME_TICKS);
      if (!result) continue;
      const age = pts90k - result.pts90k;
      if (age <= SAME_FRAME_TICKS) drawn.push({ result, ageTicks: 0 });
      // No frame of the recording is a sub stream's, so there is nothing to count between the two.
      else if (result.stream === "sub" && age <= LONGEST_AGE_TICKS) drawn.push({ result, ageTicks: age });
      // Where the frames between are not known a camera may have been restarted: its pictures have nothing in common.
      else if (age <= LONGEST_AGE_TICKS && frames.framesBetween(result.pts90k, pts90k) !== null)
        drawn.push({ result, ageTicks: age });
    }
    return drawn;
  }

  framesOf({ result, ageTicks }: Drawn, pts90k: number | null): number | null {
    if (pts90k === null) return null;
    return ageTicks === 0 ? 0 : this.#options.frames.framesBetween(result.pts90k, pts90k);
  }

  models(): string[] {
    return this.#options.track.models();
  }

  labels(): Record<string, string[]> {
    return this.#options.track.labels();
  }

  malformed(): number {
    return this.#options.track.malformed;
  }

  error(): string | null {
    return this.#options.track.error;
  }

  bytes(): number {
    return 0;
  }
}
