/** Single pictures out of recorded fragments, by FFmpeg, a few at a time. */
import { open, readFile, truncate } from "node:fs/promises";
import { errorText } from "@vas/base/log.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import { runToBuffer } from "../camera/child.ts";
import type { Moment, Picture, SegmentRecord } from "../index.ts";
import { type Fragment, Fmp4Error, Fmp4Splitter, type VideoInit } from "./fmp4.ts";

const DECODE_TIMEOUT_MS = 20_000;
const MAX_JPEG_BYTES = 32 * 1024 * 1024;
const AT_ONCE = 2;

/** What a segment file holds, read as far as it is complete. */
export type SegmentContent = {
  init: VideoInit;
  fragments: Fragment[] /** Bytes of the file that are complete. */;
  completeBytes: number;
};

/** @throws Error where the file is not there or holds no fragment */
export async function readSegment(path: string): Promise<SegmentContent> {
  const bytes = await readFile(path);
  const splitter = new Fmp4Splitter();
  let init: VideoInit | undefined;
  const fragments: Fragment[] = [];
  let completeBytes = 0;
  try {
    for (const part of splitter.push(bytes)) {
      if (part.kind === "init") init = part.init;
      else fragments.push(part.fragment);
      completeBytes += part.kind === "init" ? part.init.bytes.length : part.fragment.bytes.length;
    }
  } catch (error) {
    // A torn tail is what a kill leaves; everything before it counts.
    if (!(error instanceof Fmp4Error)) throw error;
  }
  if (!init || fragments.length === 0) throw new Error("nothing playable is in this segment");
  return { init, fragments, completeBytes };
}

/** Cuts a file that was being written when VAS was killed back to its last complete fragment. */
export async function repairSegmentFile(path: string, segment: SegmentRecord): Promise<SegmentRecord | undefined> {
  let content: SegmentContent;
  try {
    content = await readSegment(path);
  } catch {
    return undefined;
  }
  await truncate(path, content.completeBytes);
  const file = await open(path, "r+");
  await file.sync();
  await file.close();
  const first = content.fragments[0] as Fragment;
  const last = content.fragments.at(-1) as Fragment;
  const ticks = last.endDts - Math.min(...first.pts);
  return {
    ...segment,
    open: false,
    sizeBytes: content.completeBytes,
    endPts90k: segment.startPts90k + ticks,
    endWallMs: segment.startWallMs + Math.round(ticks / 90),
  };
}

export class Pictures {
  readonly #ffmpeg: string;
  #running = 0;
  readonly #queue: (() => void)[] = [];

  constructor(ffmpeg: string) {
    this.#ffmpeg = ffmpeg;
  }

  /** @throws CodedError snapshot_failed */
  async ofSegment(path: string, segment: SegmentRecord, moment: Moment): Promise<Picture> {
    const { init, fragments, base, wanted } = await this.#find(path, segment, moment);
    const pts = newestAtOrBefore(fragments, wanted);
    const wallMs = segment.startWallMs + Math.round((pts + base - segment.startPts90k) / 90);
    return { ...(await this.decode(init, fragments, pts)), pts90k: pts + base, wallMs };
  }

  /**
   * A small picture of the newest key frame at or before the moment: one frame is decoded, whatever the GOP.
   *
   * @throws CodedError snapshot_failed, or the signal's reason
   */
  async thumbnail(
    path: string,
    segment: SegmentRecord,
    { moment, height, signal }: { moment: Moment; height: number; signal: AbortSignal },
  ): Promise<Picture> {
    const { init, fragments, base, wanted } = await this.#find(path, segment, moment);
    const keys = fragments.filter((fragment) => fragment.key);
    const key = keys.findLast((fragment) => fragment.startDts <= wanted) ?? keys[0];
    if (!key) throw new CodedError("snapshot_failed", "The recording holds no key frame.");
    const pts = key.pts[0] as number;
    const scaled = Math.min(height, init.height);
    const jpeg = await this.#run(
      [init.bytes, key.bytes],
      ["-skip_frame", "nokey"],
      [`scale=-2:${scaled}`, "6"],
      signal,
    );
    const width = Math.round((init.width * scaled) / init.height / 2) * 2;
    const wallMs = segment.startWallMs + Math.round((pts + base - segment.startPts90k) / 90);
    return { jpeg, width, height: scaled, pts90k: pts + base, wallMs };
  }

  /** Decodes the frame with exactly this presentation time. @throws CodedError snapshot_failed */
  async decode(
    init: VideoInit,
    fragments: readonly Fragment[],
    pts: number,
  ): Promise<{ jpeg: Buffer; width: number; height: number }> {
    const holding = fragments.findIndex((fragment) => fragment.pts.includes(pts));
    const key = fragments.findLastIndex((fragment, index) => index <= holding && fragment.key);
    if (holding < 0 || key < 0) throw new CodedError("snapshot_failed", "The frame is not in the recording.");
    const needed = fragments.slice(key, holding + 2).map((fragment) => fragment.bytes);
    const jpeg = await this.#run([init.bytes, ...needed], [], [`select=eq(pts\\,${pts})`, "3"]);
    return { jpeg, width: init.width, height: init.height };
  }

  /** What the segment's file holds, and where the moment is on the file's own time line. */
  async #find(path: string, segment: SegmentRecord, moment: Moment) {
    let content: SegmentContent;
    try {
      content = await readSegment(path);
    } catch (error) {
      throw new CodedError("snapshot_failed", `The recording could not be read: ${errorText(error)}`);
    }
    const first = Math.min(...(content.fragments[0] as Fragment).pts);
    const base = segment.startPts90k - first;
    const wanted =
      "pts90k" in moment ? moment.pts90k - base : first + Math.round((moment.wallMs - segment.startWallMs) * 90);
    return { ...content, base, wanted };
  }

  /** The first frame that passes the filter, as a JPEG. */
  async #run(
    input: readonly Buffer[],
    decoder: readonly string[],
    [filter, quality]: readonly [string, string],
    asked?: AbortSignal,
  ): Promise<Buffer> {
    await this.#enter();
    try {
      asked?.throwIfAborted();
      const late = AbortSignal.timeout(DECODE_TIMEOUT_MS);
      const jpeg = await runToBuffer(
        this.#ffmpeg,
        [
          ..."-hide_banner -nostdin -loglevel error -threads 1".split(" "),
          ...decoder,
          ..."-f mov -i pipe:0 -map 0:v:0 -vf".split(" "),
          filter,
          ..."-copyts -fps_mode passthrough -frames:v 1 -c:v mjpeg -q:v".split(" "),
          quality,
          ..."-f image2pipe pipe:1".split(" "),
        ],
        input,
        { maxBytes: MAX_JPEG_BYTES, signal: asked ? AbortSignal.any([asked, late]) : late },
      );
      if (jpeg.length === 0) throw new Error("no picture came out");
      return jpeg;
    } catch (error) {
      asked?.throwIfAborted();
      throw new CodedError("snapshot_failed", `The picture could not be decoded: ${errorText(error)}`);
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running >= AT_ONCE) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#running++;
  }

  #leave(): void {
    this.#running--;
    this.#queue.shift()?.();
  }
}

/** The newest presentation time at or before the wanted one; the oldest there is where all are later. */
export function newestAtOrBefore(fragments: readonly Fragment[], wanted: number): number {
  let best = -Infinity;
  let oldest = Infinity;
  for (const { pts } of fragments)
    for (const time of pts) {
      if (time <= wanted && time > best) best = time;
      if (time < oldest) oldest = time;
    }
  return best === -Infinity ? oldest : best;
}
