/** MP4 files cut from recorded segments without re-encoding. */
import { mkdir, mkdtemp, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorText } from "@vas/base/log.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import { Child } from "../camera/child.ts";
import type { SegmentRecord } from "../index.ts";
import type { Fragment } from "./fmp4.ts";
import { readSegment } from "./pictures.ts";

export type ClipRequest = {
  ffmpeg: string;
  mediaDir: string;
  segments: readonly SegmentRecord[];
  fromWallMs: number;
  toWallMs: number;
  /** Relative to mediaDir. */
  path: string;
  signal: AbortSignal | undefined;
};

/**
 * Copies the fragments between two moments into one MP4, beginning with the key frame at or before the first.
 * Each run becomes a fragmented piece; FFmpeg joins the pieces and puts the index first.
 *
 * @throws CodedError clip_failed
 */
export async function writeClip(
  request: ClipRequest,
): Promise<{ startWallMs: number; endWallMs: number; sizeBytes: number }> {
  const target = join(request.mediaDir, request.path);
  await mkdir(dirname(target), { recursive: true, mode: 0o750 });
  const work = await mkdtemp(join(dirname(target), ".clip-"));
  try {
    const pieces: string[] = [];
    let startWallMs: number | undefined;
    let endWallMs = request.fromWallMs;
    let lastRun: string | undefined;
    for (const segment of request.segments) {
      const { init, fragments } = await readSegment(join(request.mediaDir, segment.path));
      const origin = Math.min(...(fragments[0] as Fragment).pts);
      const wallOf = (ticks: number) => segment.startWallMs + Math.round((ticks - origin) / 90);
      const until = fragments.findLastIndex((fragment) => wallOf(fragment.startDts) < request.toWallMs);
      const from = fragments.findLastIndex(
        (fragment) => fragment.key && wallOf(fragment.startDts) <= request.fromWallMs,
      );
      const chosen = fragments.slice(Math.max(0, from), until + 1);
      const [first] = chosen;
      const last = chosen.at(-1);
      if (!first || !last) continue;
      if (segment.runId !== lastRun) pieces.push(join(work, `${pieces.length}.mp4`));
      const file = await open(pieces.at(-1) as string, "a", 0o640);
      try {
        await file.writev([
          ...(segment.runId === lastRun ? [] : [init.bytes]),
          ...chosen.map((fragment) => fragment.bytes),
        ]);
      } finally {
        await file.close();
      }
      lastRun = segment.runId;
      startWallMs ??= wallOf(first.startDts);
      endWallMs = wallOf(last.endDts);
    }
    if (startWallMs === undefined) throw new Error("nothing is recorded in this range");
    const list = await open(join(work, "list"), "wx", 0o640);
    await list.writeFile(`ffconcat version 1.0\n${pieces.map((_, index) => `file ${index}.mp4\n`).join("")}`);
    await list.close();
    const out = join(work, "out.mp4");
    const child = new Child(
      request.ffmpeg,
      [
        "-hide_banner",
        "-nostdin",
        "-loglevel",
        "error",
        "-f",
        "concat",
        "-safe",
        "1",
        "-i",
        join(work, "list"),
        "-map",
        "0:v:0",
        "-c",
        "copy",
        "-movflags",
        "+faststart",
        "-f",
        "mp4",
        out,
      ],
      ["ignore", "ignore", "pipe"],
    );
    const abort = () => child.process.kill("SIGKILL");
    request.signal?.addEventListener("abort", abort, { once: true });
    if (request.signal?.aborted) abort();
    const { code } = await child.exited;
    request.signal?.removeEventListener("abort", abort);
    if (code !== 0) throw new Error(child.lastLines.at(-1) ?? `FFmpeg ended with code ${code}`);
    await rename(out, target);
    return { startWallMs, endWallMs, sizeBytes: (await stat(target)).size };
  } catch (error) {
    throw new CodedError("clip_failed", `The clip could not be made: ${errorText(error)}`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
