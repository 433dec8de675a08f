import { useMe } from "../people/me.ts";
import { useStored } from "../ui/hooks.ts";
import { type OverlaySettings, overlayKey, readOverlaySettings } from "./settings.ts";

/** What this person wants to see over pictures, on this browser. */
export function useOverlaySettings(): [OverlaySettings, (settings: OverlaySettings) => void] {
  return useStored(overlayKey(useMe().id), readOverlaySettings);
}
