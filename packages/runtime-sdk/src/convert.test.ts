import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConvertOptions, convertNv12, halfBits, type Nv12, outputLength } from "./convert.ts";

/** A picture of deterministic noise over a gradient, with padding between the rows that must never be read. */
function picture(width: number, height: number, stride = width + 6): Nv12 {
  let seed = 12345;
  const next = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed >>> 24;
  };
  const y = new Uint8Array(stride * height).fill(255);
  const uv = new Uint8Array((stride * height) / 2).fill(255);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      y[row * stride + column] = (row * 3 + column * 2 + (next() >> 3)) & 255;
  for (let row = 0; row < height / 2; row++)
    for (let column = 0; column < width; column++) uv[row * stride + column] = next();
  return { y, uv, width, height, stride };
}

const clamp = (n: number) => Math.min(255, Math.max(0, n));

/**
 * BT.601 in floating point, from the definition: Kr 0.299, Kb 0.114; limited range with luma 16 to 235 and chroma 16 to 240,
 * full range with all levels.
 */
function rgbOf(luma: number, u: number, v: number, fullRange = false): [number, number, number] {
  const y = fullRange ? luma / 255 : (luma - 16) / 219;
  const pb = (u - 128) / (fullRange ? 255 : 224);
  const pr = (v - 128) / (fullRange ? 255 : 224);
  const r = y + 2 * (1 - 0.299) * pr;
  const b = y + 2 * (1 - 0.114) * pb;
  const g = (y - 0.299 * r - 0.114 * b) / 0.587;
  return [clamp(r * 255), clamp(g * 255), clamp(b * 255)];
}

/** The straightforward way: one output pixel after the other, everything in floating point. */
function reference(source: Nv12, options: ConvertOptions): number[] {
  const { width, height, color } = options;
  const channels = color === "gray" ? 1 : 3;
  const out = Array.from({ length: width * height * channels }, () => 0);
  const ratio = Math.min(width / source.width, height / source.height);
  const boxed = options.fit === "letterbox";
  const inner = {
    w: boxed ? Math.round(source.width * ratio) : width,
    h: boxed ? Math.round(source.height * ratio) : height,
  };
  const offset = { x: Math.floor((width - inner.w) / 2), y: Math.floor((height - inner.h) / 2) };
  const lumaAt = (x: number, y: number) =>
    source.y[
      Math.min(source.height - 1, Math.max(0, y)) * source.stride + Math.min(source.width - 1, Math.max(0, x))
    ] as number;
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const px = column - offset.x;
      const py = row - offset.y;
      let values = [options.fill ?? 114, options.fill ?? 114, options.fill ?? 114];
      if (px >= 0 && py >= 0 && px < inner.w && py < inner.h) {
        const sx = ((px + 0.5) / inner.w) * source.width;
        const sy = ((py + 0.5) / inner.h) * source.height;
        let luma: number;
        if (options.resize === "nearest") luma = lumaAt(Math.floor(sx), Math.floor(sy));
        else {
          const cx = Math.min(source.width - 1, Math.max(0, sx - 0.5));
          const cy = Math.min(source.height - 1, Math.max(0, sy - 0.5));
          const [x, y] = [Math.floor(cx), Math.floor(cy)];
          const [fx, fy] = [cx - x, cy - y];
          luma =
            lumaAt(x, y) * (1 - fx) * (1 - fy) +
            lumaAt(x + 1, y) * fx * (1 - fy) +
            lumaAt(x, y + 1) * (1 - fx) * fy +
            lumaAt(x + 1, y + 1) * fx * fy;
        }
        const near = (Math.floor(Math.min(sy, source.height - 1)) >> 1) * source.stride;
        const pair = near + (Math.floor(Math.min(sx, source.width - 1)) >> 1) * 2;
        const rgb = rgbOf(luma, source.uv[pair] as number, source.uv[pair + 1] as number, source.fullRange);
        const gray = source.fullRange ? luma : clamp(((luma - 16) * 255) / 219);
        values = color === "gray" ? [gray] : color === "bgr" ? [rgb[2], rgb[1], rgb[0]] : rgb;
      }
      for (let channel = 0; channel < channels; channel++) {
        const value =
          ((values[channel] as number) * (options.scale ?? 1) - (options.mean?.[channel] ?? 0)) /
          (options.std?.[channel] ?? 1);
        const at =
          options.layout === "nhwc"
            ? (row * width + column) * channels + channel
            : channel * width * height + row * width + column;
        out[at] = value;
      }
    }
  return out;
}

function worst(source: Nv12, options: ConvertOptions, out: Float32Array | Uint8Array): number {
  convertNv12(source, options, out);
  const expected = reference(source, options);
  let most = 0;
  for (const [at, value] of expected.entries()) most = Math.max(most, Math.abs(value - (out[at] as number)));
  return most;
}

const SIZES: [number, number, number, number][] = [
  [32, 18, 32, 18],
  [32, 18, 13, 13],
  [32, 18, 64, 64],
  [20, 40, 15, 31],
  [64, 36, 16, 9],
];

