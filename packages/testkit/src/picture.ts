/**
 * Test pictures: a colourful background, a QR code that moves over it, and the frame number burned in as blocks.
 *
 * Everything is a function of the frame number, so a test that reads the number back from any copy of the picture (a
 * decoded frame, a screenshot, a snapshot) knows where the QR code was. Nothing here needs a network.
 *
 * The number stands in two rows of 20 cells at the top left, placed by fractions of the picture so that it survives
 * scaling: each row is a white cell, a black cell, then 18 bits; together 28 bits of number and 8 bits of CRC.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { prepareZXingModule, writeBarcode } from "zxing-wasm/writer";

const COLUMNS = 20;
const ROWS = 2;
const BITS_PER_ROW = COLUMNS - 2;
const NUMBER_BITS = 28;
export const MAX_FRAME_NUMBER = 2 ** NUMBER_BITS - 1;

/** The strip's place as fractions of the picture, and the grey margin around it that keeps neighbours from bleeding in. */
const STRIP = { x: 1 / 40, y: 1 / 20, width: 1 / 2, height: 1 / 10 };
const MARGIN = { x: 1 / 80, y: 1 / 40 };

const BLACK = 16;
const GREY = 126;
const WHITE = 235;
/** White must exceed black by so much, or there is no strip in the picture. */
const LEAST_CONTRAST = 40;
/** Quiet zone of a QR code in modules, on each side. */
const QUIET_ZONE = 4;

export type PixelFormat = "i420" | "nv12";

export type PainterOptions = {
  /** Even, at least 160. */
  width: number;
  /** Even, at least 90. */
  height: number;
  /** Frames a second; decides how far the QR code moves between two frames. */
  fps: number;
  format: PixelFormat;
  /** What the QR code says. */
  text: string | ((frame: number) => string);
};

export interface Painter {
  readonly frameBytes: number;
  /** Paints frame number `frame` (0 to 2^28 - 1) over the whole of `into`. */
  paint(frame: number, into: Uint8Array): Promise<void>;
  /** Where the modules of the QR code are: [x_min, y_min, x_max, y_max] as fractions of the picture. */
  qrBox(frame: number): [number, number, number, number];
}

export async function createPainter(options: PainterOptions): Promise<Painter> {
  const { width, height, fps, format, text } = options;
  if (width % 2 !== 0 || height % 2 !== 0 || width < 160 || height < 90)
    throw new Error(`impossible picture size [width:${width}, height:${height}]`);
  const background = paintBackground(width, height, format);
  let drawn: { text: string; code: QrBitmap } | undefined;

  const codeOf = async (frame: number): Promise<QrBitmap> => {
    const wanted = typeof text === "string" ? text : text(frame);
    if (drawn?.text !== wanted) drawn = { text: wanted, code: await qrBitmap(wanted, height) };
    return drawn.code;
  };
  // The size is taken from frame 0 and kept, so that the path does not jump when the text changes.
  const size = (await codeOf(0)).size;

  const placeOf = (frame: number) => {
    const seconds = frame / fps;
    const top = even(height * (STRIP.y + STRIP.height + 2 * MARGIN.y));
    return {
      x: even(triangle(seconds / 12) * (width - size)),
      y: top + even(triangle(seconds / 7) * Math.max(0, height - size - top)),
    };
  };

  return {
    frameBytes: background.length,
    qrBox(frame) {
      const { x, y } = placeOf(frame);
      const quiet = drawn === undefined ? 0 : drawn.code.scale * QUIET_ZONE;
      return [(x + quiet) / width, (y + quiet) / height, (x + size - quiet) / width, (y + size - quiet) / height];
    },
    async paint(frame, into) {
      const code = await codeOf(frame);
      into.set(background);
      const { x, y } = placeOf(frame);
      const shown = Math.min(code.size, size);
      for (let row = 0; row < shown; row++)
        into.set(code.luma.subarray(row * code.size, row * code.size + shown), (y + row) * width + x);
      neutralChroma(into, { width, height, format, x, y, size: shown });
      burnFrameNumber(into, width, height, frame);
    },
  };
}

type QrBitmap = { size: number; scale: number; luma: Uint8Array };

