/** What the panel says of the layer: what is seen, how far off it is, and which models and labels there are. */
import type { Director, Shot } from "./director.ts";
import type { OverlaySettings } from "./settings.ts";

export type Age = {
  model: string;
  ms: number;
  /** Null where nobody knows how long a frame lasts. */
  frames: number | null;
  /** Found in the camera's other stream. */
  isAbout: boolean;
  /** The browser says which frame it shows; else `ms` counts from the result's arrival. */
  isMeasured: boolean;
};

export type OverlayReport = {
  state: Shot["state"];
  /** The picture that is seen is so much later than live. */
  delayMs: number | null;
  /** The oldest result that is drawn, against the picture it is drawn on; null where nothing is or it is not known. */
  ageMs: number | null;
  ageFrames: number | null;
  /** What is drawn of each model, against the picture it is drawn on. */
  ages: Age[];
  models: string[];
  /** What each model found lately. */
  labels: Record<string, string[]>;
  malformed: number;
  memoryBytes: number;
  error: string | null;
};

export const NO_REPORT: OverlayReport = {
  state: "waiting",
  delayMs: null,
  ageMs: null,
  ageFrames: null,
  ages: [],
  models: [],
  labels: {},
  malformed: 0,
  memoryBytes: 0,
  error: null,
};

export function reportOf(shot: Shot, director: Director, settings: OverlaySettings): OverlayReport {
  const aged = shot.drawn.map((one) => ({
    model: one.result.model_id,
    ms: one.ageTicks / 90,
    frames: one.isAbout ? null : director.framesOf(one, shot.pts90k),
    isAbout: one.isAbout ?? false,
    isMeasured: shot.pts90k !== null,
  }));
  const visible = aged.filter(({ model }) => !settings.hidden.includes(model));
  const frames = visible.map((one) => one.frames);
  return {
    state: shot.state,
    delayMs: shot.pts90k === null ? null : shot.delayTicks / 90,
    ageMs:
      visible.length === 0 || visible.some((one) => one.isAbout) ? null : Math.max(...visible.map((one) => one.ms)),
    ageFrames: frames.length === 0 || frames.includes(null) ? null : Math.max(...(frames as number[])),
    ages: visible,
    models: director.models(),
    labels: director.labels(),
    malformed: director.malformed(),
    memoryBytes: director.bytes(),
    error: director.error(),
  };
}
