/**
 * The few calls of libc that Node has no word for. Numbers are those of Linux on x86-64 and arm64.
 * Failures are thrown as LibcError with the name of the call and its errno in words.
 */
import koffi from "koffi";
import { getSystemErrorMessage, getSystemErrorName } from "node:util";

const libc = koffi.load("libc.so.6");
const pipe2 = libc.func("int pipe2(_Out_ int *fds, int flags)");
const fcntl = libc.func("int fcntl(int fd, int command, ...)");
const posixFallocate = libc.func("int posix_fallocate(int fd, int64_t offset, int64_t length)");
const mmap = libc.func("void *mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)");
const munmap = libc.func("int munmap(void *address, size_t length)");

const alarm = libc.func("unsigned int alarm(unsigned int seconds)");
const exit = libc.func("void _exit(int status)");

const O_CLOEXEC = 0o2000000;
const F_SETPIPE_SZ = 1031;
const F_GETPIPE_SZ = 1032;
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

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
  if (pipe2(fds, O_CLOEXEC) !== 0) throw new LibcError("pipe2", koffi.errno());
  return { readFd: fds[0] ?? -1, writeFd: fds[1] ?? -1 };
}

/** @returns the bytes that the pipe now holds, at least `sizeBytes` */
export function setPipeSize(fd: number, sizeBytes: number): number {
  const size: number = fcntl(fd, F_SETPIPE_SZ, "int", sizeBytes);
  if (size < 0) throw new LibcError("fcntl F_SETPIPE_SZ", koffi.errno());
  return size;
}

/** @returns the bytes that the pipe holds */
export function pipeSize(fd: number): number {
  const size: number = fcntl(fd, F_GETPIPE_SZ);
  if (size < 0) throw new LibcError("fcntl F_GETPIPE_SZ", koffi.errno());
  return size;
}

/** Makes the file this long with every byte backed by storage: a full file system fails here and never as SIGBUS later. */
export function allocateFile(fd: number, sizeBytes: number): void {
  let errno: number;
  // On tmpfs a signal ends the call early; asking again goes on where it was.
  do errno = posixFallocate(fd, 0, sizeBytes);
  while (errno === koffi.os.errno["EINTR"]);
  if (errno !== 0) throw new LibcError("posix_fallocate", errno);
}

/** A file in memory. `unmap` detaches `buffer` first: views of it then have length 0 and cannot touch memory that is gone. */
export type Mapping = { buffer: ArrayBuffer; unmap(): void };

/** Maps the first `sizeBytes` of an open file, for reading and writing or for reading only, shared with every other process. */
export function mapFile(fd: number, sizeBytes: number, access: "read" | "write"): Mapping {
  const protection = access === "write" ? PROT_READ | PROT_WRITE : PROT_READ;
  const address: unknown = mmap(null, sizeBytes, protection, MAP_SHARED, fd, 0);
  if (address === null || koffi.address(address) === MAP_FAILED) throw new LibcError("mmap", koffi.errno());
  const buffer = koffi.view(address, sizeBytes);
  return {
    buffer,
    unmap() {
      buffer.transfer(0);
      if (munmap(address, sizeBytes) !== 0) throw new LibcError("munmap", koffi.errno());
    },
  };
}

/** Lets SIGALRM end this process unless this is called again within so many seconds: the watchdog of an event loop. */
export function endUnlessCalledAgain(seconds: number): void {
  alarm(seconds);
}

/** Ends the process at once, also where a thread of the pool is blocked in a read, for which `process.exit` would wait. */
export function exitNow(code: number): never {
  exit(code);
  throw new Error("_exit returned");
}
