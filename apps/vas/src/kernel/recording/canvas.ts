/** Draws shapes into a decoded picture, in place: planar YUV 4:2:0, limited range. Nothing here allocates per pixel. */
import { decodeMask } from "@vas/contracts/mask.ts";
import type { Shape } from "../index.ts";

/** Y, Cb, Cr. */
export type Colour = readonly [number, number, number];

/** Apart from each other and from most scenes; a class keeps its colour over frames, cameras and exports. */
export const COLOURS: readonly Colour[] = (
  [
    [255, 64, 64],
    [64, 220, 64],
    [64, 128, 255],
    [255, 220, 0],
    [255, 0, 255],
    [0, 230, 230],
    [255, 140, 0],
    [170, 90, 255],
    [160, 255, 0],
    [255, 130, 190],
    [0, 200, 130],
    [190, 150, 100],
  ] as const
).map(toYuv);
const WHITE: Colour = [235, 128, 128];
const BLACK: Colour = [16, 128, 128];

/** Rows of five pixels from top to bottom, one base-32 digit each. Capitals serve for small letters too. */
const GLYPHS: Record<string, string> = Object.fromEntries(
  `A:ehhvhhh B:uhhuhhu C:ehggghe D:uhhhhhu E:vgguggv F:vgguggg G:ehgnhhf H:hhhvhhh I:e44444e J:72222ic K:hikokih
   L:ggggggv M:hrllhhh N:hhpljhh O:ehhhhhe P:uhhuggg Q:ehhhlid R:uhhukih S:fgge11u T:v444444 U:hhhhhhe V:hhhhha4
   W:hhhllla X:hha4ahh Y:hhha444 Z:v1248gv 0:ehjlphe 1:4c4444e 2:eh1248v 3:v2421he 4:26aiv22 5:vgu11he 6:68guhhe
   7:v124888 8:ehhehhe 9:ehhf12c %:op248j3 .:00000cc ,:0000c48 -:000v000 _:000000v ::0cc0cc0 /:01248g0 #:aavavaa
   +:044v440 (:2488842 ):8422248 ?:eh12404 !:4444404 =:00v0v00 *:04lel40`
    .trim()
    .split(/\s+/)
    .map((entry) => [entry.slice(0, 1), entry.slice(2)]),
);
const UNKNOWN = "eh12404";
const GLYPH_WIDTH = 5;
const GLYPH_HEIGHT = 7;
const MAX_LABEL = 40;

