/**
 * A reader for this folder's tests, written from the table in docs/design/wires.md and from nothing of the writer: plain
 * reads of the files, no mapping, no shared code.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

export type ReadSlot = {
  sequence: bigint;
  frameId: number;
  timestampNs: bigint;
  pts90k: number;
  wallMs: number;
  offset: number;
  range: number;
};

export type ReadHeader = {
  version: number;
  headerSize: number;
  frameId: number;
  timestampNs: bigint;
  width: number;
  height: number;
  pixelFormat: number;
  stride: number;
  dataSize: number;
  slotCount: number;
  newestSlot: number;
  generation: number;
};

export type RingReader = {
  header(): ReadHeader;
  slot(slot: number): ReadSlot;
  /** All bytes of the frame in a slot. */
  pixels(slot: number): Buffer;
  sizes(): { data: number; meta: number };
  modes(): { data: number; meta: number };
  close(): void;
};

/** Opens what the folder holds now and keeps it, also after the files were removed. @throws ENOENT where there is nothing */
export function openRing(folder: string): RingReader {
  const metaFd = openSync(join(folder, "frame.meta"), "r");
  const dataFd = openSync(join(folder, "frame.data"), "r");
  const at = (offset: number, length: number) => {
    const bytes = Buffer.alloc(length);
    readSync(metaFd, bytes, 0, length, offset);
    return bytes;
  };
  const reader: RingReader = {
    header() {
      const h = at(0, 64);
      return {
        version: h.readUInt32LE(0),
        headerSize: h.readUInt32LE(4),
        frameId: Number(h.readBigUInt64LE(8)),
        timestampNs: h.readBigUInt64LE(16),
        width: h.readUInt32LE(24),
        height: h.readUInt32LE(28),
        pixelFormat: h.readUInt32LE(32),
        stride: h.readUInt32LE(36),
        dataSize: Number(h.readBigUInt64LE(40)),
        slotCount: h.readUInt32LE(48),
        newestSlot: h.readUInt32LE(52),
        generation: Number(h.readBigUInt64LE(56)),
      };
    },
    slot(slot) {
      const s = at(64 + 64 * slot, 64);
      return {
        sequence: s.readBigUInt64LE(0),
        frameId: Number(s.readBigUInt64LE(8)),
        timestampNs: s.readBigUInt64LE(16),
        pts90k: Number(s.readBigInt64LE(24)),
        wallMs: Number(s.readBigInt64LE(32)),
        offset: Number(s.readBigUInt64LE(40)),
        range: s.readUInt32LE(48),
      };
    },
    pixels(slot) {
      const bytes = Buffer.alloc(reader.header().dataSize);
      readSync(dataFd, bytes, 0, bytes.length, reader.slot(slot).offset);
      return bytes;
    },
    sizes: () => ({ data: fstatSync(dataFd).size, meta: fstatSync(metaFd).size }),
    modes: () => ({ data: fstatSync(dataFd).mode & 0o7777, meta: fstatSync(metaFd).mode & 0o7777 }),
    close() {
      closeSync(metaFd);
      closeSync(dataFd);
    },
  };
  return reader;
}
