/** Live view: results come over the WebSocket, displayed frames are placed by their RTP timestamp and the run. */
import type { Result, Run } from "@vas/contracts/live.ts";
import { readResult } from "./declared.ts";
import type { Director, Shot } from "./director.ts";
import type { ShownFrame } from "./frame.ts";
import { LabelBook } from "./labels.ts";
import { PictureRing } from "./pictures.ts";
import { type Drawn, markedBy } from "./results.ts";
import { LiveScene } from "./scene.ts";
import type { OverlaySettings } from "./settings.ts";
import { CanvasSurface } from "./surface.ts";
import { displayedPts90k, momentOfRun } from "./time.ts";

export type LiveOptions = {
  /** The run that the element plays now. */
  run: () => Run | null;
  /** Frames a second as VAS measured them; used until enough frames were seen. */
  fps: () => number | null;
  /** Asks VAS for results; answers how to end it. */
  follow: (onResult: (result: Result) => void, onError: (error: { message: string } | null) => void) => () => void;
  nowMs: () => number;
  unixMs: () => number;
};

const OFFSETS_KEPT = 64;

export class LiveDirector implements Director {
  readonly #options: LiveOptions;
  readonly #scene = new LiveScene<CanvasImageSource, CanvasSurface>(new PictureRing(() => new CanvasSurface()));
  readonly #labels = new LabelBook();
  #malformed = 0;
  #error: string | null = null;
  #runId: string | null = null;
  /** Of the newest results: what VAS's clock said when their frame was decoded, above the camera's own time line. */
  #offsets: number[] = [];

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  start(changed: () => void): () => void {
    return this.#options.follow(
      (from) => {
        const result = readResult(from, (count) => {
          this.#malformed += count;
        });
        if (!result) return;
        this.#scene.result(result, this.#options.nowMs());
        this.#labels.add(result);
        this.#clock(from.wall_ms, result.pts90k);
        changed();
      },
      (refused) => {
        this.#error = refused?.message ?? null;
      },
    );
  }

  look(shown: ShownFrame | null, settings: OverlaySettings, width: number, height: number): Shot {
    const { run, nowMs } = this.#options;
    const playing = run();
    if (playing?.run_id !== this.#runId) {
      this.#runId = playing?.run_id ?? null;
      this.#scene.forgetPictures();
      this.#offsets = [];
      if (playing) this.#scene.results.forgetBefore(playing.pts90k_base);
    }
    // Nothing is playing: what the element may still show belongs to a run that ended.
    if (!playing) return { state: "waiting", picture: null, pts90k: null, drawn: [], delayTicks: 0 };
    const pts90k = this.#place(shown, playing);
    // Pictures are kept only where results that could belong to them are coming.
    const stream = playing.stream ?? "main";
    // Frames of two streams have no clock in common: waiting for a picture's own results would be waiting for nothing.
    const found = this.#scene.results.newestStream();
    const mode = found === null || found === stream ? settings.mode : "fast";
    const isKept = mode === "exact" && this.#scene.results.answering(nowMs()).length > 0;
    this.#scene.frame(pts90k, shown && isKept ? shown.picture : null, width, height);
    const scene = this.#scene.scene(mode, (model) => !settings.hidden.includes(model), nowMs());
    const { picture } = scene;
    const drawn = markedBy(scene.drawn, stream);
    const state = drawn.some((one) => one.isAbout) ? "elsewhere" : scene.state;
    return { ...scene, state, drawn, picture: picture && { source: picture.surface.canvas, id: picture.pts90k } };
  }

  #place(shown: ShownFrame | null, run: Run): number | null {
    if (shown?.rtpTimestamp == null) return null;
    const near = momentOfRun(run, this.#scene.results.newestPts90k(), this.#options.unixMs());
    return displayedPts90k(shown.rtpTimestamp, run, near);
  }

  /**
   * Milliseconds to add to a frame's `pts90k / 90` for the Unix time at which VAS had it, by VAS's own clock; null while no
   * result has told. The least of the newest counts: a frame that was decoded late says more than there is.
   */
  wallOffsetMs(): number | null {
    return this.#offsets.length === 0 ? null : Math.min(...this.#offsets);
  }

  #clock(wallMs: unknown, pts90k: number): void {
    if (!Number.isSafeInteger(wallMs)) return;
    this.#offsets.push((wallMs as number) - pts90k / 90);
    if (this.#offsets.length > OFFSETS_KEPT) this.#offsets.shift();
  }

  /** The video was stopped by a person: what is seen stays, with its results. */
  pause(): void {
    this.#scene.pause();
  }

  resume(): void {
    this.#scene.resume();
  }

  /** @returns false where no picture is kept there */
  step(by: number): boolean {
    return this.#scene.step(by);
  }

  framesOf({ ageTicks }: Drawn, pts90k: number | null): number | null {
    if (pts90k === null) return null;
    if (ageTicks === 0) return 0;
    const fps = this.#options.fps();
    const ticks = this.#scene.frameTicks() ?? (fps === null ? null : 90_000 / fps);
    return ticks === null ? null : Math.round(ageTicks / ticks);
  }

  models(): string[] {
    return this.#scene.results.models();
  }

  labels(): Record<string, string[]> {
    return this.#labels.all();
  }

  malformed(): number {
    return this.#malformed;
  }

  error(): string | null {
    return this.#error;
  }

  bytes(): number {
    return this.#scene.ringBytes;
  }
}
