/** Small pictures of recorded moments for a person who moves over a timeline: never from the camera, never kept on disk. */
import { CodedError } from "@vas/contracts/errors.ts";
import type { Backend } from "./context.ts";
import { Slots } from "./slots.ts";
import { segmentAtWall } from "./store/recordings.ts";
import { readSegment } from "./timeline.ts";

/** One decoder: snapshots and clips keep theirs. */
const AT_ONCE = 1;
const MAX_WAITING = 24;
const MAX_KEPT_BYTES = 16 * 1024 * 1024;
/** A moment this far after the last frame still shows it. */
const TOLERANCE_MS = 2000;
/** Key frames are some seconds apart, so moments this near most often show the same one. */
const GRID_MS = 1000;

export type Thumbnail = { jpeg: Buffer; wallMs: number; isFinal: boolean };

export class Thumbnails {
  readonly #backend: Pick<Backend, "db" | "kernel">;
  readonly #slots = new Slots(
    AT_ONCE,
    MAX_WAITING,
    () => new CodedError("snapshot_failed", "Too many small pictures are waiting to be made."),
  );
  readonly #kept = new Map<string, Thumbnail>();
  #keptBytes = 0;

  constructor(backend: Pick<Backend, "db" | "kernel">) {
    this.#backend = backend;
  }

  /** @throws CodedError not_recorded, snapshot_failed, or the signal's reason */
  async at(cameraId: string, wallMs: number, height: number, signal: AbortSignal): Promise<Thumbnail> {
    const { db, kernel } = this.#backend;
    const open = kernel.openSegment(cameraId);
    const stored = open && open.startWallMs <= wallMs ? undefined : await segmentAtWall(db, cameraId, wallMs);
    const segment = stored ? await readSegment(this.#backend, stored.id) : open;
    if (!segment || wallMs < segment.startWallMs || wallMs > segment.endWallMs + TOLERANCE_MS)
      throw new CodedError("not_recorded");
    const place = Math.min(wallMs, segment.endWallMs);
    const onGrid = segment.startWallMs + Math.floor((place - segment.startWallMs) / GRID_MS) * GRID_MS;
    const key = `${segment.id} ${onGrid} ${height}`;
    const known = this.#kept.get(key);
    if (known) return known;
    return this.#slots.run(signal, async () => {
      const made = this.#kept.get(key);
      if (made) return made;
      const picture = await kernel.thumbnailOf(segment, { wallMs: onGrid }, height, signal);
      const thumbnail = { jpeg: picture.jpeg, wallMs: picture.wallMs, isFinal: !segment.open };
      if (thumbnail.isFinal) this.#keep(key, thumbnail);
      return thumbnail;
    });
  }

  #keep(key: string, thumbnail: Thumbnail): void {
    this.#kept.set(key, thumbnail);
    this.#keptBytes += thumbnail.jpeg.length;
    for (const [oldest, { jpeg }] of this.#kept) {
      if (this.#keptBytes <= MAX_KEPT_BYTES) return;
      this.#kept.delete(oldest);
      this.#keptBytes -= jpeg.length;
    }
  }
}
