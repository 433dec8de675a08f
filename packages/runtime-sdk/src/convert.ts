/**
 * NV12 to what a model wants, in one pass over the output and without a picture in between.
 *
 * Colour is BT.601 limited range, which is what cameras send unless they say otherwise. Luma is interpolated; chroma is
 * taken from the sample that covers the source point, because its grid is as coarse as most model inputs are.
 */

/** A picture in NV12. `stride` is bytes from one row to the next, of both planes. */
export type Nv12 = { y: Uint8Array; uv: Uint8Array; width: number; height: number; stride: number };

export type ConvertOptions = {
  /** Width and height of the output in pixels. */
  width: number;
  height: number;
  /** Channels of the output and their order. */
  color: "rgb" | "bgr" | "gray";
  layout?: "nchw" | "nhwc";
  resize?: "nearest" | "bilinear";
  /** `stretch` fills the output; `letterbox` keeps the aspect ratio and centres the picture. */
  fit?: "stretch" | "letterbox";
  /** 0 to 255: what letterbox puts around the picture, before it is scaled. */
  fill?: number;
  /** Each value (0 to 255) becomes (value * scale - mean) / std. `mean` and `std` follow the order of `color`. */
  scale?: number;
  mean?: readonly number[];
  std?: readonly number[];
};

/** Where the picture lies in the output, in output pixels: turns what a model found back into fractions of the frame. */
export type Placement = { x: number; y: number; width: number; height: number };

/** Uint16Array holds IEEE half floats; Uint8 arrays are rounded and clamped. */
export type ConvertTarget = Float32Array | Uint16Array | Uint8Array | Uint8ClampedArray;

const FRACTION_BITS = 16;
const HALF = 1 << (FRACTION_BITS - 1);
const WEIGHT_BITS = 8;
const WEIGHT_ONE = 1 << WEIGHT_BITS;
/** Sums before clamping lie between -277 and 535; the tables start this far below 0. */
const BELOW = 320;
const TABLE_SIZE = 1024;

const LUMA = table((value) => 1.164383 * (value - 16));
const V_TO_R = table((value) => 1.596027 * (value - 128));
const U_TO_G = table((value) => -0.391762 * (value - 128));
const V_TO_G = table((value) => -0.812968 * (value - 128));
const U_TO_B = table((value) => 2.017232 * (value - 128));

function table(of: (value: number) => number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, value) => Math.round(of(value) * (1 << FRACTION_BITS)));
}

/** Values that the output needs. */
export function outputLength(options: Pick<ConvertOptions, "width" | "height" | "color">): number {
  return options.width * options.height * (options.color === "gray" ? 1 : 3);
}

/**
 * Converts into a buffer of the caller's.
 *
 * @param out at least `outputLength(options)` values long
 * @returns where the picture lies in the output
 * @throws RangeError where `out` is too short or a size is not a positive integer
 */
export function convertNv12(source: Nv12, options: ConvertOptions, out: ConvertTarget): Placement {
  const needed = outputLength(options);
  if (!(Number.isInteger(options.width) && Number.isInteger(options.height) && needed > 0))
    throw new RangeError(`impossible output size [width:${options.width}, height:${options.height}]`);
  if (out.length < needed) throw new RangeError(`the output is too short [needed:${needed}, found:${out.length}]`);
  const plan = planFor(source, options, out);
  if (plan.bordered) fillBorder(out, plan, options);
  if (options.color === "gray") convertGray(source, plan, out);
  else convertColor(source, plan, out);
  return plan.placement;
}

type Plan = {
  placement: Placement;
  bordered: boolean;
  /** Source columns and rows of each output column and row of the picture, and the weight of the second one. */
  left: Int32Array;
  right: Int32Array;
  weightX: Int32Array;
  top: Int32Array;
  bottom: Int32Array;
  weightY: Int32Array;
  /** Output value of each clamped and scaled channel sum, with `BELOW` entries under 0. */
  values: [ConvertTarget, ConvertTarget, ConvertTarget];
  /** Output value of each luma, for grey. */
  greys: ConvertTarget;
  /** Where the red, green and blue value of a pixel goes: offset + (row * width + column) * step. */
  offsets: [number, number, number];
  step: number;
  outWidth: number;
};

const plans = new Map<string, Plan>();
const MAX_PLANS = 64;

