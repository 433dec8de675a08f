/**
 * What the kernel tells, written down: segments and gaps to the store, states and runs to the browsers. Rows are written
 * one after the other in the order they were told. While the store does not answer they wait, here and in a journal on
 * the disk, and nothing of it reaches the kernel: recording goes on.
 */
import { randomUUID } from "node:crypto";
import type { Clock } from "@vas/base/clock.ts";
import { errorText, type Log } from "@vas/base/log.ts";
import type { CameraStatus } from "@vas/contracts/http.ts";
import type { Run } from "@vas/contracts/live.ts";
import type { Kernel, KernelListener, SegmentRecord } from "../kernel/index.ts";
import type { Notices } from "./context.ts";
import type { Counters } from "./counters.ts";
import type { Database } from "./store/database.ts";
import type { Journal } from "./recorder-journal.ts";
import { listCameras } from "./store/cameras.ts";
import { isStoreUnavailable } from "./store/failure.ts";
import * as store from "./store/recordings.ts";

/** Shorter interruptions are the seam between two runs, not a gap. */
export const LEAST_GAP_MS = 1000;

/** Rows that may wait: 16 cameras fill this in 8 hours without a store, in some 30 MB of memory. */
export const MAX_WAITING_ROWS = 50_000;
const RETRY_MS = 1000;
/** A row that takes longer may take for ever, so what waits behind it goes to the journal. */
const SLOW_MS = 2000;

type OpenedGap = Parameters<KernelListener["gapOpened"]>[0];

/** What is to be written, as plain data: it may wait in the journal for another VAS. */
export type RecorderRow =
  /** `endsGap`: with this segment the camera records again. */
  | { row: "segment"; segment: SegmentRecord; endsGap: boolean }
  | { row: "gap"; id: string; gap: OpenedGap }
  /** A person ended the recording: a gap from then on, unless one is open or nothing was ever recorded. */
  | { row: "recording_ended"; id: string; gap: OpenedGap };

type Parts = {
  db: Database;
  notices: Notices;
  counters: Counters;
  log: Log;
  clock: Clock;
  journal: Journal<RecorderRow>;
};

