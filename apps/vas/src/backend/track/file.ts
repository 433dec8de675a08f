/**
 * One track file: a magic number, then records (codec.ts). It is appended to by one writer and never changed; what a kill
 * leaves torn at its end is cut before the next file is begun.
 *
 * Its name is its index: `<first pts90k>-<first wall ms>.track`. A file spans at most an hour and 8 MiB, and its wall times
 * never leave its presentation times by more than `MAX_DRIFT_MS`, so the names alone say which files hold a range.
 */
import { readdir, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { MAX_BODY_BYTES, PREFIX_BYTES, type RecordHead, readHead } from "./codec.ts";

export const MAGIC = Buffer.from("VASTRK1\n");
export const MAX_FILE_BYTES = 8 * 1024 * 1024;
export const MAX_FILE_TICKS = 3_600 * 90_000;
/** A larger step between wall time and presentation time is a clock that was set: another file begins. */
export const MAX_DRIFT_MS = 5_000;
/** Rolls over are decided per record, which spans at most so much. */
export const MAX_RECORD_TICKS = 10 * 90_000;

const NAME = /^(\d{16})-(\d{1,15})\.track$/;

export type TrackFile = { name: string; firstPts90k: number; firstWallMs: number };

/** A range on both clocks; absent bounds are open, `to` is the first moment after. */
export type Range = { fromPts90k?: number; toPts90k?: number; fromWallMs?: number; toWallMs?: number };

export function fileName(firstPts90k: number, firstWallMs: number): string {
  return `${String(firstPts90k).padStart(16, "0")}-${firstWallMs}.track`;
}

/** The track files of a folder, oldest first; none where there is no folder. */
export async function listFiles(folder: string): Promise<TrackFile[]> {
  const files: TrackFile[] = [];
  for (const name of (await namesIn(folder)).sort()) {
    const [, pts, wall] = NAME.exec(name) ?? [];
    if (pts && wall) files.push({ name, firstPts90k: Number(pts), firstWallMs: Number(wall) });
  }
  return files;
}

/** Which files may hold results of the range. */
export function filesOf(files: TrackFile[], range: Range): TrackFile[] {
  const { fromPts90k = 0, toPts90k = Infinity, fromWallMs = 0, toWallMs = Infinity } = range;
  return files.filter((file, index) => {
    const nextPts90k = files[index + 1]?.firstPts90k ?? Infinity;
    return (
      nextPts90k > fromPts90k &&
      file.firstPts90k < toPts90k &&
      file.firstWallMs - 2 * MAX_DRIFT_MS < toWallMs &&
      latestWallMs(file) >= fromWallMs
    );
  });
}

/** A wall time that no result of the file is later than. */
export function latestWallMs(file: TrackFile): number {
  return file.firstWallMs + (MAX_FILE_TICKS + MAX_RECORD_TICKS) / 90 + 4 * MAX_DRIFT_MS;
}

/** @returns names in a folder; none where it is absent */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

export type Scanned = {
  head: RecordHead;
  body: Buffer;
};

/**
 * The records of a file, in order, as far as they are whole. One whose bytes have changed is left out.
 *
 * @param onEnd told once how many bytes are whole, and how many records between them are not
 */
export function* scan(bytes: Buffer, onEnd: (wholeBytes: number, broken: number) => void): Generator<Scanned> {
  let broken = 0;
  let at = bytes.subarray(0, MAGIC.length).equals(MAGIC) ? MAGIC.length : bytes.length + 1;
  let whole = Math.min(at, bytes.length);
  while (at + PREFIX_BYTES < bytes.length) {
    const length = bytes.readUInt32LE(at);
    const end = at + PREFIX_BYTES + length;
    if (length === 0 || length > MAX_BODY_BYTES || end > bytes.length) break;
    const body = bytes.subarray(at + PREFIX_BYTES, end);
    const isWhole = crc32(body) === bytes.readUInt32LE(at + 4);
    // The last record torn by a kill may have its length and not its bytes; one in the middle was changed by the disk.
    if (!isWhole && end === bytes.length) break;
    at = end;
    if (isWhole) {
      whole = end;
      yield { head: readHead(body), body };
    } else broken += 1;
  }
  onEnd(whole, broken);
}

/** Cuts the newest file of a folder back to its last whole record. @returns the last presentation time of the folder */
export async function repairNewest(folder: string): Promise<number> {
  const files = await listFiles(folder);
  for (const file of files.toReversed()) {
    const path = join(folder, file.name);
    const bytes = await readFile(path);
    let last = Number.NEGATIVE_INFINITY;
    let keep = bytes.length;
    for (const { head } of scan(bytes, (whole) => (keep = whole))) last = head.lastPts90k;
    if (keep < bytes.length) await truncate(path, keep);
    if (last > Number.NEGATIVE_INFINITY) return last;
  }
  return Number.NEGATIVE_INFINITY;
}
