/** Recordings in a video element through hls.js, one window after the other. hls.js is loaded with the first of them. */
import type Hls from "hls.js";
import type { Fragment as HlsFragment } from "hls.js";
import type { Recordings } from "@vas/contracts/http.ts";
import type { Outcome } from "../api/client.ts";
import { playlist } from "../api/vas.ts";
import { shownFrame } from "../overlay/frame.ts";
import { FrameIndex } from "./frames.ts";
import type { Span } from "./timeline.ts";
import { type Fragment, mediaTimeOf, windowAround } from "./window.ts";

export type PlayerState =
  | { phase: "idle" }
  | { phase: "loading" }
  | { phase: "ready" }
  | { phase: "ended" }
  | { phase: "failed"; message: string };

export type RecordingPlayerOptions = {
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
  readonly #video: HTMLVideoElement;
  readonly #options: RecordingPlayerOptions;
  #hls: Hls | null = null;
  #fragments: Fragment[] = [];
  #cameraId = "";
  #window: Span | null = null;
  /** Counts openings, so that one that was overtaken does nothing. */
  #turn = 0;
  #asking = false;

  constructor(video: HTMLVideoElement, options: RecordingPlayerOptions) {
    this.#video = video;
    this.#options = options;
    video.addEventListener("ended", this.#ended);
  }

  /** The wall-clock time of the picture, Unix ms. */
  playingMs(): number | null {
    return this.#hls?.playingDate?.getTime() ?? null;
  }

  /** Shows a moment and plays on from it. */
  async open(cameraId: string, atMs: number): Promise<void> {
    const known = cameraId === this.#cameraId && this.#hls ? mediaTimeOf(this.#fragments, atMs) : null;
    if (known !== null && this.#window && atMs >= this.#window.fromMs) {
      this.#video.currentTime = known;
      this.#play();
      return;
    }
    this.#turn += 1;
    const turn = this.#turn;
    this.#unload();
    this.#options.onState({ phase: "loading" });
    const { default: Library } = await import("hls.js/light");
    if (turn !== this.#turn) return;
    if (!Library.isSupported()) {
      this.#options.onState({
        phase: "failed",
        message: "This browser cannot play recordings: it has no Media Source Extensions.",
      });
      return;
    }
    this.#cameraId = cameraId;
    this.#window = windowAround(atMs, Date.now());
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
      this.#options.onState({ phase: "failed", message: "Nothing is recorded at this moment." });
    });
    this.#follow(hls, Library.Events, turn);
    void this.#askSegments(turn);
    hls.once(Library.Events.FRAG_BUFFERED, () => {
      this.#options.onState({ phase: "ready" });
      this.#play();
    });
    hls.on(Library.Events.ERROR, (_event, data) => {
      if (!data.fatal) return;
      this.#unload();
      const status = data.response?.code ? ` [status:${data.response.code}]` : "";
      this.#options.onState({ phase: "failed", message: `The recording cannot be played: ${data.details}${status}.` });
    });
    hls.loadSource(
      playlist(cameraId, new Date(this.#window.fromMs).toISOString(), new Date(this.#window.toMs).toISOString()),
    );
    hls.attachMedia(this.#video);
  }

  /** Pauses and shows the next or the previous frame, by the frames' real durations. */
  step(direction: 1 | -1): void {
    const video = this.#video;
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
    this.#video.removeEventListener("ended", this.#ended);
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
    const outcome = await this.#options.recordings(
      this.#cameraId,
      new Date(fromMs).toISOString(),
      new Date(toMs).toISOString(),
    );
    this.#asking = false;
    // Where this failed the next fragment asks again; until then nothing is drawn on a frame whose time is not known.
    if (outcome.ok && turn === this.#turn) this.frames.segments(outcome.value.segments);
  }

  readonly #ended = (): void => {
    const last = this.#fragments.at(-1);
    this.#options.onState({ phase: "ended" });
    if (last?.programDateTime != null) this.#options.onWindowEnd(last.programDateTime + last.duration * 1000 + 1);
  };

  #play(): void {
    // Refused only where the browser wants a gesture first; the play button is that gesture.
    this.#video.play().catch(() => {});
  }

  #unload(): void {
    this.#hls?.destroy();
    this.#hls = null;
    this.#fragments = [];
    this.frames.clear();
    this.#window = null;
  }
}
