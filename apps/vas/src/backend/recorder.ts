/**
 * What the kernel tells, written down: segments and gaps to the store, states and runs to the browsers. Writes happen
 * one after the other in the order they were told; a failing store is counted and logged and never reaches the kernel.
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
import { listCameras } from "./store/cameras.ts";
import * as store from "./store/recordings.ts";

/** Shorter interruptions are the seam between two runs, not a gap. */
export const LEAST_GAP_MS = 1000;

type OpenedGap = Parameters<KernelListener["gapOpened"]>[0];
type Parts = { db: Database; notices: Notices; counters: Counters; log: Log; clock: Clock };

export class Recorder implements KernelListener {
  readonly #parts: Parts;
  #last: Promise<void> = Promise.resolve();

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
    this.#enqueue("a segment was not recorded in the store", segment.cameraId, async ({ db }) => {
      await store.saveSegment(db, segment);
      await store.endGaps(db, segment.cameraId, Math.round(segment.startWallMs), LEAST_GAP_MS);
    });
  }

  segmentClosed(segment: SegmentRecord): void {
    this.#enqueue("a segment was not recorded in the store", segment.cameraId, ({ db }) =>
      store.saveSegment(db, segment),
    );
  }

  gapOpened(gap: OpenedGap): void {
    this.#enqueue("a gap was not recorded in the store", gap.cameraId, ({ db }) => openGap(db, gap));
  }

  /** A person ended the recording: a gap from now on, unless one is open or nothing was ever recorded. */
  recordingEnded(cameraId: string, reason: string, message: string): void {
    const startWallMs = this.#parts.clock.wallMs();
    this.#enqueue("a gap was not recorded in the store", cameraId, async ({ db }) => {
      if (await store.openGap(db, cameraId)) return;
      const newest = await store.segmentAtWall(db, cameraId, startWallMs);
      if (newest)
        await openGap(db, { cameraId, startWallMs: Math.max(newest.endWallMs, startWallMs), reason, message });
    });
  }

  /** Resolves when everything that was told so far is in the store, or counted as lost. */
  idle(): Promise<void> {
    return this.#last;
  }

  /**
   * Puts the store right after VAS was away: files that were being written are cut to what is playable, and cameras that
   * should have recorded get a gap since their last segment. Before the cameras start.
   */
  async recover(kernel: Kernel): Promise<void> {
    const { db, log } = this.#parts;
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
      if (!camera.started || !camera.record || (await store.openGap(db, camera.id))) continue;
      const newest = await store.segmentAtWall(db, camera.id, now);
      if (!newest) continue;
      const gap = {
        cameraId: camera.id,
        startWallMs: newest.endWallMs,
        reason: "vas_stopped",
        message: "VAS was not running.",
      };
      await openGap(db, gap);
    }
  }

  #enqueue(failure: string, cameraId: string, write: (parts: Parts) => Promise<void>): void {
    this.#last = this.#last
      .then(() => write(this.#parts))
      .catch((error: unknown) => {
        this.#parts.counters.add("record_failures_total");
        this.#parts.log.error(failure, { camera_id: cameraId, error: errorText(error) });
      });
  }
}

/** The same cause goes on as one gap; another cause begins a gap of its own. */
async function openGap(db: Database, gap: OpenedGap): Promise<void> {
  const startWallMs = Math.round(gap.startWallMs);
  const open = await store.openGap(db, gap.cameraId);
  if (open?.reason === gap.reason) return;
  if (open && startWallMs - open.start_wall_ms < LEAST_GAP_MS)
    return store.explainGap(db, open.id, gap.reason, gap.message);
  if (open) await store.endGaps(db, gap.cameraId, startWallMs, LEAST_GAP_MS);
  await store.insertGap(db, {
    id: randomUUID(),
    camera_id: gap.cameraId,
    start_wall_ms: startWallMs,
    end_wall_ms: null,
    reason: gap.reason,
    message: gap.message,
  });
}
