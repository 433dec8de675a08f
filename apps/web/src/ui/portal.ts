import { MAIN_ID } from "./focus.ts";

/**
 * Where a layer is put: inside of the page's main part, so that what it says belongs to it, or inside of the element in
 * full screen, since a browser shows nothing else then.
 */
export function layerHost(): HTMLElement {
  return (document.fullscreenElement as HTMLElement | null) ?? document.getElementById(MAIN_ID) ?? document.body;
}
