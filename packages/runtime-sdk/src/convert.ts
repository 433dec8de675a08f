/**
 * NV12 to what a model wants, in one pass over the output and without a picture in between.
 *
 * Colour is BT.601, in limited range unless the picture says that its samples use all levels. Luma is interpolated; chroma is
 * taken from the sample that covers the source point, because its grid is as coarse as most model inputs are.
 *
 * The inner loops are written for the processor: one packed table for what a pair of U and V adds to red, green and blue,
 * one lookup for clamping, scaling and the output's type. bench/runtime-convert.ts measures them.
 */

/** A picture in NV12. `stride` is bytes from one row to the next, of both planes. Limited range unless `fullRange` is set. */
export type Nv12 = {
  y: Uint8Array;
  uv: Uint8Array;
  width: number;
  height: number;
  stride: number;
  fullRange?: boolean;
};

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

const WEIGHT_BITS = 8;
const WEIGHT_ONE = 1 << WEIGHT_BITS;
/** Channel sums are in half levels. Those below 0 and above 510 are there for the clamping. */
const HALVES = 2;
const TABLE_SIZE = 2048;
/** What makes the parts of a sum positive: luma, red and blue, green. */
const LUMA_BIAS = 40;
const RED_BLUE_BIAS = 520;
const GREEN_BIAS = 310;
const LUMA_SHIFT = 21;

/** What a range makes of samples. */
type Range = {
  /** Half levels of interpolated luma: (blended * factor + offset) >> LUMA_SHIFT, where blended is luma * 256. */
  factor: number;
  offset: number;
  /** Half levels of luma without interpolation, biased. */
  luma: Int32Array;
  /** At (v << 8) | u: red in bits 21 to 31, green in 11 to 20, blue in 0 to 10, in biased half levels. */
  chroma: Int32Array;
  /** The level of each luma. */
  grey(luma: number): number;
};

/** BT.601: what luma above `black` is multiplied with, and what a step of V adds to red, U and V to green, U to blue. */
function rangeOf(black: number, scale: number, [toRed, uToGreen, vToGreen, toBlue]: readonly number[]): Range {
  const factor = Math.round(HALVES * scale * 2 ** (LUMA_SHIFT - WEIGHT_BITS));
  const offset = (LUMA_BIAS << LUMA_SHIFT) - black * WEIGHT_ONE * factor + (1 << (LUMA_SHIFT - 1));
  return {
    factor,
    offset,
    luma: Int32Array.from({ length: 256 }, (_, luma) => (luma * WEIGHT_ONE * factor + offset) >> LUMA_SHIFT),
    chroma: Int32Array.from({ length: 65_536 }, (_, at) => {
      const u = (at & 255) - 128;
      const v = (at >> 8) - 128;
      const red = Math.round(HALVES * (toRed as number) * v) + RED_BLUE_BIAS;
      const green = Math.round(HALVES * (-(uToGreen as number) * u - (vToGreen as number) * v)) + GREEN_BIAS;
      const blue = Math.round(HALVES * (toBlue as number) * u) + RED_BLUE_BIAS;
      return (red << 21) | (green << 11) | blue;
    }),
    grey: (luma) => Math.round(scale * (luma - black)),
  };
}
const LIMITED = rangeOf(16, 1.164383, [1.596027, 0.391762, 0.812968, 2.017232]);
const FULL = rangeOf(0, 1, [1.402, 0.344136, 0.714136, 1.772]);

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
  /** Source columns and rows of each output column and row of the picture, and the weight of the one after. */
  columns: Axis;
  rows: Axis;
  /** Red, green and blue's output value of each biased sum of luma and chroma. */
  values: [ConvertTarget, ConvertTarget, ConvertTarget];
  /** Output value of a level, 0 to 255, by channel. */
  levels: [ConvertTarget, ConvertTarget, ConvertTarget];
  /** Output value of each luma, for grey. */
  greys: ConvertTarget;
  /** Where the red, green and blue value of a pixel goes: offset + (row * width + column) * step. */
  offsets: [number, number, number];
  step: number;
  outWidth: number;
  range: Range;
};

