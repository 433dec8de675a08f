/**
 * Keeps one camera's tap process alive for one run of its ingest.
 *
 * The caller makes a pipe per run, starts a tap on its read end, and stops the tap when the run's FFmpeg is gone. While the
 * run lasts, a tap process that dies is started again on the same pipe and joins mid-stream at the next key frame. The tap is
 * part of VAS: it may be started again. Nothing here is waited for by the ingest; FFmpeg drops what the pipe does not take.
 *
 * | the process | what follows |
 * | --- | --- |
 * | ends because the stream ended | stopped; not started again |
 * | dies, is killed, finds no memory or no stream | started again after 0.5 s, 1 s, up to 30 s |
 * | says nothing for 15 s | killed, then as above |
 * | is ended by a fault or hangs while hardware decodes | as above, but in software until `stop` |
 * | `stop()` | SIGTERM, after 2 s SIGKILL; the export folder is removed in any case |
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createBackoff } from "@vas/base/backoff.ts";
import { MAX_DIMENSION } from "@vas/contracts/frames.ts";
import { exportFolder, removeExport } from "./export-folder.ts";
import { TAP_EXIT } from "./tap-types.ts";
import type { TapCounters, TapOptions, TapProcessOptions, TapReport, TapState } from "./tap-types.ts";

const ENTRY = fileURLToPath(new URL("./tap-process.ts", import.meta.url));
/** One thread waits for the stream, one collects what little garbage there is: 5 threads instead of 11, 7 MB less memory. */
const TAP_ENVIRONMENT = ["UV_THREADPOOL_SIZE=1"];
const TAP_FLAGS = ["--v8-pool-size=1", "--max-semi-space-size=1"];
const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 30_000;
/** A process that exported frames for so long was a good one: the next try after it comes soon. */
const GOOD_AFTER_MS = 10_000;
const CHECK_INTERVAL_MS = 1000;
const NO_FRAME_MS = 5000;
const SILENT_MS = 15_000;
/** What a broken driver does to the process that it is loaded into. */
const FAULTS: ReadonlySet<NodeJS.Signals> = new Set(["SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE"]);
const STOP_GRACE_MS = 2000;
const STDERR_TAIL = 2000;
/** frame_id counts on from Unix milliseconds, which no camera may overtake. */
const MAX_FPS = 1000;

export interface Tap {
  counters(): TapCounters;
  /** Resolves when the process and the export folder are gone. The caller closes `inputFd` after it. */
  stop(): Promise<void>;
}

/**
 * Starts at once; see the table above for what follows. `onState` is called for every change, never after `stop` resolved.
 *
 * @throws RangeError for a size or rate that no frame can have
 */
