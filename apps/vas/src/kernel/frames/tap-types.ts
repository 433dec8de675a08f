/** What the kernel asks of a camera's tap; frames/tap.ts keeps the process, frames/tap-process.ts is it. */
export type TapState = { state: "starting" | "running" | "stopped"; reason: string | null };

export type TapOptions = {
  cameraId: string;
  shmDir: string;
  slotCount: number;
  /** Read end of a pipe of MPEG-TS; the tap process inherits it as its standard input. Owned by the caller, who keeps it open over restarts. */
  inputFd: number;
  /** A presentation time of the run's first frame on the camera's time line is this plus its MPEG-TS time. */
  pts90kBase: number;
  onState(state: TapState): void;
};