const plans = new Map<string, Plan>();
const MAX_PLANS = 64;

function planFor(source: Nv12, options: ConvertOptions, out: ConvertTarget): Plan {
  const kind = out instanceof Float32Array ? "f32" : out instanceof Uint16Array ? "f16" : "u8";
  const range = source.fullRange === true ? "full" : "limited";
  const key = `${source.width}x${source.height}|${range}|${kind}|${JSON.stringify(options)}`;
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
  const valueOf = (channel: number) => {
    const at = options.color === "gray" ? 0 : (order[channel] as number);
    const mean = options.mean?.[at] ?? 0;
    const std = options.std?.[at] ?? 1;
    return (level: number) => (Math.min(255, Math.max(0, level)) * scale - mean) / std;
  };
  const sums = (channel: number, bias: number) =>
    valueTable(kind, TABLE_SIZE, (sum) => valueOf(channel)((sum - LUMA_BIAS - bias) / HALVES));
  const levels = (channel: number) => valueTable(kind, 256, valueOf(channel));
  const range = source.fullRange === true ? FULL : LIMITED;
  const pixels = options.width * options.height;
  const planar = (options.layout ?? "nchw") === "nchw";
  const unit = planar ? pixels : 1;
  return {
    placement,
    bordered: placement.width !== options.width || placement.height !== options.height,
    columns,
    rows,
    values: [sums(0, RED_BLUE_BIAS), sums(1, GREEN_BIAS), sums(2, RED_BLUE_BIAS)],
    levels: [levels(0), levels(1), levels(2)],
    greys: valueTable(kind, 256, (luma) => valueOf(0)(range.grey(luma))),
    offsets: [(order[0] as number) * unit, (order[1] as number) * unit, (order[2] as number) * unit],
    step: planar || options.color === "gray" ? 1 : 3,
    outWidth: options.width,
    range,
  };
}

