/** What a person wants to see over the picture; kept on this device, never sent. */
export type OverlaySettings = {
  on: boolean;
  /** 0 to 1; detections below it are not drawn. */
  threshold: number;
  labels: boolean;
  /** Models that are not drawn. */
  hidden: string[];
};

export const OVERLAY_KEY = "vas.overlay";

/** Overlays are off until a person turns them on. */
export function readOverlaySettings(kept: unknown): OverlaySettings {
  const from = (typeof kept === "object" && kept !== null ? kept : {}) as Record<string, unknown>;
  const threshold =
    typeof from.threshold === "number" && from.threshold >= 0 && from.threshold <= 1 ? from.threshold : 0;
  return {
    on: from.on === true,
    threshold,
    labels: from.labels !== false,
    hidden: Array.isArray(from.hidden) ? from.hidden.filter((model) => typeof model === "string") : [],
  };
}
