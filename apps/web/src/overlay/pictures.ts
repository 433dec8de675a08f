/**
 * A short ring of displayed pictures, so that a result that comes late finds the picture it belongs to. The pictures are
 * copies in surfaces that are used again and again: the browser's own frames are given back at once, as a decoder that
 * waits for them would stop the video.
 */
import { SAME_FRAME_TICKS } from "./time.ts";

/** What is needed of a canvas. */
export interface Surface<Source> {
  readonly width: number;
  readonly height: number;
  resize(width: number, height: number): void;
  draw(source: Source): void;
}

export type Picture<S> = { pts90k: number; surface: S };

/** Bytes of pictures kept at most; larger pictures are kept smaller. */
export const MOST_BYTES = 256 * 1024 * 1024;
const BYTES_PER_PIXEL = 4;
/** Pictures are kept for a second at most. */
export const LONGEST_TICKS = 90_000;
const SHORTEST_TICKS = 27_000;
/** Surfaces that wait for their next picture. */
const MOST_FREE = 2;

export class PictureRing<Source, S extends Surface<Source>> {
  readonly #make: () => S;
  #pictures: Picture<S>[] = [];
  #free: S[] = [];
  #held: Picture<S> | null = null;
  #windowTicks = LONGEST_TICKS;

  constructor(make: () => S) {
    this.#make = make;
  }

  /** How far back pictures are kept: 0.3 to 1 s. */
  set windowTicks(ticks: number) {
    this.#windowTicks = Math.min(LONGEST_TICKS, Math.max(SHORTEST_TICKS, ticks));
  }

  get windowTicks(): number {
    return this.#windowTicks;
  }

  /** Newest last. */
  get pictures(): readonly Picture<S>[] {
    return this.#pictures;
  }

  get bytes(): number {
    const surfaces = [...this.#pictures.map((picture) => picture.surface), ...this.#free];
    if (this.#held && !this.#pictures.includes(this.#held)) surfaces.push(this.#held.surface);
    return surfaces.reduce((sum, { width, height }) => sum + width * height * BYTES_PER_PIXEL, 0);
  }

  /**
   * Keeps a copy of a displayed frame.
   *
   * @param width pixels that the picture fills on the screen; never more than the frame has are kept
   * @param frameTicks how long a frame lasts; with it the pictures are made to fit into the memory
   */
  push(pts90k: number, source: Source, width: number, height: number, frameTicks: number): void {
    const newest = this.#pictures.at(-1);
    // Another run: its pictures and those before have nothing to do with each other.
    if (newest && Math.abs(pts90k - newest.pts90k) > 10 * LONGEST_TICKS) this.clear();
    else if (newest && pts90k <= newest.pts90k) return;
    const oldest = pts90k - this.#windowTicks;
    while (this.#pictures[0] && this.#pictures[0].pts90k < oldest) {
      const old = this.#pictures.shift() as Picture<S>;
      if (old !== this.#held) this.#release(old.surface);
    }
    const count = Math.ceil(this.#windowTicks / frameTicks) + 1;
    const scale = Math.min(1, Math.sqrt(MOST_BYTES / (count * width * height * BYTES_PER_PIXEL)));
    const surface = this.#free.pop() ?? this.#make();
    surface.resize(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
    surface.draw(source);
    this.#pictures.push({ pts90k, surface });
  }

  /** The picture of a frame. */
  of(pts90k: number): Picture<S> | null {
    return this.#pictures.findLast((picture) => Math.abs(picture.pts90k - pts90k) <= SAME_FRAME_TICKS) ?? null;
  }

  /** Keeps this picture beyond its time, instead of the one held before. */
  hold(picture: Picture<S> | null): void {
    const before = this.#held;
    this.#held = picture;
    if (before && before !== picture && !this.#pictures.includes(before)) this.#release(before.surface);
  }

  clear(): void {
    this.#pictures = [];
    this.#free = [];
    this.#held = null;
  }

  #release(surface: S): void {
    if (this.#free.length < MOST_FREE) this.#free.push(surface);
  }
}
