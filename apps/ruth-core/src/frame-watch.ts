/**
 * Watches one camera's export (W1) for its newest frame. Core never touches a pixel: of `frame.data` only the size is
 * looked at, and `frame.meta` is read with pread. A mapping would be cheaper by a microsecond a look, but a file that is
 * cut short under a mapping kills the reader (SIGBUS), and Core would need native code for it.
 *
 * A look at a camera without a new frame is one pread of 8 bytes. Everything here is synchronous and on tmpfs; no call
 * can wait for the writer (O_NONBLOCK keeps even a FIFO in the file's place from doing so).
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import {
  FRAME_DATA_FILE,
  FRAME_META_FILE,
  type FrameGeometry,
  HEADER,
  HEADER_SIZE,
  MAX_SLOT_COUNT,
  metaSize,
  readGeometry,
  readNewest,
  readSlotRecord,
  SLOT,
  SLOT_RECORD_SIZE,
  type SlotRecord,
  slotRecordOffset,
} from "@vas/contracts/frames.ts";

/** A complete frame, by reference. */
export type FrameRef = SlotRecord & { slot: number; geometry: FrameGeometry };

/**
 * What a look found: nothing new (null), or that frame `frameId` is the newest now. `passed` frames came and went since
 * the last look; `frame` is null where the newest one was torn.
 */
export type Look = { frameId: number; passed: number; frame: FrameRef | null } | null;

/** How often absent files are looked for, and present ones are compared with what the path names now. */
const FILES_EVERY_MS = 250;
/** The header and the slot record are two reads; a frame that lands between them is simply read again. */
const READ_TRIES = 3;

type Open = {
  fd: number;
  ino: bigint;
  dev: bigint;
  geometry: FrameGeometry;
  /** The whole of frame.meta; `bytes` and `view` are the same memory. */
  bytes: Buffer;
  view: DataView;
  dataFileSize: number;
};

export class FrameWatch {
  readonly #folder: string;
  readonly #newest = Buffer.alloc(8);
  #open: Open | null = null;
  #checkAtMs = Number.NEGATIVE_INFINITY;
  #lastId = 0;
  #lastGeneration = -1;
  #problem: string | null = null;

  /** @param folder the camera's export folder */
  constructor(folder: string) {
    this.#folder = folder;
  }

  get folder(): string {
    return this.#folder;
  }

  /** Why no export can be read, in words; null while one is open. */
  get problem(): string | null {
    return this.#open === null ? (this.#problem ?? "the frame export was not looked for yet") : null;
  }

  /** @param monoMs monotonic */
  look(monoMs: number): Look {
    try {
      return this.#look(monoMs);
    } catch (thrown) {
      // Whatever the file system refuses is the export's problem and no reason for Core to stop; it is opened again.
      this.#shut((thrown as Error).message);
      this.#checkAtMs = monoMs + FILES_EVERY_MS;
      return null;
    }
  }

