/**
 * One record of a track file: the results of one model on frames of one camera, in ascending order of pts90k, that were
 * written together. A record needs no other one to be read.
 *
 * | bytes | field |
 * | --- | --- |
 * | u32 | length of the body |
 * | u32 | CRC-32 of the body |
 * | body | header, classes, results, and of which streams they are where not all are of main |
 *
 * Fractions of the frame are kept in steps of 1/50000 (a thirteenth of a pixel at 3840), confidences too: what has four
 * decimals comes back as it was. The integers are LEB128; those that may be negative are zigzag. Fields of a detection beyond the contract are not kept.
 */
import { crc32 } from "node:zlib";
import type { TrackResult } from "@vas/contracts/http.ts";
import type { Detection } from "@vas/contracts/inference.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";

export const PREFIX_BYTES = 8;
/** A body beyond this is no record: the longest message of Core fits many times. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024;
const STEPS = 50_000;
/** Points may lie outside of the frame, but not by more than so many frames. */
const MAX_FRAMES_AWAY = 1000;

const HAS = {
  trackInteger: 1,
  trackText: 2,
  trackNull: 4,
  keypoints: 8,
  polygon: 16,
  mask: 32,
  text: 64,
  value: 128,
  unit: 256,
} as const;

export type KeptResult = Omit<TrackResult, "model_id">;

/** What a record says of itself before its results. */
export type RecordHead = {
  count: number;
  firstPts90k: number;
  lastPts90k: number;
  leastWallMs: number;
  mostWallMs: number;
};

/** Collects results and gives them as one record. */
export class RecordBuilder {
  readonly #results = new ByteWriter();
  readonly #classes = new Map<string, number>();
  #first: KeptResult | undefined;
  #last: KeptResult | undefined;
  #leastWallMs = Number.POSITIVE_INFINITY;
  #mostWallMs = Number.NEGATIVE_INFINITY;
  /** Lengths of stretches of results of one stream: main, sub, main and so on, beginning with main. */
  #stretches: number[] = [0];
  count = 0;

  /** Bytes so far, without header and classes. */
  get size(): number {
    return this.#results.length;
  }

  get first(): KeptResult | undefined {
    return this.#first;
  }

  get lastPts90k(): number {
    return this.#last?.pts90k ?? Number.NEGATIVE_INFINITY;
  }

