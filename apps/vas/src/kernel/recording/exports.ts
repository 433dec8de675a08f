/** Exports: a range of the recording as one MP4, copied or with drawings burned in, made by a process of its own. */
import { once } from "node:events";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { errorText } from "@vas/base/log.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import { Child } from "../camera/child.ts";
import type { Drawing, Exported, ExportRequest, SegmentRecord } from "../index.ts";
import type { ExportInput, ExportPiece, ExportReport } from "./export-types.ts";

const ENTRY = fileURLToPath(new URL("./export-process.ts", import.meta.url));

/**
 * Runs one export. Nothing is left behind where it fails or the signal aborts.
 *
 * @param nodeFlags of its process; tests force the collection of garbage with them
 * @throws CodedError export_failed, or the signal's reason
 */
export async function writeExport(
  mediaDir: string,
  request: ExportRequest,
  nodeFlags: readonly string[] = [],
): Promise<Exported> {
  const { signal } = request;
  signal.throwIfAborted();
  const target = join(mediaDir, request.path);
  const draft = `${target}.part`;
  await mkdir(dirname(target), { recursive: true, mode: 0o750 });
  const child = new Child(process.execPath, [...nodeFlags, ENTRY], ["pipe", "ignore", "pipe", "ipc"]);
  const kill = () => child.process.kill("SIGKILL");
  signal.addEventListener("abort", kill, { once: true });
  let done: Extract<ExportReport, { type: "done" }> | undefined;
  let failure: string | undefined;
  child.process.on("message", (message) => {
    const report = message as ExportReport;
    if (report.type === "progress") request.onProgress(report.fraction);
    else if (report.type === "failed") failure = report.reason;
    else done = report;
  });
  try {
    const input = child.process.stdin as Writable;
    // A process that died closes its input; its exit says why.
    input.on("error", () => input.destroy());
    const job = {
      out: draft,
      burn: request.drawings !== undefined,
      pieces: request.segments.map((segment) => pieceOf(mediaDir, segment, request)),
    };
    const fed = feed(input, job, request.drawings);
    const { code, signal: endedBy } = await child.exited;
    input.destroy();
    await fed;
    signal.throwIfAborted();
    if (failure !== undefined || !done)
      throw new Error(
        failure ??
          `the export's process ended [code:${code}, signal:${endedBy}] ${child.lastLines.at(-1) ?? ""}`.trim(),
      );
    await rename(draft, target);
    return { parts: done.parts, frames: done.frames, sizeBytes: (await stat(target)).size };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new CodedError("export_failed", `The export could not be made: ${errorText(error)}`);
  } finally {
    signal.removeEventListener("abort", kill);
    kill();
    await rm(draft, { force: true });
  }
}

/** Within a segment wall time is counted in frames, so a moment has one presentation time. */
function pieceOf(mediaDir: string, segment: SegmentRecord, range: ExportRequest): ExportPiece {
  const at = (wallMs: number) => segment.startPts90k + Math.round((wallMs - segment.startWallMs) * 90);
  return {
    file: join(mediaDir, segment.path),
    runId: segment.runId,
    startPts90k: segment.startPts90k,
    fromPts90k: Math.max(segment.startPts90k, at(range.fromWallMs)),
    toPts90k: Math.min(segment.endPts90k, at(range.toWallMs)),
  };
}

/** Writes no faster than the process reads; returns early where it is gone. */
async function feed(input: Writable, job: ExportInput, drawings: AsyncIterable<Drawing> | undefined): Promise<void> {
  const write = async (line: ExportInput) => {
    if (!input.writable) return;
    if (input.write(`${JSON.stringify(line)}\n`)) return;
    // Where it fails, the process is gone, and its exit says why.
    await Promise.race([once(input, "drain"), once(input, "close")]).catch(() => undefined);
  };
  try {
    await write(job);
    for await (const drawing of drawings ?? []) {
      if (!input.writable) return;
      await write(drawing);
    }
  } finally {
    input.end();
  }
}
