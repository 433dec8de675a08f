/**
 * One camera: the loop that retries, its state and its reason. The inner run fails honestly (run.ts); this loop waits
 * and tries again for as long as the camera is wanted.
 *
 * | state | means |
 * | --- | --- |
 * | connecting | started, no attempt has failed yet |
 * | live | media is advancing |
 * | retrying | an attempt or a run failed; the reason and since when |
 * | stopped | not wanted |
 */
import { randomUUID } from "node:crypto";
import { createBackoff } from "@vas/base/backoff.ts";
import type { Clock } from "@vas/base/clock.ts";
import { errorText, type Log } from "@vas/base/log.ts";
import { hideSecret } from "@vas/base/redact.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import type { CameraState, CameraStatus } from "@vas/contracts/http.ts";
import { closeEnd, openPipe } from "../frames/pipe.ts";
import { startTap, type Tap } from "../frames/tap.ts";
import type { TapCounters, TapState } from "../frames/tap-types.ts";
import type { CameraSpec, KernelListener, KernelOptions } from "../index.ts";
import { CameraLive } from "../live/camera-live.ts";
import type { WorkerPool } from "../live/workers.ts";
import type { Fmp4Part, VideoInit } from "../recording/fmp4.ts";
import { Recorder } from "../recording/recorder.ts";
import { checkCameraAddress } from "./address.ts";
import { type Cause, cause } from "./causes.ts";
import { type Measured, StreamMeasure } from "./measure.ts";
import { runIngest } from "./run.ts";
import { TimeLine } from "./time-line.ts";

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
/** A run this long was a good one: the next failure waits the shortest time again. */
const GOOD_RUN_MS = 20_000;
const STATUS_EVERY_MS = 2_000;

/** H.264 profiles that browsers do not decode: 4:2:2, 4:4:4, 10 bit and their intra variants (ITU-T H.264 annex A.2). */
const ODD_PROFILES = new Set(["6e", "7a", "f4", "2c"]);

type TapInput = { fd: number; pts90kBase: number };

export class Camera {
  readonly live: CameraLive;
  readonly recorder: Recorder;
  readonly #options: KernelOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #listener: KernelListener;
  #spec: CameraSpec;
  #stopping = new AbortController();
  #reconnect = new AbortController();
  /** Ends the wait between two tries. */
  #wake = new AbortController();
  #done: Promise<void>;
  #state: CameraState = "connecting";
  #sinceWallMs: number;
  #reason: Cause | null = null;
  #init: VideoInit | null = null;
  #measure = new StreamMeasure();
  #transcode: string | null = null;
  readonly #timeLine: TimeLine;
  #lastStatusMs = 0;
  /** Why nothing is recorded now; null while a segment is being written. */
  #gapReason: string | null = null;
  #tap: { state: TapState; tap: Tap } | null = null;
  /** While a run feeds a tap. */
  #tapInput: TapInput | undefined;
  #tapChange: Promise<void> = Promise.resolve();
  restarts = 0;

  /** @param after what must have ended before this camera's first run: its own earlier life */
  constructor(spec: CameraSpec, pool: WorkerPool, options: KernelOptions, after?: Promise<void>) {
    this.#spec = spec;
    this.#timeLine = new TimeLine(spec.lastPts90k ?? 0);
    this.#options = options;
    this.#clock = options.clock;
    this.#log = options.log.with({ camera: spec.id });
    this.#listener = options.listener;
    this.#sinceWallMs = this.#clock.wallMs();
    this.live = new CameraLive(pool, this.#log, (run) => this.#listener.run(spec.id, run));
    this.recorder = new Recorder(spec.id, options.mediaDir, this.#log, {
      segmentOpened: (segment) => {
        this.#gapReason = null;
        this.#listener.segmentOpened(segment);
        this.#publish();
      },
      segmentClosed: (segment) => this.#listener.segmentClosed(segment),
      writeFailed: (wallMs, message) => this.#openGap("disk", message, wallMs),
    });
    this.#hideCredentials();
    if (spec.record) this.#openGap("connecting", "The camera was being connected.");
    this.#publish();
    this.#done = this.#loop(after);
  }

