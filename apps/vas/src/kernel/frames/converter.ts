/**
 * Decoded picture to NV12 in a ring's slot: one pass of the scaler, which reads the decoder's own memory and writes the
 * slot's.
 *
 * node-av's `frame.data` copies a whole picture into JavaScript's memory, which cost more than the conversion itself
 * (0.10 to 0.24 ms against 0.13 ms at 1080p), so planes are never asked for. The scaler gets the two frames as they are: the
 * decoder's, and one per slot whose planes are the slot. A picture in a device's memory that is NV12 already, as hardware
 * decoders give it, is downloaded into the slot and not converted at all.
 *
 * A picture in full range stays in it, and its record says so: bringing it into limited range cost 1.3 ms at 1080p, nine
 * times what repacking costs.
 */
import {
  AVCOL_RANGE_JPEG,
  AV_PIX_FMT_NV12,
  AV_PIX_FMT_P010LE,
  AV_PIX_FMT_YUV420P,
  AV_PIX_FMT_YUV420P10LE,
  AV_PIX_FMT_YUV422P,
  AV_PIX_FMT_YUV444P,
  AV_PIX_FMT_YUVJ420P,
  AV_PIX_FMT_YUVJ422P,
  AV_PIX_FMT_YUVJ444P,
  SWS_AREA,
  SWS_POINT,
} from "node-av/constants";
import type { AVPixelFormat } from "node-av/constants";
import { Frame, SoftwareScaleContext } from "node-av/lib";
import type { FrameGeometry } from "@vas/contracts/frames.ts";
import { isSurface } from "./hardware.ts";

/** The size wished for, in even pixels; a side that is left out follows from the other, or from the stream. */
export type SizeWish = { width?: number | undefined; height?: number | undefined };

/** Pixels of an exported frame of a stream of this size; always even and at least 2. */
export function exportedSize(wish: SizeWish, width: number, height: number): { width: number; height: number } {
  const even = (pixels: number) => Math.max(2, Math.round(pixels / 2) * 2);
  // Chroma has half the size: the last column or row of an odd picture has none of its own.
  if (wish.width === undefined && wish.height === undefined) return { width: width & ~1, height: height & ~1 };
  return {
    width: wish.width ?? even((width * (wish.height ?? height)) / height),
    height: wish.height ?? even((height * (wish.width ?? width)) / width),
  };
}

/** FFmpeg's older names for full range, and the layouts they are. To the scaler the range then is the same on both sides. */
const LAYOUTS: ReadonlyMap<number, AVPixelFormat> = new Map([
  [AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV420P],
  [AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUV422P],
  [AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUV444P],
]);
/** Layouts whose samples the scaler passes on in the range they are in. From any other it makes limited range. */
const KEEPS_RANGE: ReadonlySet<AVPixelFormat> = new Set([
  ...[AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUV444P],
  ...[AV_PIX_FMT_NV12, AV_PIX_FMT_YUV420P10LE, AV_PIX_FMT_P010LE],
]);

/** Whether a picture comes out of `convert` in full range. */
export function isFullRange(source: Frame, layout: AVPixelFormat): boolean {
  return LAYOUTS.has(layout) || (source.colorRange === AVCOL_RANGE_JPEG && KEEPS_RANGE.has(layout));
}

/** Converts into the slots of one ring; freed before the ring is closed. */
export class Converter {
  readonly #size: { width: number; height: number };
  readonly #targets: Frame[];
  #scaler: SoftwareScaleContext | undefined;
  /** Where a surface that needs more than a download is put first. */
  #downloaded: Frame | undefined;
  #from = { width: 0, height: 0, format: -1 as number };

  /** @param slots whole slots of a ring, which have to outlive this */
  constructor(geometry: FrameGeometry, slots: readonly Buffer[]) {
    this.#size = { width: geometry.width, height: geometry.height };
    this.#targets = slots.map((slot) => frameOver(slot, geometry));
  }

  /**
   * @param layout the source's format in memory; of a surface, what it is downloaded as
   * @returns false where the scaler or the device refused
   */
  convert(source: Frame, layout: AVPixelFormat, slot: number): boolean {
    const target = this.#targets[slot];
    if (target === undefined) throw new RangeError(`there is no such slot [slot:${slot}]`);
    if (this.#size.width === (source.width & ~1) && this.#size.height === (source.height & ~1)) {
      // Same size but for an odd edge, which is cut off and not scaled away.
      source.width &= ~1;
      source.height &= ~1;
      if (layout === AV_PIX_FMT_NV12 && isSurface(source.format as AVPixelFormat))
        return source.hwframeTransferDataSync(target, 0) >= 0;
    }
    if (!isSurface(source.format as AVPixelFormat)) {
      source.format = LAYOUTS.get(source.format) ?? source.format;
      return this.#scalerFrom(source).scaleFrameSync(target, source) >= 0;
    }
    const picture = (this.#downloaded ??= emptyFrame());
    const downloaded = source.hwframeTransferDataSync(picture, 0);
    picture.format = LAYOUTS.get(picture.format) ?? picture.format;
    const converted = downloaded >= 0 && this.#scalerFrom(picture).scaleFrameSync(target, picture) >= 0;
    picture.unref();
    return converted;
  }

  free(): void {
    this.#scaler?.freeContext();
    this.#scaler = undefined;
    this.#downloaded?.free();
    this.#downloaded = undefined;
    for (const target of this.#targets.splice(0)) target.free();
  }

  #scalerFrom(source: Frame): SoftwareScaleContext {
    const { width, height } = source;
    const format = source.format as AVPixelFormat;
    const from = this.#from;
    if (this.#scaler !== undefined && from.width === width && from.height === height && from.format === format)
      return this.#scaler;
    this.#scaler?.freeContext();
    const to = this.#size;
    const scaler = new SoftwareScaleContext();
    // Area averages all pixels that fall into one, at 0.4 to 0.7 of bilinear's cost; equal sizes are only repacked.
    const flags = width === to.width && height === to.height ? SWS_POINT : SWS_AREA;
    scaler.getContext(width, height, format, to.width, to.height, AV_PIX_FMT_NV12, flags);
    this.#scaler = scaler;
    this.#from = { width, height, format };
    return scaler;
  }
}

function emptyFrame(): Frame {
  const frame = new Frame();
  frame.alloc();
  return frame;
}

/** A frame whose planes are the slot. */
function frameOver(slot: Buffer, { width, height, stride }: FrameGeometry): Frame {
  const frame = emptyFrame();
  frame.format = AV_PIX_FMT_NV12;
  // The scaler gives a frame without a buffer of its own another one. This one is as small as can be and never written.
  frame.width = 2;
  frame.height = 2;
  const allocated = frame.getBuffer();
  // Rows follow each other without padding in what fromBuffer lays out, so for it a picture is as wide as its stride.
  frame.width = stride;
  frame.height = height;
  if (allocated < 0 || frame.fromBuffer(slot) < 0) throw new Error("a slot cannot be laid out as NV12");
  frame.width = width;
  return frame;
}
