/** Recordings in a video element through hls.js, one window after the other. hls.js is loaded with the first of them. */
import type Hls from "hls.js";
import { playlist } from "../api/vas.ts";
import type { Span } from "./timeline.ts";
import { type Fragment, mediaTimeOf, windowAround } from "./window.ts";

export type PlayerState =
  | { phase: "idle" }
  | { phase: "loading" }
  | { phase: "ready" }
  | { phase: "ended" }
  | { phase: "failed"; message: string };

export class RecordingPlayer {
  readonly #video: HTMLVideoElement;
  readonly #onState: (state: PlayerState) => void;
  readonly #onWindowEnd: (atMs: number) => void;
  #hls: Hls | null = null;
  #fragments: Fragment[] = [];
  #cameraId = "";
  #window: Span | null = null;
  /** Counts openings, so that one that was overtaken does nothing. */
  #turn = 0;

  /** @param onWindowEnd the loaded hour is played to its end; called with the moment that follows */
  constructor(video: HTMLVideoElement, onState: (state: PlayerState) => void, onWindowEnd: (atMs: number) => void) {
    this.#video = video;
    this.#onState = onState;
    this.#onWindowEnd = onWindowEnd;
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
    this.#onState({ phase: "loading" });
    const { default: Library } = await import("hls.js/light");
    if (turn !== this.#turn) return;
    if (!Library.isSupported()) {
      this.#onState({
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
      this.#onState({ phase: "failed", message: "Nothing is recorded at this moment." });
    });
    hls.once(Library.Events.FRAG_BUFFERED, () => {
      this.#onState({ phase: "ready" });
      this.#play();
    });
    hls.on(Library.Events.ERROR, (_event, data) => {
      if (!data.fatal) return;
      this.#unload();
      const status = data.response?.code ? ` [status:${data.response.code}]` : "";
      this.#onState({ phase: "failed", message: `The recording cannot be played: ${data.details}${status}.` });
    });
    hls.loadSource(
      playlist(cameraId, new Date(this.#window.fromMs).toISOString(), new Date(this.#window.toMs).toISOString()),
    );
    hls.attachMedia(this.#video);
  }

  /** Shows nothing any more. */
  clear(): void {
    this.#turn += 1;
    this.#unload();
    this.#onState({ phase: "idle" });
  }

  close(): void {
    this.#turn += 1;
    this.#video.removeEventListener("ended", this.#ended);
    this.#unload();
  }

  readonly #ended = (): void => {
    const last = this.#fragments.at(-1);
    this.#onState({ phase: "ended" });
    if (last?.programDateTime != null) this.#onWindowEnd(last.programDateTime + last.duration * 1000 + 1);
  };

  #play(): void {
    // Refused only where the browser wants a gesture first; the play button is that gesture.
    this.#video.play().catch(() => {});
  }

  #unload(): void {
    this.#hls?.destroy();
    this.#hls = null;
    this.#fragments = [];
    this.#window = null;
  }
}
