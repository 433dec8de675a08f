/**
 * W1 as a reader sees it: zero-copy views of the frames that VAS exports.
 *
 * The reader maps read-only, never locks and never acknowledges. It trusts nothing in the files before it has checked
 * it, and after a frame was used `stillValid` says whether the pixels were those of one frame all the time.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, realpathSync, type Stats } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import {
  FRAME_DATA_FILE,
  FRAME_META_FILE,
  type FrameGeometry,
  nv12Size,
  readGeometry,
  readNewest,
  readSlotRecord,
  type SlotRecord,
  slotRecordOffset,
} from "@vas/contracts/frames.ts";
import type { FrameMetadata } from "@vas/contracts/inference.ts";
import { isSameFile, type Mapping, mapFile } from "./mapping.ts";

/** Why a frame cannot be read. `text` carries the observed values and no path. */
export type FrameProblem = { code: "outside" | "gone" | "invalid" | "mismatch" | "torn"; text: string };

/** One frame's pixels where the writer put them. The views are valid until `release`. */
export type FrameView = {
  /** Luma, `height` rows of `stride` bytes. Read only: a write ends the process. */
  y: Uint8Array;
  /** Interleaved U and V, `height / 2` rows of `stride` bytes. Read only. */
  uv: Uint8Array;
  width: number;
  height: number;
  /** Bytes from one row to the next. */
  stride: number;
  slot: number;
  generation: number;
  record: SlotRecord;
  /** True while the slot holds the very frame that was opened. Ask it after the pixels were used. */
  stillValid(): boolean;
  /** Ends the use. Views that are kept past it may lose their memory (they then have length 0). */
  release(): void;
};

type Ring = {
  folder: string;
  folderIdentity: { dev: number; ino: number };
  metaPath: string;
  dataPath: string;
  /** The references that were found to mean this folder, by the camera that they were checked for. */
  names: Map<string, string>;
  meta: Mapping;
  data: Mapping;
  view: DataView;
  words: BigUint64Array;
  geometry: FrameGeometry;
  /** Frames of this ring that are in use; the memory stays while there are any. */
  users: number;
  retired: boolean;
  usedMs: number;
};

/** One folder can be written in many ways; a caller that tries them all must not fill the memory. */
const MAX_NAMES = 4;

const barrier = new Int32Array(new SharedArrayBuffer(4));

export type FrameReaderOptions = {
  /** The folder that holds one folder per camera. */
  shmDir: string;
  /** Rings mapped at once; the least recently used one goes first. */
  maxRings?: number;
  /** A ring that nobody read for this long is unmapped by `sweep`. */
  idleMs?: number;
  /** Any clock in milliseconds. */
  nowMs?: () => number;
};

export class FrameReader {
  readonly #shmDir: string;
  readonly #maxRings: number;
  readonly #idleMs: number;
  readonly #nowMs: () => number;
  readonly #rings = new Map<string, Ring>();
  /** By a reference that was checked. */
  readonly #named = new Map<string, Ring>();

