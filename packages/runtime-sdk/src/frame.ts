/** What a handler gets to see of a frame. */
import type { ModelYaml } from "@vas/contracts/model.ts";
import {
  type ConvertOptions,
  type ConvertTarget,
  convertNv12,
  type Nv12,
  outputLength,
  type Placement,
} from "./convert.ts";
import type { FrameView } from "./frame-reader.ts";

export type TensorOptions = ConvertOptions & { dtype?: "float32" | "float16" | "uint8" };

/** `data` is the caller's or the frame's own; `dims` is [1, C, H, W] or [1, H, W, C]. */
export type Tensor = { data: ConvertTarget; dims: number[]; placement: Placement };

export type Picture = { data: Uint8Array; width: number; height: number; placement: Placement };

export type Size = { width: number; height: number };

/**
 * One decoded frame in VAS's memory. `y` and `uv` are views of that memory: they cost nothing, must only be read (a
 * write ends the process), and mean this frame only until the handler's result is there. Everything that shall be kept is copied.
 */
export class Frame implements Nv12 {
  readonly y: Uint8Array;
  readonly uv: Uint8Array;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Bytes from one row to the next, of both planes. */
  readonly stride: number;
  readonly frameId: number;
  readonly timestampNs: bigint;
  readonly pts90k: number;
  readonly wallMs: number;
  /** Samples use all levels from 0 to 255; the conversions know. */
  readonly fullRange: boolean;
  #convertMs = 0;

  constructor(view: FrameView) {
    this.y = view.y;
    this.uv = view.uv;
    this.width = view.width;
    this.height = view.height;
    this.stride = view.stride;
    this.frameId = view.record.frameId;
    this.timestampNs = view.record.timestampNs;
    this.pts90k = view.record.pts90k;
    this.wallMs = view.record.wallMs;
    this.fullRange = view.record.fullRange;
  }

  /** Milliseconds that the conversions of this frame took so far. */
  get convertMs(): number {
    return this.#convertMs;
  }

  /**
   * Converts into a model's input.
   *
   * @param into a buffer to use again; it must be of the dtype's array type (Uint16Array for float16) and long enough
   * @throws RangeError where `into` is too short
   */
  toTensor(options: TensorOptions, into?: ConvertTarget): Tensor {
    const length = outputLength(options);
    const data = into ?? emptyTensor(options.dtype ?? "float32", length);
    const placement = this.#convert(options, data);
    const channels = options.color === "gray" ? 1 : 3;
    const { width, height } = options;
    const dims = options.layout === "nhwc" ? [1, height, width, channels] : [1, channels, height, width];
    return { data, dims, placement };
  }

  /** Luma stretched to 0..255, one byte a pixel, rows without padding; of the frame's own size unless told otherwise. */
  toGray(size: Size = this, into?: Uint8Array): Picture {
    return this.#picture({ width: size.width, height: size.height, color: "gray" }, into);
  }

  /** Three bytes a pixel, rows without padding. */
  toRgb(size: Size = this, into?: Uint8Array): Picture {
    return this.#picture({ width: size.width, height: size.height, color: "rgb", layout: "nhwc" }, into);
  }

  /** As `toRgb`, in OpenCV's order. */
  toBgr(size: Size = this, into?: Uint8Array): Picture {
    return this.#picture({ width: size.width, height: size.height, color: "bgr", layout: "nhwc" }, into);
  }

  #picture(options: ConvertOptions, into: Uint8Array | undefined): Picture {
    const data = into ?? new Uint8Array(outputLength(options));
    const placement = this.#convert(options, data);
    return { data, width: options.width, height: options.height, placement };
  }

  #convert(options: ConvertOptions, out: ConvertTarget): Placement {
    const start = performance.now();
    const placement = convertNv12(this, options, out);
    this.#convertMs += performance.now() - start;
    return placement;
  }
}

function emptyTensor(dtype: "float32" | "float16" | "uint8", length: number): ConvertTarget {
  if (dtype === "uint8") return new Uint8Array(length);
  return dtype === "float16" ? new Uint16Array(length) : new Float32Array(length);
}

/**
 * The input that a model.yaml describes.
 *
 * @param size the model's input in pixels, where model.yaml gives no expected_resolution
 * @returns options for `toTensor`: letterbox and stretching, channel order, layout, dtype and scaling as written
 */
export function tensorOptions(model: ModelYaml, size?: Size): TensorOptions {
  const [width, height] = model.expected_resolution ?? [size?.width ?? 640, size?.height ?? 640];
  const preprocess = model.preprocess ?? {};
  const dtype = preprocess.dtype ?? "float32";
  return {
    width,
    height,
    dtype,
    color: preprocess.color ?? "rgb",
    layout: preprocess.layout ?? "nchw",
    fit: preprocess.letterbox ? "letterbox" : "stretch",
    scale: preprocess.scale ?? (dtype === "uint8" ? 1 : 1 / 255),
    ...(preprocess.mean && { mean: preprocess.mean }),
    ...(preprocess.std && { std: preprocess.std }),
  };
}

/** Turns a point in input pixels into fractions of the frame, kept inside it. */
export function toFraction(placement: Placement, x: number, y: number): [number, number] {
  return [unit((x - placement.x) / placement.width), unit((y - placement.y) / placement.height)];
}

function unit(value: number): number {
  return value > 0 ? Math.min(1, value) : 0;
}
