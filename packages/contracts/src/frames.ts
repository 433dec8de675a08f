/**
 * W1, frame export: the layout of `frame.meta` and `frame.data`.
 *
 * Only layout and validation belong here; mapping the files is the writer's (apps/vas/src/kernel/frames) and the
 * reader's (packages/runtime-sdk) work. All integers are little endian. Values that can pass 2^53 (monotonic
 * nanoseconds) are `bigint`; the others are safe integers by construction and are read as numbers.
 * Test vectors: vectors/frame-export.json.
 */

export const FRAME_META_FILE = "frame.meta";
export const FRAME_DATA_FILE = "frame.data";
export const FRAME_EXPORT_VERSION = 2;
export const HEADER_SIZE = 64;
export const SLOT_RECORD_SIZE = 64;
export const PIXEL_FORMAT_NV12 = 0;
export const MAX_SLOT_COUNT = 256;
export const MAX_DIMENSION = 16_384;

/** Byte offsets of the header's fields. */
export const HEADER = {
  version: 0,
  headerSize: 4,
  frameId: 8,
  timestampNs: 16,
  width: 24,
  height: 28,
  pixelFormat: 32,
  stride: 36,
  dataSize: 40,
  slotCount: 48,
  newestSlot: 52,
  generation: 56,
} as const;

/** Byte offsets of a slot record's fields, from the record's start. */
export const SLOT = {
  sequence: 0,
  frameId: 8,
  timestampNs: 16,
  pts90k: 24,
  wallMs: 32,
  offset: 40,
  range: 48,
} as const;

/** What `range` says of a frame whose samples use all 256 levels; anything else is limited range. */
export const RANGE_FULL = 1;

/** What never changes within a generation. `stride` and `dataSize` are bytes, `width` and `height` pixels. */
export type FrameGeometry = {
  width: number;
  height: number;
  stride: number;
  dataSize: number;
  slotCount: number;
  generation: number;
};

/** One slot record. `sequence` is odd while the slot is being written. `timestampNs` is monotonic, `wallMs` Unix time. */
export type SlotRecord = {
  sequence: number;
  frameId: number;
  timestampNs: bigint;
  pts90k: number;
  wallMs: number;
  offset: number;
  /** Luma is 0 to 255 instead of 16 to 235, chroma 0 to 255 instead of 16 to 240. */
  fullRange: boolean;
};

/** Bytes of `frame.meta` for so many slots. */
export function metaSize(slotCount: number): number {
  return HEADER_SIZE + SLOT_RECORD_SIZE * slotCount;
}

/** Byte offset of a slot's record in `frame.meta`. */
export function slotRecordOffset(slot: number): number {
  return HEADER_SIZE + SLOT_RECORD_SIZE * slot;
}

/** Bytes of one NV12 frame: a full-size luma plane and one interleaved chroma plane of half its height. */
export function nv12Size(stride: number, height: number): number {
  return stride * height + stride * (height / 2);
}

/** Writes the fields of a header that never change; `frame_id`, `timestamp_ns` and `newest_slot` stay 0. */
export function writeHeader(meta: DataView, geometry: FrameGeometry): void {
  meta.setUint32(HEADER.version, FRAME_EXPORT_VERSION, true);
  meta.setUint32(HEADER.headerSize, HEADER_SIZE, true);
  meta.setUint32(HEADER.width, geometry.width, true);
  meta.setUint32(HEADER.height, geometry.height, true);
  meta.setUint32(HEADER.pixelFormat, PIXEL_FORMAT_NV12, true);
  meta.setUint32(HEADER.stride, geometry.stride, true);
  meta.setBigUint64(HEADER.dataSize, BigInt(geometry.dataSize), true);
  meta.setUint32(HEADER.slotCount, geometry.slotCount, true);
  meta.setUint32(HEADER.newestSlot, 0, true);
  meta.setBigUint64(HEADER.generation, BigInt(geometry.generation), true);
}