  constructor(options: FrameReaderOptions) {
    this.#shmDir = resolve(options.shmDir);
    this.#maxRings = options.maxRings ?? 64;
    this.#idleMs = options.idleMs ?? 30_000;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** Rings that are mapped now. */
  get mapped(): number {
    return this.#rings.size;
  }

  /**
   * Opens the frame that a request describes.
   *
   * @param reference the camera's export folder as the request names it
   * @param cameraId the camera that the folder must belong to
   * @param wanted the request's description, compared field by field with what the files say
   */
  open(reference: string, cameraId: string, wanted: FrameMetadata): FrameView | FrameProblem {
    let ring = this.#ring(reference, cameraId);
    // Another generation may be in files that took the place of one of these alone.
    if (!("code" in ring) && wanted.generation !== ring.geometry.generation) ring = this.#find(reference, cameraId);
    if ("code" in ring) return ring;
    const { geometry } = ring;
    if (wanted.generation !== geometry.generation)
      return mismatch("generation", geometry.generation, wanted.generation);
    for (const [name, expected, found] of [
      ["width", geometry.width, wanted.width],
      ["height", geometry.height, wanted.height],
      ["stride", geometry.stride, wanted.stride],
      ["data_size", geometry.dataSize, wanted.data_size],
    ] as const)
      if (expected !== found) return mismatch(name, expected, found);
    if (wanted.slot >= geometry.slotCount) return mismatch("slot_count", geometry.slotCount, wanted.slot);
    if (wanted.sequence % 2 !== 0) return mismatch("an even sequence", wanted.sequence + 1, wanted.sequence);
    const found = this.#view(ring, wanted.slot);
    if ("code" in found) return found;
    const { record } = found;
    const problem =
      record.sequence !== wanted.sequence
        ? torn(`the slot was written again [expected:${wanted.sequence}, found:${record.sequence}]`)
        : record.frameId !== wanted.frame_id
          ? mismatch("frame_id", record.frameId, wanted.frame_id)
          : record.offset !== wanted.offset
            ? mismatch("offset", record.offset, wanted.offset)
            : undefined;
    if (problem) found.release();
    return problem ?? found;
  }

  /** Opens the newest complete frame of a camera, without a request. `torn` is an ordinary answer: try the next one. */
  openNewest(cameraId: string): FrameView | FrameProblem {
    const ring = this.#ring(join(this.#shmDir, cameraId), cameraId);
    if ("code" in ring) return ring;
    const newest = readNewest(ring.view);
    if (newest.frameId === 0) return { code: "gone", text: "no frame was written yet" };
    return this.#view(ring, newest.slot);
  }

  /** Opens the frame in one slot, for who was told of a slot and a sequence and compares them. */
  openSlot(cameraId: string, slot: number): FrameView | FrameProblem {
    const ring = this.#ring(join(this.#shmDir, cameraId), cameraId);
    return "code" in ring ? ring : this.#view(ring, slot);
  }

  /** Unmaps rings that were replaced or removed, or that nobody reads. A mapping would keep their memory in use. */
  sweep(): void {
    const oldest = this.#nowMs() - this.#idleMs;
    for (const ring of this.#rings.values()) ring.names.clear();
    this.#named.clear();
    for (const ring of this.#rings.values()) if (ring.usedMs < oldest || !isCurrent(ring)) this.#retire(ring);
  }

  /** Unmaps everything that is not in use at this moment, and the rest as soon as it is released. */
  close(): void {
    for (const ring of this.#rings.values()) this.#retire(ring);
  }

  #ring(reference: string, cameraId: string): Ring | FrameProblem {
    // A name that meant a ring means it still while its files are in their place: they are the files that were checked, and
    // `sweep` forgets the names. Resolving the path for every frame costs as much as a dispatch. The folder is asked for, which
    // may have become a link, and both files: of one that was cut off meanwhile not a byte may be read.
    const named = this.#named.get(reference);
    if (named?.names.get(reference) === cameraId && isInPlace(named) && isCurrent(named)) {
      named.usedMs = this.#nowMs();
      return named;
    }
    const ring = this.#find(reference, cameraId);
    if ("code" in ring) return ring;
    if (ring.names.size < MAX_NAMES) {
      ring.names.set(reference, cameraId);
      this.#named.set(reference, ring);
    }
    return ring;
  }

  #find(reference: string, cameraId: string): Ring | FrameProblem {
    const folder = this.#folder(reference, cameraId);
    if (typeof folder !== "string") return folder;
    const known = this.#rings.get(folder);
    if (known && isCurrent(known)) {
      known.usedMs = this.#nowMs();
      return known;
    }
    if (known) this.#retire(known);
    const ring = openRing(folder);
    if ("code" in ring) return ring;
    while (this.#rings.size >= this.#maxRings) this.#retire(this.#leastRecentlyUsed());
    ring.usedMs = this.#nowMs();
    this.#rings.set(folder, ring);
    return ring;
  }

  /** The folder's real path, where that is the camera's own folder directly inside the export folder. */
  #folder(reference: string, cameraId: string): string | FrameProblem {
    if (!reference.startsWith("/") || reference.includes("\0"))
      return { code: "outside", text: "frame_reference is not an absolute path" };
    // Before the file system is asked: a path that is elsewhere as written shall not even be looked up.
    const written = resolve(reference);
    if (dirname(written) !== this.#shmDir && dirname(written) !== realOf(this.#shmDir))
      return { code: "outside", text: "frame_reference is not a folder inside VAS_SHM_DIR" };
    if (basename(written) !== cameraId)
      return { code: "outside", text: "frame_reference is not the folder of this camera" };
    const real = realOf(written);
    if (real === undefined) return { code: "gone", text: "the camera exports no frames" };
    if (real !== join(realOf(this.#shmDir) ?? this.#shmDir, cameraId))
      return { code: "outside", text: "frame_reference leads out of VAS_SHM_DIR" };
    return real;
  }

  #view(ring: Ring, slot: number): FrameView | FrameProblem {
    if (slot >= ring.geometry.slotCount)
      return {
        code: "invalid",
        text: `slot is beyond slot_count [slot_count:${ring.geometry.slotCount}, slot:${slot}]`,
      };
    const word = slotRecordOffset(slot) / 8;
    const before = Atomics.load(ring.words, word);
    if (before % 2n !== 0n) return torn(`the slot is being written [sequence:${before}]`);
    if (before === 0n) return { code: "gone", text: `the slot holds no frame yet [slot:${slot}]` };
    const record = readSlotRecord(ring.view, slot);
    if (Atomics.load(ring.words, word) !== before) return torn("the slot record changed while it was read");
    const { width, height, stride } = ring.geometry;
    const size = nv12Size(stride, height);
    if (!Number.isSafeInteger(record.offset) || record.offset + size > ring.data.bytes.byteLength)
      return {
        code: "invalid",
        text: `the slot's offset leaves frame.data [offset:${record.offset}, bytes:${ring.data.bytes.byteLength}]`,
      };
    ring.users++;
    let released = false;
    return {
      y: new Uint8Array(ring.data.bytes, record.offset, stride * height),
      uv: new Uint8Array(ring.data.bytes, record.offset + stride * height, (stride * height) / 2),
      width,
      height,
      stride,
      slot,
      generation: ring.geometry.generation,
      record,
      stillValid() {
        // The pixels were read with plain loads, and arm64 may make those after a later load, even an atomic one. An
        // exchange lies between: nothing passes it in either direction.
        Atomics.exchange(barrier, 0, 0);
        return !released && Atomics.load(ring.words, word) === before && ring.meta.isThere();
      },
      release() {
        if (released) return;
        released = true;
        ring.users--;
        if (ring.retired && ring.users === 0) unmap(ring);
      },
    };
  }

  #retire(ring: Ring): void {
    if (this.#rings.get(ring.folder) === ring) this.#rings.delete(ring.folder);
    for (const name of ring.names.keys()) if (this.#named.get(name) === ring) this.#named.delete(name);
    if (ring.retired) return;
    ring.retired = true;
    if (ring.users === 0) unmap(ring);
  }

  #leastRecentlyUsed(): Ring {
    let oldest: Ring | undefined;
    for (const ring of this.#rings.values()) if (oldest === undefined || ring.usedMs < oldest.usedMs) oldest = ring;
    if (oldest === undefined) throw new Error("there is no ring to unmap");
    return oldest;
  }
}

/** Maps a camera's two files. Both are opened through one handle of the folder, so they are of the same folder. */
function openRing(folder: string): Ring | FrameProblem {
  let handle: number;
  try {
    handle = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    return cannotOpen("the camera's folder", error);
  }
  let meta: Mapping | undefined;
  let data: Mapping | undefined;
  const { dev, ino } = fstatSync(handle);
  try {
    try {
      meta = mapFile(`/proc/self/fd/${handle}/${FRAME_META_FILE}`);
    } catch (error) {
      return cannotOpen(FRAME_META_FILE, error);
    }
    const refused = refusedBefore(meta, `/proc/self/fd/${handle}/${FRAME_DATA_FILE}`);
    if (refused !== undefined) {
      meta.unmap();
      return { code: "invalid", text: refused };
    }
    try {
      data = mapFile(`/proc/self/fd/${handle}/${FRAME_DATA_FILE}`);
    } catch (error) {
      meta.unmap();
      return cannotOpen(FRAME_DATA_FILE, error);
    }
  } finally {
    closeSync(handle);
  }
  const view = new DataView(meta.bytes);
  const geometry = readGeometry(view, data.bytes.byteLength);
  const words = new BigUint64Array(meta.bytes, 0, Math.floor(meta.bytes.byteLength / 8));
  const metaPath = join(folder, FRAME_META_FILE);
  const dataPath = join(folder, FRAME_DATA_FILE);
  const base = {
    folder,
    folderIdentity: { dev, ino },
    metaPath,
    dataPath,
    names: new Map<string, string>(),
    meta,
    data,
    view,
    words,
    users: 0,
    retired: false,
    usedMs: 0,
  };
  if (typeof geometry === "string") {
    unmap(base);
    return { code: "invalid", text: geometry };
  }
  const ring = { ...base, geometry };
  // The writer may have replaced the files between the two opens; a pair that is not current is no pair.
  if (isCurrent(ring)) return ring;
  unmap(ring);
  return { code: "gone", text: "the files were replaced while they were opened" };
}

/** A header that is wrong is told before frame.data is mapped, whose size may then be anything. */
function refusedBefore(meta: Mapping, dataPath: string): string | undefined {
  const data = lstatSync(dataPath, { throwIfNoEntry: false });
  if (!data?.isFile()) return undefined;
  const geometry = readGeometry(new DataView(meta.bytes), data.size);
  return typeof geometry === "string" ? geometry : undefined;
}

function unmap(ring: Pick<Ring, "meta" | "data">): void {
  ring.meta.unmap();
  ring.data.unmap();
}

/** True while the folder's name still means the folder, and no link to anywhere. */
function isInPlace({ folder, folderIdentity }: Ring): boolean {
  const found = statOf(folder);
  return found?.isDirectory() === true && found.dev === folderIdentity.dev && found.ino === folderIdentity.ino;
}

/** True while the folder's two names still mean the mapped files. */
function isCurrent(ring: Pick<Ring, "metaPath" | "dataPath" | "meta" | "data">): boolean {
  return isSameFile(ring.meta.identity, statOf(ring.metaPath)) && isSameFile(ring.data.identity, statOf(ring.dataPath));
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (isNodeError(error)) return undefined;
    throw error;
  }
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch (error) {
    if (isNodeError(error)) return undefined;
    throw error;
  }
}

function cannotOpen(what: string, error: unknown): FrameProblem {
  if (!(error instanceof Error)) throw error;
  if (!isNodeError(error)) return { code: "invalid", text: `${what}: ${error.message}` };
  if (error.code === "ENOENT") return { code: "gone", text: `${what} is not there` };
  if (error.code === "ELOOP") return { code: "outside", text: `${what} is a symbolic link` };
  return { code: "invalid", text: `${what} cannot be opened [${error.code}]` };
}

function isNodeError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === "string";
}

function mismatch(name: string, expected: number, found: number): FrameProblem {
  return { code: "mismatch", text: `${name} does not match [expected:${expected}, found:${found}]` };
}

function torn(text: string): FrameProblem {
  return { code: "torn", text };
}
