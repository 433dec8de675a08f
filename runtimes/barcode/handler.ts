/** ZXing on the frame's luma. A detection's class is the code's format, its text what the code says. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Detection, Handler } from "@vas/runtime-sdk/handler.ts";
import { prepareZXingModule, type ReaderOptions, readBarcodes } from "zxing-wasm/reader";

/** In the order of their class ids, which may only grow. */
const FORMATS = [
  "QRCode",
  "MicroQRCode",
  "RMQRCode",
  "DataMatrix",
  "Aztec",
  "PDF417",
  "MaxiCode",
  "EAN13",
  "EAN8",
  "UPCA",
  "UPCE",
  "Code128",
  "Code39",
  "Code93",
  "Codabar",
  "ITF",
  "DataBar",
] as const;
/** The class id of a format that is none of the above, such as a kind of DataBar. */
const OTHER = FORMATS.length;
const MAX_TEXT = 4096;
const MAX_SYMBOLS = 16;

export async function createHandler(): Promise<Handler> {
  // The package would fetch its WebAssembly from a public server; the same file lies in the package.
  const file = fileURLToPath(import.meta.resolve("zxing-wasm/reader/zxing_reader.wasm"));
  const wasm = await readFile(file);
  const wasmBinary = wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength);
  await prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true });
  let picture = { bytes: new Uint8Array(0), header: 0, width: 0, height: 0 };

  return async (frame, { config }) => {
    const { width, height } = frame;
    if (picture.width !== width || picture.height !== height) picture = greyPicture(width, height);
    frame.toGray({ width, height }, picture.bytes.subarray(picture.header));
    const found = await readBarcodes(picture.bytes, optionsOf(config));
    return found
      .filter((code) => code.isValid)
      .map(({ format, text, position }): Detection => {
        const corners = [position.topLeft, position.topRight, position.bottomRight, position.bottomLeft];
        const polygon = corners.map(({ x, y }): [number, number] => [unit(x / width), unit(y / height)]);
        const xs = polygon.map(([x]) => x);
        const ys = polygon.map(([, y]) => y);
        const known = FORMATS.findIndex((name) => name === format);
        return {
          class_id: known < 0 ? OTHER : known,
          class_name: format,
          // A code is read or it is not: its error correction or check digit has already spoken.
          confidence: 1,
          bbox: [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)],
          polygon,
          text: text.slice(0, MAX_TEXT),
        };
      });
  };
}

/** A PGM picture: the reader takes one byte a pixel in no other form. The pixels begin after `header` bytes. */
function greyPicture(width: number, height: number) {
  const header = Buffer.from(`P5\n${width} ${height}\n255\n`);
  const bytes = new Uint8Array(header.length + width * height);
  bytes.set(header);
  return { bytes, header: header.length, width, height };
}

function optionsOf(config: Record<string, unknown>): ReaderOptions {
  const harder = config.try_harder !== false;
  const most = config.max_symbols;
  const wanted = Array.isArray(config.formats) ? config.formats : [];
  const formats = FORMATS.filter((name) => wanted.includes(name));
  return {
    formats: formats.length > 0 ? formats : [...FORMATS],
    tryHarder: harder,
    tryRotate: harder,
    tryInvert: harder,
    tryDownscale: harder,
    maxNumberOfSymbols: typeof most === "number" && most >= 1 && most <= 64 ? Math.floor(most) : MAX_SYMBOLS,
  };
}

function unit(value: number): number {
  return Math.min(1, Math.max(0, value));
}
