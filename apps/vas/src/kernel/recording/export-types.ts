/** What VAS and an export's process say to each other. VAS writes lines of JSON: the job, then drawings; then it closes. */
import type { Drawing } from "../index.ts";

/** One recorded file and the part of it that is wanted, on the camera's time line. */
export type ExportPiece = {
  /** Absolute. */
  file: string;
  runId: string;
  /** The presentation time of the file's first frame. */
  startPts90k: number;
  fromPts90k: number;
  toPts90k: number;
};

export type ExportJob = {
  /** Absolute; an MP4 file that is not there yet. */
  out: string;
  pieces: ExportPiece[];
  /** Re-encode with what follows drawn in; otherwise copy, from the key frame before the first moment. */
  burn: boolean;
};

export type ExportInput = ExportJob | Drawing;

/** A part of the camera's time line, and where it is in the file: `file time = atTicks + pts90k - startPts90k`. */
export type ExportedPart = { startPts90k: number; endPts90k: number; atTicks: number };

export type ExportReport =
  | { type: "progress"; fraction: number }
  | { type: "done"; parts: ExportedPart[]; frames: number }
  | { type: "failed"; reason: string; stack: string };
