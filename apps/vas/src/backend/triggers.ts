/**
 * What follows an event's insert: a picture of that very frame. Once per event, never tried again, fire and forget:
 * nothing waits for it, and a picture that cannot be made is counted and spoken of at most once a second.
 *
 * A further trigger (a clip) is one more `#enqueue` in `eventStored`; bounds, deadline and counters are shared.
 */
import type { Clock } from "@vas/base/clock.ts";
import { errorText } from "@vas/base/log.ts";
import type { CounterSample } from "../kernel/index.ts";
import type { Backend } from "./context.ts";
import { limitedWarn } from "./log-limit.ts";
import { eventsById } from "./store/ai-events.ts";

export const MAX_RUNNING = 2;
export const MAX_QUEUED = 32;
export const DEADLINE_MS = 15_000;
const MIN_INTERVAL_NS = 1_000_000_000n;
/** Cameras and models remembered for the rate limit before those of the past are dropped. */
const MAX_REMEMBERED = 1024;

export type TriggerEvent = { eventId: string; cameraId: string; modelId: string; pts90k: number };

/** Makes and stores the picture of one frame; what backend/media.ts offers. */
export type TakeSnapshot = (
  backend: Backend,
  wish: { cameraId: string; moment: { pts90k: number }; eventId: string; signal: AbortSignal },
) => Promise<unknown>;

type Job = { trigger: "snapshot"; event: TriggerEvent; run(signal: AbortSignal): Promise<void> };
type Counter = "taken" | "failed" | "overflowed" | "rate_limited";

export class Triggers {
  readonly #backend: Backend;
  readonly #clock: Clock;
  readonly #takeSnapshot: TakeSnapshot;
  readonly #warn: ReturnType<typeof limitedWarn>;
  readonly #closing = new AbortController();
  readonly #queue: Job[] = [];
  readonly #lastNs = new Map<string, bigint>();
  readonly #counts: Record<Counter, number> = { taken: 0, failed: 0, overflowed: 0, rate_limited: 0 };
  readonly #ending = new Set<Promise<void>>();
  #running = 0;

  constructor(backend: Backend, takeSnapshot: TakeSnapshot) {
    this.#backend = backend;
    this.#clock = backend.clock;
    this.#takeSnapshot = takeSnapshot;
    this.#warn = limitedWarn(backend.log, backend.clock);
  }

  /** The event is on disk for the first time. Returns at once and never throws. */
  eventStored(event: TriggerEvent): void {
    if (this.#closing.signal.aborted) return;
    if (!this.#dueNow(event)) {
      this.#counts.rate_limited += 1;
      return;
    }
    this.#enqueue({ trigger: "snapshot", event, run: (signal) => this.#snapshot(event, signal) });
  }

  counters(): CounterSample[] {
    return Object.entries(this.#counts).map(([outcome, value]) => ({
      name: "ai_event_snapshots_total",
      help: "Pictures asked for by AI events, by what became of them.",
      type: "counter",
      labels: { outcome },
      value,
    }));
  }

  /** Drops what waits, aborts what runs and resolves when nobody waits for a result any more. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("VAS is stopping"));
    this.#queue.length = 0;
    await Promise.all(this.#ending);
  }

  async #snapshot(event: TriggerEvent, signal: AbortSignal): Promise<void> {
    const { cameraId, eventId, pts90k } = event;
    await this.#takeSnapshot(this.#backend, { cameraId, moment: { pts90k }, eventId, signal });
    this.#counts.taken += 1;
    const [stored] = await eventsById(this.#backend.db, [eventId]);
    if (stored) this.#backend.notices.publish({ notice: "event", event: stored });
  }

  /** At most one picture a second of one camera and model, however many labels appear. */
  #dueNow(event: TriggerEvent): boolean {
    const key = `${event.cameraId} ${event.modelId}`;
    const nowNs = this.#clock.monotonicNs();
    const lastNs = this.#lastNs.get(key);
    if (lastNs !== undefined && nowNs - lastNs < MIN_INTERVAL_NS) return false;
    if (this.#lastNs.size >= MAX_REMEMBERED)
      for (const [other, atNs] of this.#lastNs) if (nowNs - atNs >= MIN_INTERVAL_NS) this.#lastNs.delete(other);
    // Still full within one second is a flood of invented models; they get no pictures.
    if (this.#lastNs.size >= MAX_REMEMBERED) return false;
    this.#lastNs.set(key, nowNs);
    return true;
  }

  #enqueue(job: Job): void {
    if (this.#queue.length >= MAX_QUEUED) {
      this.#counts.overflowed += 1;
      this.#warn("event triggers are behind, one was dropped", { trigger: job.trigger, queued: this.#queue.length });
      return;
    }
    this.#queue.push(job);
    this.#next();
  }

  #next(): void {
    while (this.#running < MAX_RUNNING) {
      const job = this.#queue.shift();
      if (!job) return;
      this.#running += 1;
      const ending = this.#run(job).finally(() => this.#ending.delete(ending));
      this.#ending.add(ending);
    }
  }

  async #run(job: Job): Promise<void> {
    const deadline = new AbortController();
    const done = new AbortController();
    const signal = AbortSignal.any([deadline.signal, this.#closing.signal]);
    void this.#clock.sleep(DEADLINE_MS, done.signal).then(() => {
      if (!done.signal.aborted)
        deadline.abort(new Error(`no picture within the deadline [seconds:${DEADLINE_MS / 1000}]`));
    });
    const work = job.run(signal);
    // The place is free when the work has really ended, not when nobody waits for it any more: the bound is on work.
    const free = () => {
      this.#running -= 1;
      this.#next();
    };
    work.then(free, free);
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
    try {
      await Promise.race([work, aborted]);
    } catch (thrown) {
      this.#counts.failed += 1;
      if (!this.#closing.signal.aborted)
        this.#warn("an event's trigger failed", {
          trigger: job.trigger,
          event_id: job.event.eventId,
          camera_id: job.event.cameraId,
          cause: errorText(thrown),
        });
    } finally {
      done.abort();
    }
  }
}
