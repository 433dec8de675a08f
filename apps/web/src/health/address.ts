/** Addresses of the pages below Health. */
export const SITE_PATH = "/site";
export const FRAMES_PATH = "/site/frames";
export const AUDIT_PATH = "/site/audit";

/** The flight recorder of one camera at one model; of the first there is where none is named. */
export function framesPath(cameraId?: string, modelId?: string): string {
  if (cameraId === undefined || modelId === undefined) return FRAMES_PATH;
  return `${FRAMES_PATH}?${new URLSearchParams({ camera: cameraId, model: modelId })}`;
}