  #look(monoMs: number): Look {
    if (this.#open === null) {
      if (monoMs < this.#checkAtMs) return null;
      this.#checkAtMs = monoMs + FILES_EVERY_MS;
      this.#tryOpen();
    }
    const open = this.#open;
    if (open === null) return null;
    if (readSync(open.fd, this.#newest, 0, 8, HEADER.frameId) !== 8) {
      this.#shut("frame.meta was cut short");
      return null;
    }
    const frameId = Number(this.#newest.readBigUInt64LE(0));
    if (frameId === this.#lastId && open.geometry.generation === this.#lastGeneration) {
      if (monoMs >= this.#checkAtMs) {
        this.#checkAtMs = monoMs + FILES_EVERY_MS;
        if (this.#replaced(open)) this.#shut("the frame export was removed");
      }
      return null;
    }
    if (frameId === 0 || !Number.isSafeInteger(frameId)) return null;
    return this.#read(open, frameId);
  }

  close(): void {
    this.#shut("the watch is closed");
  }

  #read(open: Open, announced: number): Look {
    let frameId = announced;
    let frame: FrameRef | null = null;
    for (let tries = 0; tries < READ_TRIES && frame === null; tries++) {
      if (readSync(open.fd, open.bytes, 0, HEADER_SIZE, 0) !== HEADER_SIZE) break;
      const generation = open.view.getBigUint64(HEADER.generation, true);
      if (generation !== BigInt(open.geometry.generation)) {
        this.#shut("the frame export changed its generation in place");
        return null;
      }
      const newest = readNewest(open.view);
      if (newest.slot >= open.geometry.slotCount || !Number.isSafeInteger(newest.frameId)) break;
      frameId = newest.frameId;
      frame = this.#readSlot(open, newest.slot, frameId);
    }
    const sameGeneration = this.#lastGeneration === open.geometry.generation;
    // Ids that do not grow within a generation break the contract; the frame counts, the ones between cannot be told.
    const passed = sameGeneration && frameId > this.#lastId ? frameId - this.#lastId - 1 : 0;
    this.#lastId = frameId;
    this.#lastGeneration = open.geometry.generation;
    return { frameId, passed, frame };
  }

  /** @returns null where the slot is being written, holds another frame or says what cannot be true */
  #readSlot(open: Open, slot: number, frameId: number): FrameRef | null {
    const at = slotRecordOffset(slot);
    if (readSync(open.fd, open.bytes, at, SLOT_RECORD_SIZE, at) !== SLOT_RECORD_SIZE) return null;
    const record = readSlotRecord(open.view, slot);
    if (readSync(open.fd, this.#newest, 0, 8, at + SLOT.sequence) !== 8) return null;
    const sequenceAfter = Number(this.#newest.readBigUInt64LE(0));
    if (record.sequence % 2 !== 0 || record.sequence !== sequenceAfter || record.frameId !== frameId) return null;
    const isSane =
      Number.isSafeInteger(record.sequence) &&
      Number.isSafeInteger(record.pts90k) &&
      Number.isSafeInteger(record.wallMs) &&
      Number.isSafeInteger(record.offset) &&
      record.offset + open.geometry.dataSize <= open.dataFileSize;
    return isSane ? { ...record, slot, geometry: open.geometry } : null;
  }

  #tryOpen(): void {
    let fd = -1;
    try {
      if (!lstatSync(this.#folder).isDirectory()) throw new Error("the export folder is not a folder");
      fd = openSync(
        join(this.#folder, FRAME_META_FILE),
        constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
      );
      const stat = fstatSync(fd, { bigint: true });
      const data = lstatSync(join(this.#folder, FRAME_DATA_FILE));
      if (!stat.isFile() || !data.isFile()) throw new Error("the frame export is not made of files");
      if (stat.size > BigInt(metaSize(MAX_SLOT_COUNT))) throw new Error(`frame.meta is too long [bytes:${stat.size}]`);
      const bytes = Buffer.alloc(Number(stat.size));
      const read = readSync(fd, bytes, 0, bytes.length, 0);
      const view = new DataView(bytes.buffer, bytes.byteOffset, read);
      const geometry = readGeometry(view, data.size);
      if (typeof geometry === "string") throw new Error(geometry);
      this.#open = { fd, ino: stat.ino, dev: stat.dev, geometry, bytes, view, dataFileSize: data.size };
      this.#problem = null;
    } catch (thrown) {
      if (fd >= 0) closeSync(fd);
      const { code } = thrown as NodeJS.ErrnoException;
      this.#problem = code === "ENOENT" ? "the camera exports no frames" : (thrown as Error).message;
    }
  }

  /** Whether the path names other files than the open one by now. */
  #replaced(open: Open): boolean {
    const stat = lstatSync(join(this.#folder, FRAME_META_FILE), { bigint: true, throwIfNoEntry: false });
    return stat === undefined || stat.ino !== open.ino || stat.dev !== open.dev;
  }

  #shut(problem: string): void {
    if (this.#open !== null) closeSync(this.#open.fd);
    this.#open = null;
    this.#problem = problem;
    this.#checkAtMs = Number.NEGATIVE_INFINITY;
  }
}