for (const color of ["rgb", "bgr", "gray"] as const)
  for (const layout of ["nchw", "nhwc"] as const)
    for (const fit of ["stretch", "letterbox"] as const)
      test(`${color} ${layout} ${fit} agrees with the definition to two levels`, () => {
        for (const [width, height, outWidth, outHeight] of SIZES)
          for (const resize of ["nearest", "bilinear"] as const) {
            const source = picture(width, height);
            const options: ConvertOptions = { width: outWidth, height: outHeight, color, layout, fit, resize };
            const floats = worst(source, options, new Float32Array(outputLength(options)));
            const bytes = worst(source, options, new Uint8Array(outputLength(options)));
            assert.ok(floats <= 2 && bytes <= 2, `${width}x${height} ${resize} off by ${floats} and ${bytes}`);
          }
      });

test("full range agrees with the definition to two levels, beside limited range in the same sizes", () => {
  for (const color of ["rgb", "gray"] as const)
    for (const [width, height, outWidth, outHeight] of SIZES)
      for (const resize of ["nearest", "bilinear"] as const)
        for (const fullRange of [true, false]) {
          const source = { ...picture(width, height), fullRange };
          const options: ConvertOptions = { width: outWidth, height: outHeight, color, resize };
          const floats = worst(source, options, new Float32Array(outputLength(options)));
          const bytes = worst(source, options, new Uint8Array(outputLength(options)));
          assert.ok(floats <= 2 && bytes <= 2, `${color} ${resize} full ${fullRange} off by ${floats} and ${bytes}`);
        }
});

test("each channel becomes (value * scale - mean) / std in the order of the channels", () => {
  const options: ConvertOptions = {
    width: 24,
    height: 24,
    color: "bgr",
    layout: "nhwc",
    fit: "letterbox",
    scale: 1 / 255,
    mean: [0.1, 0.2, 0.3],
    std: [0.5, 0.25, 0.125],
  };
  const off = worst(picture(32, 18), options, new Float32Array(outputLength(options)));
  assert.ok(off <= 2 / 255 / 0.125, `off by ${off}`);
});

test("letterbox says where the picture lies", () => {
  const options: ConvertOptions = { width: 640, height: 640, color: "gray", fit: "letterbox" };
  const placement = convertNv12(picture(32, 18), options, new Uint8Array(640 * 640));
  assert.deepEqual(placement, { x: 0, y: 140, width: 640, height: 360 });
});

test("limited range reaches black and white and stays inside for impossible samples", () => {
  const flat = (luma: number, u: number, v: number): Nv12 => ({
    y: new Uint8Array(16).fill(luma),
    uv: Uint8Array.from({ length: 8 }, (_, at) => (at % 2 === 0 ? u : v)),
    width: 4,
    height: 4,
    stride: 4,
  });
  const out = new Uint8Array(48);
  const options: ConvertOptions = { width: 4, height: 4, color: "rgb", layout: "nhwc" };
  convertNv12(flat(16, 128, 128), options, out);
  assert.deepEqual([...out.subarray(0, 3)], [0, 0, 0]);
  convertNv12(flat(235, 128, 128), options, out);
  assert.deepEqual([...out.subarray(0, 3)], [255, 255, 255]);
  for (const luma of [0, 255])
    for (const u of [0, 255])
      for (const v of [0, 255]) {
        convertNv12(flat(luma, u, v), options, out);
        const floats = new Float32Array(48);
        convertNv12(flat(luma, u, v), options, floats);
        const expected = rgbOf(luma, u, v);
        for (let channel = 0; channel < 3; channel++)
          for (const found of [out[channel], floats[channel]])
            assert.ok(Math.abs((found as number) - (expected[channel] as number)) <= 1, `${luma} ${u} ${v}: ${found}`);
      }
});

test("half floats have the bits that the platform's own conversion gives", () => {
  const view = new DataView(new ArrayBuffer(2)) as DataView & { setFloat16(at: number, value: number): void };
  for (const value of [
    0,
    -0,
    1,
    -1,
    0.1,
    1 / 255,
    65_504,
    65_519,
    65_520,
    1e9,
    6e-8,
    2 ** -14,
    2 ** -24,
    0.33325,
    2047.5,
  ]) {
    view.setFloat16(0, value);
    assert.equal(halfBits(value), view.getUint16(0), String(value));
  }
  const source = picture(32, 18);
  const options: ConvertOptions = { width: 8, height: 8, color: "rgb", scale: 1 / 255 };
  const halves = new Uint16Array(outputLength(options));
  const floats = new Float32Array(outputLength(options));
  convertNv12(source, options, halves);
  convertNv12(source, options, floats);
  for (const [at, half] of halves.entries()) {
    view.setUint16(0, half);
    const read = (view as unknown as { getFloat16(at: number): number }).getFloat16(0);
    assert.ok(Math.abs(read - (floats[at] as number)) < 0.001);
  }
});

test("an output that is too short is refused before anything is written", () => {
  const out = new Uint8Array(10);
  assert.throws(() => convertNv12(picture(4, 4), { width: 4, height: 4, color: "rgb" }, out), /needed:48, found:10/);
  assert.throws(() => convertNv12(picture(4, 4), { width: 0, height: 4, color: "rgb" }, out), RangeError);
  assert.ok(out.every((value) => value === 0));
});
