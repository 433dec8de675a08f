/**
 * The writing side of W1 (docs/design/wires.md): one camera's `frame.data` and `frame.meta`, made and filled here only.
 *
 * Readers map the files read-only and are never waited for. What keeps them safe:
 *
 * | step of a frame | order |
 * | --- | --- |
 * | beginFrame | the slot's sequence becomes odd, before any pixel of it changes |
 * | the caller | writes the pixels |
 * | commit | slot record, the slot's sequence even, header: newest_slot, timestamp_ns and frame_id last |
 *
 * A reader that finds frame_id in the header therefore finds a complete record of it or of a later frame. Files are made
 * under temporary names and renamed, data before meta, so whatever has the final name is whole. Files that are given up are
 * marked first (every sequence odd), so a reader that still has them mapped finds no complete frame in them.
 *
 * frame_id goes on over generations and restarts: a ring counts on from what its maker says or from the folder's last
 * frame_id, whichever is larger.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import {
  FRAME_DATA_FILE,
  FRAME_META_FILE,
  HEADER,
  MAX_DIMENSION,
  MAX_SLOT_COUNT,
  RANGE_FULL,
  SLOT,
  metaSize,
  nv12Size,
  readGeometry,
  slotRecordOffset,
  writeHeader,
} from "@vas/contracts/frames.ts";
import type { FrameGeometry } from "@vas/contracts/frames.ts";
import { LibcError, allocateFile, mapFile } from "./libc.ts";
import type { Mapping } from "./libc.ts";

/** A multiple of what the scaler's widest vector instructions write at once; 640, 768, 1280 and 1920 need no padding. */
const STRIDE_ALIGNMENT = 64;
const TEMPORARY = ".new";
const { O_CREAT, O_EXCL, O_RDWR, O_NOFOLLOW } = constants;

/** The shared memory cannot be had; the message says needed and available bytes. */
export class FrameMemoryError extends Error {
  constructor(neededBytes: number, availableBytes: number) {
    super(`not enough shared memory for frame export [needed:${neededBytes}, available:${availableBytes} bytes]`);
    this.name = "FrameMemoryError";
  }
}

export type RingOptions = {
  /** The camera's export folder; its parent exists. */
  folder: string;
  /** Pixels, even. */
  width: number;
  height: number;
  slotCount: number;
  /** The first frame's frame_id is one more, or one more than the last in files that the folder still holds. */
  lastFrameId: number;
  /** Unix ms; generations are made of it. */
  nowMs: number;
};

/** What is known of one frame besides its pixels; see W1. */
export type FrameStamp = { timestampNs: bigint; pts90k: number; wallMs: number; fullRange?: boolean };

/**
 * Where a frame's pixels go. `planes` are Y and the interleaved UV, laid over the mapping, `pixels` are both together;
 * `strides` are bytes.
 */
export type Slot = { index: number; pixels: Buffer; planes: [Buffer, Buffer]; strides: [number, number] };

let lastGeneration = 0;

export class RingWriter {
  readonly geometry: FrameGeometry;
  readonly #folder: string;
  readonly #data: Mapping;
  readonly #meta: Mapping;
  readonly #words: BigUint64Array;
  readonly #signed: BigInt64Array;
  readonly #newestSlot: Uint32Array;
  readonly #ranges: Uint32Array[] = [];
  readonly #slots: Slot[] = [];
  readonly #sequences: bigint[] = [];
  #frameId: number;
  #next = 0;
  #writing = false;
  #closed = false;

