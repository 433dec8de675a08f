/** The recent results of one camera, by model and in the order of their frames. */
import type { StreamRole } from "@vas/contracts/http.ts";
import type { FrameResult } from "./declared.ts";
import { SAME_FRAME_TICKS } from "./time.ts";

/** A model that answered nothing for this long has nothing to show. */
export const STALE_MS = 2_000;
const STALE_TICKS = STALE_MS * 90;
/** Results of a model beside the newest; a second of a fast one. */
const MOST_KEPT = 128;
const MOST_MODELS = 64;
/** Delays that tell what is usual for a model. */
const DELAYS_KEPT = 16;

/** A result against the picture it is drawn on. */
export type Drawn = {
  result: FrameResult;
  /** The picture's time minus the result's, 90 kHz ticks; since the arrival where the picture's time is unknown. */
  ageTicks: number;
  /** It was found in another stream than the picture is of: its age is by arrival, and no measure of its error. */
  isAbout?: boolean;
};

/** What of them was found in another stream than the picture's, marked so: no such result is ever on its own frame. */
export function markedBy(drawn: Drawn[], stream: StreamRole): Drawn[] {
  return drawn.map((one) =>
    (one.result.stream ?? "main") === stream ? one : { ...one, ageTicks: Math.max(1, one.ageTicks), isAbout: true },
  );
}

type OfModel = { results: FrameResult[]; arrivedMs: number; delays: number[] };

export class RecentResults {
  readonly #byModel = new Map<string, OfModel>();
  #since90k = Number.NEGATIVE_INFINITY;

  /** A run begins at this time: what was found before it belongs to other pictures, however near they are. */
  forgetBefore(pts90k: number): void {
    this.#since90k = pts90k;
    for (const model of this.#byModel.values())
      model.results = model.results.filter((result) => result.pts90k >= pts90k - SAME_FRAME_TICKS);
  }

  /**
   * @param nowMs any clock that only grows; the same for every call
   * @param displayed90k the frame on screen when it came, where known: what the result is late by is learnt from it
   */
  push(result: FrameResult, nowMs: number, displayed90k: number | null): void {
    if (result.pts90k < this.#since90k - SAME_FRAME_TICKS) return;
    let model = this.#byModel.get(result.model_id);
    if (!model) {
      if (this.#byModel.size >= MOST_MODELS) return;
      model = { results: [], arrivedMs: nowMs, delays: [] };
      this.#byModel.set(result.model_id, model);
    }
    const newest = model.results.at(-1);
    // A camera's time line only grows, so what is not newer came late or twice.
    if (newest && result.pts90k <= newest.pts90k) return;
    model.results.push(result);
    if (model.results.length > MOST_KEPT) model.results.shift();
    model.arrivedMs = nowMs;
    if (displayed90k === null || Math.abs(displayed90k - result.pts90k) > STALE_TICKS) return;
    model.delays.push(Math.max(0, displayed90k - result.pts90k));
    if (model.delays.length > DELAYS_KEPT) model.delays.shift();
  }

  models(): string[] {
    return [...this.#byModel.keys()].sort();
  }

  /** Models that answered within the last two seconds. */
  answering(nowMs: number): string[] {
    return this.models().filter((model) => nowMs - (this.#byModel.get(model) as OfModel).arrivedMs <= STALE_MS);
  }

  newestPts90k(model?: string): number | null {
    if (model !== undefined) return this.#byModel.get(model)?.results.at(-1)?.pts90k ?? null;
    let newest: number | null = null;
    for (const { results } of this.#byModel.values()) {
      const last = results.at(-1)?.pts90k;
      if (last !== undefined && (newest === null || last > newest)) newest = last;
    }
    return newest;
  }

  /** Of which stream the newest result's frame was; null where there is none. */
  newestStream(): StreamRole | null {
    const newest = this.newestPts90k();
    if (newest === null) return null;
    for (const { results } of this.#byModel.values())
      if (results.at(-1)?.pts90k === newest) return results.at(-1)?.stream ?? "main";
    return null;
  }

  /** How much later than its frame a model's result comes at most, of late, in ticks; 0 where nothing is known. */
  usualDelayTicks(model: string): number {
    return Math.max(0, ...(this.#byModel.get(model)?.delays ?? []));
  }

  /** The result of that very frame. */
  of(model: string, pts90k: number): FrameResult | null {
    const found = this.atOrBefore(model, pts90k + SAME_FRAME_TICKS);
    return found && pts90k - found.pts90k <= SAME_FRAME_TICKS ? found : null;
  }

  atOrBefore(model: string, pts90k: number): FrameResult | null {
    const results = this.#byModel.get(model)?.results ?? [];
    return results.findLast((result) => result.pts90k <= pts90k) ?? null;
  }

  /** What of the models' results belongs to a picture: of its own frame, else the last before it, two seconds at most. */
  drawnAt(models: readonly string[], pts90k: number): Drawn[] {
    const drawn: Drawn[] = [];
    for (const model of models) {
      const result = this.atOrBefore(model, pts90k + SAME_FRAME_TICKS);
      if (!result) continue;
      const ageTicks = Math.max(0, pts90k - result.pts90k);
      if (ageTicks <= STALE_TICKS) drawn.push({ result, ageTicks: ageTicks <= SAME_FRAME_TICKS ? 0 : ageTicks });
    }
    return drawn;
  }

  /** Each model's newest result, where the picture's time is not known. */
  newest(models: readonly string[], nowMs: number): Drawn[] {
    return models.flatMap((name) => {
      const model = this.#byModel.get(name);
      const result = model?.results.at(-1);
      return model && result && nowMs - model.arrivedMs <= STALE_MS
        ? [{ result, ageTicks: Math.round((nowMs - model.arrivedMs) * 90) }]
        : [];
    });
  }

  /**
   * True once nothing more is to be expected for a frame: every model has answered it or a later one, or had the time
   * that it usually takes.
   */
  isComplete(models: readonly string[], pts90k: number, displayed90k: number): boolean {
    return models.every((model) => {
      const newest = this.newestPts90k(model);
      return (
        (newest !== null && newest >= pts90k - SAME_FRAME_TICKS) || displayed90k - pts90k > this.usualDelayTicks(model)
      );
    });
  }
}
