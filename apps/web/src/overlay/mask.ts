/** A mask's cells, tinted. Each mask is decoded once and kept, as a small picture, for as long as its result is. */
import type { Detection } from "@vas/contracts/inference.ts";
import { decodeMask } from "@vas/contracts/mask.ts";
import type { Pen } from "./shapes.ts";

const MASK_ALPHA = 0.45;

const pictures = new WeakMap<object, { colour: string; picture: OffscreenCanvas } | null>();

/**
 * Draws a mask over its box in the pen's fill colour.
 *
 * @param opacity what the pen's alpha goes back to
 * @returns false where there is none that can be drawn
 */
export function drawMask(
  pen: Pen,
  mask: unknown,
  [left, top, right, bottom]: Detection["bbox"],
  width: number,
  height: number,
  opacity: number,
): boolean {
  const picture = pictureOf(mask, String(pen.fillStyle));
  if (!picture) return false;
  pen.globalAlpha = opacity * MASK_ALPHA;
  pen.drawImage(picture, left * width, top * height, (right - left) * width, (bottom - top) * height);
  pen.globalAlpha = opacity;
  return true;
}

function pictureOf(mask: unknown, colour: string): OffscreenCanvas | null {
  if (typeof mask !== "object" || mask === null) return null;
  const known = pictures.get(mask);
  if (known === null || known?.colour === colour) return known?.picture ?? null;
  const decoded = decodeMask(mask);
  const picture = decoded ? new OffscreenCanvas(decoded.columns, decoded.rows) : null;
  const pen = picture?.getContext("2d");
  if (!decoded || !picture || !pen) {
    pictures.set(mask, null);
    return null;
  }
  const pixels = pen.createImageData(decoded.columns, decoded.rows);
  const words = new Uint32Array(pixels.data.buffer);
  const tint = tintOf(colour);
  for (const [at, cell] of decoded.cells.entries()) if (cell === 1) words[at] = tint;
  pen.putImageData(pixels, 0, 0);
  pictures.set(mask, { colour, picture });
  return picture;
}

/** `#rrggbb`, opaque, as a canvas's pixels have it. */
export function tintOf(colour: string): number {
  const bytes = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  return new Uint32Array(new Uint8Array([...bytes, 255]).buffer)[0] as number;
}
