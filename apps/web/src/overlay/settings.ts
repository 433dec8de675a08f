/** What a person wants to see over the picture; kept on this device, never sent. */

/**
 * `exact`: each result together with the picture it was computed from, which is shown a little late.
 * `fast`: the newest results over the playing picture, with their age.
 */
export type OverlayMode = "exact" | "fast";

export type OverlaySettings = {
  on: boolean;
  mode: OverlayMode;
  /** 0 to 1; detections below it are not drawn. */
  threshold: number;
  labels: boolean;
  /** Outlines of the zones that make events. */
  zones: boolean;
  /** 0.1 to 1. */
  opacity: number;
  /** CSS pixels, 1 to 8. */
  lineWidth: number;
  /** Models that are not drawn. */
  hidden: string[];
  /** Labels that are not drawn, as `labelKey` names them. */
  hiddenLabels: string[];
  /** `#rrggbb` by model id, where a person chose one. */
  colours: Record<string, string>;
};

/** Where it is kept: people who share a browser do not share it. */
export const overlayKey = (userId: string): string => `vas.overlay.${userId}`;

/** What is kept must not grow for ever. */
const MOST_KEPT = 500;

/** A model id has no slash. */
export function labelKey(modelId: string, label: string): string {
  return `${modelId}/${label}`;
}

/** Overlays are off until a person turns them on. */
export function readOverlaySettings(kept: unknown): OverlaySettings {
  const from = (typeof kept === "object" && kept !== null ? kept : {}) as Record<string, unknown>;
  return {
    on: from.on === true,
    mode: from.mode === "fast" ? "fast" : "exact",
    threshold: between(from.threshold, 0, 1, 0),
    labels: from.labels !== false,
    zones: from.zones !== false,
    opacity: between(from.opacity, 0.1, 1, 1),
    lineWidth: between(from.lineWidth, 1, 8, 2),
    hidden: strings(from.hidden),
    hiddenLabels: strings(from.hiddenLabels),
    colours: colours(from.colours),
  };
}

/** The list with the name, or without it. */
export function toggled(list: readonly string[], name: string, isIn: boolean): string[] {
  const others = list.filter((one) => one !== name);
  return isIn ? [...others, name] : others;
}

function between(value: unknown, least: number, most: number, otherwise: number): number {
  return typeof value === "number" && value >= least && value <= most ? value : otherwise;
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string").slice(-MOST_KEPT) : [];
}

function colours(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  const valid = Object.entries(value).filter(
    ([, colour]) => typeof colour === "string" && /^#[0-9a-f]{6}$/.test(colour),
  );
  return Object.fromEntries(valid.slice(-MOST_KEPT)) as Record<string, string>;
}
