/**
 * Reads a pipe and throws away what comes: a stream that no tap wants is still read, so that its FFmpeg ends when its camera
 * does instead of waiting for a reader, and so that a tap that comes later meets no old pictures.
 */
import { constants, openSync } from "node:fs";
import { Socket } from "node:net";

const BUFFER_BYTES = 64 * 1024;

export type Drain = {
  /** Resolves when nothing reads any more; what is in the pipe stays for the next reader. */
  stop(): Promise<void>;
};

/** @param fd the read end of a pipe, which stays open and blocking: this reads through a description of its own */
export function drainPipe(fd: number): Drain {
  const own = openSync(`/proc/self/fd/${fd}`, constants.O_RDONLY | constants.O_NONBLOCK);
  const socket = new Socket({
    fd: own,
    readable: true,
    writable: false,
    onread: { buffer: Buffer.allocUnsafe(BUFFER_BYTES), callback: () => true },
  });
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => socket.destroy());
  socket.resume();
  return {
    stop: () => {
      socket.destroy();
      return closed;
    },
  };
}
