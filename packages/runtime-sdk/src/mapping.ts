/** Read-only file mappings through libc. What a reader does with the bytes is frame-reader.ts's matter. */
import { closeSync, constants, fstatSync, openSync, type Stats } from "node:fs";
import { load, view } from "koffi";

const PROT_READ = 1;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

const libc = load(null);
const mmap = libc.func("void *mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)");
const munmap = libc.func("int munmap(void *addr, size_t length)");

/**
 * Which file a path meant when it was opened. Numbers, not bigints: asking for those costs three times as much, for every
 * frame, and no file system that frames lie on counts its files beyond 2^53.
 */
export type FileIdentity = { dev: number; ino: number; size: number };

/** Bytes of a file, mapped for as long as `unmap` is not called. Writing to them ends the process (SIGSEGV). */
export type Mapping = {
  bytes: ArrayBuffer;
  identity: FileIdentity;
  /** False once the file was removed, replaced or cut. A third of what asking for its path costs. */
  isThere(): boolean;
  /**
   * Takes the memory away. The ArrayBuffer is detached first, so a view that somebody still holds has length 0
   * afterwards and reads undefined; it can never touch memory that is gone.
   */
  unmap(): void;
};

/** True while the path still means the file that was mapped, at the length that was mapped. */
export function isSameFile(identity: FileIdentity, now: Stats | undefined): boolean {
  return now !== undefined && now.ino === identity.ino && now.dev === identity.dev && now.size === identity.size;
}

/**
 * Maps a whole regular file.
 *
 * @param path its last component must not be a symbolic link
 * @returns the mapping, exactly as long as fstat says
 * @throws an error of node:fs where it cannot be opened, or one that names what is wrong with it
 */
export function mapFile(path: string): Mapping {
  // O_NONBLOCK: a FIFO put in the file's place must not block the open.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error("not a regular file");
    if (stat.size === 0 || !Number.isSafeInteger(stat.size))
      throw new Error(`impossible file size [bytes:${stat.size}]`);
    const length = stat.size;
    const address = mmap(null, length, PROT_READ, MAP_SHARED, fd, 0) as bigint;
    if (address === MAP_FAILED) throw new Error(`mmap failed [bytes:${length}]`);
    return mapping(fd, address, { dev: stat.dev, ino: stat.ino, size: length });
  } catch (thrown) {
    closeSync(fd);
    throw thrown;
  }
}

function mapping(fd: number, address: bigint, identity: FileIdentity): Mapping {
  const bytes = view(address, identity.size);
  let mapped = true;
  return {
    bytes,
    identity,
    isThere() {
      if (!mapped) return false;
      const now = fstatSync(fd);
      return now.nlink > 0 && now.size === identity.size;
    },
    unmap() {
      if (!mapped) return;
      mapped = false;
      closeSync(fd);
      bytes.transfer();
      if (!bytes.detached) throw new Error("the mapping could not be detached");
      munmap(address, identity.size);
    },
  };
}