  /** Applies a changed spec; only another address or other credentials reconnect. A camera that waits tries at once. */
  update(spec: CameraSpec): void {
    this.#wake.abort();
    const old = this.#spec;
    this.#spec = spec;
    this.#hideCredentials();
    if (old.record && !spec.record) {
      this.recorder.stopRecording();
      this.#openGap("recording_off", "Recording was switched off.");
    }
    const isSameSource = old.url === spec.url && old.username === spec.username && old.password === spec.password;
    if (!isSameSource) this.#transcode = null;
    // Whether FFmpeg feeds a tap is decided when it starts.
    if (!isSameSource || this.#exports(old) !== this.#exports(spec)) return this.#reconnect.abort();
    const [was, is] = [old.frameExport, spec.frameExport];
    if (was?.maxFps !== is?.maxFps || was?.height !== is?.height) this.#restartTap();
    this.#publish();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#reconnect.abort();
    await this.#done;
    await this.live.close();
    if (this.#spec.record) this.#openGap("stopped", "The camera was stopped.");
    this.#become("stopped", null);
  }

  get status(): CameraStatus {
    const live = this.#state === "live";
    const { fps, gopSeconds, bitrateKbps }: Measured = this.#measure.measured;
    const exporting = this.#exports(this.#spec);
    return {
      camera_id: this.#spec.id,
      state: this.#state,
      since: new Date(this.#sinceWallMs).toISOString(),
      reason: this.#reason ? { code: this.#reason.code, message: this.#reason.message } : null,
      codec: this.#init ? codecName(this.#init.codec) : null,
      width: this.#init?.width ?? null,
      height: this.#init?.height ?? null,
      fps: live ? fps : null,
      gop_seconds: gopSeconds,
      bitrate_kbps: live ? bitrateKbps : null,
      live_transcoded: this.#transcode,
      viewers: this.live.viewers,
      recording: this.recorder.openSegment !== undefined,
      frame_export: {
        enabled: exporting,
        state: exporting ? (this.#tap?.state.state ?? "stopped") : null,
        reason: this.#tap?.state.reason ?? null,
      },
    };
  }

  /** The end of its newest frame, also of those before it was started; 0 where it never had one. */
  get lastPts90k(): number {
    return this.#timeLine.lastPts90k;
  }

  get tapCounters(): TapCounters | undefined {
    return this.#tap?.tap.counters();
  }

  async #loop(after: Promise<void> | undefined): Promise<void> {
    await after;
    const backoff = createBackoff(FIRST_RETRY_MS, MAX_RETRY_MS);
    const stopping = this.#stopping.signal;
    while (!stopping.aborted) {
      this.#reconnect = new AbortController();
      const asked = AbortSignal.any([stopping, this.#reconnect.signal]);
      const startedNs = this.#clock.monotonicNs();
      const transcode = this.#transcode;
      const found = await this.#runOnce(asked);
      if (stopping.aborted) return;
      this.restarts++;
      // Not a failure: the stream itself said how it wants to be treated, or a person changed the address.
      if (this.#transcode !== transcode) {
        this.#openGap("reconnecting", this.#transcode ?? "");
        continue;
      }
      if (this.#reconnect.signal.aborted) {
        this.#openGap("reconnecting", "The camera's address was changed.");
        this.#become("connecting", null);
        continue;
      }
      if (this.#clock.monotonicNs() - startedNs > BigInt(GOOD_RUN_MS) * 1_000_000n) backoff.reset();
      this.#openGap(found.code, found.message);
      this.#become("retrying", found);
      this.#wake = new AbortController();
      await this.#clock.sleep(backoff.nextMs(), AbortSignal.any([asked, this.#wake.signal]));
    }
  }

  async #runOnce(signal: AbortSignal): Promise<Cause> {
    const spec = this.#spec;
    const run = {
      runId: randomUUID(),
      pts90kBase: this.#timeLine.beginRun(this.#clock.wallMs()),
    };
    let pipe: { readFd: number; writeFd: number } | undefined;
    let writeFdOpen = false;
    try {
      await checkCameraAddress(spec.url, this.#options.allowLoopbackCameras);
      const rtp = await this.live.beginRun(run);
      if (signal.aborted) return cause("ended");
      this.recorder.beginRun(run);
      this.#measure = new StreamMeasure();
      if (this.#exports(spec)) {
        pipe = openPipe();
        writeFdOpen = true;
      }
      let first = true;
      return await runIngest(
        {
          ffmpeg: this.#options.ffmpeg,
          source: spec,
          rtp,
          live: this.#transcode === null ? "copy" : "h264",
          tapWriteFd: pipe?.writeFd,
          clock: this.#clock,
          onSpawned: () => {
            if (!pipe) return;
            closeEnd(pipe.writeFd);
            writeFdOpen = false;
            this.#tapInput = { fd: pipe.readFd, pts90kBase: run.pts90kBase };
            this.#startTap(this.#tapInput);
          },
          onPart: (part) => {
            const ended = this.#takePart(part, run.pts90kBase, first);
            if (part.kind === "fragment") first = false;
            return ended;
          },
        },
        signal,
      );
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      if (error.code === "camera_address_refused") return { code: "address_refused", message: error.message };
      if (error.code === "probe_unresolved") return cause("unresolved");
      return { code: "media_unavailable", message: errorText(error) };
    } finally {
      this.live.endRun();
      await this.recorder.endRun();
      this.#tapInput = undefined;
      await this.#tapChange;
      const tap = this.#tap?.tap;
      this.#tap = null;
      await tap?.stop();
      if (pipe && writeFdOpen) closeEnd(pipe.writeFd);
      if (pipe) closeEnd(pipe.readFd);
    }
  }

  #exports(spec: CameraSpec): boolean {
    return this.#options.frameExport.enabled && spec.frameExport?.enabled !== false;
  }

  /** Another rate or size: another tap on the same pipe, one after the other. The ingest does not notice. */
  #restartTap(): void {
    this.#tapChange = this.#tapChange.then(async () => {
      const old = this.#tap?.tap;
      if (!old || !this.#tapInput) return;
      await old.stop();
      if (this.#tapInput) this.#startTap(this.#tapInput);
    });
  }

  #startTap({ fd, pts90kBase }: TapInput): void {
    const { shmDir, slotCount, hardware } = this.#options.frameExport;
    const { maxFps, height } = this.#spec.frameExport ?? {};
    let entry: { state: TapState; tap: Tap } | undefined;
    const tap = startTap({
      cameraId: this.#spec.id,
      shmDir,
      slotCount,
      inputFd: fd,
      pts90kBase,
      hardware,
      maxFps: maxFps ?? undefined,
      height: height ?? undefined,
      log: this.#log,
      onState: (state) => {
        if (!entry) return;
        entry.state = state;
        if (state.reason) this.#log.warn("frame export", { state: state.state, reason: state.reason });
        if (this.#tap === entry) this.#publish();
      },
    });
    entry = { state: { state: "starting", reason: null }, tap };
    this.#tap = entry;
  }

  /** @returns a cause where the run cannot go on like this */
  #takePart(part: Fmp4Part, pts90kBase: number, firstFragment: boolean): Cause | undefined {
    if (part.kind === "init") {
      this.#init = part.init;
      this.recorder.takeInit(part.init);
      const entry = part.init.codec.slice(0, 4);
      if (entry === "hev1" || entry === "hvc1") return this.#wantTranscode("H.265 is re-encoded for live view.");
      if (entry !== "avc1" && entry !== "avc3")
        return {
          code: "unsupported",
          message: `The camera sends ${codecName(part.init.codec)}, which is not supported.`,
        };
      if (ODD_PROFILES.has(part.init.codec.slice(5, 7)))
        return this.#wantTranscode("This H.264 profile is re-encoded for live view.");
      return undefined;
    }
    const { fragment } = part;
    this.#measure.add(fragment);
    this.#timeLine.reached(fragment.endDts + pts90kBase);
    this.recorder.takeFragment(fragment, this.#clock.wallMs(), this.#spec.record);
    if (fragment.reordered) {
      const ended = this.#wantTranscode("B-frames are re-encoded for live view.");
      if (ended) return ended;
    }
    if (firstFragment) {
      this.live.runIsLive(fragment.pts[0] ?? 0);
      this.#become("live", null);
    } else if (this.#clock.wallMs() - this.#lastStatusMs > STATUS_EVERY_MS) this.#publish();
    return undefined;
  }

  #wantTranscode(reason: string): Cause | undefined {
    if (this.#transcode !== null) return undefined;
    this.#transcode = reason;
    return { code: "ended", message: reason };
  }

  #become(state: CameraState, reason: Cause | null): void {
    // `retrying` keeps its time over attempts: it says since when there is no picture.
    if (state !== this.#state) this.#sinceWallMs = this.#clock.wallMs();
    const changed = state !== this.#state || reason?.code !== this.#reason?.code;
    this.#state = state;
    this.#reason = reason;
    if (changed) this.#log.info("camera state", { state, reason: reason?.code ?? null });
    this.#publish();
  }

  #publish(): void {
    this.#lastStatusMs = this.#clock.wallMs();
    this.#listener.cameraStatus(this.status);
  }

  #openGap(reason: string, message: string, startWallMs?: number): void {
    if (!this.#spec.record && reason !== "recording_off") return;
    if (this.#gapReason === reason) return;
    const goesOn = this.#gapReason !== null;
    this.#gapReason = reason;
    const sinceWallMs = goesOn ? this.#clock.wallMs() : this.recorder.lastEndWallMs || this.#clock.wallMs();
    this.#listener.gapOpened({ cameraId: this.#spec.id, startWallMs: startWallMs ?? sinceWallMs, reason, message });
  }

  #hideCredentials(): void {
    if (this.#spec.password) hideSecret(this.#spec.password);
  }
}

/** A name for people; the RFC 6381 string stays in the recordings. */
function codecName(codec: string): string {
  if (codec.startsWith("avc")) return "H.264";
  if (codec.startsWith("hev") || codec.startsWith("hvc")) return "H.265";
  return codec;
}