  /** @param result later than the one before; its integers are safe ones */
  add(result: KeptResult): void {
    const out = this.#results;
    const before = this.#last;
    out.varint(before ? result.pts90k - before.pts90k : 0);
    out.signed(before ? result.wall_ms - before.wall_ms : 0);
    out.signed(before ? result.frame_id - before.frame_id : 0);
    out.varint(result.detections.length);
    for (const detection of result.detections) this.#detection(detection);
    const { frame_id, pts90k, wall_ms } = result;
    const isSub = result.stream === "sub";
    if (isSub !== (this.#stretches.length % 2 === 0)) this.#stretches.push(0);
    this.#stretches.push((this.#stretches.pop() as number) + 1);
    this.#last = { frame_id, pts90k, wall_ms, detections: [] };
    this.#first ??= this.#last;
    this.#leastWallMs = Math.min(this.#leastWallMs, wall_ms);
    this.#mostWallMs = Math.max(this.#mostWallMs, wall_ms);
    this.count += 1;
  }

  /** The whole record; at least one result was added. */
  finish(): Buffer {
    const first = this.#first as KeptResult;
    const out = new ByteWriter();
    out.varint(this.count);
    out.f64(first.pts90k);
    out.f64(first.wall_ms);
    out.varint(first.frame_id);
    out.varint(this.lastPts90k - first.pts90k);
    out.varint(first.wall_ms - this.#leastWallMs);
    out.varint(this.#mostWallMs - first.wall_ms);
    out.varint(this.#classes.size);
    for (const key of this.#classes.keys()) {
      const at = key.indexOf(" ");
      out.varint(Number(key.slice(0, at)));
      out.text(key.slice(at + 1));
    }
    out.bytes(this.#results.view());
    if (this.#stretches.length > 1) for (const length of this.#stretches) out.varint(length);
    const body = out.view();
    const record = Buffer.allocUnsafe(PREFIX_BYTES + body.length);
    record.writeUInt32LE(body.length, 0);
    record.writeUInt32LE(crc32(body), 4);
    body.copy(record, PREFIX_BYTES);
    return record;
  }

  #detection(detection: Detection): void {
    const { track_id, keypoints, polygon, mask, text, value, unit } = detection;
    const out = this.#results;
    const key = `${detection.class_id} ${detection.class_name}`;
    const known = this.#classes.get(key) ?? this.#classes.size;
    if (known === this.#classes.size) this.#classes.set(key, known);
    const isSmallInteger = typeof track_id === "number" && Math.abs(track_id) < 2 ** 51;
    let has = 0;
    if (isSmallInteger) has |= HAS.trackInteger;
    else if (track_id === null) has |= HAS.trackNull;
    else if (track_id !== undefined) has |= HAS.trackText;
    if (keypoints) has |= HAS.keypoints;
    if (polygon) has |= HAS.polygon;
    if (mask !== undefined) has |= HAS.mask;
    if (text !== undefined) has |= HAS.text;
    if (value !== undefined) has |= HAS.value;
    if (unit !== undefined) has |= HAS.unit;
    out.varint(known);
    out.varint(has);
    out.u16(Math.round(detection.confidence * STEPS));
    for (const fraction of detection.bbox) out.u16(Math.round(fraction * STEPS));
    if (isSmallInteger) out.signed(track_id);
    else if (has & HAS.trackText) out.text(String(track_id));
    if (keypoints) {
      out.varint(keypoints.length);
      for (const [x, y, confidence] of keypoints) {
        out.signed(steps(x));
        out.signed(steps(y));
        out.u16(Math.round(confidence * STEPS));
      }
    }
    if (polygon) {
      out.varint(polygon.length);
      let [lastX, lastY] = [0, 0];
      for (const [x, y] of polygon) {
        // Corners lie near each other: most of these take two bytes.
        out.signed(steps(x) - lastX);
        out.signed(steps(y) - lastY);
        [lastX, lastY] = [steps(x), steps(y)];
      }
    }
    if (mask !== undefined) out.text(JSON.stringify(mask));
    if (text !== undefined) out.text(text);
    if (value !== undefined) out.f64(value);
    if (unit !== undefined) out.text(unit);
  }
}

/**
 * @param body without the prefix
 * @throws RangeError where it is no body
 */
export function readHead(body: Buffer): RecordHead {
  return head(new ByteReader(body)).told;
}

/** @throws RangeError where it is no body */
export function readResults(body: Buffer): KeptResult[] {
  const from = new ByteReader(body);
  const { told, firstWallMs, firstFrameId } = head(from);
  const classes: [number, string][] = [];
  for (let left = from.varint(); left > 0; left--) classes.push([from.varint(), from.text()]);
  const results: KeptResult[] = [];
  let last = { pts90k: told.firstPts90k, wall_ms: firstWallMs, frame_id: firstFrameId };
  for (let n = 0; n < told.count; n++) {
    last = {
      pts90k: last.pts90k + from.varint(),
      wall_ms: last.wall_ms + from.signed(),
      frame_id: last.frame_id + from.signed(),
    };
    const detections: Detection[] = [];
    for (let left = from.varint(); left > 0; left--) detections.push(readDetection(from, classes));
    results.push({ frame_id: last.frame_id, pts90k: last.pts90k, wall_ms: last.wall_ms, detections });
  }
  for (let at = 0, isSub = false; at < results.length && !from.atEnd; isSub = !isSub)
    for (let left = from.varint(); left > 0; left--) {
      const result = results[at++];
      if (result && isSub) result.stream = "sub";
    }
  return results;
}

function head(from: ByteReader): { told: RecordHead; firstWallMs: number; firstFrameId: number } {
  const count = from.varint();
  const firstPts90k = from.f64();
  const firstWallMs = from.f64();
  const firstFrameId = from.varint();
  const lastPts90k = firstPts90k + from.varint();
  const leastWallMs = firstWallMs - from.varint();
  const mostWallMs = firstWallMs + from.varint();
  return { told: { count, firstPts90k, lastPts90k, leastWallMs, mostWallMs }, firstWallMs, firstFrameId };
}

function readDetection(from: ByteReader, classes: [number, string][]): Detection {
  const named = classes[from.varint()];
  if (!named) throw new RangeError("a class that the record does not name");
  const has = from.varint();
  const detection: Detection = {
    class_id: named[0],
    class_name: named[1],
    confidence: rounded(from.u16()),
    bbox: [rounded(from.u16()), rounded(from.u16()), rounded(from.u16()), rounded(from.u16())],
  };
  if (has & HAS.trackInteger) detection.track_id = from.signed();
  if (has & HAS.trackText) detection.track_id = from.text();
  if (has & HAS.trackNull) detection.track_id = null;
  if (has & HAS.keypoints) {
    detection.keypoints = [];
    for (let left = from.varint(); left > 0; left--)
      detection.keypoints.push([rounded(from.signed()), rounded(from.signed()), rounded(from.u16())]);
  }
  if (has & HAS.polygon) {
    detection.polygon = [];
    let [x, y] = [0, 0];
    for (let left = from.varint(); left > 0; left--) {
      x += from.signed();
      y += from.signed();
      detection.polygon.push([rounded(x), rounded(y)]);
    }
  }
  if (has & HAS.mask) detection.mask = JSON.parse(from.text()) as unknown;
  if (has & HAS.text) detection.text = from.text();
  if (has & HAS.value) detection.value = from.f64();
  if (has & HAS.unit) detection.unit = from.text();
  return detection;
}

function steps(value: number): number {
  return Math.round(Math.max(-MAX_FRAMES_AWAY, Math.min(MAX_FRAMES_AWAY, value)) * STEPS);
}

/** Digits beyond the step say nothing, and would make every reply longer. */
function rounded(steps: number): number {
  return Math.round((steps / STEPS) * 100_000) / 100_000;
}
