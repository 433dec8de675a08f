/** What is recorded of a camera around the stretch that is shown: asked for once, drawn at any zoom until it is too coarse. */
import type { Timeline, TimelineLabel, TimelineState, TimelineSum } from "@vas/contracts/timeline.ts";
import type { ApiError, Outcome } from "../api/client.ts";
import { bucketFor, lengthOf, type Span } from "./view.ts";

export type Stretch = Span & { state: TimelineState; reason: string | null; message: string | null };

export type Summary = Span & {
  bucketMs: number;
  /** Of each bucket, 0 to 1. */
  recorded: Float32Array;
  stretches: Stretch[];
  /** All stretches without footage are listed, so that what lies between them is footage. */
  isComplete: boolean;
  sums: TimelineSum[];
  labels: TimelineLabel[];
};

/** A view's neighbours on both sides are asked for with it. */
const MARGIN_VIEWS = 0.9;
/** What is shown of now is asked for again this often. */
const AGAIN_MS = 10_000;
/** A hand that zooms changes the view many times a second. */
const SETTLE_MS = 90;
const RETRY_MS = 5_000;

export function readTimeline(timeline: Timeline): Summary {
  const { bucket_ms: bucketMs, sums, labels } = timeline;
  const [fromMs, toMs] = [Date.parse(timeline.from), Date.parse(timeline.to)];
  const recorded = Float32Array.from(timeline.recorded_ms, (ms, bucket) => {
    const length = Math.min(bucketMs, toMs - (fromMs + bucket * bucketMs));
    return length > 0 ? Math.min(1, ms / length) : 0;
  });
  const stretches = timeline.stretches.map(({ start, end, ...why }) => ({
    fromMs: Date.parse(start),
    toMs: Date.parse(end),
    ...why,
  }));
  return { fromMs, toMs, bucketMs, recorded, stretches, isComplete: timeline.stretches_left_out === 0, sums, labels };
}

/** The range that is asked for so that the view can move within it, on the buckets' own grid. */
export function rangeFor(view: Span): Span & { bucketMs: number } {
  const bucketMs = bucketFor(view);
  const margin = lengthOf(view) * MARGIN_VIEWS;
  return {
    fromMs: Math.max(0, Math.floor((view.fromMs - margin) / bucketMs) * bucketMs),
    toMs: Math.ceil((view.toMs + margin) / bucketMs) * bucketMs,
    bucketMs,
  };
}

/** True where the summary shows all of the view, as fine as it should be. */
export function covers(summary: Summary, view: Span): boolean {
  return summary.fromMs <= view.fromMs && summary.toMs >= view.toMs && summary.bucketMs <= 1.01 * bucketFor(view);
}

/** What is at a moment: the stretch without footage that holds it, `recorded`, or null where that is not known. */
export function momentAt(summary: Summary, atMs: number): Stretch | "recorded" | null {
  if (atMs < summary.fromMs || atMs >= summary.toMs) return null;
  const stretch = summary.stretches.find(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs);
  if (stretch) return stretch;
  return (summary.recorded[Math.floor((atMs - summary.fromMs) / summary.bucketMs)] ?? 0) > 0 ? "recorded" : null;
}

/** The moment itself where there is footage, else where the next begins; null where none does within the summary. */
export function nextFootage(summary: Summary, atMs: number): number | null {
  let at = Math.max(atMs, summary.fromMs);
  for (const { fromMs, toMs } of summary.stretches) if (at >= fromMs && at < toMs) at = toMs;
  return at < summary.toMs ? at : null;
}

/** Where the last footage of a summary ends, to the millisecond; null where there is none. */
export function newestFootage(summary: Summary): number | null {
  const bucket = summary.recorded.findLastIndex((share) => share > 0);
  if (bucket < 0) return null;
  let end = Math.min(summary.toMs, summary.fromMs + (bucket + 1) * summary.bucketMs);
  for (const { fromMs, toMs } of summary.stretches.toReversed()) if (fromMs < end && toMs >= end) end = fromMs;
  return end;
}

type Timers = { set(run: () => void, ms: number): unknown; clear(handle: unknown): void };
type Load = (cameraId: string, range: Span & { bucketMs: number }, signal: AbortSignal) => Promise<Outcome<Timeline>>;
type Kept = { summary: Summary | null; askedMs: number; error: ApiError | null; abort: AbortController | null };

/** Summaries of the cameras that are shown. The newest wish is fetched; what it replaces is no longer waited for. */
export class Summaries {
  readonly #load: Load;
  readonly #timers: Timers;
  readonly #unixMs: () => number;
  readonly #listeners = new Set<() => void>();
  readonly #kept = new Map<string, Kept>();
  #wish: { cameraIds: readonly string[]; view: Span } | null = null;
  #timer: unknown = null;
  #turn = 0;

  constructor(load: Load, timers: Timers, unixMs: () => number) {
    this.#load = load;
    this.#timers = timers;
    this.#unixMs = unixMs;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Changes whenever something was loaded. */
  readonly turn = (): number => this.#turn;

  of(cameraId: string): Summary | null {
    return this.#kept.get(cameraId)?.summary ?? null;
  }

  error(): ApiError | null {
    return this.#wish?.cameraIds.map((id) => this.#kept.get(id)?.error ?? null).find((error) => error !== null) ?? null;
  }

  /** These are on screen. */
  want(cameraIds: readonly string[], view: Span): void {
    this.#wish = { cameraIds, view };
    for (const [id, kept] of this.#kept)
      if (!cameraIds.includes(id)) {
        kept.abort?.abort();
        this.#kept.delete(id);
      }
    if (this.#timer === null)
      this.#timer = this.#timers.set(() => this.#fetch(), this.#kept.size === 0 ? 0 : SETTLE_MS);
  }

  /** Asks again for what is shown, such as after an event arrived. */
  refresh(): void {
    for (const kept of this.#kept.values()) kept.askedMs = 0;
    if (this.#wish) this.want(this.#wish.cameraIds, this.#wish.view);
  }

  close(): void {
    if (this.#timer !== null) this.#timers.clear(this.#timer);
    for (const { abort } of this.#kept.values()) abort?.abort();
    this.#kept.clear();
    this.#wish = null;
  }

  #fetch(): void {
    this.#timer = null;
    if (!this.#wish) return;
    const { cameraIds, view } = this.#wish;
    for (const id of cameraIds) {
      let kept = this.#kept.get(id);
      if (!kept) this.#kept.set(id, (kept = { summary: null, askedMs: 0, error: null, abort: null }));
      if (this.#isDue(kept, view)) void this.#ask(id, kept, rangeFor(view));
    }
  }

  #isDue({ summary, askedMs, error, abort }: Kept, view: Span): boolean {
    const agoMs = this.#unixMs() - askedMs;
    if (error) return agoMs > RETRY_MS;
    if (!summary || !covers(summary, view)) return true;
    if (askedMs === 0) return true;
    return abort === null && view.toMs > askedMs - AGAIN_MS && agoMs > AGAIN_MS;
  }

  async #ask(id: string, kept: Kept, range: Span & { bucketMs: number }): Promise<void> {
    kept.abort?.abort();
    const abort = new AbortController();
    kept.abort = abort;
    kept.askedMs = this.#unixMs();
    const outcome = await this.#load(id, range, abort.signal);
    if (abort.signal.aborted || this.#kept.get(id) !== kept) return;
    kept.abort = null;
    if (outcome.ok) kept.summary = readTimeline(outcome.value);
    kept.error = outcome.ok ? null : outcome.error;
    this.#turn += 1;
    for (const listener of this.#listeners) listener();
  }
}
