/** Pipes between the ingest FFmpeg and who reads it. The caller owns both ends and closes each exactly once. */
import { closeSync } from "node:fs";
import { LibcError, makePipe, pipeSize, setPipeSize } from "./libc.ts";

/** 256 KiB halve the cost of the default 64 KiB; 1 MiB would save little more and triple the delay. */
export const PIPE_SIZE_BYTES = 256 * 1024;

export type Pipe = {
  readFd: number;
  writeFd: number;
  /** What the system granted: 64 KiB where the user may have no more. */
  sizeBytes: number;
};

/**
 * Both ends are blocking and close-on-exec: a child gets one only where its spawn's `stdio` names it. After handing the
 * write end to a child, close it here, else no reader ever sees the end of the stream.
 *
 * @throws LibcError where no descriptor is left
 */
export function openPipe(sizeBytes: number = PIPE_SIZE_BYTES): Pipe {
  const ends = makePipe();
  try {
    return { ...ends, sizeBytes: setPipeSize(ends.writeFd, sizeBytes) };
  } catch (error) {
    // A user over pipe-user-pages-soft keeps the pipe as it was made: slower, not wrong.
    if (error instanceof LibcError && error.code === "EPERM") return { ...ends, sizeBytes: pipeSize(ends.writeFd) };
    closeEnd(ends.readFd);
    closeEnd(ends.writeFd);
    throw error;
  }
}

/** Closes one end. */
export function closeEnd(fd: number): void {
  closeSync(fd);
}
