/**
 * The frames that the kit shows a runtime: a W1 export of its own, in a folder of the runtime's VAS_SHM_DIR named by a
 * camera id that nobody else has. The files can be broken in every way that a reader must survive.
 */
import { randomUUID } from "node:crypto";
import { closeSync, constants, lstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import {
  FRAME_DATA_FILE,
  FRAME_META_FILE,
  type FrameGeometry,
  HEADER,
  metaSize,
  nv12Size,
  SLOT,
  slotRecordOffset,
  writeHeader,
} from "@vas/contracts/frames.ts";
import type { FrameMetadata } from "@vas/contracts/inference.ts";

const SLOT_COUNT = 8;
const GREY = 128;

let lastGeneration = Date.now() * 1000;

export class FrameRing implements Disposable {
  readonly cameraId: string;
  readonly folder: string;
  #geometry: FrameGeometry;
  #meta = -1;
  #data = -1;
  #frameId = 0;
  #sequences: number[] = [];

  /**
   * @param parent the folder that holds one folder per camera
   * @param width even pixels
   * @param height even pixels
   * @throws Error where the folder or its files cannot be made
   */
  constructor(parent: string, width: number, height: number) {
    this.cameraId = randomUUID();
    this.folder = join(parent, this.cameraId);
    this.#geometry = geometryOf(width, height);
    mkdirSync(this.folder, { mode: 0o750 });
    this.remake();
  }

  get metaPath(): string {
    return join(this.folder, FRAME_META_FILE);
  }

  get dataPath(): string {
    return join(this.folder, FRAME_DATA_FILE);
  }

  /** Makes the files anew under another generation, as after a restart or for another resolution. */
  remake(width = this.#geometry.width, height = this.#geometry.height): void {
    this.#close();
    this.#geometry = geometryOf(width, height);
    this.#sequences = Array.from({ length: SLOT_COUNT }, () => 0);
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC;
    this.#data = openSync(`${this.dataPath}.part`, flags, 0o640);
    // Every byte is written: a hole that the file system cannot fill later would kill whoever maps it.
    const frame = Buffer.alloc(this.#geometry.dataSize, GREY);
    for (let slot = 0; slot < SLOT_COUNT; slot++) writeSync(this.#data, frame);
    this.#meta = openSync(`${this.metaPath}.part`, flags, 0o640);
    const meta = new DataView(new ArrayBuffer(metaSize(SLOT_COUNT)));
    writeHeader(meta, this.#geometry);
    writeSync(this.#meta, meta, 0, meta.byteLength, 0);
    renameSync(`${this.dataPath}.part`, this.dataPath);
    renameSync(`${this.metaPath}.part`, this.metaPath);
  }

  /** Writes one frame: a ramp that moves with the frame's number. @returns what a request says of it */
  write(): FrameMetadata {
    const { width, height, stride, dataSize, generation } = this.#geometry;
    const frameId = ++this.#frameId;
    const slot = frameId % SLOT_COUNT;
    const offset = slot * dataSize;
    this.beginWriting(slot);
    const row = Buffer.from(Array.from({ length: stride }, (_, x) => (x + frameId * 8) % 256));
    for (let y = 0; y < height; y++) writeSync(this.#data, row, 0, stride, offset + y * stride);
    const wallMs = Date.now();
    const timestampNs = process.hrtime.bigint();
    const at = slotRecordOffset(slot);
    this.patch(at + SLOT.frameId, frameId);
    this.patch(at + SLOT.timestampNs, timestampNs);
    this.patch(at + SLOT.pts90k, wallMs * 90);
    this.patch(at + SLOT.wallMs, wallMs);
    this.patch(at + SLOT.offset, offset);
    const sequence = this.#step(slot);
    this.patch(HEADER.frameId, frameId);
    this.patch(HEADER.timestampNs, timestampNs);
    this.patch32(HEADER.newestSlot, slot);
    return {
      frame_id: frameId,
      slot,
      offset,
      sequence,
      generation,
      width,
      height,
      stride,
      data_size: dataSize,
      format: "NV12",
      timestamp_ns: String(timestampNs),
      pts90k: wallMs * 90,
      wall_ms: wallMs,
    };
  }

  /** Marks a slot as being written, and leaves it so until the next frame in it. @returns its odd sequence */
  beginWriting(slot: number): number {
    return this.#step(slot);
  }

  /** Writes eight bytes of frame.meta. */
  patch(offset: number, value: number | bigint): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    writeSync(this.#meta, bytes, 0, 8, offset);
  }

  /** Writes four bytes of frame.meta. */
  patch32(offset: number, value: number): void {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    writeSync(this.#meta, bytes, 0, 4, offset);
  }

  /** The camera stops: its folder is gone. */
  remove(): void {
    this.#close();
    const stat = lstatSync(this.folder, { throwIfNoEntry: false });
    if (stat !== undefined) rmSync(this.folder, { recursive: true });
  }

  [Symbol.dispose](): void {
    this.remove();
  }

  #step(slot: number): number {
    const sequence = (this.#sequences[slot] ?? 0) + 1;
    this.#sequences[slot] = sequence;
    this.patch(slotRecordOffset(slot) + SLOT.sequence, sequence);
    return sequence;
  }

  #close(): void {
    if (this.#meta >= 0) closeSync(this.#meta);
    if (this.#data >= 0) closeSync(this.#data);
    this.#meta = -1;
    this.#data = -1;
  }
}

function geometryOf(width: number, height: number): FrameGeometry {
  const dataSize = nv12Size(width, height);
  return { width, height, stride: width, dataSize, slotCount: SLOT_COUNT, generation: ++lastGeneration };
}
