/**
 * What follows an event's insert: a picture of that very frame, and a clip around it where the assignment says so. Once per
 * event, never tried again, fire and forget: nothing waits for it, and what cannot be made is counted and spoken of at most
 * once a second.
 */
import type { Clock } from "@vas/base/clock.ts";
import { errorText } from "@vas/base/log.ts";
import type { CounterSample } from "../kernel/index.ts";
import type { Backend } from "./context.ts";
import { limitedWarn } from "./log-limit.ts";
import { findAssignment } from "./store/ai-assignments.ts";
import { eventsById } from "./store/ai-events.ts";

export const MAX_RUNNING = 2;
export const MAX_QUEUED = 32;
export const DEADLINE_MS = 15_000;
const MIN_INTERVAL_NS = { snapshot: 1_000_000_000n, clip: 5_000_000_000n };
/** A clip reaches so far to both sides of its event. */
const CLIP_REACH_MS = 5_000;
/** Clips whose end has not been recorded yet. */
const MAX_WAITING_CLIPS = 32;
/** Cameras and models remembered for the rate limit before those of the past are dropped. */
const MAX_REMEMBERED = 1024;

export type TriggerEvent = {
  eventId: string;
  cameraId: string;
  modelId: string;
  pts90k: number;
  wallMs: number;
  label: string;
};

/** Makes and stores the picture of one frame; what backend/media.ts offers. */
export type TakeSnapshot = (
  backend: Backend,
  wish: { cameraId: string; moment: { pts90k: number }; eventId: string; signal: AbortSignal },
) => Promise<unknown>;

/** Cuts and stores a stretch of the recording; what backend/media.ts offers. */
export type MakeClip = (
  backend: Backend,
  wish: {
    cameraId: string;
    fromWallMs: number;
    toWallMs: number;
    label: string;
    eventId: string;
    signal: AbortSignal;
  },
) => Promise<unknown>;

type Trigger = "snapshot" | "clip";
type Job = { trigger: Trigger; event: TriggerEvent; run(signal: AbortSignal): Promise<void> };
type Counter = "taken" | "failed" | "overflowed" | "rate_limited";
const NONE: Record<Counter, number> = { taken: 0, failed: 0, overflowed: 0, rate_limited: 0 };
const HELP: Record<Trigger, string> = {
  snapshot: "Pictures asked for by AI events, by what became of them.",
  clip: "Clips asked for by AI events, by what became of them.",
};

export class Triggers {
  readonly #backend: Backend;
  readonly #clock: Clock;
  readonly #takeSnapshot: TakeSnapshot;
  readonly #makeClip: MakeClip;
  readonly #warn: ReturnType<typeof limitedWarn>;
  readonly #closing = new AbortController();
  readonly #queue: Job[] = [];
  readonly #lastNs = new Map<string, bigint>();
  readonly #counts: Record<Trigger, Record<Counter, number>> = { snapshot: { ...NONE }, clip: { ...NONE } };
  readonly #ending = new Set<Promise<void>>();
  #running = 0;
  #waitingClips = 0;

  constructor(backend: Backend, takeSnapshot: TakeSnapshot, makeClip: MakeClip) {
    this.#backend = backend;
    this.#clock = backend.clock;
    this.#takeSnapshot = takeSnapshot;
    this.#makeClip = makeClip;
    this.#warn = limitedWarn(backend.log, backend.clock);
  }

  /** The event is on disk for the first time. Returns at once and never throws. */
  eventStored(event: TriggerEvent): void {
    if (this.#closing.signal.aborted) return;
    if (this.#dueNow("snapshot", event))
      this.#enqueue({ trigger: "snapshot", event, run: (signal) => this.#snapshot(event, signal) });
    const ending = this.#clipWhereWanted(event).finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  counters(): CounterSample[] {
    return (["snapshot", "clip"] as const).flatMap((trigger) =>
      Object.entries(this.#counts[trigger]).map(([outcome, value]) => ({
        name: `ai_event_${trigger}s_total`,
        help: HELP[trigger],
        type: "counter" as const,
        labels: { outcome },
        value,
      })),
    );
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
    this.#counts.snapshot.taken += 1;
    await this.#tell(eventId);
  }

  async #clip(event: TriggerEvent, signal: AbortSignal): Promise<void> {
    const { cameraId, eventId, wallMs, label } = event;
    const [fromWallMs, toWallMs] = [wallMs - CLIP_REACH_MS, wallMs + CLIP_REACH_MS];
    await this.#makeClip(this.#backend, { cameraId, fromWallMs, toWallMs, label, eventId, signal });
    this.#counts.clip.taken += 1;
    await this.#tell(eventId);
  }

  async #tell(eventId: string): Promise<void> {
    const [stored] = await eventsById(this.#backend.db, [eventId]);
    if (stored) this.#backend.notices.publish({ notice: "event", event: stored });
  }

  /** Waits beside the queue until what the clip ends with has happened. Never rejects. */
  async #clipWhereWanted(event: TriggerEvent): Promise<void> {
    try {
      const assignment = await findAssignment(this.#backend.db, event.cameraId, event.modelId);
      if (!assignment?.clip || !this.#dueNow("clip", event)) return;
    } catch (thrown) {
      this.#counts.clip.failed += 1;
      this.#warn("whether an event gets a clip could not be read", { cause: errorText(thrown) });
      return;
    }
    if (this.#closing.signal.aborted) return;
    if (this.#waitingClips >= MAX_WAITING_CLIPS) {
      this.#counts.clip.overflowed += 1;
      return;
    }
    this.#waitingClips += 1;
    const restMs = Math.min(CLIP_REACH_MS, event.wallMs + CLIP_REACH_MS - this.#clock.wallMs());
    if (restMs > 0) await this.#clock.sleep(restMs, this.#closing.signal);
    this.#waitingClips -= 1;
    if (!this.#closing.signal.aborted)
      this.#enqueue({ trigger: "clip", event, run: (signal) => this.#clip(event, signal) });
  }

  /** At most one picture a second and one clip in five of one camera and model, however many labels appear. */
  #dueNow(trigger: Trigger, event: TriggerEvent): boolean {
    const isDue = this.#isDue(trigger, `${trigger} ${event.cameraId} ${event.modelId}`);
    if (!isDue) this.#counts[trigger].rate_limited += 1;
    return isDue;
  }

  #isDue(trigger: Trigger, key: string): boolean {
    const nowNs = this.#clock.monotonicNs();
    const lastNs = this.#lastNs.get(key);
    if (lastNs !== undefined && nowNs - lastNs < MIN_INTERVAL_NS[trigger]) return false;
    if (this.#lastNs.size >= MAX_REMEMBERED)
      for (const [other, atNs] of this.#lastNs) if (nowNs - atNs >= MIN_INTERVAL_NS.clip) this.#lastNs.delete(other);
    // Still full within one second is a flood of invented models; they get no pictures.
    if (this.#lastNs.size >= MAX_REMEMBERED) return false;
    this.#lastNs.set(key, nowNs);
    return true;
  }

  #enqueue(job: Job): void {
    if (this.#queue.length >= MAX_QUEUED) {
      this.#counts[job.trigger].overflowed += 1;
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
        deadline.abort(new Error(`nothing within the deadline [seconds:${DEADLINE_MS / 1000}]`));
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
      this.#counts[job.trigger].failed += 1;
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
