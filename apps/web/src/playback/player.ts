/** Recordings of one camera in a video element through hls.js, one hour after the other. hls.js is loaded with the first. */
import type Hls from "hls.js";
import type { Fragment as HlsFragment } from "hls.js";
import type { Recordings } from "@vas/contracts/http.ts";
import type { ApiError, Outcome } from "../api/client.ts";
import { playlist } from "../api/vas.ts";
import { shownFrame } from "../overlay/frame.ts";
import { playbackText } from "../strings/playback.ts";
import { footage } from "./footage.ts";
import { FrameIndex } from "./frames.ts";
import { playableFrom } from "./steer.ts";
import type { Span } from "./view.ts";
import { type Fragment, mediaTimeOf, windowAround } from "./window.ts";

export type PlayerState =
  | { phase: "idle" }
  | { phase: "loading" }
  | { phase: "ready" }
  | { phase: "ended" }
  | { phase: "failed"; message: string };

export type RecordingPlayerOptions = {
  cameraId: string;
  onState: (state: PlayerState) => void;
  /** The loaded hour is played to its end; called with the moment that follows. */
  onWindowEnd: (atMs: number) => void;
  /** Lists what is recorded: where each segment begins on the camera's time line. */
  recordings: (cameraId: string, from: string, to: string) => Promise<Outcome<Recordings>>;
};

/** A step that the index does not know is a seek of a usual frame. */
const USUAL_FRAME_S = 0.04;

export class RecordingPlayer {
  /** Which recorded frame each moment of the element is. */
  readonly frames = new FrameIndex();
  readonly video: HTMLVideoElement;
  readonly #options: RecordingPlayerOptions;
  #hls: Hls | null = null;
  #fragments: Fragment[] = [];
  #footage: Span[] = [];
  #window: Span | null = null;
  /** Counts openings, so that one that was overtaken does nothing. */
  #turn = 0;
  #asking = false;

