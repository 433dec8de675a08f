/** Recorded results around the moment that plays: fetched in windows ahead of it, and so many kept. Times are Unix ms. */
import type { DetectionsPage, DetectionsQuery } from "@vas/contracts/http.ts";
import type { Outcome } from "../api/client.ts";
import { type FrameResult, readResult } from "../overlay/declared.ts";
import { LabelBook } from "../overlay/labels.ts";

const WINDOW_MS = 10_000;
/** Results may be dated by another clock than the recording's: this far from a window's edge both sides are wanted. */
const EDGE_MS = 3_000;
const MOST_WINDOWS = 24;
const PAGE = 5_000;
const MOST_PAGES = 20;
/** A window that ends later than this ago may still get results: it is asked for again. */
const SETTLED_MS = 15_000;
const AGAIN_MS = 3_000;
const RETRY_MS = 5_000;

export type LoadDetections = (query: DetectionsQuery, signal: AbortSignal) => Promise<Outcome<DetectionsPage>>;

type Window = { results: FrameResult[]; askedMs: number; isSettled: boolean; error: string | null };

export class Track {
  readonly #load: LoadDetections;
  readonly #unixMs: () => number;
  readonly #listeners = new Set<() => void>();
  readonly #labels = new LabelBook();
  /** By number; in the order of their last use. */
  #windows = new Map<number, Window>();
  #byModel = new Map<string, FrameResult[]>();
  #abort: AbortController | null = null;
  #wanted: number[] = [];
  malformed = 0;
  error: string | null = null;

  constructor(load: LoadDetections, unixMs: () => number) {
    this.#load = load;
    this.#unixMs = unixMs;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#wanted = [];
      this.#abort?.abort();
    };
  }

  /** This moment is on screen and goes on at so many times its own speed. */
  want(wallMs: number, speed: number): void {
    const now = Math.floor(wallMs / WINDOW_MS);
    const ahead = Math.ceil(Math.max(1, speed));
    const wanted = [Math.floor((wallMs - EDGE_MS) / WINDOW_MS), now];
    for (let next = 1; next <= ahead; next++) wanted.push(now + next);
    this.#wanted = [now, ...wanted.filter((one) => one !== now)];
    if (!this.#abort) void this.#fetch();
  }

  /** True where everything that belongs to the moment was asked for and answered. */
  isLoaded(wallMs: number): boolean {
    return [-EDGE_MS, 0].every((edge) => this.#windows.has(Math.floor((wallMs + edge) / WINDOW_MS)));
  }

  models(): string[] {
    return [...this.#byModel.keys()].sort();
  }

  labels(): Record<string, string[]> {
    return this.#labels.all();
  }

  atOrBefore(model: string, pts90k: number): FrameResult | null {
    const results = this.#byModel.get(model) ?? [];
    let [low, high] = [0, results.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((results[middle] as FrameResult).pts90k <= pts90k) low = middle + 1;
      else high = middle;
    }
    return results[low - 1] ?? null;
  }

  /** One window after the other: the one on screen first, whatever was wanted before. */
  async #fetch(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    for (;;) {
      const number = this.#wanted.find((one) => this.#isDue(one));
      if (number === undefined || abort.signal.aborted) break;
      const window = await this.#fetchWindow(number, abort.signal);
      if (abort.signal.aborted) break;
      const known = this.#windows.get(number);
      // What was known stays where asking again failed.
      this.#windows.delete(number);
      this.#windows.set(number, window.error !== null && known ? { ...window, results: known.results } : window);
      this.error = window.error;
      this.#trim();
      this.#sort();
      for (const listener of this.#listeners) listener();
    }
    if (this.#abort === abort) this.#abort = null;
  }

  #isDue(number: number): boolean {
    const startMs = number * WINDOW_MS;
    const nowMs = this.#unixMs();
    if (startMs > nowMs) return false;
    const window = this.#windows.get(number);
    if (!window) return true;
    if (window.isSettled) return false;
    return nowMs - window.askedMs >= (window.error === null ? AGAIN_MS : RETRY_MS);
  }

  async #fetchWindow(number: number, signal: AbortSignal): Promise<Window> {
    const askedMs = this.#unixMs();
    const [from, to] = [number, number + 1].map((edge) => new Date(edge * WINDOW_MS).toISOString()) as [string, string];
    const results: FrameResult[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < MOST_PAGES; page++) {
      const outcome = await this.#load({ from, to, limit: PAGE, ...(cursor === null ? {} : { cursor }) }, signal);
      if (!outcome.ok) return { results, askedMs, isSettled: false, error: outcome.error.message };
      for (const item of outcome.value.items) {
        const result = readResult(item, (count) => {
          this.malformed += count;
        });
        if (result) results.push(result);
      }
      cursor = outcome.value.next_cursor;
      if (cursor === null) break;
    }
    return { results, askedMs, isSettled: (number + 1) * WINDOW_MS < askedMs - SETTLED_MS, error: null };
  }

  #trim(): void {
    for (const number of this.#windows.keys()) {
      if (this.#windows.size <= MOST_WINDOWS) return;
      if (!this.#wanted.includes(number)) this.#windows.delete(number);
    }
  }

  #sort(): void {
    const byModel = new Map<string, Map<number, FrameResult>>();
    for (const { results } of this.#windows.values())
      for (const result of results) {
        let known = byModel.get(result.model_id);
        if (!known) byModel.set(result.model_id, (known = new Map()));
        known.set(result.pts90k, result);
      }
    this.#byModel = new Map(
      [...byModel].map(([model, results]) => [model, [...results.values()].sort((a, b) => a.pts90k - b.pts90k)]),
    );
    for (const results of byModel.values()) for (const result of results.values()) this.#labels.add(result);
  }
}