function planFor(source: Nv12, options: ConvertOptions, out: ConvertTarget): Plan {
  const kind = out instanceof Float32Array ? "f32" : out instanceof Uint16Array ? "f16" : "u8";
  const key = `${source.width}x${source.height}|${kind}|${JSON.stringify(options)}`;
  const known = plans.get(key);
  if (known) return known;
  if (plans.size >= MAX_PLANS) plans.delete(plans.keys().next().value as string);
  const plan = makePlan(source, options, kind);
  plans.set(key, plan);
  return plan;
}

function makePlan(source: Nv12, options: ConvertOptions, kind: "f32" | "f16" | "u8"): Plan {
  const placement = place(source, options);
  const smooth = (options.resize ?? "bilinear") === "bilinear";
  const columns = axis(source.width, placement.width, smooth);
  const rows = axis(source.height, placement.height, smooth);
  const scale = options.scale ?? 1;
  const order = options.color === "bgr" ? [2, 1, 0] : [0, 1, 2];
  const valuesOf = (channel: number): ConvertTarget => {
    const at = options.color === "gray" ? 0 : (order[channel] as number);
    const mean = options.mean?.[at] ?? 0;
    const std = options.std?.[at] ?? 1;
    const of = (value: number) => (value * scale - mean) / std;
    return valueTable(kind, of);
  };
  const pixels = options.width * options.height;
  const planar = (options.layout ?? "nchw") === "nchw";
  const unit = planar ? pixels : 1;
  const values: Plan["values"] = [valuesOf(0), valuesOf(1), valuesOf(2)];
  return {
    placement,
    bordered: placement.width !== options.width || placement.height !== options.height,
    left: columns.first,
    right: columns.second,
    weightX: columns.weight,
    top: rows.first,
    bottom: rows.second,
    weightY: rows.weight,
    values,
    greys: values[0].slice(0, 256).map((_, luma) => values[0][toIndex(LUMA[luma] as number)] as number),
    offsets: [(order[0] as number) * unit, (order[1] as number) * unit, (order[2] as number) * unit],
    step: planar || options.color === "gray" ? 1 : 3,
    outWidth: options.width,
  };
}

/** The index of a channel sum in a plan's `values`. */
function toIndex(sum: number): number {
  return ((sum + HALF) >> FRACTION_BITS) + BELOW;
}

function valueTable(kind: "f32" | "f16" | "u8", of: (value: number) => number): ConvertTarget {
  const clamped = (_: unknown, at: number) => of(Math.min(255, Math.max(0, at - BELOW)));
  if (kind === "u8") return Uint8ClampedArray.from({ length: TABLE_SIZE }, clamped);
  const floats = Float32Array.from({ length: TABLE_SIZE }, clamped);
  return kind === "f32" ? floats : Uint16Array.from(floats, halfBits);
}

/** Where the picture comes to lie. */
function place(source: Nv12, options: ConvertOptions): Placement {
  if (options.fit !== "letterbox") return { x: 0, y: 0, width: options.width, height: options.height };
  const scale = Math.min(options.width / source.width, options.height / source.height);
  const width = Math.max(1, Math.round(source.width * scale));
  const height = Math.max(1, Math.round(source.height * scale));
  return {
    x: Math.floor((options.width - width) / 2),
    y: Math.floor((options.height - height) / 2),
    width,
    height,
  };
}

/** The source positions of an output axis, with pixel centres aligned. */
function axis(from: number, to: number, smooth: boolean) {
  const first = new Int32Array(to);
  const second = new Int32Array(to);
  const weight = new Int32Array(to);
  for (let at = 0; at < to; at++) {
    const centre = ((at + 0.5) * from) / to;
    if (!smooth) {
      first[at] = second[at] = Math.min(from - 1, Math.floor(centre));
      continue;
    }
    const position = Math.min(from - 1, Math.max(0, centre - 0.5));
    const low = Math.floor(position);
    first[at] = low;
    second[at] = Math.min(from - 1, low + 1);
    weight[at] = Math.round((position - low) * WEIGHT_ONE);
  }
  return { first, second, weight };
}

