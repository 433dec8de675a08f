/**
 * Decoding by the machine's graphics hardware, in the tap's own process. FFmpeg's decoders stay what they are: given a device
 * they hand pictures to it wherever it takes the stream, and decode in software where it does not.
 *
 * Belongs here: which devices are tried, and what is said of one that does not answer. What follows of a device that fails
 * later is in decoder.ts (a picture) and tap.ts (the process).
 */
import {
  AV_HWDEVICE_TYPE_CUDA,
  AV_HWDEVICE_TYPE_VAAPI,
  AV_HWDEVICE_TYPE_VULKAN,
  AV_PIX_FMT_CUDA,
  AV_PIX_FMT_VAAPI,
  AV_PIX_FMT_VULKAN,
} from "node-av/constants";
import type { AVHWDeviceType, AVPixelFormat } from "node-av/constants";
import { FFmpegError, HardwareDeviceContext } from "node-av/lib";
import type { Hardware, HardwareKind } from "./tap-types.ts";

const TYPES: Record<HardwareKind, { type: AVHWDeviceType; surface: AVPixelFormat }> = {
  vaapi: { type: AV_HWDEVICE_TYPE_VAAPI, surface: AV_PIX_FMT_VAAPI },
  cuda: { type: AV_HWDEVICE_TYPE_CUDA, surface: AV_PIX_FMT_CUDA },
  vulkan: { type: AV_HWDEVICE_TYPE_VULKAN, surface: AV_PIX_FMT_VULKAN },
};
/** The order of `auto`: what costs the processor least comes first. */
const AUTO: readonly HardwareKind[] = ["cuda", "vaapi", "vulkan"];
const SURFACES: ReadonlySet<AVPixelFormat> = new Set(Object.values(TYPES).map(({ surface }) => surface));

export type OpenDevice = { kind: HardwareKind; context: HardwareDeviceContext };

/** @returns the device, or a reason in words where none of those wished for answers */
export function openHardware({ kind, device }: Hardware): OpenDevice | string {
  const problems: string[] = [];
  for (const each of kind === "auto" ? AUTO : [kind]) {
    const context = new HardwareDeviceContext();
    const opened = context.create(TYPES[each].type, device);
    if (opened >= 0) return { kind: each, context };
    problems.push(`${each}: ${new FFmpegError(opened).message}`);
  }
  const where = device === null ? "" : `, device:${device}`;
  return `no hardware decoder answers [${problems.join("; ")}${where}]`;
}

/** Whether a frame of this format lies in a device's memory. */
export function isSurface(format: AVPixelFormat): boolean {
  return SURFACES.has(format);
}
