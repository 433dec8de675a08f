/**
 * The gate in front of everything that is drawn: a result comes from a model, and a model may say anything. What does
 * not keep to the contract draws nothing and is counted; the rest of its result is drawn.
 */
import type { StreamRole } from "@vas/contracts/http.ts";
import type { Detection } from "@vas/contracts/inference.ts";

/** What the live feed and the track have in common: all detections of one model on one frame. */
export type FrameResult = {
  model_id: string;
  frame_id: number;
  pts90k: number;
  /** Of which stream the frame was; `main` where absent. */
  stream?: StreamRole;
  detections: Detection[];
};

const MOST_DETECTIONS = 1_000;
const MOST_KEYPOINTS = 256;
const MOST_POINTS = 1_024;
/** Fractions of the frame; a key point or corner may lie outside of the picture, but not in another room. */
const FARTHEST = 4;

/**
 * @param count called with the number of detections, or 1 for a whole result, that were not understood
 * @returns the result with what can be drawn of it; null where it is no result at all
 */
export function readResult(from: unknown, count: (malformed: number) => void): FrameResult | null {
  const result = from as Partial<FrameResult> | null;
  if (
    typeof result !== "object" ||
    result === null ||
    typeof result.model_id !== "string" ||
    result.model_id === "" ||
    !Number.isSafeInteger(result.frame_id) ||
    !Number.isSafeInteger(result.pts90k) ||
    !Array.isArray(result.detections)
  ) {
    count(1);
    return null;
  }
  const detections = result.detections.slice(0, MOST_DETECTIONS).filter(isDetection);
  if (detections.length < result.detections.length) count(result.detections.length - detections.length);
  const { model_id, frame_id, pts90k, stream } = result as FrameResult;
  return { model_id, frame_id, pts90k, ...(stream === "sub" ? { stream } : {}), detections };
}

function isDetection(from: unknown): from is Detection {
  const one = from as Partial<Detection> | null;
  if (typeof one !== "object" || one === null) return false;
  const { bbox, keypoints, polygon, text, value, unit, track_id } = one;
  return (
    typeof one.class_name === "string" &&
    one.class_name.length <= 128 &&
    isWithin(one.confidence, 0, 1) &&
    isTuple(bbox, 4, 0, 1) &&
    Number(bbox[0]) <= Number(bbox[2]) &&
    Number(bbox[1]) <= Number(bbox[3]) &&
    isAbsentOr(keypoints, (list) =>
      isListOf(list, MOST_KEYPOINTS, (point) => isTuple(point, 3, -FARTHEST, FARTHEST)),
    ) &&
    isAbsentOr(polygon, (list) => isListOf(list, MOST_POINTS, (point) => isTuple(point, 2, -FARTHEST, FARTHEST))) &&
    isAbsentOr(text, (said) => typeof said === "string" && said.length <= 4096) &&
    isAbsentOr(value, (number) => Number.isFinite(number)) &&
    isAbsentOr(unit, (said) => typeof said === "string" && said.length <= 32) &&
    isAbsentOr(track_id, (id) => id === null || typeof id === "string" || Number.isSafeInteger(id))
  );
}

function isAbsentOr(value: unknown, check: (value: unknown) => boolean): boolean {
  return value === undefined || check(value);
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return typeof value === "number" && value >= least && value <= most;
}

function isTuple(value: unknown, length: number, least: number, most: number): value is number[] {
  return Array.isArray(value) && value.length === length && value.every((one) => isWithin(one, least, most));
}

function isListOf(value: unknown, most: number, check: (value: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= most && value.every(check);
}
