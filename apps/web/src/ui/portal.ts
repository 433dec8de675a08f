/** Where a layer is put: what is outside of the element in full screen is not shown by the browser. */
export function layerHost(): HTMLElement {
  return (document.fullscreenElement as HTMLElement | null) ?? document.body;
}