export function startTap(options: TapOptions): Tap {
  checkOptions(options);
  const folder = exportFolder(options.shmDir, options.cameraId);
  const backoff = createBackoff(BACKOFF_FIRST_MS, BACKOFF_MAX_MS);
  const startedMs = performance.now();
  const before = { framesExported: 0, decodeErrors: 0, packetsRead: 0, framesOverRate: 0 };
  /** A low rate makes long pauses that mean nothing. */
  const noFrameMs = Math.max(NO_FRAME_MS, 3000 / (options.maxFps ?? Number.POSITIVE_INFINITY));
  const counters: TapCounters = {
    framesExported: 0,
    decodeErrors: 0,
    packetsRead: 0,
    framesOverRate: 0,
    restarts: 0,
    lastFrameId: options.lastFrameId ?? 0,
    lastPts90k: null,
    size: null,
    hardware: null,
  };
  /** Hardware that brought a process down is not tried again. */
  let hardware = options.hardware;
  /** Whether the process that runs may be inside a driver. */
  let onHardware = false;
  /** Why hardware that was wished for does not decode. */
  let softwareReason: string | null = null;
  let state: TapState = { state: "starting", reason: null };
  let child: ChildProcess | undefined;
  let gone: Promise<void> = Promise.resolve();
  let retry: NodeJS.Timeout | undefined;
  let spawnedMs = 0;
  let heardMs = 0;
  let advancedMs = 0;
  let stopping = false;
  if (options.enabled === false) {
    options.onState({ state: "stopped", reason: "frame export is off for this camera" });
    return { counters: () => ({ ...counters }), stop: () => Promise.resolve() };
  }
  const check = setInterval(checkAlive, CHECK_INTERVAL_MS);

  function become(next: TapState): void {
    if (next.state === state.state && next.reason === state.reason) return;
    state = next;
    options.onState(next);
  }

  function start(): void {
    Object.assign(before, counters);
    counters.hardware = null;
    onHardware = hardware !== undefined;
    const argument: TapProcessOptions = {
      folder,
      slotCount: options.slotCount,
      pts90kBase: options.pts90kBase,
      maxFps: options.maxFps,
      width: options.width,
      height: options.height,
      hardware,
      elapsedTicks: Math.round((performance.now() - startedMs) * 90),
      lastFrameId: counters.lastFrameId,
    };
    // SIGTERM and not SIGKILL when this process dies, so that the tap takes its files along.
    const node = ["env", ...TAP_ENVIRONMENT, process.execPath, ...TAP_FLAGS, ENTRY, JSON.stringify(argument)];
    const started = spawn("setpriv", ["--pdeathsig", "TERM", ...node], {
      stdio: [options.inputFd, "ignore", "pipe", "ipc"],
    });
    child = started;
    spawnedMs = heardMs = advancedMs = performance.now();
    let failure: string | undefined;
    let stack: string | undefined;
    let tail = "";
    started.stderr?.setEncoding("utf8").on("data", (text: string) => {
      tail = (tail + text).slice(-STDERR_TAIL);
    });
    started.on("message", (message) => {
      const report = message as TapReport;
      heardMs = performance.now();
      if (report.type === "failed") ({ reason: failure, stack } = report);
      else if (report.type === "size") counters.size = { width: report.width, height: report.height };
      else if (report.type === "decoder") decodes(report);
      else if (report.type === "counters") take(report);
    });
    gone = new Promise((resolve) => {
      started.once("error", (error) => {
        failure = `the tap process cannot be started [error:${(error as NodeJS.ErrnoException).code}]`;
        if (started.pid === undefined) ended(null, null);
      });
      started.once("close", ended);
      function ended(code: number | null, signal: NodeJS.Signals | null): void {
        if (child !== started) return;
        child = undefined;
        resolve();
        if (!stopping && code !== TAP_EXIT.ended)
          options.log?.warn("the tap process died", { code, signal, reason: failure, stack, stderr: tail });
        died(code, signal, failure);
      }
    });
  }

  function decodes(report: Extract<TapReport, { type: "decoder" }>): void {
    counters.hardware = report.hardware;
    onHardware = report.hardware !== null;
    softwareReason = report.reason === null ? null : `decoded in software: ${report.reason}`;
    if (!stopping && state.state === "running") become({ state: "running", reason: softwareReason });
  }

  function take(report: Extract<TapReport, { type: "counters" }>): void {
    const exported = before.framesExported + report.framesExported;
    const advanced = exported > counters.framesExported;
    counters.framesExported = exported;
    counters.decodeErrors = before.decodeErrors + report.decodeErrors;
    counters.packetsRead = before.packetsRead + report.packetsRead;
    counters.framesOverRate = before.framesOverRate + report.framesOverRate;
    counters.lastFrameId = Math.max(counters.lastFrameId, report.lastFrameId);
    counters.lastPts90k = report.lastPts90k ?? counters.lastPts90k;
    if (stopping) return;
    if (advanced) {
      advancedMs = heardMs;
      if (heardMs - spawnedMs > GOOD_AFTER_MS) backoff.reset();
      become({ state: "running", reason: softwareReason });
    } else if (report.framesExported === 0) {
      const reason = report.packetsRead > 0 ? "waiting for a key frame" : "waiting for the stream";
      become({ state: "starting", reason });
    }
  }

  function checkAlive(): void {
    if (stopping || child === undefined) return;
    const now = performance.now();
    if (now - heardMs > SILENT_MS) {
      if (onHardware) giveUpHardware("it stood still");
      child.kill("SIGKILL");
      return;
    }
    if (state.state === "running" && now - advancedMs > noFrameMs)
      become({ state: "starting", reason: `no frame for ${Math.round(noFrameMs / 1000)} s` });
  }

  function died(code: number | null, signal: NodeJS.Signals | null, failure: string | undefined): void {
    if (stopping) return;
    if (code === TAP_EXIT.ended) return become({ state: "stopped", reason: "the stream ended" });
    if (onHardware && signal !== null && FAULTS.has(signal)) giveUpHardware(`it ended with ${signal}`);
    const waitMs = backoff.nextMs();
    const why = failure ?? `the tap process died [${signal === null ? `code:${code}` : `signal:${signal}`}]`;
    become({ state: "stopped", reason: `${why}; next try in ${waitMs / 1000} s` });
    retry = setTimeout(() => {
      counters.restarts++;
      become({ state: "starting", reason: "started again" });
      start();
    }, waitMs);
  }

  function giveUpHardware(why: string): void {
    if (hardware === undefined) return;
    softwareReason = `decoded in software: ${counters.hardware ?? hardware.kind} is not used again, for ${why}`;
    hardware = undefined;
  }

  async function stop(): Promise<void> {
    stopping = true;
    clearInterval(check);
    clearTimeout(retry);
    const running = child;
    if (running !== undefined) {
      running.kill("SIGTERM");
      const force = setTimeout(() => running.kill("SIGKILL"), STOP_GRACE_MS);
      await gone;
      clearTimeout(force);
    }
    removeExport(options.shmDir, options.cameraId);
    become({ state: "stopped", reason: null });
  }

  options.onState(state);
  start();
  let stopped: Promise<void> | undefined;
  return {
    counters: () => ({ ...counters }),
    stop: () => (stopped ??= stop()),
  };
}

function checkOptions({ maxFps, width, height }: TapOptions): void {
  if (maxFps !== undefined && !(maxFps > 0 && maxFps <= MAX_FPS))
    throw new RangeError(`impossible frame rate [maxFps:${maxFps}]`);
  for (const [name, pixels] of Object.entries({ width, height }))
    if (pixels !== undefined && !(pixels >= 2 && pixels <= MAX_DIMENSION && pixels % 2 === 0))
      throw new RangeError(`impossible frame size [${name}:${pixels}]`);
}
