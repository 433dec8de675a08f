/** What the overlay's controls say. */
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
} as const;
