/**
 * One camera: its main stream, which is recorded, its sub stream where it has one, and the tap that exports the frames of one
 * of them. The streams are supervised each by itself (stream.ts): a sub stream that fails, stalls or is changed does
 * nothing to the main one, its recording or its viewers.
 */
import { CodedError } from "@vas/contracts/errors.ts";
import type { CameraStatus, StreamRole } from "@vas/contracts/http.ts";
import type { Log } from "@vas/base/log.ts";
import type { TapCounters } from "../frames/tap-types.ts";
import type { CameraSpec, KernelListener, KernelOptions } from "../index.ts";
import type { CameraLive } from "../live/camera-live.ts";
import type { WorkerPool } from "../live/workers.ts";
import { Recorder } from "../recording/recorder.ts";
import { CameraTap, type TapChoice } from "./camera-tap.ts";
import type { CameraSource } from "./ffmpeg-args.ts";
import { CameraStream, type StreamOwner } from "./stream.ts";

export class Camera {
  readonly recorder: Recorder;
  readonly #options: KernelOptions;
  readonly #pool: WorkerPool;
  readonly #log: Log;
  readonly #listener: KernelListener;
  readonly #main: CameraStream;
  readonly #tap: CameraTap;
  #sub: CameraStream | undefined;
  #subGone: Promise<void> = Promise.resolve();
  /** The end of the newest frame of a sub stream that is no longer there. */
  #lastSubPts90k: number;
  #spec: CameraSpec;
  /** Why nothing is recorded now; null while a segment is being written. */
  #gapReason: string | null = null;
  #isStopped = false;

