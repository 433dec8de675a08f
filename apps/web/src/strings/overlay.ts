/** What the overlay's controls say. */
import type { Age, OverlayReport } from "../overlay/report.ts";

export const overlayText = {
  overlay: "Overlay",
  mode: "Overlay mode",
  exact: "Exact",
  fast: "Fast",
  exactWords:
    "Exact: every picture waits for its own results, so each box is on the frame it was computed from. The picture moves at the models' pace and is as late as the slowest of them.",
  fastWords:
    "Fast: the picture plays on at once. Boxes are those of an earlier frame, dashed, and their age is told here.",
  error: "Error",
  delay: "Delay",
  memory: "Memory",
  unknown: "unknown",
  frames: (count: number) => `${count} ${count === 1 ? "frame" : "frames"}`,
  models: "Models shown",
  colourOf: (model: string) => `Colour of ${model}`,
  ownColour: "Another colour",
  labelsOf: (model: string) => `Labels of ${model}`,
  labelCount: (count: number, hidden: number) =>
    `${count} ${count === 1 ? "label" : "labels"}${hidden === 0 ? "" : `, ${hidden} hidden`}`,
  threshold: "Confidence threshold",
  thresholdAll: "everything",
  thresholdFrom: (percent: number) => `from ${percent} %`,
  opacity: "Opacity",
  lineWidth: "Line width",
  labels: "Labels",
  zones: "Zones",
  off: "Overlays are off. Nothing about detections is sent to this browser.",
  noModelLive: "No model is assigned to this camera.",
  noModelRecorded: "No model has a result at this time of the recording.",
  malformed: (count: number) => `Not understood and not drawn: ${count}.`,
  /** How far off one model's boxes are. */
  age: (model: string, { ms, frames, isAbout, isMeasured }: Omit<Age, "model">) => {
    if (isAbout) return `${model}: found in the other stream`;
    if (!isMeasured) return `${model}: result arrived ${Math.round(ms)} ms ago`;
    if (ms === 0) return `${model}: on its own frame`;
    const count = frames === null ? "" : ` (${frames} ${frames === 1 ? "frame" : "frames"})`;
    return `${model}: boxes are ${Math.round(ms)} ms old${count}`;
  },
  /** What is seen, in one sentence. */
  state: ({ state, delayMs }: Pick<OverlayReport, "state" | "delayMs">, isLive: boolean) => {
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
  },
} as const;
