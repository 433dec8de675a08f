/** Where the picture is, and when. */
import type { Run } from "@vas/contracts/live.ts";

export type Rect = { x: number; y: number; width: number; height: number };

/** The part of a box that a picture fills when it is fitted in whole (CSS `object-fit: contain`). */
export function pictureRect(boxWidth: number, boxHeight: number, pictureWidth: number, pictureHeight: number): Rect {
  if (boxWidth <= 0 || boxHeight <= 0 || pictureWidth <= 0 || pictureHeight <= 0)
    return { x: 0, y: 0, width: 0, height: 0 };
  const scale = Math.min(boxWidth / pictureWidth, boxHeight / pictureHeight);
  const width = pictureWidth * scale;
  const height = pictureHeight * scale;
  return { x: (boxWidth - width) / 2, y: (boxHeight - height) / 2, width, height };
}

const WRAP = 2 ** 32;

/**
 * The displayed frame's place on the camera's 90 kHz time line.
 *
 * @param nearPts90k a moment that is surely within 6 hours of the frame, such as the newest result's: RTP timestamps
 *   wrap every 13.25 hours and a run may be longer; null takes the first 13.25 hours of the run
 * @returns null until the run's RTP base is known
 */
export function displayedPts90k(rtpTimestamp: number, run: Run, nearPts90k: number | null): number | null {
  if (run.rtp_base === null) return null;
  const within = (((rtpTimestamp - run.rtp_base) % WRAP) + WRAP) % WRAP;
  const pts90k = run.pts90k_base + within;
  return nearPts90k === null ? pts90k : pts90k + Math.round((nearPts90k - pts90k) / WRAP) * WRAP;
}
