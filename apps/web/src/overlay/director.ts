/** What the layer asks: which picture and which results are to be seen. Live view and recordings answer differently. */
import type { ShownFrame } from "./frame.ts";
import type { Drawn } from "./results.ts";
import type { SceneState } from "./scene.ts";
import type { OverlaySettings } from "./settings.ts";

export type Shot = {
  /** `elsewhere`: the same as `approximate`, because what is drawn was found in the camera's other stream. */
  state: SceneState | "unknown" | "loading" | "elsewhere";
  /** Drawn over the video where it is not null; the same object is the same picture. */
  picture: { source: CanvasImageSource; id: number } | null;
  /** Time of the picture that is seen. */
  pts90k: number | null;
  drawn: Drawn[];
  delayTicks: number;
};

export interface Director {
  /** Begins to listen for results; calls back for each change. The answer ends it. */
  start(changed: () => void): () => void;
  /**
   * @param shown the frame on screen, null where there is none
   * @param width pixels that it fills
   */
  look(shown: ShownFrame | null, settings: OverlaySettings, width: number, height: number): Shot;
  /** Frames between a result and the picture it is drawn on; null where that is not known. */
  framesOf(drawn: Drawn, pts90k: number | null): number | null;
  models(): string[];
  /** What each model found so far, for the choice of what to show. */
  labels(): Record<string, string[]>;
  /** Results and detections that were not understood. */
  malformed(): number;
  /** Why there is nothing, in words. */
  error(): string | null;
  /** Memory of kept pictures. */
  bytes(): number;
}
