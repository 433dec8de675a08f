/**
 * The few calls of libc that Node has no word for. Numbers are those of Linux on x86-64 and arm64.
 * Failures are thrown as LibcError with the name of the call and its errno in words.
 */
import { createRequire } from "node:module";
import { getSystemErrorMessage, getSystemErrorName } from "node:util";

/** Loaded with the first call: a VAS that exports no frames maps no native code for it. */
let bound: ReturnType<typeof bind> | undefined;
const libc = () => (bound ??= bind());

function bind() {
  const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
  const library = koffi.load("libc.so.6");
  return {
    koffi,
    pipe2: library.func("int pipe2(_Out_ int *fds, int flags)"),
    fcntl: library.func("int fcntl(int fd, int command, ...)"),
    posixFallocate: library.func("int posix_fallocate(int fd, int64_t offset, int64_t length)"),
    mmap: library.func(
      "void *mmap(uintptr_t address, size_t length, int protection, int flags, int fd, int64_t offset)",
    ),
    munmap: library.func("int munmap(uintptr_t address, size_t length)"),
    madvise: library.func("int madvise(uintptr_t address, size_t length, int advice)"),
    alarm: library.func("unsigned int alarm(unsigned int seconds)"),
    exit: library.func("void _exit(int status)"),
  };
}

const O_CLOEXEC = 0o2000000;
const F_SETPIPE_SZ = 1031;
const F_GETPIPE_SZ = 1032;
const PROT_NONE = 0;
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const MAP_NORESERVE = 0x4000;
const MAP_POPULATE = 0x8000;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
const MADV_COLLAPSE = 25;
const HUGE_PAGE = 2 * 1024 * 1024;
/** The largest ordinary page there is: whatever begins or ends with one does so with any. */
const ANY_PAGE = 64 * 1024;

export class LibcError extends Error {
  /** Such as `ENOSPC`. */
  readonly code: string;

  constructor(call: string, errno: number) {
    super(`${call} failed: ${getSystemErrorMessage(-errno)} [errno:${getSystemErrorName(-errno)}]`);
    this.name = "LibcError";
    this.code = getSystemErrorName(-errno);
  }
}

/** @returns read and write end of a new pipe; neither survives an exec unless a spawn passes it on by name */
export function makePipe(): { readFd: number; writeFd: number } {
  const fds = [-1, -1];
  if (libc().pipe2(fds, O_CLOEXEC) !== 0) throw new LibcError("pipe2", libc().koffi.errno());
  return { readFd: fds[0] ?? -1, writeFd: fds[1] ?? -1 };
}

/** @returns the bytes that the pipe now holds, at least `sizeBytes` */
export function setPipeSize(fd: number, sizeBytes: number): number {
  const size: number = libc().fcntl(fd, F_SETPIPE_SZ, "int", sizeBytes);
  if (size < 0) throw new LibcError("fcntl F_SETPIPE_SZ", libc().koffi.errno());
  return size;
}

/** @returns the bytes that the pipe holds */
export function pipeSize(fd: number): number {
  const size: number = libc().fcntl(fd, F_GETPIPE_SZ);
  if (size < 0) throw new LibcError("fcntl F_GETPIPE_SZ", libc().koffi.errno());
  return size;
}

/** Makes the file this long with every byte backed by storage: a full file system fails here and never as SIGBUS later. */
export function allocateFile(fd: number, sizeBytes: number): void {
  let errno: number;
  // On tmpfs a signal ends the call early; asking again goes on where it was.
  do errno = libc().posixFallocate(fd, 0, sizeBytes);
  while (errno === libc().koffi.os.errno["EINTR"]);
  if (errno !== 0) throw new LibcError("posix_fallocate", errno);
}

/** A file in memory. `unmap` detaches `buffer` first: views of it then have length 0 and cannot touch memory that is gone. */
export type Mapping = { buffer: ArrayBuffer; unmap(): void };

/**
 * Maps the first `sizeBytes` of an open file, for reading and writing or for reading only, shared with every other process.
 *
 * A writer's pages are made at once: else each of the first frames stops for hundreds of page faults. They are huge where the
 * kernel can do that (6.1 and newer), which a ring of frames needs more than most memory: its slots are passed through in
 * turns, more of them than the processor has translations for, and looking those up was a quarter of a frame's cost.
 */
export function mapFile(fd: number, sizeBytes: number, access: "read" | "write"): Mapping {
  const isLarge = access === "write" && sizeBytes >= HUGE_PAGE;
  const flags = access === "write" ? MAP_SHARED | MAP_POPULATE : MAP_SHARED;
  const protection = access === "write" ? PROT_READ | PROT_WRITE : PROT_READ;
  const start = isLarge ? reserveAligned(sizeBytes) : 0n;
  const pointer = map(start, sizeBytes, protection, isLarge ? flags | MAP_FIXED : flags, fd);
  const address: bigint = libc().koffi.address(pointer);
  // Only advice: whatever it answers, the memory is there and is written in the same way.
  if (isLarge) libc().madvise(address, sizeBytes, MADV_COLLAPSE);
  const buffer = libc().koffi.view(pointer, sizeBytes);
  return {
    buffer,
    unmap() {
      buffer.transfer(0);
      unmap(address, isLarge ? roundUp(sizeBytes, ANY_PAGE) : sizeBytes);
    },
  };
}

/** Address space that begins with a huge page and belongs to nobody else: what is mapped over it may be huge. */
function reserveAligned(sizeBytes: number): bigint {
  const kept = roundUp(sizeBytes, ANY_PAGE);
  const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  const found: bigint = libc().koffi.address(map(0n, kept + HUGE_PAGE, PROT_NONE, flags, -1));
  const before = Number(-found & BigInt(HUGE_PAGE - 1));
  const start = found + BigInt(before);
  if (before > 0) unmap(found, before);
  if (before < HUGE_PAGE) unmap(start + BigInt(kept), HUGE_PAGE - before);
  return start;
}

function roundUp(sizeBytes: number, unit: number): number {
  return Math.ceil(sizeBytes / unit) * unit;
}

function map(start: bigint, sizeBytes: number, protection: number, flags: number, fd: number): unknown {
  const pointer: unknown = libc().mmap(start, sizeBytes, protection, flags, fd, 0);
  if (pointer === null || libc().koffi.address(pointer) === MAP_FAILED)
    throw new LibcError("mmap", libc().koffi.errno());
  return pointer;
}

function unmap(address: bigint, sizeBytes: number): void {
  if (libc().munmap(address, sizeBytes) !== 0) throw new LibcError("munmap", libc().koffi.errno());
}

/** Lets SIGALRM end this process unless this is called again within so many seconds: the watchdog of an event loop. */
export function endUnlessCalledAgain(seconds: number): void {
  libc().alarm(seconds);
}

/** Ends the process at once, also where a thread of the pool is blocked in a read, for which `process.exit` would wait. */
export function exitNow(code: number): never {
  libc().exit(code);
  throw new Error("_exit returned");
}
