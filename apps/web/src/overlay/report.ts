/** What the panel says of the layer: what is seen, how far off it is, and which models and labels there are. */
import type { Director, Shot } from "./director.ts";
import type { OverlaySettings } from "./settings.ts";

export type OverlayReport = {
  state: Shot["state"];
  /** The picture that is seen is so much later than live. */
  delayMs: number | null;
  /** The oldest result that is drawn, against the picture it is drawn on; null where nothing is or it is not known. */
  ageMs: number | null;
  ageFrames: number | null;
  /** Per model, in words. */
  words: string[];
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
  words: [],
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
  }));
  const visible = aged.filter(({ model }) => !settings.hidden.includes(model));
  const frames = visible.map((one) => one.frames);
  return {
    state: shot.state,
    delayMs: shot.pts90k === null ? null : shot.delayTicks / 90,
    ageMs:
      visible.length === 0 || visible.some((one) => one.isAbout) ? null : Math.max(...visible.map((one) => one.ms)),
    ageFrames: frames.length === 0 || frames.includes(null) ? null : Math.max(...(frames as number[])),
    words: visible.map(({ model, ms, frames: count, isAbout }) =>
      isAbout ? `${model}: found in the other stream` : ageWords(model, ms, count, shot.pts90k !== null),
    ),
    models: director.models(),
    labels: director.labels(),
    malformed: director.malformed(),
    memoryBytes: director.bytes(),
    error: director.error(),
  };
}

/** `person-detector: on its own frame`, or how old. */
export function ageWords(model: string, ms: number, frames: number | null, isMeasured: boolean): string {
  if (!isMeasured) return `${model}: result arrived ${Math.round(ms)} ms ago`;
  if (ms === 0) return `${model}: on its own frame`;
  const count = frames === null ? "" : ` (${frames} ${frames === 1 ? "frame" : "frames"})`;
  return `${model}: boxes are ${Math.round(ms)} ms old${count}`;
}

/** What is seen, in one sentence. */
export function stateWords({ state, delayMs }: Pick<OverlayReport, "state" | "delayMs">, isLive: boolean): string {
  switch (state) {
    case "exact":
      if (!isLive) return "Each picture is drawn together with its results.";
      return (delayMs ?? 0) < 1
        ? "Each picture is shown with its own results."
        : `The picture is ${Math.round(delayMs ?? 0)} ms late, so that its results are drawn on it.`;
    case "playing":
      return isLive
        ? "The newest results are drawn over the playing picture."
        : "Results are drawn over the playing picture.";
    case "approximate":
      return "Approximate: this browser does not say which frame it shows.";
    case "elsewhere":
      return "Approximate: the boxes were found in the camera's other stream, which only the time of arrival ties to this one.";
    case "loading":
      return "Loading the results of this time.";
    case "unknown":
      return "This frame has no known place in the recording; nothing is drawn on it.";
    case "waiting":
      return isLive ? "No result within the last 2 s; the live picture is shown." : "No result for this picture.";
    case "paused":
      return "Paused. Comma and full stop step among the pictures that were kept.";
    case "late":
      return "Results come later than a second, when their picture is gone. Fast mode shows them with their age.";
  }
}
