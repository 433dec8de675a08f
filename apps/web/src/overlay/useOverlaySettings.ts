import { useMe } from "../people/me.ts";
import { keep, load } from "../ui/stored.ts";
import { useStored } from "../ui/hooks.ts";
import { type OverlaySettings, overlayKey, readOverlaySettings } from "./settings.ts";

/** What this person wants to see over pictures, on this browser. */
export function useOverlaySettings(): [OverlaySettings, (settings: OverlaySettings) => void] {
  return useStored(overlayKey(useMe().id), readOverlaySettings);
}

/** For whoever goes to a picture because of its boxes. */
export function switchOverlayOn(userId: string): void {
  const key = overlayKey(userId);
  keep(localStorage, key, { ...load(localStorage, key, readOverlaySettings), on: true });
}