export class Recorder implements KernelListener {
  readonly #parts: Parts;
  readonly #waiting: RecorderRow[] = [];
  /** Segments among them that are not being written at this moment, by id: what is told of them again replaces them. */
  readonly #waitingSegments = new Map<string, Extract<RecorderRow, { row: "segment" }>>();
  readonly #ending = new AbortController();
  #draining: Promise<void> | undefined;
  /** Called when nothing waits any more, or when it turns out that it waits for the store's return. */
  #idle: (() => void)[] = [];
  #isStoreAway = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  cameraStatus(status: CameraStatus): void {
    this.#parts.notices.publish({ notice: "camera", status });
  }

  run(cameraId: string, run: Run): void {
    this.#parts.notices.publish({ notice: "run", camera_id: cameraId, run });
  }

  segmentOpened(segment: SegmentRecord): void {
    this.#enqueue({ row: "segment", segment, endsGap: true });
  }

  segmentClosed(segment: SegmentRecord): void {
    this.#enqueue({ row: "segment", segment, endsGap: false });
  }

  gapOpened(gap: OpenedGap): void {
    this.#enqueue({ row: "gap", id: randomUUID(), gap });
  }

  /** A person ended the recording: a gap from now on, unless one is open or nothing was ever recorded. */
  recordingEnded(cameraId: string, reason: string, message: string): void {
    const startWallMs = this.#parts.clock.wallMs();
    this.#enqueue({ row: "recording_ended", id: randomUUID(), gap: { cameraId, startWallMs, reason, message } });
  }

  /** Resolves when everything that was told so far is in the store, is in the journal, or was counted as lost. */
  idle(): Promise<void> {
    if (!this.#draining || this.#isStoreAway) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Writes what can be written; what waits for the store's return stays in the journal for the next start. */
  async close(): Promise<void> {
    await this.idle();
    this.#ending.abort();
    await Promise.race([this.#draining, this.#parts.clock.sleep(SLOW_MS)]);
  }

  /**
   * Puts the store right after VAS was away: rows that waited for the store are written, files that were being written are cut to what is playable, and cameras that
   * should have recorded get a gap since their last segment. Before the cameras start.
   */
  async recover(kernel: Kernel): Promise<void> {
    const { db, log, journal } = this.#parts;
    const left = journal.read();
    for (const row of left) await this.#write(row);
    journal.clear();
    if (left.length > 0) log.info("rows that waited for the store were written", { rows: left.length });
    for (const segment of await store.openSegments(db)) {
      try {
        const repaired = await kernel.repairSegment(segment);
        if (repaired) await store.saveSegment(db, { ...repaired, open: false });
        else {
          await kernel.deleteFiles([segment.path]);
          await store.deleteSegments(db, [segment.id]);
        }
        log.info("a segment that was left open was repaired", { segment_id: segment.id, kept: repaired !== undefined });
      } catch (error) {
        // One unreadable file must not keep every camera from starting; the next start tries again.
        log.error("a segment that was left open was not repaired", { segment_id: segment.id, error: errorText(error) });
      }
    }
    const now = this.#parts.clock.wallMs();
    for (const camera of await listCameras(db)) {
      if (!camera.started || !camera.record) continue;
      const open = await store.openGap(db, camera.id);
      // Its last word was that it stopped, and nobody had asked for that: VAS was stopped, and it with VAS.
      if (open?.reason === "stopped") await store.explainGap(db, open.id, "vas_stopped", "VAS was not running.");
      if (open) continue;
      const newest = await store.segmentAtWall(db, camera.id, now);
      if (!newest) continue;
      const gap = {
        cameraId: camera.id,
        startWallMs: newest.endWallMs,
        reason: "vas_stopped",
        message: "VAS was not running.",
      };
      await openGap(db, randomUUID(), gap);
    }
  }

  #enqueue(row: RecorderRow): void {
    const known = row.row === "segment" ? this.#waitingSegments.get(row.segment.id) : undefined;
    if (known && row.row === "segment") known.segment = row.segment;
    else if (this.#waiting.length >= MAX_WAITING_ROWS) return this.#lost(row, "too many rows wait for the store");
    else {
      this.#waiting.push(row);
      this.#parts.counters.add("record_waiting_rows");
      if (row.row === "segment") this.#waitingSegments.set(row.segment.id, row);
    }
    if (this.#isStoreAway) this.#keep([row]);
    this.#draining ??= this.#drain();
  }

  async #drain(): Promise<void> {
    const { clock, journal, log } = this.#parts;
    for (let row = this.#waiting[0]; row; row = this.#waiting[0]) {
      // From here on the row is as it is: what is told of its segment while it is being written comes after it.
      if (row.row === "segment") this.#waitingSegments.delete(row.segment.id);
      const written = new AbortController();
      void clock.sleep(SLOW_MS, written.signal).then(() => {
        if (!written.signal.aborted) this.#storeIsAway("the store is slow");
      });
      try {
        await this.#write(row);
        this.#waiting.shift();
        this.#parts.counters.add("record_waiting_rows", -1);
      } catch (error) {
        this.#storeIsAway(errorText(error));
        await clock.sleep(RETRY_MS, this.#ending.signal);
        if (this.#ending.signal.aborted) return;
      } finally {
        written.abort();
      }
    }
    if (this.#isStoreAway) {
      log.info("all that was recorded while the store was away is in the store");
      journal.clear();
    }
    this.#isStoreAway = false;
    this.#draining = undefined; // in the same turn as the last look at what waits: nothing told after it is forgotten
    this.#tellIdle();
  }

  /** @throws what the store throws where the same row may be written later */
  async #write(row: RecorderRow): Promise<void> {
    const { db } = this.#parts;
    try {
      if (row.row === "segment") {
        await store.saveSegment(db, row.segment);
        const { cameraId, startWallMs } = row.segment;
        if (row.endsGap) await store.endGaps(db, cameraId, Math.round(startWallMs), LEAST_GAP_MS);
        return;
      }
      if (row.row === "gap") return await openGap(db, row.id, row.gap);
      const { cameraId, startWallMs, reason, message } = row.gap;
      const open = await store.openGap(db, cameraId);
      // The kernel stops a camera for VAS as it does for a person; only here it is known that a person wanted it.
      if (open?.reason === "stopped") return await store.explainGap(db, open.id, reason, message);
      if (open) return;
      const newest = await store.segmentAtWall(db, cameraId, startWallMs);
      if (newest) await openGap(db, row.id, { ...row.gap, startWallMs: Math.max(newest.endWallMs, startWallMs) });
    } catch (error) {
      if (isStoreUnavailable(error)) throw error;
      this.#lost(row, errorText(error));
    }
  }

  #storeIsAway(cause: string): void {
    if (this.#isStoreAway) return;
    this.#isStoreAway = true;
    this.#parts.log.error("the store does not take what is recorded; it is kept until it does", { cause });
    this.#keep(this.#waiting);
    this.#tellIdle();
  }

  #keep(rows: readonly RecorderRow[]): void {
    try {
      this.#parts.journal.append(rows);
    } catch (error) {
      // They still wait in memory; only a VAS that ends before the store is back loses them.
      this.#parts.log.error("rows that wait for the store are not on the disk", { error: errorText(error) });
    }
  }

  #lost(row: RecorderRow, cause: string): void {
    const cameraId = row.row === "segment" ? row.segment.cameraId : row.gap.cameraId;
    this.#parts.counters.add("record_failures_total");
    this.#parts.log.error(`a ${row.row === "segment" ? "segment" : "gap"} was not recorded in the store`, {
      camera_id: cameraId,
      cause,
    });
  }

  #tellIdle(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** The same cause goes on as one gap; another cause begins a gap of its own. */
async function openGap(db: Database, id: string, gap: OpenedGap): Promise<void> {
  const startWallMs = Math.round(gap.startWallMs);
  const open = await store.openGap(db, gap.cameraId);
  if (open?.reason === gap.reason) return;
  if (open && startWallMs - open.start_wall_ms < LEAST_GAP_MS) {
    // Being connected explains nothing that had a cause already, such as a VAS that was away for less than a second.
    if (gap.reason === "connecting") return;
    return store.explainGap(db, open.id, gap.reason, gap.message);
  }
  if (open) await store.endGaps(db, gap.cameraId, startWallMs, LEAST_GAP_MS);
  await store.insertGap(db, {
    id,
    camera_id: gap.cameraId,
    start_wall_ms: startWallMs,
    end_wall_ms: null,
    reason: gap.reason,
    message: gap.message,
  });
}
