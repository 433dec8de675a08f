/**
 * The track: every result of every model, kept beside the recording in append-only files (file.ts, codec.ts) below
 * `tracks/<camera>/<model>/` of the media folder.
 *
 * Keeping a result never waits and never throws: it is encoded into a bounded buffer and written a second later, so a kill
 * loses at most that second. What cannot be kept is counted. Results of a model on a camera are kept in ascending order of
 * pts90k; one that is not later than those before it is left out, so a frame never has two results of one model.
 */
import { type FileHandle, mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@vas/base/clock.ts";
import { errorText, type Log } from "@vas/base/log.ts";
import type { TrackResult } from "@vas/contracts/http.ts";
import type { Result } from "@vas/contracts/live.ts";
import type { CounterSample } from "../../kernel/index.ts";
import { limitedWarn } from "../log-limit.ts";
import { type KeptResult, PREFIX_BYTES, RecordBuilder, type RecordHead, readHead, readResults } from "./codec.ts";
import * as files from "./file.ts";

const FLUSH_MS = 1_000;
const MAX_RECORD_BYTES = 64 * 1024;
/** Encoded results that wait for the disk, of all cameras together. */
const MAX_WAITING_BYTES = 32 * 1024 * 1024;
/** Cameras times models written at the same time; each has a file open. */
const MAX_LANES = 1024;
/** A lane that was not written to for so long closes its file. */
const IDLE_NS = 120_000_000_000n;
/** Ids that are not known are looked for again after so long. */
const KNOWN_NS = 100_000_000n;
/** Results from further in the future than the camera's newest frame are made up, and would keep real ones out. */
const MAX_AHEAD_TICKS = 60 * 90_000;
/** Larger numbers could not be told apart after arithmetic with them. */
const MAX_INTEGER = 2 ** 50;
const MODEL_FOLDER = /^[a-z0-9][a-z0-9._-]{0,127}$/;

export type TrackParts = {
  /** Absolute. */
  mediaDir: string;
  log: Log;
  clock: Clock;
  /** Ids of all cameras and models; asked at most ten times a second, and only while unknown ids turn up. */
  known(): Promise<{ cameras: Set<string>; models: Set<string> }>;
  /** The newest presentation time the camera has shown; 0 where that is not known. */
  newestPts90k(cameraId: string): number;
  /** Told when results are in their file, by the presentation times of the first and the last. */
  written?(cameraId: string, modelId: string, firstPts90k: number, lastPts90k: number): void;
};

export type TrackQuery = files.Range & { modelId?: string; after?: { pts90k: number; modelId: string } };

type Outcome = "kept" | "late" | "out_of_range" | "unknown" | "overflowed" | "failed";

type Lane = {
  cameraId: string;
  modelId: string;
  folder: string;
  building: RecordBuilder;
  file: { handle: FileHandle; head: files.TrackFile; sizeBytes: number } | undefined;
  /** The last presentation time that was taken. */
  takenPts90k: number;
  /** The last one that was in the folder when it was first looked at; undefined before that. */
  storedPts90k: number | undefined;
  /** Everything that was begun on this lane. */
  done: Promise<void>;
  usedNs: bigint;
};

export class Track {
  readonly #parts: TrackParts;
  readonly #root: string;
  readonly #warn: ReturnType<typeof limitedWarn>;
  readonly #lanes = new Map<string, Lane>();
  readonly #counts: Record<Outcome, number> = {
    kept: 0,
    late: 0,
    out_of_range: 0,
    unknown: 0,
    overflowed: 0,
    failed: 0,
  };
  readonly #timer: NodeJS.Timeout;
  #known: { cameras: Set<string>; models: Set<string>; atNs: bigint } | undefined;
  #waitingBytes = 0;
  #writtenBytes = 0;
  #broken = 0;
  #closed = false;

  constructor(parts: TrackParts) {
    this.#parts = parts;
    this.#root = join(parts.mediaDir, "tracks");
    this.#warn = limitedWarn(parts.log, parts.clock);
    this.#timer = setInterval(() => this.#tick(), FLUSH_MS);
    this.#timer.unref();
  }

  /** Takes a checked result; returns at once and never throws. */
  keep(result: Result): void {
    if (this.#closed) return;
    const refused = this.#refusal(result);
    if (refused) {
      this.#counts[refused] += 1;
      return;
    }
    const lane = this.#lane(result.camera_id, result.model_id);
    if (!lane || this.#waitingBytes > MAX_WAITING_BYTES) {
      this.#counts.overflowed += 1;
      this.#warn("the track is behind, results were dropped", { waiting_bytes: this.#waitingBytes });
      return;
    }
    if (result.pts90k <= lane.takenPts90k) {
      this.#counts.late += 1;
      return;
    }
    lane.takenPts90k = result.pts90k;
    const { first } = lane.building;
    if (first && isApart(first, result)) this.#write(lane);
    const before = lane.building.size;
    lane.building.add(result);
    this.#waitingBytes += lane.building.size - before;
    lane.usedNs = this.#parts.clock.monotonicNs();
    if (lane.building.size >= MAX_RECORD_BYTES) this.#write(lane);
  }

  /** Resolves when everything that was kept so far is in its file, or counted as failed. */
  async flush(cameraId?: string): Promise<void> {
    const lanes = [...this.#lanes.values()].filter((lane) => cameraId === undefined || lane.cameraId === cameraId);
    for (const lane of lanes) this.#write(lane);
    await Promise.all(lanes.map((lane) => lane.done));
  }

  /**
   * Results of one camera in ascending order of pts90k, then model id; at most `limit`, and fewer where they hold very many
   * detections.
   *
   * @returns whether there are more
   */
  async read(
    cameraId: string,
    query: TrackQuery,
    limits: { results: number; detections: number },
  ): Promise<{ results: TrackResult[]; more: boolean }> {
    const results: TrackResult[] = [];
    let detections = 0;
    for await (const result of this.results(cameraId, query)) {
      if (results.length >= limits.results || (results.length > 0 && detections >= limits.detections))
        return { results, more: true };
      detections += result.detections.length;
      results.push(result);
    }
    return { results, more: false };
  }

  /** All results of the query, in the order of `read`. Holds one file of each model in memory. */
  async *results(
    cameraId: string,
    query: TrackQuery,
    wants: (modelId: string) => boolean = () => true,
  ): AsyncGenerator<TrackResult> {
    await this.flush(cameraId);
    const folder = join(this.#root, cameraId);
    const models = (await files.namesIn(folder)).filter((name) => MODEL_FOLDER.test(name)).sort();
    const sources: { modelId: string; batches: AsyncGenerator<KeptResult[]>; batch: KeptResult[]; at: number }[] = [];
    for (const modelId of models) {
      if ((query.modelId !== undefined && modelId !== query.modelId) || !wants(modelId)) continue;
      const source = { modelId, batches: this.#batches(join(folder, modelId), modelId, query), batch: [], at: 0 };
      sources.push(source);
    }
    for (;;) {
      let next: (typeof sources)[number] | undefined;
      for (const source of sources) {
        while (source.at >= source.batch.length) {
          const { value, done } = await source.batches.next();
          source.at = 0;
          source.batch = done ? [] : value;
          if (done) break;
        }
        const found = source.batch[source.at];
        // Sources stand in the order of their ids, so of equal times the first one wins.
        if (found && (!next || found.pts90k < (next.batch[next.at] as KeptResult).pts90k)) next = source;
      }
      if (!next) return;
      yield { model_id: next.modelId, ...(next.batch[next.at++] as KeptResult) };
    }
  }

  /** Deletes the files of a camera whose last result is older; at most an hour more is left. */
  async expire(cameraId: string, beforeWallMs: number): Promise<number> {
    let deleted = 0;
    const folder = join(this.#root, cameraId);
    for (const modelId of await files.namesIn(folder))
      for (const file of await files.listFiles(join(folder, modelId))) {
        if (files.latestWallMs(file) >= beforeWallMs) continue;
        await rm(join(folder, modelId, file.name), { force: true });
        deleted += 1;
      }
    return deleted;
  }

  /** Deletes everything of a camera that is no longer in the store. */
  async forget(cameraId: string): Promise<void> {
    this.#known?.cameras.delete(cameraId);
    for (const [key, lane] of this.#lanes) {
      if (lane.cameraId !== cameraId) continue;
      this.#waitingBytes -= lane.building.size;
      lane.building = new RecordBuilder();
      this.#lanes.delete(key);
      await lane.done;
      await this.#close(lane);
    }
    await rm(join(this.#root, cameraId), { recursive: true, force: true });
  }

  counters(): CounterSample[] {
    const sample = (name: string, help: string, type: CounterSample["type"], value: number, labels = {}) =>
      ({ name, help, type, labels, value }) satisfies CounterSample;
    return [
      ...Object.entries(this.#counts).map(([outcome, value]) =>
        sample("track_results_total", "Results for the track, by what became of them.", "counter", value, { outcome }),
      ),
      sample("track_written_bytes_total", "Bytes written to track files.", "counter", this.#writtenBytes),
      sample("track_broken_records_total", "Records found damaged while reading.", "counter", this.#broken),
      sample("track_waiting_bytes", "Encoded results that wait for the disk.", "gauge", this.#waitingBytes),
    ];
  }

  /** Writes what waits and closes the files. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
    this.#closed = true;
    for (const lane of this.#lanes.values()) await this.#close(lane);
    this.#lanes.clear();
  }

  #refusal({ camera_id, frame_id, pts90k, wall_ms }: Result): Outcome | undefined {
    if ([frame_id, pts90k, wall_ms].some((value) => value < 0 || value >= MAX_INTEGER)) return "out_of_range";
    const newest = Math.max(this.#parts.newestPts90k(camera_id), this.#parts.clock.wallMs() * 90);
    return pts90k > newest + MAX_AHEAD_TICKS ? "out_of_range" : undefined;
  }

  #lane(cameraId: string, modelId: string): Lane | undefined {
    const key = `${cameraId} ${modelId}`;
    const known = this.#lanes.get(key);
    if (known || this.#lanes.size >= MAX_LANES) return known;
    const lane: Lane = {
      cameraId,
      modelId,
      folder: join(this.#root, cameraId, modelId),
      building: new RecordBuilder(),
      file: undefined,
      takenPts90k: Number.NEGATIVE_INFINITY,
      storedPts90k: undefined,
      done: Promise.resolve(),
      usedNs: this.#parts.clock.monotonicNs(),
    };
    this.#lanes.set(key, lane);
    return lane;
  }

  #tick(): void {
    const nowNs = this.#parts.clock.monotonicNs();
    for (const [key, lane] of this.#lanes) {
      if (lane.building.count > 0) this.#write(lane);
      else if (nowNs - lane.usedNs > IDLE_NS) {
        this.#lanes.delete(key);
        lane.done = lane.done.then(() => this.#close(lane));
      }
    }
  }

  /** Hands what was built to the disk; the lane's writes happen one after the other. */
  #write(lane: Lane): void {
    const { building } = lane;
    if (building.count === 0) return;
    lane.building = new RecordBuilder();
    lane.done = lane.done.then(async () => {
      try {
        const outcome = await this.#append(lane, building);
        this.#counts[outcome] += building.count;
      } catch (error) {
        this.#counts.failed += building.count;
        this.#warn("results could not be written to the track", { camera_id: lane.cameraId, error: errorText(error) });
        // What was half written is torn; another file begins.
        await this.#close(lane);
      } finally {
        this.#waitingBytes -= building.size;
      }
    });
  }

  async #append(lane: Lane, building: RecordBuilder): Promise<Outcome> {
    if (!(await this.#isKnown(lane.cameraId, lane.modelId))) return "unknown";
    let record = building.finish();
    lane.storedPts90k ??= await files.repairNewest(lane.folder);
    lane.takenPts90k = Math.max(lane.takenPts90k, lane.storedPts90k);
    if ((building.first as KeptResult).pts90k <= lane.storedPts90k) {
      const rest = new RecordBuilder();
      for (const result of readResults(record.subarray(PREFIX_BYTES)))
        if (result.pts90k > lane.storedPts90k) rest.add(result);
      if (rest.count === 0) return "late";
      record = rest.finish();
    }
    const head = readHead(record.subarray(PREFIX_BYTES));
    const file = await this.#fileFor(lane, head, record.length);
    await file.handle.appendFile(record);
    file.sizeBytes += record.length;
    this.#writtenBytes += record.length;
    this.#parts.written?.(lane.cameraId, lane.modelId, head.firstPts90k, head.lastPts90k);
    return "kept";
  }

  async #fileFor(lane: Lane, head: RecordHead, length: number): Promise<NonNullable<Lane["file"]>> {
    const { file } = lane;
    const first = { pts90k: head.firstPts90k, wall_ms: head.leastWallMs };
    if (file) {
      const { firstPts90k, firstWallMs } = file.head;
      const start = { pts90k: firstPts90k, wall_ms: firstWallMs };
      const isFull =
        file.sizeBytes + length > files.MAX_FILE_BYTES || first.pts90k - firstPts90k >= files.MAX_FILE_TICKS;
      if (!isFull && driftMs(start, first) <= files.MAX_DRIFT_MS) return file;
      await this.#close(lane);
    }
    await mkdir(lane.folder, { recursive: true, mode: 0o750 });
    const name = files.fileName(first.pts90k, first.wall_ms);
    const handle = await open(join(lane.folder, name), "ax", 0o640);
    lane.file = {
      handle,
      head: { name, firstPts90k: first.pts90k, firstWallMs: first.wall_ms },
      sizeBytes: files.MAGIC.length,
    };
    await handle.appendFile(files.MAGIC);
    return lane.file;
  }

  async #close(lane: Lane): Promise<void> {
    const { file } = lane;
    lane.file = undefined;
    if (!file) return;
    try {
      await file.handle.datasync();
      await file.handle.close();
    } catch (error) {
      this.#warn("a track file could not be closed", { camera_id: lane.cameraId, error: errorText(error) });
    }
  }

  async *#batches(folder: string, modelId: string, query: TrackQuery): AsyncGenerator<KeptResult[]> {
    const { fromWallMs = 0, toWallMs = Infinity, toPts90k = Infinity, after } = query;
    // After (pts, model): models that come later in the order still have their result of that very frame.
    const afterPts90k = after ? (modelId > after.modelId ? after.pts90k - 1 : after.pts90k) : Number.NEGATIVE_INFINITY;
    const fromPts90k = Math.max(query.fromPts90k ?? 0, afterPts90k + 1);
    for (const file of files.filesOf(await files.listFiles(folder), { ...query, fromPts90k })) {
      const bytes = await readOrEmpty(join(folder, file.name));
      for (const { head, body } of files.scan(bytes, (_whole, broken) => (this.#broken += broken))) {
        if (head.lastPts90k < fromPts90k || head.firstPts90k >= toPts90k) continue;
        if (head.mostWallMs < fromWallMs || head.leastWallMs >= toWallMs) continue;
        const batch = readResults(body).filter(
          ({ pts90k, wall_ms }) =>
            pts90k >= fromPts90k && pts90k < toPts90k && wall_ms >= fromWallMs && wall_ms < toWallMs,
        );
        if (batch.length > 0) yield batch;
      }
    }
  }

  async #isKnown(cameraId: string, modelId: string): Promise<boolean> {
    const isIn = () => this.#known?.cameras.has(cameraId) && this.#known.models.has(modelId);
    if (isIn()) return true;
    const nowNs = this.#parts.clock.monotonicNs();
    if (!this.#known || nowNs - this.#known.atNs >= KNOWN_NS)
      this.#known = { ...(await this.#parts.known()), atNs: nowNs };
    return isIn() === true;
  }
}

/** Whether two results must not share a record: the clocks were set between them, or much time has passed. */
function isApart(first: KeptResult, next: KeptResult): boolean {
  return next.pts90k - first.pts90k > files.MAX_RECORD_TICKS || driftMs(first, next) > files.MAX_DRIFT_MS;
}

/** By how much the wall clock has run differently from the camera between two results. */
function driftMs(a: { pts90k: number; wall_ms: number }, b: { pts90k: number; wall_ms: number }): number {
  return Math.abs(b.wall_ms - a.wall_ms - (b.pts90k - a.pts90k) / 90);
}

/** A file that retention has deleted meanwhile holds nothing. */
async function readOrEmpty(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}
