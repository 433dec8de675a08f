/** What the kernel asks of a camera's tap; frames/tap.ts keeps the process, frames/tap-process.ts is it. */
import type { Log } from "@vas/base/log.ts";

/** What can decode beside the processor. VAAPI is the road to Intel's and AMD's chips, CUDA to NVIDIA's, Vulkan to any. */
export type HardwareKind = "vaapi" | "cuda" | "vulkan";

/**
 * Hardware wished for. `auto` takes the first kind that answers, of its first device. `device` is a render node
 * (`/dev/dri/renderD128`) for VAAPI, a number for the others, null for the first.
 */
export type Hardware = { kind: HardwareKind | "auto"; device: string | null };

export type TapState = { state: "starting" | "running" | "stopped"; reason: string | null };

export type TapOptions = {
  cameraId: string;
  shmDir: string;
  slotCount: number;
  /** Read end of a pipe of MPEG-TS; the tap process inherits it as its standard input. Owned by the caller, who keeps it open over restarts. */
  inputFd: number;
  /** A presentation time of the run's first frame on the camera's time line is this plus its MPEG-TS time. */
  pts90kBase: number;
  /** False makes a tap that never starts a process or touches shared memory; it says so and stays stopped. Default true. */
  enabled?: boolean | undefined;
  /**
   * At most so many frames a second are exported, by presentation time. What refers to each other is decoded all the same;
   * only exported frames are converted. Default: every frame.
   */
  maxFps?: number | undefined;
  /** Pixels of the exported frames, even. One alone keeps the stream's proportions. Default: the stream's own size. */
  width?: number | undefined;
  height?: number | undefined;
  /** Decodes by hardware where that works, and in software, saying why, where it does not. Default: software. */
  hardware?: Hardware | undefined;
  /** Exported frames count on from here; what an earlier tap of the camera counted to. Default 0. */
  lastFrameId?: number | undefined;
  onState(state: TapState): void;
  /** Told of every process that died, with what a reason for people leaves out. */
  log?: Log;
};

/** Counts since `startTap`, over all processes of the tap. */
export type TapCounters = {
  framesExported: number;
  /** Packets that the decoder refused and pictures that it marked as damaged; none of them is exported. */
  decodeErrors: number;
  packetsRead: number;
  /** Decoded frames that `maxFps` kept from being exported; those that the decoder could pass over are in no count. */
  framesOverRate: number;
  /** How often the process was started again after it died. */
  restarts: number;
  /** Of the newest exported frame; 0 and null before the first. */
  lastFrameId: number;
  lastPts90k: number | null;
  /** Size of the exported frames; null before the first. */
  size: { width: number; height: number } | null;
  /** What decodes now; null is software, and what it is before the first frame. */
  hardware: HardwareKind | null;
};

/** The tap process's only argument, as JSON. */
export type TapProcessOptions = {
  /** The camera's export folder, absolute. */
  folder: string;
  slotCount: number;
  pts90kBase: number;
  maxFps: number | undefined;
  width: number | undefined;
  height: number | undefined;
  hardware: Hardware | undefined;
  /** Since the run began, in 90 kHz ticks: tells a process that joins late how often the 33-bit time stamps wrapped. */
  elapsedTicks: number;
  /** Exported frames count on from here. */
  lastFrameId: number;
};

/** What the tap process says to its parent. Counts are since the process started. */
export type TapReport =
  | { type: "size"; width: number; height: number; generation: number }
  | {
      type: "counters";
      framesExported: number;
      decodeErrors: number;
      packetsRead: number;
      framesOverRate: number;
      lastFrameId: number;
      lastPts90k: number | null;
    }
  /** What decodes from now on; `hardware` null with the reason where hardware was wished for. */
  | { type: "decoder"; hardware: HardwareKind | null; reason: string | null }
  | { type: "ended" }
  | { type: "failed"; reason: string; stack: string };

/** How the tap process ends. */
export const TAP_EXIT = {
  /** The stream ended, or it was asked to. */
  ended: 0,
  crashed: 1,
  noMemory: 4,
  noStream: 5,
} as const;