  /** @param after what must have ended before this camera's first run: its own earlier life */
  constructor(spec: CameraSpec, pool: WorkerPool, options: KernelOptions, after?: Promise<void>) {
    this.#spec = spec;
    this.#pool = pool;
    this.#options = options;
    this.#log = options.log.with({ camera: spec.id });
    this.#listener = options.listener;
    this.#lastSubPts90k = spec.lastPts90k ?? 0;
    if (after) this.#subGone = after;
    this.recorder = new Recorder(spec.id, options.mediaDir, this.#log, {
      segmentOpened: (segment) => {
        this.#gapReason = null;
        this.#listener.segmentOpened(segment);
        this.#publish();
      },
      segmentClosed: (segment) => this.#listener.segmentClosed(segment),
      writeFailed: (wallMs, message) => this.#openGap("disk", message, wallMs),
    });
    this.#tap = new CameraTap(
      {
        cameraId: spec.id,
        shmDir: options.frameExport.shmDir,
        slotCount: options.frameExport.slotCount,
        hardware: options.frameExport.hardware,
        log: this.#log,
        onChange: () => this.#publish(),
      },
      tapChoice(spec),
    );
    if (spec.record) this.#openGap("connecting", "The camera was being connected.");
    this.#main = new CameraStream({
      stream: "main",
      source: mainSource(spec),
      pool,
      options,
      log: this.#log,
      cameraId: spec.id,
      lastPts90k: spec.lastPts90k ?? 0,
      owner: this.#ownsMain(),
      after,
    });
    this.#startSub();
    this.#publish();
  }

  /** Applies a changed spec; only another address or other credentials reconnect, and only the stream that they are of. One that waits tries at once. */
  update(spec: CameraSpec): void {
    const old = this.#spec;
    this.#spec = spec;
    if (old.record && !spec.record) {
      this.recorder.stopRecording();
      this.#openGap("recording_off", "Recording was switched off.");
    }
    this.#main.update(mainSource(spec));
    if (!spec.sub) this.#endSub();
    else if (this.#sub) this.#sub.update(subSource(spec));
    else this.#startSub();
    this.#tap.choose(tapChoice(spec));
    // Whether FFmpeg feeds a tap is decided when it starts.
    if (this.#exports(old) !== this.#exports(spec)) {
      this.#main.reconnect();
      this.#sub?.reconnect();
    }
    this.#publish();
  }

  async stop(): Promise<void> {
    this.#endSub();
    await Promise.all([this.#main.stop(), this.#subGone]);
    if (this.#spec.record) this.#openGap("stopped", "The camera was stopped.");
    this.#isStopped = true;
    this.#publish();
  }

  /** @throws CodedError camera_not_live where it has no such stream */
  live(stream: StreamRole): CameraLive {
    const found = stream === "main" ? this.#main : this.#sub;
    if (!found) throw new CodedError("camera_not_live");
    return found.live;
  }

  hasStream(stream: StreamRole): boolean {
    return stream === "main" || this.#sub !== undefined;
  }

  get streams(): readonly CameraStream[] {
    return this.#sub ? [this.#main, this.#sub] : [this.#main];
  }

  get status(): CameraStatus {
    const exporting = this.#exports(this.#spec);
    const streams = this.streams.map(({ status }) => status);
    const { stream: _main, ...main } = this.#main.status;
    return {
      camera_id: this.#spec.id,
      ...main,
      state: this.#isStopped ? "stopped" : main.state,
      viewers: streams.reduce((sum, { viewers }) => sum + viewers, 0),
      recording: this.recorder.openSegment !== undefined,
      frame_export: {
        enabled: exporting,
        state: exporting ? this.#tap.state.state : null,
        reason: exporting ? this.#tap.state.reason : null,
        ...(exporting ? { stream: tapChoice(this.#spec).stream } : {}),
      },
      streams: this.#isStopped ? [] : streams,
    };
  }

  get restarts(): number {
    return this.#main.restarts;
  }

  /** The end of its newest frame, also of those before it was started; 0 where it never had one. */
  get lastPts90k(): number {
    return Math.max(this.#main.lastPts90k, this.#sub?.lastPts90k ?? 0, this.#lastSubPts90k);
  }

  get tapCounters(): TapCounters | undefined {
    return this.#tap.counters;
  }

  /** Of which stream an exported frame was. */
  streamOfFrame(frameId: number): StreamRole {
    return this.#tap.streamOf(frameId);
  }

  #ownsMain(): StreamOwner {
    return {
      runBegins: (run) => this.recorder.beginRun(run),
      initCame: (init) => this.recorder.takeInit(init),
      fragmentCame: (fragment, nowWallMs) => this.recorder.takeFragment(fragment, nowWallMs, this.#spec.record),
      runEnded: () => this.recorder.endRun(),
      interrupted: (reason, message) => this.#openGap(reason, message),
      changed: () => this.#publish(),
      wantsTap: () => this.#exports(this.#spec),
      tapFed: (fd, pts90kBase) => this.#tap.feed("main", fd, pts90kBase),
      tapUnfed: () => this.#tap.unfeed("main"),
    };
  }

  #ownsSub(): StreamOwner {
    return {
      runBegins: () => undefined,
      initCame: () => undefined,
      fragmentCame: () => undefined,
      runEnded: () => Promise.resolve(),
      interrupted: () => undefined,
      changed: () => this.#publish(),
      wantsTap: () => this.#exports(this.#spec),
      tapFed: (fd, pts90kBase) => this.#tap.feed("sub", fd, pts90kBase),
      tapUnfed: () => this.#tap.unfeed("sub"),
      place: (endTicks) => {
        const now = this.#main.arrivals.pts90kAt(this.#options.clock.monotonicNs());
        return now === undefined ? undefined : Math.round(now - endTicks);
      },
    };
  }

  #startSub(): void {
    if (!this.#spec.sub) return;
    this.#sub = new CameraStream({
      stream: "sub",
      source: subSource(this.#spec),
      pool: this.#pool,
      options: this.#options,
      log: this.#log.with({ stream: "sub" }),
      cameraId: this.#spec.id,
      lastPts90k: this.#lastSubPts90k,
      owner: this.#ownsSub(),
      after: this.#subGone,
    });
  }

  #endSub(): void {
    const sub = this.#sub;
    if (!sub) return;
    this.#sub = undefined;
    this.#subGone = sub.stop().then(() => {
      this.#lastSubPts90k = Math.max(this.#lastSubPts90k, sub.lastPts90k);
    });
  }

  #exports(spec: CameraSpec): boolean {
    return this.#options.frameExport.enabled && spec.frameExport?.enabled !== false;
  }

  #publish(): void {
    this.#listener.cameraStatus(this.status);
  }

  #openGap(reason: string, message: string, startWallMs?: number): void {
    if (!this.#spec.record && reason !== "recording_off") return;
    if (this.#gapReason === reason) return;
    const goesOn = this.#gapReason !== null;
    this.#gapReason = reason;
    const nowMs = this.#options.clock.wallMs();
    const sinceWallMs = goesOn ? nowMs : this.recorder.lastEndWallMs || nowMs;
    this.#listener.gapOpened({ cameraId: this.#spec.id, startWallMs: startWallMs ?? sinceWallMs, reason, message });
  }
}

function mainSource({ url, username, password, test }: CameraSpec): CameraSource {
  return { url, username, password, ...(test ? { test: "main" } : {}) };
}

function subSource({ sub, test }: CameraSpec): CameraSource {
  const { url, username, password } = sub ?? { url: "", username: null, password: null };
  return { url, username, password, ...(test ? { test: "sub" } : {}) };
}

/** Frames are of the main stream where the camera has no other. */
function tapChoice({ frameExport, sub }: CameraSpec): TapChoice {
  return {
    stream: sub ? (frameExport?.stream ?? "main") : "main",
    maxFps: frameExport?.maxFps ?? null,
    height: frameExport?.height ?? null,
  };
}
