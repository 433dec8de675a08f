/**
 * A W1 writer for tests: the export of one camera as ordinary files, written with fs in the order the contract demands.
 * The pixels are one grey unless given; readers of references never look at them.
 */
import { closeSync, constants, ftruncateSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import {
  FRAME_DATA_FILE,
  FRAME_META_FILE,
  type FrameGeometry,
  HEADER,
  HEADER_SIZE,
  metaSize,
  nv12Size,
  SLOT,
  SLOT_RECORD_SIZE,
  slotRecordOffset,
  writeHeader,
} from "@vas/contracts/frames.ts";

export type FakeFrame = {
  /** Monotonic. */
  timestampNs: bigint;
  pts90k: number;
  wallMs: number;
  /** NV12 bytes, at most `dataSize`; absent leaves the slot's pixels as they are. */
  pixels?: Uint8Array;
  /** Counts up by one where it is absent. */
  frameId?: number;
};

/** Another value for every ring and every remaking, also across processes. */
let lastGeneration = Date.now() * 1000;

export class FakeRing {
  /** The camera's export folder. */
  readonly folder: string;
  #geometry: FrameGeometry;
  #meta = -1;
  #data = -1;
  #frameId = 0;
  #sequences: number[] = [];

  /** @param geometry stride and data size follow from width and height, which are even pixels */
  constructor(
    shmDir: string,
    cameraId: string,
    geometry: { width?: number; height?: number; slotCount?: number } = {},
  ) {
    this.folder = join(shmDir, cameraId);
    const { width = 64, height = 48, slotCount = 8 } = geometry;
    this.#geometry = { width, height, stride: width, dataSize: nv12Size(width, height), slotCount, generation: 0 };
    mkdirSync(this.folder, { recursive: true, mode: 0o750 });
    this.remake();
  }

  get geometry(): FrameGeometry {
    return this.#geometry;
  }

  get frameId(): number {
    return this.#frameId;
  }

  /** Makes the files anew, as for another resolution or a restarted writer. Frame ids go on counting. */
  remake(change: Partial<Pick<FrameGeometry, "width" | "height" | "slotCount">> = {}): void {
    this.#close();
    const merged = { ...this.#geometry, ...change, generation: ++lastGeneration };
    this.#geometry = { ...merged, stride: merged.width, dataSize: nv12Size(merged.width, merged.height) };
    this.#sequences = Array.from({ length: merged.slotCount }, () => 0);
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC;
    const dataPath = join(this.folder, FRAME_DATA_FILE);
    const metaPath = join(this.folder, FRAME_META_FILE);
    this.#data = openSync(`${dataPath}.part`, flags, 0o640);
    ftruncateSync(this.#data, this.#geometry.dataSize * merged.slotCount);
    this.#meta = openSync(`${metaPath}.part`, flags, 0o640);
    const meta = new DataView(new ArrayBuffer(metaSize(merged.slotCount)));
    writeHeader(meta, this.#geometry);
    writeSync(this.#meta, meta, 0, meta.byteLength, 0);
    renameSync(`${dataPath}.part`, dataPath);
    renameSync(`${metaPath}.part`, metaPath);
  }

  /** Writes one frame into the next slot. @returns its frame id */
  write(frame: FakeFrame): number {
    const frameId = frame.frameId ?? this.#frameId + 1;
    const slot = frameId % this.#geometry.slotCount;
    const sequence = this.begin(slot);
    const offset = slot * this.#geometry.dataSize;
    if (frame.pixels) writeSync(this.#data, frame.pixels, 0, frame.pixels.length, offset);
    const record = new DataView(new ArrayBuffer(SLOT_RECORD_SIZE));
    record.setBigUint64(SLOT.sequence, BigInt(sequence), true);
    record.setBigUint64(SLOT.frameId, BigInt(frameId), true);
    record.setBigUint64(SLOT.timestampNs, frame.timestampNs, true);
    record.setBigInt64(SLOT.pts90k, BigInt(frame.pts90k), true);
    record.setBigInt64(SLOT.wallMs, BigInt(frame.wallMs), true);
    record.setBigUint64(SLOT.offset, BigInt(offset), true);
    writeSync(this.#meta, record, 0, SLOT_RECORD_SIZE, slotRecordOffset(slot));
    this.#writeSequence(slot, sequence + 1);
    this.announce(frameId, slot, frame.timestampNs);
    return frameId;
  }

  /** Marks a slot as being written, and leaves it so. @returns the odd sequence */
  begin(slot: number): number {
    const sequence = (this.#sequences[slot] ?? 0) + 1;
    this.#writeSequence(slot, sequence);
    return sequence;
  }

  /** Writes the header's newest frame, whatever the slot holds. */
  announce(frameId: number, slot: number, timestampNs: bigint): void {
    const header = new DataView(new ArrayBuffer(HEADER_SIZE));
    writeHeader(header, this.#geometry);
    header.setBigUint64(HEADER.frameId, BigInt(frameId), true);
    header.setBigUint64(HEADER.timestampNs, timestampNs, true);
    header.setUint32(HEADER.newestSlot, slot, true);
    writeSync(this.#meta, header, 0, HEADER_SIZE, 0);
    this.#frameId = frameId;
  }

  /** The camera stops: the folder is gone. */
  remove(): void {
    this.#close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #writeSequence(slot: number, sequence: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(sequence));
    writeSync(this.#meta, bytes, 0, 8, slotRecordOffset(slot) + SLOT.sequence);
    this.#sequences[slot] = sequence + (sequence % 2);
  }

  #close(): void {
    if (this.#meta >= 0) closeSync(this.#meta);
    if (this.#data >= 0) closeSync(this.#data);
    this.#meta = -1;
    this.#data = -1;
  }
}