export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly #planes: readonly Uint8Array[];
  readonly #strides: readonly number[];
  readonly #unit: number;

  /** @param planes Y, Cb and Cr; even width and height */
  constructor(planes: readonly Uint8Array[], strides: readonly number[], width: number, height: number) {
    this.#planes = planes;
    this.#strides = strides;
    this.width = width;
    this.height = height;
    // Lines of two pixels at 720 rows look the same at every size.
    this.#unit = Math.max(1, Math.round(height / 720));
  }

  shape(shape: Shape): void {
    const colour = COLOURS[shape.colour % COLOURS.length] as Colour;
    const [x0, y0, x1, y1] = shape.box;
    const [left, top] = [Math.round(x0 * this.width), Math.round(y0 * this.height)];
    const [right, bottom] = [Math.round(x1 * this.width), Math.round(y1 * this.height)];
    if (shape.mask !== undefined) this.#mask(shape.mask, left, top, right, bottom, colour);
    const line = 2 * this.#unit;
    this.fill(left, top, right, top + line, colour);
    this.fill(left, bottom - line, right, bottom, colour);
    this.fill(left, top, left + line, bottom, colour);
    this.fill(right - line, top, right, bottom, colour);
    const points = shape.polygon ?? [];
    for (const [index, [x, y]] of points.entries()) {
      const [nextX, nextY] = points[(index + 1) % points.length] as [number, number];
      this.#line(x * this.width, y * this.height, nextX * this.width, nextY * this.height, colour);
    }
    for (const [x, y, confidence] of shape.keypoints ?? []) {
      if (confidence <= 0) continue;
      const [centreX, centreY] = [Math.round(x * this.width), Math.round(y * this.height)];
      this.fill(centreX - line, centreY - line, centreX + line, centreY + line, WHITE);
    }
    if (shape.label !== "") this.#label(shape.label, left, top, colour);
  }

  /** Fills pixels from the first up to, and without, the second corner; what lies outside is cut off. */
  fill(x0: number, y0: number, x1: number, y1: number, [luma, cb, cr]: Colour): void {
    const left = Math.max(0, x0);
    const right = Math.min(this.width, x1);
    const top = Math.max(0, y0);
    const bottom = Math.min(this.height, y1);
    if (left >= right || top >= bottom) return;
    const [y, u, v] = this.#planes as [Uint8Array, Uint8Array, Uint8Array];
    const [strideY, strideU, strideV] = this.#strides as [number, number, number];
    for (let row = top; row < bottom; row++) y.fill(luma, row * strideY + left, row * strideY + right);
    for (let row = top >> 1; row < (bottom + 1) >> 1; row++) {
      u.fill(cb, row * strideU + (left >> 1), row * strideU + ((right + 1) >> 1));
      v.fill(cr, row * strideV + (left >> 1), row * strideV + ((right + 1) >> 1));
    }
  }

  /** Every other pixel, so that the picture is seen through it. */
  #mask(value: unknown, left: number, top: number, right: number, bottom: number, colour: Colour): void {
    const mask = decodeMask(value);
    if (!mask || right <= left || bottom <= top) return;
    for (let y = Math.max(0, top); y < Math.min(this.height, bottom); y += 2) {
      const row = Math.floor(((y - top) * mask.rows) / (bottom - top)) * mask.columns;
      for (let x = Math.max(0, left) + (y & 2 ? 1 : 0); x < Math.min(this.width, right); x += 2)
        if (mask.cells[row + Math.floor(((x - left) * mask.columns) / (right - left))])
          this.fill(x, y, x + 1, y + 1, colour);
    }
  }

  #line(x0: number, y0: number, x1: number, y1: number, colour: Colour): void {
    // Corners may lie far outside of the picture; the part outside is not walked along.
    const steps = Math.ceil(Math.min(Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0)), 4 * (this.width + this.height)));
    for (let step = 0; step <= steps; step++) {
      const part = steps === 0 ? 0 : step / steps;
      const [x, y] = [Math.round(x0 + (x1 - x0) * part), Math.round(y0 + (y1 - y0) * part)];
      this.fill(x, y, x + this.#unit, y + this.#unit, colour);
    }
  }

  /** Above the box where there is room, else inside of it. */
  #label(text: string, left: number, top: number, colour: Colour): void {
    const scale = this.#unit;
    const plain = text.normalize("NFD").replaceAll(/\p{M}/gu, "").toUpperCase().slice(0, MAX_LABEL);
    const width = (plain.length * (GLYPH_WIDTH + 1) + 1) * scale;
    const height = (GLYPH_HEIGHT + 2) * scale;
    const y = top >= height ? top - height : top;
    const x = Math.max(0, Math.min(left, this.width - width));
    this.fill(x, y, x + width, y + height, colour);
    const ink = colour[0] > 110 ? BLACK : WHITE;
    for (const [index, letter] of Array.from(plain).entries()) {
      if (letter === " ") continue;
      const rows = GLYPHS[letter] ?? UNKNOWN;
      for (let row = 0; row < GLYPH_HEIGHT; row++) {
        const bits = Number.parseInt(rows[row] as string, 32);
        for (let column = 0; column < GLYPH_WIDTH; column++) {
          if (!(bits & (1 << (GLYPH_WIDTH - 1 - column)))) continue;
          const px = x + (1 + index * (GLYPH_WIDTH + 1) + column) * scale;
          const py = y + (1 + row) * scale;
          this.#ink(px, py, scale, ink);
        }
      }
    }
  }

  /** Luma only: letters are thinner than chroma can show. */
  #ink(x: number, y: number, size: number, [luma]: Colour): void {
    const [plane] = this.#planes as [Uint8Array];
    const [stride] = this.#strides as [number];
    for (let row = Math.max(0, y); row < Math.min(this.height, y + size); row++)
      plane.fill(luma, row * stride + Math.min(x, this.width), row * stride + Math.min(x + size, this.width));
  }
}

/** ITU-R BT.601, limited range. */
function toYuv([red, green, blue]: readonly [number, number, number]): Colour {
  return [
    Math.round(16 + 0.257 * red + 0.504 * green + 0.098 * blue),
    Math.round(128 - 0.148 * red - 0.291 * green + 0.439 * blue),
    Math.round(128 + 0.439 * red - 0.368 * green - 0.071 * blue),
  ];
}
