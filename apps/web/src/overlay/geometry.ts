/** Where the picture is. */

export type Rect = { x: number; y: number; width: number; height: number };

/** The part of a box that a picture fills when it is fitted in whole (CSS `object-fit: contain`). */
export function pictureRect(boxWidth: number, boxHeight: number, pictureWidth: number, pictureHeight: number): Rect {
  if (boxWidth <= 0 || boxHeight <= 0 || pictureWidth <= 0 || pictureHeight <= 0)
    return { x: 0, y: 0, width: 0, height: 0 };
  const scale = Math.min(boxWidth / pictureWidth, boxHeight / pictureHeight);
  const width = pictureWidth * scale;
  const height = pictureHeight * scale;
  return { x: (boxWidth - width) / 2, y: (boxHeight - height) / 2, width, height };
}

/**
 * The same rectangle with its edges on device pixels, so that a canvas of exactly these pixels is not resampled.
 *
 * @param scale device pixels per CSS pixel
 */
export function onDevicePixels(rect: Rect, scale: number): Rect & { pixelWidth: number; pixelHeight: number } {
  const left = Math.round(rect.x * scale);
  const top = Math.round(rect.y * scale);
  const pixelWidth = Math.round((rect.x + rect.width) * scale) - left;
  const pixelHeight = Math.round((rect.y + rect.height) * scale) - top;
  return {
    x: left / scale,
    y: top / scale,
    width: pixelWidth / scale,
    height: pixelHeight / scale,
    pixelWidth,
    pixelHeight,
  };
}