let writerReady = false;

async function qrBitmap(text: string, height: number): Promise<QrBitmap> {
  if (!writerReady) {
    // The package would fetch its WebAssembly from a public host; its own copy is beside it.
    const file = readFileSync(createRequire(import.meta.url).resolve("zxing-wasm/writer/zxing_writer.wasm"));
    prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(file).buffer } });
    writerReady = true;
  }
  const { symbol, error } = await writeBarcode(text, { format: "QRCode" });
  if (error) throw new Error(`no QR code for this text [text:${text}, error:${error}]`);
  const modules = symbol.width + 2 * QUIET_ZONE;
  const scale = Math.max(2, even((height * 0.45) / modules));
  const size = modules * scale;
  const luma = new Uint8Array(size * size).fill(WHITE);
  for (let row = 0; row < symbol.height; row++)
    for (let column = 0; column < symbol.width; column++) {
      if (symbol.data[row * symbol.width + column] !== 0) continue;
      const left = (column + QUIET_ZONE) * scale;
      for (let line = 0; line < scale; line++) {
        const start = ((row + QUIET_ZONE) * scale + line) * size + left;
        luma.fill(BLACK, start, start + scale);
      }
    }
  return { size, scale, luma };
}

/** A hue that turns with x, a luma that grows with y, and the grey field that the strip stands on. */
function paintBackground(width: number, height: number, format: PixelFormat): Uint8Array {
  const data = new Uint8Array(width * height * 1.5);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) data[y * width + x] = 70 + (110 * y) / height + 16 * Math.sin((x / width) * 19);
  const halfWidth = width / 2;
  const halfHeight = height / 2;
  for (let y = 0; y < halfHeight; y++)
    for (let x = 0; x < halfWidth; x++) {
      const hue = (x / halfWidth) * 2 * Math.PI + (y / halfHeight) * 0.8;
      setChroma(data, { width, height, format }, x, y, 128 + 60 * Math.cos(hue), 128 + 60 * Math.sin(hue));
    }
  const left = even(width * (STRIP.x - MARGIN.x));
  const right = even(width * (STRIP.x + STRIP.width + MARGIN.x));
  const top = even(height * (STRIP.y - MARGIN.y));
  const bottom = even(height * (STRIP.y + STRIP.height + MARGIN.y));
  for (let y = top; y < bottom; y++) {
    data.fill(GREY, y * width + left, y * width + right);
    if (y % 2 === 0)
      for (let x = left / 2; x < right / 2; x++) setChroma(data, { width, height, format }, x, y / 2, 128, 128);
  }
  return data;
}

type Geometry = { width: number; height: number; format: PixelFormat };

function setChroma(data: Uint8Array, { width, height, format }: Geometry, x: number, y: number, u: number, v: number) {
  const luma = width * height;
  if (format === "nv12") {
    data[luma + y * width + 2 * x] = u;
    data[luma + y * width + 2 * x + 1] = v;
  } else {
    const at = y * (width / 2) + x;
    data[luma + at] = u;
    data[luma + luma / 4 + at] = v;
  }
}

function neutralChroma(data: Uint8Array, area: Geometry & { x: number; y: number; size: number }): void {
  const { width, height, format, x, y, size } = area;
  const luma = width * height;
  for (let row = y / 2; row < (y + size) / 2; row++) {
    if (format === "nv12") {
      const start = luma + row * width + x;
      data.fill(128, start, start + size);
    } else {
      const start = luma + row * (width / 2) + x / 2;
      data.fill(128, start, start + size / 2);
      data.fill(128, start + luma / 4, start + luma / 4 + size / 2);
    }
  }
}

