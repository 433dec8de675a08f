/** Where a stream's runs stand on its camera's time line; docs/design/time.md. */

const TICKS_PER_MS = 90;
/** Between the last frame of a run and the next run's base, so that what was on its way is still of the run before. */
const SEAM_TICKS = 90_000;

export class TimeLine {
  #lastPts90k: number;

  /** @param lastPts90k the end of the newest frame known of; 0 where there is none */
  constructor(lastPts90k: number) {
    this.#lastPts90k = lastPts90k;
  }

  get lastPts90k(): number {
    return this.#lastPts90k;
  }

  /** @returns the base of the run that begins now: Unix time, or above everything before it where the clock was set back */
  beginRun(wallMs: number): number {
    return Math.max(this.#lastPts90k + SEAM_TICKS, wallMs * TICKS_PER_MS);
  }

  /** @returns the base of a run whose place was found by arrival; no frame of it comes before those of earlier runs */
  placeRun(pts90kBase: number): number {
    return Math.max(this.#lastPts90k + 1, pts90kBase);
  }

  /** @param pts90k the end of a frame; one that lies before others changes nothing */
  reached(pts90k: number): void {
    this.#lastPts90k = Math.max(this.#lastPts90k, pts90k);
  }
}
