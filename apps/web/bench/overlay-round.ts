/** What bench/overlay-cost.ts asks of its page (overlay-page.ts), and what that answers. */

/** `none`: the page without an overlay. */
export type Round = { mode: "exact" | "fast" | "none"; boxes: number; latencyMs: number };

export type Figures = {
  /** Frames that the element showed during the round. */
  frames: number;
  /** Of the layer's own work, per call. */
  paintMs: number[];
  /** How late the shown picture was. */
  delayMs: number[];
  /** Of kept pictures, at the end. */
  memoryBytes: number;
};
