/**
 * Writes one camera's fragments into segments: self-contained fragmented MP4 files of about ten seconds, each beginning
 * with a key frame. Also keeps the newest fragments in memory, so that a picture of now needs no disk.
 *
 * A slow disk is the recorder's problem: what waits to be written is bounded, then it is dropped and becomes a gap.
 */
import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorText, type Log } from "@vas/base/log.ts";
import type { SegmentRecord } from "../index.ts";
import type { Fragment, VideoInit } from "./fmp4.ts";

const SEGMENT_TICKS = 10 * 90_000;
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;
const MAX_RECENT_BYTES = 32 * 1024 * 1024;
/** Wall time is carried on from the run's start; a camera clock that drifts further than this is set right at the next segment. */
const MAX_DRIFT_MS = 1_000;

export interface RecorderListener {
  segmentOpened(segment: SegmentRecord): void;
  segmentClosed(segment: SegmentRecord): void;
  /** Fragments were dropped or could not be written; nothing is recorded until the next segment opens. */
  writeFailed(wallMs: number, message: string): void;
}

export type RunClock = { runId: string; pts90kBase: number };

type OpenSegment = { record: SegmentRecord; file: FileHandle | undefined; startDts: number };

export class Recorder {
  readonly #cameraId: string;
  readonly #mediaDir: string;
  readonly #log: Log;
  readonly #listener: RecorderListener;
  readonly #waiters = new Set<{ pts90k: number; resolve: (reached: boolean) => void }>();
  #run: RunClock | undefined;
  #init: VideoInit | undefined;
  #anchor: { pts: number; wallMs: number } | undefined;
  #recent: Fragment[] = [];
  #recentBytes = 0;
  #segment: OpenSegment | undefined;
  #lastEndWallMs = 0;
  #queue: Promise<void> = Promise.resolve();
  #queuedBytes = 0;
  #failing = false;
  droppedFragments = 0;
  /** The end of the newest fragment on the camera's time line; undefined before the first. */
  newestPts90k: number | undefined;

  constructor(cameraId: string, mediaDir: string, log: Log, listener: RecorderListener) {
    this.#cameraId = cameraId;
    this.#mediaDir = mediaDir;
    this.#log = log;
    this.#listener = listener;
  }

  beginRun(run: RunClock): void {
    this.#run = run;
    this.#init = undefined;
    this.#anchor = undefined;
    this.#forgetRecent();
  }

  takeInit(init: VideoInit): void {
    this.#closeSegment();
    this.#init = init;
    this.#forgetRecent();
  }

