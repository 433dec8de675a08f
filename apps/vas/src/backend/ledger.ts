/**
 * Every millisecond of a range, accounted for once: footage first, then the gaps that were noted, then what follows from
 * neither. Fed in order, it keeps sums, buckets and the longest stretches, never the whole. Times are Unix ms.
 */
import { MAX_STRETCHES, type TimelineState } from "@vas/contracts/timeline.ts";
import { LEAST_GAP_MS } from "./recorder.ts";
import type { FootageRun } from "./store/timeline.ts";

export type KnownGap = { startMs: number; endMs: number | null; reason: string; message: string };

export type LedgerFacts = {
  fromMs: number;
  toMs: number;
  bucketMs: number;
  nowMs: number;
  createdMs: number;
  /** Start of the oldest footage that is kept; null where there is none. */
  oldestMs: number | null;
  /** Footage is wanted now. */
  isWanted: boolean;
  /** How far the segment that is being written is readable; null where none is. */
  openEndMs: number | null;
};

type Why = { state: TimelineState; reason: string | null; message: string | null };
export type Stretch = Why & { fromMs: number; toMs: number };
export type Sum = Why & { ms: number; count: number };

/** What ended on purpose is no failure of the recording. */
const WANTED_SO = new Set(["recording_off", "camera_stopped"]);
/** After this long without a word about it, the end of the footage is a gap. */
const SETTLE_MS = 10_000;

const RECORDED: Why = { state: "recorded", reason: null, message: null };
const TO_COME: Why = { state: "to_come", reason: null, message: "This time is still to come." };
const WRITING: Why = { state: "to_come", reason: "writing", message: "This is being written." };
const BEFORE: Why = { state: "before_camera", reason: null, message: "The camera had not been added yet." };
const NOT_KEPT: Why = { state: "not_kept", reason: null, message: "Nothing of this time is kept any more." };
const OFF: Why = { state: "not_wanted", reason: "recording_off", message: "Recording is off." };
const UNKNOWN: Why = { state: "gap", reason: "unknown", message: "Nothing was recorded, and no reason was noted." };

export class Ledger {
  readonly recordedMs: number[];
  readonly #facts: LedgerFacts;
  readonly #sums = new Map<string, Sum>();
  #stretches: Stretch[] = [];
  #leftOut = 0;
  #gaps: KnownGap[] = [];
  #current: Stretch | null = null;
  /** Up to here all is accounted for. */
  #atMs: number;
  #lastFootageMs: number | null = null;

  constructor(facts: LedgerFacts) {
    this.#facts = facts;
    this.#atMs = facts.fromMs;
    this.recordedMs = Array.from({ length: Math.ceil((facts.toMs - facts.fromMs) / facts.bucketMs) }, () => 0);
  }

