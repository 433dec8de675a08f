/** A mask's pixels, tinted. Masks are run lengths; each is decoded once and kept as a small picture. */
import type { Detection } from "@vas/contracts/inference.ts";
import type { Pen } from "./shapes.ts";

/** Rows and columns of `counts`, which alternate between out and in, row by row, beginning with out. */
export type RunLengthMask = { width: number; height: number; counts: number[] };

const MOST_PIXELS = 4_000_000;
const MASK_ALPHA = 0.45;

/** The mask's alpha, a byte a pixel; null where it is none or its runs do not add up. */
export function decodeMask(mask: unknown): { width: number; height: number; alpha: Uint8Array } | null {
  const { width, height, counts } = (mask ?? {}) as Partial<RunLengthMask>;
  if (!isSide(width) || !isSide(height) || width * height > MOST_PIXELS || !Array.isArray(counts)) return null;
  const alpha = new Uint8Array(width * height);
  let at = 0;
  let isIn = false;
  for (const count of counts) {
    if (!Number.isInteger(count) || count < 0 || at + count > alpha.length) return null;
    if (isIn) alpha.fill(255, at, at + count);
    at += count;
    isIn = !isIn;
  }
  return at === alpha.length ? { width, height, alpha } : null;
}

function isSide(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= 8192;
}

const pictures = new WeakMap<object, { colour: string; picture: OffscreenCanvas } | null>();

/**
 * Draws a mask in the pen's fill colour.
 *
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
  if (!decoded) {
    pictures.set(mask, null);
    return null;
  }
  const { width, height, alpha } = decoded;
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as [
    number,
    number,
    number,
  ];
  const picture = new OffscreenCanvas(width, height);
  const pen = picture.getContext("2d");
  if (!pen) return null;
  const pixels = pen.createImageData(width, height);
  for (let at = 0; at < alpha.length; at++) pixels.data.set([red, green, blue, alpha[at] as number], at * 4);
  pen.putImageData(pixels, 0, 0);
  pictures.set(mask, { colour, picture });
  return picture;
}
