/**
 * Exports: a range of a camera's recording as one MP4, with its track as JSON and WebVTT beside it. They wait in the store
 * and are made one at a time, by a process of the kernel; one that a stop of VAS interrupts is begun again.
 */
import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { errorText } from "@vas/base/log.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import type { Export, ExportCreate } from "@vas/contracts/http.ts";
import type { Exported } from "../kernel/index.ts";
import type { Backend } from "./context.ts";
import { drawingsOf, jsonTrack, vttTrack } from "./export-tracks.ts";
import { waitForWall } from "./media.ts";
import * as store from "./store/exports.ts";
import { readSegments } from "./timeline.ts";
import { isoTime, parseTime } from "./validation.ts";

export const MAX_EXPORT_MS = 24 * 3_600_000;
const MAX_SEGMENTS = 20_000;
/** Exports that wait. */
const MAX_QUEUED = 32;
/** A drawing is held for so long, so those from before the first frame matter. */
const HOLD_TICKS = 2 * 90_000;

export class Exports {
  readonly #backend: Backend;
  readonly #queue: string[] = [];
  readonly #progress = new Map<string, number>();
  #running: { id: string; abort: AbortController; ended: Promise<void> } | undefined;
  #isClosed = false;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Goes on with what an earlier VAS left. */
  async start(): Promise<void> {
    const left = await store.unfinishedExports(this.#backend.db);
    for (const { id } of left) this.#queue.push(id);
    this.#next();
  }

  /** @throws CodedError range_invalid, not_recorded, export_limit */
  async create(cameraId: string, wish: ExportCreate): Promise<Export> {
    const { db, clock } = this.#backend;
    const fromWallMs = parseTime("from", wish.from);
    const toWallMs = parseTime("to", wish.to);
    if (fromWallMs >= toWallMs) throw new CodedError("range_invalid", "The export must end after it begins.");
    if (toWallMs - fromWallMs > MAX_EXPORT_MS)
      throw new CodedError("range_invalid", `An export may be so long [max:${MAX_EXPORT_MS / 3_600_000} h].`);
    if (toWallMs > clock.wallMs()) throw new CodedError("range_invalid", "The export ends in the future.");
    if (this.#queue.length >= MAX_QUEUED) throw new CodedError("export_limit");
    const [any] = await readSegments(this.#backend, cameraId, { fromWallMs, toWallMs }, 1);
    if (!any) throw new CodedError("not_recorded");
    const id = randomUUID();
    const row: store.ExportRow = {
      id,
      camera_id: cameraId,
      from_ms: fromWallMs,
      to_ms: toWallMs,
      boxes: wish.boxes ? 1 : 0,
      label: wish.label?.trim() || null,
      models: wish.models ? JSON.stringify(wish.models) : null,
      state: "queued",
      error: null,
      start_pts90k: null,
      end_pts90k: null,
      size_bytes: null,
      path: `exports/${cameraId}/${isoTime(fromWallMs).slice(0, 10)}/${id}`,
      created_at: clock.wallMs(),
      finished_at: null,
    };
    await store.insertExport(db, row);
    this.#queue.push(id);
    this.#next();
    return this.toExport(row);
  }

  /** Cancels the export where it is not finished, and deletes it. @throws CodedError export_not_found */
  async delete(id: string): Promise<void> {
    const row = await store.deleteExport(this.#backend.db, id);
    if (!row) throw new CodedError("export_not_found");
    const at = this.#queue.indexOf(id);
    if (at >= 0) this.#queue.splice(at, 1);
    if (this.#running?.id === id) {
      this.#running.abort.abort(new Error("the export was deleted"));
      await this.#running.ended;
    }
    await this.#backend.kernel.deleteFiles(store.EXPORT_ENDINGS.map((ending) => `${row.path}.${ending}`));
  }

  toExport(row: store.ExportRow): Export {
    return {
      id: row.id,
      camera_id: row.camera_id,
      label: row.label,
      from: isoTime(row.from_ms),
      to: isoTime(row.to_ms),
      boxes: row.boxes === 1,
      models: row.models === null ? null : (JSON.parse(row.models) as string[]),
      state: row.state,
      progress: row.state === "done" ? 1 : (this.#progress.get(row.id) ?? 0),
      error: row.error,
      start_pts90k: row.start_pts90k,
      end_pts90k: row.end_pts90k,
      size_bytes: row.size_bytes,
      created_at: isoTime(row.created_at),
      finished_at: row.finished_at === null ? null : isoTime(row.finished_at),
    };
  }

  /** What runs is ended and begun again at the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#running?.abort.abort(new Error("VAS is stopping"));
    await this.#running?.ended;
  }

  #next(): void {
    if (this.#running || this.#isClosed) return;
    const id = this.#queue.shift();
    if (id === undefined) return;
    const abort = new AbortController();
    const ended = this.#run(id, abort.signal).finally(() => {
      this.#progress.delete(id);
      this.#running = undefined;
      this.#next();
    });
    this.#running = { id, abort, ended };
  }

  /** Never rejects. */
  async #run(id: string, signal: AbortSignal): Promise<void> {
    const { db, clock, log, kernel } = this.#backend;
    const row = await store.exportById(db, id).catch((error: unknown) => {
      log.error("an export was not begun", { export_id: id, error: errorText(error) });
    });
    if (!row) return; // deleted while it waited, or left for the next start
    const deleteFiles = () => kernel.deleteFiles(store.EXPORT_ENDINGS.map((ending) => `${row.path}.${ending}`));
    try {
      await store.updateExport(db, id, { state: "running" });
      const exported = await this.#make(row, signal);
      const first = exported.parts[0];
      const last = exported.parts.at(-1);
      await store.updateExport(db, id, {
        state: "done",
        size_bytes: exported.sizeBytes,
        start_pts90k: first?.startPts90k ?? null,
        end_pts90k: last?.endPts90k ?? null,
        finished_at: clock.wallMs(),
      });
      // The camera may have been deleted meanwhile, and this row with it.
      if (!(await store.exportById(db, id))) await deleteFiles();
    } catch (thrown) {
      await deleteFiles().catch((cause: unknown) => log.error("an export's files are left", { export_id: id, cause }));
      // Ended on purpose: the row is gone, or stays unfinished for the next start.
      if (signal.aborted) return;
      const error = errorText(thrown);
      log.warn("an export failed", { export_id: id, cause: error });
      const fields = { state: "failed" as const, error, finished_at: clock.wallMs() };
      await store
        .updateExport(db, id, fields)
        .catch((cause: unknown) => log.error("an export's end was not recorded", { export_id: id, cause }));
    }
  }

  async #make(row: store.ExportRow, signal: AbortSignal): Promise<Exported> {
    const { kernel, track, config } = this.#backend;
    const range = { fromWallMs: row.from_ms, toWallMs: row.to_ms };
    await waitForWall(this.#backend, row.camera_id, row.to_ms, signal);
    const segments = await readSegments(this.#backend, row.camera_id, range, MAX_SEGMENTS + 1);
    const [first] = segments;
    const last = segments.at(-1);
    if (!first || !last) throw new CodedError("not_recorded");
    if (segments.length > MAX_SEGMENTS)
      throw new CodedError("range_invalid", `The range holds too many segments [max:${MAX_SEGMENTS}].`);
    const models = row.models === null ? undefined : new Set(JSON.parse(row.models) as string[]);
    const results = (fromPts90k: number, toPts90k: number) =>
      track.results(row.camera_id, { fromPts90k, toPts90k }, (modelId) => models?.has(modelId) ?? true);
    const exported = await kernel.writeExport({
      segments,
      ...range,
      path: `${row.path}.mp4`,
      ...(row.boxes ? { drawings: drawingsOf(results(first.startPts90k - HOLD_TICKS, last.endPts90k)) } : {}),
      onProgress: (fraction) => this.#progress.set(row.id, fraction),
      signal,
    });
    const whole = () => results(exported.parts[0]?.startPts90k ?? 0, exported.parts.at(-1)?.endPts90k ?? 0);
    const base = join(config.mediaDir, row.path);
    const head = { export_id: row.id, camera_id: row.camera_id, from: isoTime(row.from_ms), to: isoTime(row.to_ms) };
    await writeWhole(`${base}.json`, jsonTrack(head, whole(), exported.parts), signal);
    await writeWhole(`${base}.vtt`, vttTrack(whole(), exported.parts), signal);
    return exported;
  }
}

/** A file has its name only once it is whole. */
async function writeWhole(path: string, text: AsyncIterable<string>, signal: AbortSignal): Promise<void> {
  const draft = `${path}.part`;
  await mkdir(dirname(path), { recursive: true, mode: 0o750 });
  try {
    await pipeline(text, createWriteStream(draft, { mode: 0o640 }), { signal });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