function valueTable(kind: "f32" | "f16" | "u8", length: number, of: (index: number) => number): ConvertTarget {
  const at = (_: unknown, index: number) => of(index);
  if (kind === "u8") return Uint8ClampedArray.from({ length }, at);
  const floats = Float32Array.from({ length }, at);
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

/**
 * The source positions of an output axis, with pixel centres aligned. `first` and the one after it are blended; at the far
 * end `first` is the last but one, with the whole weight on the last.
 */
type Axis = {
  first: Int32Array;
  /** Of the one after `first`, 0 to 256. */
  weight: Int32Array;
  /** The nearer of the two. */
  nearest: Int32Array;
  /** No position lies between two samples. */
  exact: boolean;
};

function axis(from: number, to: number, smooth: boolean): Axis {
  const first = new Int32Array(to);
  const weight = new Int32Array(to);
  const nearest = new Int32Array(to);
  for (let at = 0; at < to; at++) {
    const centre = ((at + 0.5) * from) / to;
    const position = smooth ? Math.min(from - 1, Math.max(0, centre - 0.5)) : Math.min(from - 1, Math.floor(centre));
    const low = Math.min(from - 2, Math.floor(position));
    first[at] = low;
    weight[at] = Math.round((position - low) * WEIGHT_ONE);
    nearest[at] = (weight[at] as number) >= WEIGHT_ONE / 2 ? low + 1 : low;
  }
  return { first, weight, nearest, exact: weight.every((one) => one === 0 || one === WEIGHT_ONE) };
}

function fillBorder(out: ConvertTarget, plan: Plan, options: ConvertOptions): void {
  const fill = Math.round(options.fill ?? 114);
  const { placement, outWidth, step, offsets, levels } = plan;
  const channels = options.color === "gray" ? 1 : 3;
  for (let channel = 0; channel < channels; channel++) {
    const value = (levels[channel] as ConvertTarget)[fill] as number;
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
  const { columns, rows, placement, outWidth, greys } = plan;
  const { first, weight, nearest } = columns;
  const plain = columns.exact && placement.width === source.width;
  for (let row = 0; row < placement.height; row++) {
    const top = (rows.first[row] as number) * stride;
    const down = rows.weight[row] as number;
    const nearestRow = (rows.nearest[row] as number) * stride;
    let at = (placement.y + row) * outWidth + placement.x;
    if (plain && rows.exact) {
      for (let from = nearestRow; from < nearestRow + placement.width; from++)
        out[at++] = greys[luma[from] as number] as number;
    } else if (columns.exact && rows.exact) {
      for (let column = 0; column < placement.width; column++)
        out[at++] = greys[luma[nearestRow + (nearest[column] as number)] as number] as number;
    } else {
      for (let column = 0; column < placement.width; column++) {
        const from = top + (first[column] as number);
        const blended = blend(luma, from, from + stride, weight[column] as number, down);
        out[at++] = greys[(blended + WEIGHT_ONE / 2) >> WEIGHT_BITS] as number;
      }
    }
  }
}

function convertColor(source: Nv12, plan: Plan, out: ConvertTarget): void {
  const { y: luma, uv: chroma, stride } = source;
  const { columns, rows, placement, outWidth, step } = plan;
  const { first, weight, nearest } = columns;
  const [reds, greens, blues] = plan.values;
  const [red, green, blue] = plan.offsets;
  const { factor, offset, luma: lumas, chroma: pairs } = plan.range;
  const exact = columns.exact && rows.exact;
  const width = placement.width;
  for (let row = 0; row < placement.height; row++) {
    const top = (rows.first[row] as number) * stride;
    const down = rows.weight[row] as number;
    const nearestRow = rows.nearest[row] as number;
    const rowLuma = nearestRow * stride;
    const rowChroma = (nearestRow >> 1) * stride;
    let at = ((placement.y + row) * outWidth + placement.x) * step;
    if (exact) {
      for (let column = 0; column < width; column++) {
        const from = nearest[column] as number;
        const base = lumas[luma[rowLuma + from] as number] as number;
        const pair = rowChroma + (from & ~1);
        const added = pairs[((chroma[pair + 1] as number) << 8) | (chroma[pair] as number)] as number;
        out[at + red] = reds[base + (added >>> 21)] as number;
        out[at + green] = greens[base + ((added >> 11) & 1023)] as number;
        out[at + blue] = blues[base + (added & 2047)] as number;
        at += step;
      }
    } else {
      for (let column = 0; column < width; column++) {
        const from = top + (first[column] as number);
        const blended = blend(luma, from, from + stride, weight[column] as number, down);
        const base = (Math.imul(blended, factor) + offset) >> LUMA_SHIFT;
        const pair = rowChroma + ((nearest[column] as number) & ~1);
        const added = pairs[((chroma[pair + 1] as number) << 8) | (chroma[pair] as number)] as number;
        out[at + red] = reds[base + (added >>> 21)] as number;
        out[at + green] = greens[base + ((added >> 11) & 1023)] as number;
        out[at + blue] = blues[base + (added & 2047)] as number;
        at += step;
      }
    }
  }
}

/** Bilinear luma times 256: of two samples in one row and the two below them. */
function blend(luma: Uint8Array, above: number, below: number, across: number, down: number): number {
  const high = luma[above] as number;
  const low = luma[below] as number;
  const upper = (high << WEIGHT_BITS) + Math.imul((luma[above + 1] as number) - high, across);
  const lower = (low << WEIGHT_BITS) + Math.imul((luma[below + 1] as number) - low, across);
  return upper + (Math.imul(lower - upper, down) >> WEIGHT_BITS);
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