function fillBorder(out: ConvertTarget, plan: Plan, options: ConvertOptions): void {
  const fill = Math.round(options.fill ?? 114) + BELOW;
  const { placement, outWidth, step, offsets, values } = plan;
  const channels = options.color === "gray" ? 1 : 3;
  for (let channel = 0; channel < channels; channel++) {
    const value = (values[channel] as ConvertTarget)[fill] as number;
    const offset = options.color === "gray" ? 0 : (offsets[channel] as number);
    const put = (row: number, from: number, to: number) => {
      for (let column = from; column < to; column++) out[offset + (row * outWidth + column) * step] = value;
    };
    for (let row = 0; row < options.height; row++) {
      const inside = row >= placement.y && row < placement.y + placement.height;
      put(row, 0, inside ? placement.x : outWidth);
      if (inside) put(row, placement.x + placement.width, outWidth);
    }
  }
}

function convertGray(source: Nv12, plan: Plan, out: ConvertTarget): void {
  const { y: luma, stride } = source;
  const { left, right, weightX, top, bottom, weightY, placement, outWidth, greys } = plan;
  const columns = placement.width;
  const plain = columns === source.width && placement.height === source.height;
  for (let row = 0; row < placement.height; row++) {
    const rowTop = (top[row] as number) * stride;
    const rowBottom = (bottom[row] as number) * stride;
    const down = weightY[row] as number;
    let at = (placement.y + row) * outWidth + placement.x;
    if (plain) {
      for (let from = rowTop; from < rowTop + columns; from++) out[at++] = greys[luma[from] as number] as number;
      continue;
    }
    for (let column = 0; column < columns; column++) {
      const l = left[column] as number;
      const r = right[column] as number;
      const value = interpolate(luma, rowTop, rowBottom, l, r, weightX[column] as number, down);
      out[at++] = greys[value] as number;
    }
  }
}

function convertColor(source: Nv12, plan: Plan, out: ConvertTarget): void {
  const { y: luma, uv: chroma, stride } = source;
  const { left, right, weightX, top, bottom, weightY, placement, outWidth, step } = plan;
  const [reds, greens, blues] = plan.values;
  const [red, green, blue] = plan.offsets;
  const columns = placement.width;
  for (let row = 0; row < placement.height; row++) {
    const rowTop = (top[row] as number) * stride;
    const rowBottom = (bottom[row] as number) * stride;
    const down = weightY[row] as number;
    const nearestRow = down >= WEIGHT_ONE / 2 ? (bottom[row] as number) : (top[row] as number);
    const rowChroma = (nearestRow >> 1) * stride;
    let at = ((placement.y + row) * outWidth + placement.x) * step;
    for (let column = 0; column < columns; column++) {
      const l = left[column] as number;
      const r = right[column] as number;
      const across = weightX[column] as number;
      const base = (LUMA[interpolate(luma, rowTop, rowBottom, l, r, across, down)] as number) + HALF;
      const pair = rowChroma + ((across >= WEIGHT_ONE / 2 ? r : l) & ~1);
      const u = chroma[pair] as number;
      const v = chroma[pair + 1] as number;
      out[at + red] = reds[((base + (V_TO_R[v] as number)) >> FRACTION_BITS) + BELOW] as number;
      out[at + green] = greens[
        ((base + (U_TO_G[u] as number) + (V_TO_G[v] as number)) >> FRACTION_BITS) + BELOW
      ] as number;
      out[at + blue] = blues[((base + (U_TO_B[u] as number)) >> FRACTION_BITS) + BELOW] as number;
      at += step;
    }
  }
}

/** Bilinear luma, 0 to 255, rounded. */
function interpolate(
  luma: Uint8Array,
  rowTop: number,
  rowBottom: number,
  left: number,
  right: number,
  across: number,
  down: number,
): number {
  const keep = WEIGHT_ONE - across;
  const high = (luma[rowTop + left] as number) * keep + (luma[rowTop + right] as number) * across;
  const low = (luma[rowBottom + left] as number) * keep + (luma[rowBottom + right] as number) * across;
  return (high * (WEIGHT_ONE - down) + low * down + (1 << (2 * WEIGHT_BITS - 1))) >> (2 * WEIGHT_BITS);
}

/** The bits of the IEEE half float nearest to a number (ties to even). */
export function halfBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(size)) return 0x7e00;
  if (size >= 65_520) return sign | 0x7c00;
  // Below 2^-14 halves are multiples of 2^-24; above, they have 10 bits behind the leading one.
  const exponent = size < 2 ** -14 ? -14 : Math.floor(Math.log2(size));
  const units = size / 2 ** (exponent - 10);
  const low = Math.floor(units);
  const rest = units - low;
  const mantissa = rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
  return sign | (size < 2 ** -14 ? mantissa : ((exponent + 15) << 10) + (mantissa - 1024));
}
