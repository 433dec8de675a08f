/** What there is to see at a moment: which picture, and which results on it. Pure; the layer draws it. */
import type { FrameResult } from "./declared.ts";
import { LONGEST_TICKS, type Picture, type PictureRing, type Surface } from "./pictures.ts";
import { type Drawn, RecentResults, STALE_MS } from "./results.ts";
import type { OverlayMode } from "./settings.ts";
import { FrameLength } from "./time.ts";

/**
 * | state | the person sees |
 * | --- | --- |
 * | exact | the picture that the newest complete results belong to, a little late |
 * | playing | the playing picture, boxes over it with their age |
 * | approximate | the same, but the browser does not say which frame it shows |
 * | waiting | the playing picture without any box: no result came lately |
 * | paused | a kept picture with its results, while a person has stopped the video |
 * | late | the same: results come, but longer after their picture than pictures are kept |
 */
export type SceneState = "exact" | "playing" | "approximate" | "waiting" | "paused" | "late";

export type Scene<S> = {
  state: SceneState;
  /** To be shown instead of the playing picture. */
  picture: Picture<S> | null;
  /** Time of the picture that is seen. */
  pts90k: number | null;
  drawn: Drawn[];
  /** How much later than the playing picture the shown one is, ticks. */
  delayTicks: number;
};

/** A delayed picture that is older than this gives way to the playing one. */
const LONGEST_DELAY_TICKS = STALE_MS * 90;
const DEFAULT_FRAME_TICKS = 3_600;
const ALLOWANCE_TICKS = 18_000;

/**
 * The live scene.
 *
 * A frame's results are complete once every visible model that answers at all has answered this or a later frame, or had
 * as long as its slowest recent answer took. Exact mode shows the newest complete frame that has a result of its own and
 * whose picture was displayed. It never goes back. A model whose own result is of an earlier frame has that one drawn,
 * with its age.
 */
export class LiveScene<Source, S extends Surface<Source>> {
  readonly results = new RecentResults();
  readonly #ring: PictureRing<Source, S>;
  readonly #length = new FrameLength();
  #displayed90k: number | null = null;
  #shown: Picture<S> | null = null;
  #isPaused = false;
  /** What is seen while paused; null where no picture was kept. */
  #stopped: Picture<S> | null = null;

  constructor(ring: PictureRing<Source, S>) {
    this.#ring = ring;
  }

  get displayed90k(): number | null {
    return this.#displayed90k;
  }

  /** Ticks of a frame; null while too few were seen. */
  frameTicks(): number | null {
    return this.#length.ticks();
  }

  get ringBytes(): number {
    return this.#ring.bytes;
  }

  /**
   * A frame is on screen.
   *
   * @param pts90k null where the browser does not tell
   * @param source its pixels; null where no picture is wanted
   */
  frame(pts90k: number | null, source: Source | null, width: number, height: number): void {
    if (pts90k !== null && pts90k !== this.#displayed90k) this.#length.push(pts90k);
    if (pts90k !== null && this.#displayed90k !== null && Math.abs(pts90k - this.#displayed90k) > 900_000)
      this.#show(null);
    this.#displayed90k = pts90k;
    if (pts90k === null || source === null) return;
    const slowest = Math.max(0, ...this.results.models().map((model) => this.results.usualDelayTicks(model)));
    if (slowest > 0) this.#ring.windowTicks = slowest * 1.5 + ALLOWANCE_TICKS;
    this.#ring.push(pts90k, source, width, height, this.#length.ticks() ?? DEFAULT_FRAME_TICKS);
  }

  result(result: FrameResult, nowMs: number): void {
    // What comes while the picture stands belongs to pictures that nobody sees.
    if (!this.#isPaused) this.results.push(result, nowMs, this.#displayed90k);
  }

  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#stopped = this.#shown ?? this.#ring.pictures.at(-1) ?? null;
    this.#show(this.#stopped);
  }

  resume(): void {
    this.#isPaused = false;
    this.#stopped = null;
  }

  /**
   * Goes to another kept picture while paused.
   *
   * @param by pictures, negative for earlier ones
   * @returns false where there is none
   */
  step(by: number): boolean {
    const stopped = this.#stopped;
    if (!stopped) return false;
    const { pictures } = this.#ring;
    // The shown one may be older than all that are kept.
    const at = pictures.findLastIndex(({ pts90k }) => pts90k <= stopped.pts90k);
    const next = pictures[at + by];
    if (!next) return false;
    this.#stopped = next;
    this.#show(next);
    return true;
  }

  /** The run ended: what was shown and kept belongs to another one. */
  forgetPictures(): void {
    this.#ring.clear();
    this.#shown = null;
    this.#stopped = null;
    this.#displayed90k = null;
  }

  scene(mode: OverlayMode, isVisible: (model: string) => boolean, nowMs: number): Scene<S> {
    const visible = this.results.models().filter(isVisible);
    const displayed = this.#displayed90k;
    const stopped = this.#stopped;
    if (stopped) {
      const drawn = this.results.drawnAt(visible, stopped.pts90k);
      const delayTicks = displayed === null ? 0 : displayed - stopped.pts90k;
      return { state: "paused", picture: stopped, pts90k: stopped.pts90k, drawn, delayTicks };
    }
    if (displayed === null) {
      this.#show(null);
      const drawn = this.results.newest(visible, nowMs);
      return { state: drawn.length > 0 ? "approximate" : "waiting", picture: null, pts90k: null, drawn, delayTicks: 0 };
    }
    if (mode === "exact") {
      const answering = this.results.answering(nowMs).filter(isVisible);
      const picture = this.#newestComplete(answering, displayed);
      if (picture) {
        const drawn = this.results.drawnAt(visible, picture.pts90k);
        const delayTicks = displayed - picture.pts90k;
        return { state: "exact", picture, pts90k: picture.pts90k, drawn, delayTicks };
      }
      const isLate = answering.some((model) => this.results.usualDelayTicks(model) > LONGEST_TICKS);
      return { state: isLate ? "late" : "waiting", picture: null, pts90k: displayed, drawn: [], delayTicks: 0 };
    }
    this.#show(null);
    const drawn = this.results.drawnAt(visible, displayed);
    return { state: drawn.length > 0 ? "playing" : "waiting", picture: null, pts90k: displayed, drawn, delayTicks: 0 };
  }

  #newestComplete(models: readonly string[], displayed90k: number): Picture<S> | null {
    const shown = this.#shown;
    const next =
      models.length === 0
        ? undefined
        : this.#ring.pictures.findLast(
            ({ pts90k }) =>
              (shown === null || pts90k > shown.pts90k) &&
              models.some((model) => this.results.of(model, pts90k) !== null) &&
              this.results.isComplete(models, pts90k, displayed90k),
          );
    if (next) this.#show(next);
    else if (shown && (displayed90k - shown.pts90k > LONGEST_DELAY_TICKS || models.length === 0)) this.#show(null);
    return this.#shown;
  }

  #show(picture: Picture<S> | null): void {
    this.#shown = picture;
    this.#ring.hold(picture);
  }
}