  constructor(video: HTMLVideoElement, options: RecordingPlayerOptions) {
    this.video = video;
    this.#options = options;
    video.addEventListener("ended", this.#ended);
  }

  /** Footage of the hour that is loaded, in order. */
  get footage(): readonly Span[] {
    return this.#footage;
  }

  get isOpen(): boolean {
    return this.#hls !== null;
  }

  /** The wall-clock time of the picture, Unix ms. */
  playingMs(): number | null {
    if (!this.#hls || this.video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
    return this.frames.wallMsAt(this.video.currentTime) ?? this.#hls.playingDate?.getTime() ?? null;
  }

  /** True where the moment lies in what is loaded, and a seek is all it takes. */
  holds(atMs: number): boolean {
    const window = this.#window;
    return (
      this.#hls !== null && window !== null && atMs >= window.fromMs && mediaTimeOf(this.#fragments, atMs) !== null
    );
  }

  /**
   * Finds out what is recorded around a moment.
   *
   * @returns the moment, or the next in the hour after it that is recorded; null where none is; or why it is not known
   */
  async locate(atMs: number): Promise<{ atMs: number | null } | { error: ApiError }> {
    const { fromMs, toMs } = windowAround(atMs, Date.now());
    const outcome = await this.#options.recordings(this.#options.cameraId, iso(fromMs), iso(toMs));
    if (!outcome.ok) return { error: outcome.error };
    this.frames.segments(outcome.value.segments);
    return { atMs: playableFrom(footage(outcome.value.segments), atMs) };
  }

  /** Shows a recorded moment, and plays on from it or stands still. */
  async open(atMs: number, play: boolean): Promise<void> {
    if (this.holds(atMs)) {
      this.move(atMs);
      if (play) this.play();
      else this.video.pause();
      return;
    }
    this.#turn += 1;
    const turn = this.#turn;
    this.#unload();
    this.#options.onState({ phase: "loading" });
    const { default: Library } = await import("hls.js/light");
    if (turn !== this.#turn) return;
    if (!Library.isSupported()) {
      this.#options.onState({ phase: "failed", message: playbackText.noMediaSource });
      return;
    }
    const window = windowAround(atMs, Date.now());
    this.#window = window;
    const hls = new Library({ autoStartLoad: false, backBufferLength: 60, maxBufferLength: 30 });
    this.#hls = hls;
    hls.once(Library.Events.MANIFEST_PARSED, (_event, { levels }) => {
      this.#fragments = (levels[0]?.details?.fragments ?? []).map(({ start, duration, programDateTime }) => ({
        start,
        duration,
        programDateTime,
      }));
      const start = mediaTimeOf(this.#fragments, atMs);
      if (start !== null) {
        hls.startLoad(start);
        return;
      }
      this.#unload();
      this.#options.onState({ phase: "failed", message: playbackText.notRecorded });
    });
    this.#follow(hls, Library.Events, turn);
    void this.#askSegments(turn);
    hls.once(Library.Events.FRAG_BUFFERED, () => {
      this.#options.onState({ phase: "ready" });
      if (play) this.play();
    });
    hls.on(Library.Events.ERROR, (_event, data) => {
      if (!data.fatal) return;
      this.#unload();
      const status = data.response?.code ? ` [status:${data.response.code}]` : "";
      this.#options.onState({ phase: "failed", message: playbackText.cannotPlay(`${data.details}${status}`) });
    });
    hls.loadSource(playlist(this.#options.cameraId, iso(window.fromMs), iso(window.toMs)));
    hls.attachMedia(this.video);
  }

  /** Shows another moment of what is loaded; does nothing where it is not. */
  move(atMs: number): void {
    const to = this.frames.mediaTimeAt(atMs) ?? mediaTimeOf(this.#fragments, atMs);
    if (to !== null) this.video.currentTime = to;
  }

  play(): void {
    // Refused only where the browser wants a gesture first; the play button is that gesture.
    if (this.video.paused) this.video.play().catch(() => {});
  }

  /** Pauses and shows the next or the previous frame, by the frames' real durations. */
  step(direction: 1 | -1): void {
    const { video } = this;
    video.pause();
    const shown = shownFrame(video, null);
    const now = shown?.mediaTime ?? video.currentTime;
    shown?.close();
    const next = this.frames.beside(now, direction) ?? video.currentTime + direction * USUAL_FRAME_S;
    video.currentTime = Math.max(0, next);
  }

  /** Shows nothing any more. */
  clear(): void {
    this.#turn += 1;
    this.#unload();
    this.#options.onState({ phase: "idle" });
  }

  close(): void {
    this.#turn += 1;
    this.video.removeEventListener("ended", this.#ended);
    this.#unload();
  }

  /** Keeps the frame index as complete as what is loaded. */
  #follow(hls: Hls, events: typeof Hls.Events, turn: number): void {
    hls.on(events.FRAG_LOADED, (_event, { frag, payload }) => {
      if (typeof frag.sn !== "number" || payload.byteLength === 0) return;
      const segmentId = new URL(frag.url, location.href).pathname.split("/").at(-1) ?? "";
      this.frames.loaded(frag.sn, frag.cc, segmentId, new Uint8Array(payload));
      if (this.frames.isUnknown(segmentId)) void this.#askSegments(turn);
    });
    const placed = (_event: string, { frag }: { frag: HlsFragment }) => {
      const startTime = frag.elementaryStreams.video?.startPTS ?? frag.elementaryStreams.audiovideo?.startPTS;
      if (typeof frag.sn === "number" && startTime !== undefined) this.frames.placed(frag.sn, startTime);
    };
    hls.on(events.FRAG_PARSED, placed);
    hls.on(events.FRAG_BUFFERED, placed);
  }

  async #askSegments(turn: number): Promise<void> {
    const { fromMs, toMs } = this.#window ?? { fromMs: 0, toMs: 0 };
    if (this.#asking || toMs <= fromMs) return;
    this.#asking = true;
    const outcome = await this.#options.recordings(this.#options.cameraId, iso(fromMs), iso(toMs));
    this.#asking = false;
    // Where this failed the next fragment asks again; until then nothing is drawn on a frame whose time is not known.
    if (!outcome.ok || turn !== this.#turn) return;
    this.frames.segments(outcome.value.segments);
    this.#footage = footage(outcome.value.segments);
  }

  readonly #ended = (): void => {
    const last = this.#fragments.at(-1);
    this.#options.onState({ phase: "ended" });
    if (last?.programDateTime != null) this.#options.onWindowEnd(last.programDateTime + last.duration * 1000 + 1);
  };

  #unload(): void {
    this.#hls?.destroy();
    this.#hls = null;
    this.#fragments = [];
    this.#footage = [];
    this.frames.clear();
    this.#window = null;
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();