  /** @param record whether it is to be written to disk, beside being kept as the newest */
  takeFragment(fragment: Fragment, nowWallMs: number, record: boolean): void {
    if (!this.#init || !this.#run) return;
    this.#keepRecent(fragment);
    this.newestPts90k = Math.max(this.newestPts90k ?? 0, fragment.endDts + this.#run.pts90kBase);
    // The fragment that waited the least tells best when its last frame was taken: a run begins with a burst of old ones.
    if (!this.#anchor || this.#wallMs(fragment.endDts) > nowWallMs)
      this.#anchor = { pts: fragment.endDts, wallMs: nowWallMs };
    if (!record) return this.#closeSegment();
    const length = this.#segment ? fragment.startDts + this.#run.pts90kBase - this.#segment.record.startPts90k : 0;
    if (fragment.key && (length >= SEGMENT_TICKS || !this.#segment)) {
      this.#closeSegment();
      this.#openSegment(this.#run, this.#init, fragment, nowWallMs);
    }
    if (this.#segment) this.#write(this.#segment, [fragment.bytes], fragment);
  }

  /** Ends the run's last segment; resolves when it is on disk. */
  async endRun(): Promise<void> {
    this.#closeSegment();
    this.#run = undefined;
    this.#forgetRecent();
    await this.#queue;
    for (const waiter of this.#waiters) waiter.resolve(false);
    this.#waiters.clear();
  }

  /** Ends the segment because recording was switched off. */
  stopRecording(): void {
    this.#closeSegment();
  }

  get openSegment(): SegmentRecord | undefined {
    const record = this.#segment?.record;
    return record && record.sizeBytes > record.initBytes ? { ...record } : undefined;
  }

  /** The newest group of pictures: init and fragments from the newest key frame on, with the base of their times. */
  get newestGroup():
    | { init: VideoInit; fragments: Fragment[]; run: RunClock; wallMsOf(pts: number): number }
    | undefined {
    const start = this.#recent.findLastIndex((fragment) => fragment.key);
    if (start < 0 || !this.#init || !this.#run) return undefined;
    return {
      init: this.#init,
      fragments: this.#recent.slice(start),
      run: this.#run,
      wallMsOf: (pts) => this.#wallMs(pts),
    };
  }

  /** Resolves true once written media reaches the presentation time; false when the run ends or the signal aborts before. */
  reaches(pts90k: number, signal: AbortSignal): Promise<boolean> {
    const end = this.openSegment?.endPts90k;
    if (end !== undefined && end > pts90k) return Promise.resolve(true);
    if (!this.#run || signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const waiter = {
        pts90k,
        resolve: (reached: boolean) => {
          this.#waiters.delete(waiter);
          signal.removeEventListener("abort", giveUp);
          resolve(reached);
        },
      };
      const giveUp = () => waiter.resolve(false);
      signal.addEventListener("abort", giveUp, { once: true });
      this.#waiters.add(waiter);
    });
  }

  /** Unix time at which the newest written segment ends; 0 before the first. */
  get lastEndWallMs(): number {
    return this.#lastEndWallMs;
  }

  #wallMs(pts: number): number {
    const anchor = this.#anchor;
    return anchor ? Math.round(anchor.wallMs + (pts - anchor.pts) / 90) : 0;
  }

  #openSegment(run: RunClock, init: VideoInit, first: Fragment, nowWallMs: number): void {
    if (Math.abs(this.#wallMs(first.endDts) - nowWallMs) > MAX_DRIFT_MS)
      this.#anchor = { pts: first.endDts, wallMs: nowWallMs };
    const id = randomUUID();
    const startWallMs = Math.max(this.#wallMs(first.startDts), this.#lastEndWallMs);
    const startPts90k = Math.min(...first.pts) + run.pts90kBase;
    const [day, hour] = new Date(startWallMs).toISOString().split(/T|:/) as [string, string];
    this.#segment = {
      record: {
        id,
        cameraId: this.#cameraId,
        runId: run.runId,
        path: join("recordings", this.#cameraId, day, hour, `${id}.mp4`),
        startWallMs,
        endWallMs: startWallMs,
        startPts90k,
        endPts90k: startPts90k,
        sizeBytes: 0,
        initBytes: init.bytes.length,
        codec: init.codec,
        width: init.width,
        height: init.height,
        open: true,
      },
      file: undefined,
      startDts: first.startDts,
    };
    this.#write(this.#segment, [init.bytes], undefined);
  }

  #write(segment: OpenSegment, bytes: Buffer[], fragment: Fragment | undefined): void {
    const size = bytes.reduce((sum, chunk) => sum + chunk.length, 0);
    if (this.#queuedBytes + size > MAX_QUEUED_BYTES) {
      this.#fail(segment, "The disk is too slow.");
      return;
    }
    this.#queuedBytes += size;
    this.#queue = this.#queue.then(async () => {
      try {
        if (!segment.file) {
          const path = join(this.#mediaDir, segment.record.path);
          await mkdir(dirname(path), { recursive: true, mode: 0o750 });
          segment.file = await open(path, "wx", 0o640);
        }
        await segment.file.writev(bytes);
        const { record } = segment;
        record.sizeBytes += size;
        if (!fragment) return;
        const first = record.sizeBytes - size === record.initBytes;
        record.endPts90k = record.startPts90k + fragment.endDts - segment.startDts;
        // Within a segment wall time is counted in frames, so that a moment and its presentation time always agree.
        record.endWallMs = record.startWallMs + Math.round((record.endPts90k - record.startPts90k) / 90);
        this.#lastEndWallMs = record.endWallMs;
        this.#failing = false;
        if (first) this.#listener.segmentOpened({ ...record });
        for (const waiter of this.#waiters) if (record.endPts90k > waiter.pts90k) waiter.resolve(true);
      } catch (error) {
        this.#fail(segment, `The disk refused a write: ${errorText(error)}`);
      } finally {
        this.#queuedBytes -= size;
      }
    });
  }

  #fail(segment: OpenSegment, message: string): void {
    this.droppedFragments++;
    if (this.#segment === segment) this.#closeSegment();
    if (this.#failing) return;
    this.#failing = true;
    this.#log.error("recording is failing", { reason: message });
    this.#listener.writeFailed(Math.max(segment.record.endWallMs, segment.record.startWallMs), message);
  }

  #closeSegment(): void {
    const segment = this.#segment;
    if (!segment) return;
    this.#segment = undefined;
    this.#queue = this.#queue.then(async () => {
      await segment.file
        ?.close()
        .catch((error: unknown) =>
          this.#log.error("a segment could not be closed", { path: segment.record.path, error: errorText(error) }),
        );
      segment.record.open = false;
      if (segment.record.sizeBytes > segment.record.initBytes) this.#listener.segmentClosed({ ...segment.record });
    });
  }

  #keepRecent(fragment: Fragment): void {
    this.#recent.push(fragment);
    this.#recentBytes += fragment.bytes.length;
    // Two groups of pictures at most: the newest may have just begun.
    const keys = this.#recent.flatMap((entry, index) => (entry.key ? [index] : []));
    const drop = keys.length > 2 ? (keys.at(-2) as number) : 0;
    for (const old of this.#recent.splice(0, drop)) this.#recentBytes -= old.bytes.length;
    if (this.#recentBytes > MAX_RECENT_BYTES) this.#forgetRecent();
  }

  #forgetRecent(): void {
    this.#recent = [];
    this.#recentBytes = 0;
  }
}