  /** What follows in time; runs and gaps in order. */
  add(runs: readonly FootageRun[], gaps: readonly KnownGap[]): void {
    this.#gaps.push(...gaps);
    const { fromMs, toMs } = this.#facts;
    for (const run of runs) {
      if (run.endMs <= fromMs || run.endMs <= this.#atMs || run.startMs >= toMs) {
        this.#lastFootageMs = Math.max(this.#lastFootageMs ?? 0, run.endMs);
        continue;
      }
      const isSeam = this.#lastFootageMs !== null && run.startMs - this.#lastFootageMs < LEAST_GAP_MS;
      if (!isSeam && run.startMs > this.#atMs) this.#hole(run.startMs, false);
      this.#push(Math.min(run.endMs, toMs), RECORDED);
      this.#lastFootageMs = run.endMs;
    }
  }

  end(): { sums: Sum[]; stretches: Stretch[]; leftOut: number } {
    this.#hole(this.#facts.toMs, true);
    this.#close();
    this.#trim(MAX_STRETCHES);
    return {
      sums: [...this.#sums.values()],
      stretches: this.#stretches.toSorted((a, b) => a.fromMs - b.fromMs),
      leftOut: this.#leftOut,
    };
  }

  /** No footage from where we are to `toMs`. */
  #hole(toMs: number, isLast: boolean): void {
    const { nowMs, createdMs } = this.#facts;
    if (this.#atMs >= toMs) return;
    if (createdMs > this.#atMs) this.#push(Math.min(createdMs, toMs), BEFORE);
    const pastMs = Math.min(toMs, nowMs);
    while (this.#atMs < pastMs) {
      while (this.#gaps[0] && (this.#gaps[0].endMs ?? nowMs) <= this.#atMs) this.#gaps.shift();
      const gap = this.#gaps[0];
      if (!gap || gap.startMs >= pastMs) {
        this.#push(pastMs, this.#unnoted(pastMs, isLast));
        break;
      }
      const why: Why = {
        state: WANTED_SO.has(gap.reason) ? "not_wanted" : "gap",
        reason: gap.reason,
        message: gap.message,
      };
      // The moment between the last frame and the gap's own start belongs to the gap.
      if (gap.startMs - this.#atMs >= LEAST_GAP_MS) this.#push(gap.startMs, this.#unnoted(gap.startMs, false));
      const endMs = Math.min(gap.endMs ?? nowMs, pastMs);
      const next = this.#gaps[1];
      const isFollowed = next !== undefined && next.startMs < pastMs;
      this.#push(!isFollowed && pastMs - endMs < LEAST_GAP_MS ? pastMs : endMs, why);
    }
    this.#push(toMs, TO_COME);
  }

  #unnoted(toMs: number, isLast: boolean): Why {
    const { nowMs, createdMs, oldestMs, isWanted, openEndMs } = this.#facts;
    if (openEndMs !== null && this.#atMs >= openEndMs) return WRITING;
    if (toMs - createdMs < LEAST_GAP_MS) return BEFORE;
    if (oldestMs === null) return isWanted ? NOT_KEPT : OFF;
    if (toMs <= oldestMs) return NOT_KEPT;
    return isLast && toMs === nowMs && toMs - this.#atMs < SETTLE_MS ? WRITING : UNKNOWN;
  }

  #push(toMs: number, why: Why): void {
    if (toMs <= this.#atMs) return;
    if (why.state === "recorded") this.#fill(this.#atMs, toMs);
    const current = this.#current;
    if (current && current.state === why.state && current.reason === why.reason) current.toMs = toMs;
    else {
      this.#close();
      this.#current = { ...why, fromMs: this.#atMs, toMs };
    }
    this.#atMs = toMs;
  }

  #close(): void {
    const stretch = this.#current;
    if (!stretch) return;
    this.#current = null;
    const { state, reason, message, fromMs, toMs } = stretch;
    const key = `${state} ${reason ?? ""}`;
    const sum = this.#sums.get(key) ?? { state, reason, message, ms: 0, count: 0 };
    this.#sums.set(key, { ...sum, message, ms: sum.ms + toMs - fromMs, count: sum.count + 1 });
    if (state === "recorded") return;
    this.#stretches.push(stretch);
    if (this.#stretches.length >= 4 * MAX_STRETCHES) this.#trim(MAX_STRETCHES);
  }

  #trim(most: number): void {
    if (this.#stretches.length <= most) return;
    this.#leftOut += this.#stretches.length - most;
    this.#stretches = this.#stretches.toSorted((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs)).slice(0, most);
  }

  #fill(fromMs: number, toMs: number): void {
    const { fromMs: originMs, bucketMs } = this.#facts;
    for (let at = fromMs; at < toMs; ) {
      const bucket = Math.floor((at - originMs) / bucketMs);
      const until = Math.min(toMs, originMs + (bucket + 1) * bucketMs);
      this.recordedMs[bucket] = (this.recordedMs[bucket] ?? 0) + until - at;
      at = until;
    }
  }
}