/**
 * Reads and checks a header before anything in it is trusted.
 *
 * @param meta the mapped `frame.meta`, exactly as long as fstat says
 * @param dataFileSize bytes of `frame.data`, as fstat says
 * @returns the geometry, or a sentence that says which field is wrong, with the observed values
 */
export function readGeometry(meta: DataView, dataFileSize: number): FrameGeometry | string {
  if (meta.byteLength < HEADER_SIZE) return `frame.meta is too short [bytes:${meta.byteLength}]`;
  const version = meta.getUint32(HEADER.version, true);
  if (version !== FRAME_EXPORT_VERSION)
    return `unsupported version [expected:${FRAME_EXPORT_VERSION}, found:${version}]`;
  const headerSize = meta.getUint32(HEADER.headerSize, true);
  if (headerSize !== HEADER_SIZE) return `unsupported header_size [expected:${HEADER_SIZE}, found:${headerSize}]`;
  const pixelFormat = meta.getUint32(HEADER.pixelFormat, true);
  if (pixelFormat !== PIXEL_FORMAT_NV12)
    return `unsupported pixel_format [expected:${PIXEL_FORMAT_NV12}, found:${pixelFormat}]`;
  const width = meta.getUint32(HEADER.width, true);
  const height = meta.getUint32(HEADER.height, true);
  const isDimension = (n: number) => n > 0 && n <= MAX_DIMENSION && n % 2 === 0;
  if (!isDimension(width) || !isDimension(height)) return `impossible size [width:${width}, height:${height}]`;
  const stride = meta.getUint32(HEADER.stride, true);
  if (stride < width || stride > MAX_DIMENSION * 2) return `impossible stride [width:${width}, stride:${stride}]`;
  const dataSize = Number(meta.getBigUint64(HEADER.dataSize, true));
  const neededSize = nv12Size(stride, height);
  if (dataSize < neededSize || !Number.isSafeInteger(dataSize))
    return `data_size is too small [needed:${neededSize}, found:${dataSize}]`;
  const slotCount = meta.getUint32(HEADER.slotCount, true);
  if (slotCount < 1 || slotCount > MAX_SLOT_COUNT) return `impossible slot_count [found:${slotCount}]`;
  if (meta.byteLength < metaSize(slotCount))
    return `frame.meta is too short [needed:${metaSize(slotCount)}, found:${meta.byteLength}]`;
  if (dataFileSize < dataSize * slotCount)
    return `frame.data is too short [needed:${dataSize * slotCount}, found:${dataFileSize}]`;
  const generation = Number(meta.getBigUint64(HEADER.generation, true));
  if (!Number.isSafeInteger(generation)) return `impossible generation [found:${generation}]`;
  return { width, height, stride, dataSize, slotCount, generation };
}

/** The newest complete frame as the header names it; `frameId` is 0 before the first. */
export function readNewest(meta: DataView): { frameId: number; slot: number } {
  return {
    frameId: Number(meta.getBigUint64(HEADER.frameId, true)),
    slot: meta.getUint32(HEADER.newestSlot, true),
  };
}

/** Reads one slot record; the caller compares `sequence` before and after it uses the pixels. */
export function readSlotRecord(meta: DataView, slot: number): SlotRecord {
  const at = slotRecordOffset(slot);
  return {
    sequence: Number(meta.getBigUint64(at + SLOT.sequence, true)),
    frameId: Number(meta.getBigUint64(at + SLOT.frameId, true)),
    timestampNs: meta.getBigUint64(at + SLOT.timestampNs, true),
    pts90k: Number(meta.getBigInt64(at + SLOT.pts90k, true)),
    wallMs: Number(meta.getBigInt64(at + SLOT.wallMs, true)),
    offset: Number(meta.getBigUint64(at + SLOT.offset, true)),
    fullRange: meta.getUint32(at + SLOT.range, true) === RANGE_FULL,
  };
}