  /**
   * Makes the files; a ring left in the folder is marked as given up and removed first.
   *
   * @throws FrameMemoryError where the file system has no room; nothing is left behind then
   */
  constructor(options: RingOptions) {
    const { folder, width, height, slotCount } = options;
    if (width < 2 || height < 2 || width > MAX_DIMENSION || height > MAX_DIMENSION || width % 2 || height % 2)
      throw new RangeError(`impossible frame size [width:${width}, height:${height}]`);
    if (!Number.isInteger(slotCount) || slotCount < 2 || slotCount > MAX_SLOT_COUNT)
      throw new RangeError(`impossible slot count [slots:${slotCount}]`);
    const stride = Math.ceil(width / STRIDE_ALIGNMENT) * STRIDE_ALIGNMENT;
    const dataSize = nv12Size(stride, height);
    const left = removeRing(folder);
    this.#frameId = Math.max(options.lastFrameId, left);
    lastGeneration = Math.max(lastGeneration + 1, options.nowMs * 1000);
    this.geometry = { width, height, stride, dataSize, slotCount, generation: lastGeneration };
    this.#folder = folder;
    mkdirSync(folder, { mode: 0o750, recursive: true });
    const dataBytes = dataSize * slotCount;
    const metaBytes = metaSize(slotCount);
    const available = freeBytes(folder);
    if (available < dataBytes + metaBytes) {
      removeFolder(folder);
      throw new FrameMemoryError(dataBytes + metaBytes, available);
    }
    try {
      this.#data = makeFile(join(folder, FRAME_DATA_FILE + TEMPORARY), dataBytes);
      this.#meta = makeFile(join(folder, FRAME_META_FILE + TEMPORARY), metaBytes);
    } catch (error) {
      const free = freeBytes(folder);
      removeRing(folder);
      removeFolder(folder);
      if (error instanceof LibcError && error.code === "ENOSPC")
        throw new FrameMemoryError(dataBytes + metaBytes, Math.min(available, free));
      throw error;
    }
    writeHeader(new DataView(this.#meta.buffer), this.geometry);
    this.#words = new BigUint64Array(this.#meta.buffer);
    this.#signed = new BigInt64Array(this.#meta.buffer);
    this.#newestSlot = new Uint32Array(this.#meta.buffer, HEADER.newestSlot, 1);
    const lumaSize = stride * height;
    for (let slot = 0; slot < slotCount; slot++) {
      const at = slot * dataSize;
      this.#words[(slotRecordOffset(slot) + SLOT.offset) / 8] = BigInt(at);
      this.#ranges.push(new Uint32Array(this.#meta.buffer, slotRecordOffset(slot) + SLOT.range, 1));
      this.#sequences.push(0n);
      this.#slots.push({
        index: slot,
        pixels: Buffer.from(this.#data.buffer, at, dataSize),
        planes: [
          Buffer.from(this.#data.buffer, at, lumaSize),
          Buffer.from(this.#data.buffer, at + lumaSize, dataSize - lumaSize),
        ],
        strides: [stride, stride],
      });
    }
    renameSync(join(folder, FRAME_DATA_FILE + TEMPORARY), join(folder, FRAME_DATA_FILE));
    renameSync(join(folder, FRAME_META_FILE + TEMPORARY), join(folder, FRAME_META_FILE));
  }

  /** All slots' pixels in order, for who lays something over them once; write only into what `beginFrame` gives. */
  get slots(): readonly Slot[] {
    return this.#slots;
  }

  /** frame_id of the newest committed frame, or what the next one will be larger than. */
  get frameId(): number {
    return this.#frameId;
  }

  /**
   * Takes the oldest slot for the next frame; from here on readers see it as torn. Without a `commit` the next call gives
   * the same slot again.
   */
  beginFrame(): Slot {
    if (this.#closed) throw new Error("the ring is closed");
    const slot = this.#slots[this.#next] as Slot;
    if (!this.#writing) {
      this.#writing = true;
      const sequence = (this.#sequences[this.#next] as bigint) + 1n;
      this.#sequences[this.#next] = sequence;
      // An exchange, not a store: on arm64 pixels written after a plain release store could become visible before it.
      Atomics.exchange(this.#words, (slotRecordOffset(this.#next) + SLOT.sequence) / 8, sequence);
    }
    return slot;
  }

  /** Makes the frame begun last the newest one. @returns its frame_id */
  commit(stamp: FrameStamp): number {
    if (!this.#writing || this.#closed) throw new Error("no frame was begun");
    const at = slotRecordOffset(this.#next) / 8;
    const frameId = this.#frameId + 1;
    const id = BigInt(frameId);
    Atomics.store(this.#words, at + SLOT.frameId / 8, id);
    Atomics.store(this.#words, at + SLOT.timestampNs / 8, stamp.timestampNs);
    Atomics.store(this.#signed, at + SLOT.pts90k / 8, BigInt(stamp.pts90k));
    Atomics.store(this.#signed, at + SLOT.wallMs / 8, BigInt(stamp.wallMs));
    Atomics.store(this.#ranges[this.#next] as Uint32Array, 0, stamp.fullRange === true ? RANGE_FULL : 0);
    const sequence = (this.#sequences[this.#next] as bigint) + 1n;
    this.#sequences[this.#next] = sequence;
    Atomics.store(this.#words, at + SLOT.sequence / 8, sequence);
    Atomics.store(this.#newestSlot, 0, this.#next);
    Atomics.store(this.#words, HEADER.timestampNs / 8, stamp.timestampNs);
    Atomics.store(this.#words, HEADER.frameId / 8, id);
    this.#frameId = frameId;
    this.#writing = false;
    this.#next = (this.#next + 1) % this.#slots.length;
    return frameId;
  }

  /** Gives the files up, removes them and the folder. No slot handed out before may be touched any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    removeRing(this.#folder);
    removeFolder(this.#folder);
    this.#meta.unmap();
    this.#data.unmap();
  }
}

/**
 * Removes a ring's files, whole or half made, from a folder; the folder stays. Whoever has them mapped finds every slot torn.
 *
 * @returns the largest frame_id that was in them, 0 where there was none
 */
export function removeRing(folder: string): number {
  const frameId = giveUp(join(folder, FRAME_META_FILE));
  for (const name of [FRAME_META_FILE, FRAME_DATA_FILE, FRAME_META_FILE + TEMPORARY, FRAME_DATA_FILE + TEMPORARY])
    rmSync(join(folder, name), { force: true });
  return frameId;
}

/** The names that a ring's folder may hold; a folder with anything else in it was not made here. */
export const RING_FILES: ReadonlySet<string> = new Set([
  FRAME_META_FILE,
  FRAME_DATA_FILE,
  FRAME_META_FILE + TEMPORARY,
  FRAME_DATA_FILE + TEMPORARY,
]);

/** Removes a camera's folder unless somebody put something into it. */
export function removeFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTEMPTY") throw error;
  }
}

/** Bytes that an ordinary user can still allocate there. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function makeFile(path: string, sizeBytes: number): Mapping {
  const fd = openSync(path, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW, 0o640);
  try {
    // The umask may have taken the group's right to read, which is what runtimes of another user live by.
    fchmodSync(fd, 0o640);
    allocateFile(fd, sizeBytes);
    return mapFile(fd, sizeBytes, "write");
  } finally {
    closeSync(fd);
  }
}

/** Makes every sequence of a meta file odd and larger than it was. By write and not by mmap: the file may be any size. */
function giveUp(path: string): number {
  let fd: number;
  try {
    fd = openSync(path, O_RDWR | O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
  try {
    const { size } = fstatSync(fd);
    const meta = Buffer.alloc(Math.min(size, metaSize(MAX_SLOT_COUNT)));
    readSync(fd, meta, 0, meta.length, 0);
    const view = new DataView(meta.buffer, meta.byteOffset, meta.length);
    // The data file's size does not matter for marking the records.
    const geometry = readGeometry(view, Number.MAX_SAFE_INTEGER);
    if (typeof geometry === "string") return 0;
    let newest = Number(view.getBigUint64(HEADER.frameId, true));
    const word = Buffer.alloc(8);
    for (let slot = 0; slot < geometry.slotCount; slot++) {
      const at = slotRecordOffset(slot);
      word.writeBigUInt64LE((view.getBigUint64(at + SLOT.sequence, true) + 1n) | 1n);
      writeSync(fd, word, 0, 8, at + SLOT.sequence);
      newest = Math.max(newest, Number(view.getBigUint64(at + SLOT.frameId, true)));
    }
    return Number.isSafeInteger(newest) ? newest : 0;
  } finally {
    closeSync(fd);
  }
}