/** Burns the number into a luma plane whose stride is its width. */
export function burnFrameNumber(luma: Uint8Array, width: number, height: number, frame: number): void {
  if (!Number.isInteger(frame) || frame < 0 || frame > MAX_FRAME_NUMBER)
    throw new Error(`impossible frame number [frame:${frame}]`);
  const bits = bitsOf(frame);
  for (let row = 0; row < ROWS; row++)
    for (let column = 0; column < COLUMNS; column++) {
      const bit = column < 2 ? column === 0 : bits[row * BITS_PER_ROW + column - 2] === 1;
      const left = Math.round(width * (STRIP.x + (STRIP.width * column) / COLUMNS));
      const right = Math.round(width * (STRIP.x + (STRIP.width * (column + 1)) / COLUMNS));
      const top = Math.round(height * (STRIP.y + (STRIP.height * row) / ROWS));
      const bottom = Math.round(height * (STRIP.y + (STRIP.height * (row + 1)) / ROWS));
      for (let y = top; y < bottom; y++) luma.fill(bit ? WHITE : BLACK, y * width + left, y * width + right);
    }
}

/**
 * Reads the burned frame number from a luma plane of any size.
 *
 * @param stride bytes from one row to the next
 * @returns the number, or null where the picture holds none that can be trusted
 */
export function readFrameNumber(luma: Uint8Array, width: number, height: number, stride: number): number | null {
  const cells: number[][] = [];
  for (let row = 0; row < ROWS; row++) {
    const values: number[] = [];
    for (let column = 0; column < COLUMNS; column++) values.push(cellMean(luma, width, height, stride, row, column));
    cells.push(values);
  }
  const white = Math.min(...cells.map((row) => row[0] ?? 0));
  const black = Math.max(...cells.map((row) => row[1] ?? 255));
  const contrast = white - black;
  if (contrast < LEAST_CONTRAST) return null;
  const bits: number[] = [];
  for (const row of cells)
    for (const value of row.slice(2)) {
      const level = (value - black) / contrast;
      if (level > 0.4 && level < 0.6) return null;
      bits.push(level > 0.5 ? 1 : 0);
    }
  const frame = bits.slice(0, NUMBER_BITS).reduce((sum, bit) => sum * 2 + bit, 0);
  return bitsOf(frame).every((bit, at) => bit === bits[at]) ? frame : null;
}

/** Reads the burned frame number from RGBA pixels, such as a canvas gives. */
export function readFrameNumberRgba(rgba: Uint8Array | Uint8ClampedArray, width: number, height: number) {
  const luma = new Uint8Array(width * height);
  // The strip is grey, so the green channel is as good as the luma.
  for (let at = 0; at < luma.length; at++) luma[at] = rgba[at * 4 + 1] ?? 0;
  return readFrameNumber(luma, width, height, width);
}

/** Mean of the middle half of a cell in both directions, at least one pixel. */
function cellMean(luma: Uint8Array, width: number, height: number, stride: number, row: number, column: number) {
  const cellWidth = (width * STRIP.width) / COLUMNS;
  const cellHeight = (height * STRIP.height) / ROWS;
  const left = Math.floor(width * STRIP.x + cellWidth * (column + 0.25) + 0.5);
  const right = Math.max(left + 1, Math.floor(width * STRIP.x + cellWidth * (column + 0.75) + 0.5));
  const top = Math.floor(height * STRIP.y + cellHeight * (row + 0.25) + 0.5);
  const bottom = Math.max(top + 1, Math.floor(height * STRIP.y + cellHeight * (row + 0.75) + 0.5));
  let sum = 0;
  for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) sum += luma[y * stride + x] ?? 0;
  return sum / ((right - left) * (bottom - top));
}

/** 28 bits of number, most significant first, then 8 bits of CRC (polynomial 0x07, preset 0xff so that 0 is not all black). */
function bitsOf(frame: number): number[] {
  const bits: number[] = [];
  for (let bit = NUMBER_BITS - 1; bit >= 0; bit--) bits.push(Math.floor(frame / 2 ** bit) % 2);
  let crc = 0xff;
  for (const bit of bits) {
    const carry = (crc >> 7) ^ bit;
    crc = (crc << 1) & 0xff;
    if (carry === 1) crc ^= 0x07;
  }
  for (let bit = 7; bit >= 0; bit--) bits.push((crc >> bit) & 1);
  return bits;
}

/** 0 to 1 and back, once per unit. */
function triangle(phase: number): number {
  const part = phase - Math.floor(phase);
  return part < 0.5 ? 2 * part : 2 - 2 * part;
}

function even(value: number): number {
  return 2 * Math.floor(value / 2);
}
