/** Feeds painted frames to a program's pipe at the pace of the wall clock. */
import type { Writable } from "node:stream";
import type { Painter } from "./picture.ts";

/** Raw frames that may wait in front of the pipe; one is being read while the next is painted. */
const BUFFERS = 2;

export type FeedOptions = {
  painter: Painter;
  fps: number;
  into: Writable;
  /** Called before a frame is written. The n-th call is the n-th frame of the pipe; `slot` is its number and burned in. */
  onFrame?: (slot: number) => void;
  onError: (error: Error) => void;
};

export type Feed = { framesSent(): number; stop(): void };

/**
 * Frame number `n` is painted at `start + n / fps`. Where painter or pipe fall behind, numbers are left out; nothing is
 * sent later in a burst.
 */
export function feedFrames({ painter, fps, into, onFrame, onError }: FeedOptions): Feed {
  const free = Array.from({ length: BUFFERS }, () => new Uint8Array(painter.frameBytes));
  const start = performance.now();
  // Timers fire up to a millisecond early; a slot that is that near has come.
  const slotNow = () => Math.floor(((performance.now() - start + 1) * fps) / 1000);
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let framesSent = 0;
  let last = -1;

  const tick = async () => {
    const slot = slotNow();
    const buffer = slot > last ? free.pop() : undefined;
    if (buffer !== undefined) {
      last = slot;
      await painter.paint(slot, buffer);
      if (stopped) return;
      onFrame?.(slot);
      framesSent++;
      into.write(buffer, () => free.push(buffer));
    }
    timer = setTimeout(run, Math.max(1, start + ((slotNow() + 1) * 1000) / fps - performance.now()));
  };
  const run = () => {
    tick().catch(onError);
  };
  run();
  return {
    framesSent: () => framesSent,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
