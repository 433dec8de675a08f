/**
 * One stream of a camera: the loop that retries, its state and its reason, its live view. The inner run fails honestly
 * (run.ts); this loop waits and tries again for as long as the stream is wanted. It knows of no other stream.
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
import type { CameraState, StreamRole, StreamStatus } from "@vas/contracts/http.ts";
import { closeEnd, openPipe } from "../frames/pipe.ts";
import type { KernelOptions } from "../index.ts";
import { CameraLive } from "../live/camera-live.ts";
import type { WorkerPool } from "../live/workers.ts";
import type { Fmp4Part, Fragment, VideoInit } from "../recording/fmp4.ts";
import { checkCameraAddress } from "./address.ts";
import { Arrivals } from "./arrivals.ts";
import { type Cause, cause } from "./causes.ts";
import type { CameraSource } from "./ffmpeg-args.ts";
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

export type StreamRun = { runId: string; pts90kBase: number };

/** What a stream tells its camera; each call returns at once. */
export interface StreamOwner {
  /** FFmpeg is about to start. */
  runBegins(run: StreamRun): void;
  initCame(init: VideoInit): void;
  fragmentCame(fragment: Fragment, nowWallMs: number): void;
  /** Resolves when what came of the run is put away. */
  runEnded(): Promise<void>;
  /** Nothing comes from now on, and why. */
  interrupted(reason: string, message: string): void;
  /** Its status has changed, or its figures have moved on. */
  changed(): void;
  /** Whether FFmpeg also feeds a tap; asked when a run begins. */
  wantsTap(): boolean;
  /** The read end of what FFmpeg writes for a tap; told again when the run's base is found. */
  tapFed(fd: number, pts90kBase: number | null): void;
  /** Resolves when nothing reads it any more. */
  tapUnfed(): Promise<void>;
  /**
   * Where a stream has no time line of its own: the base that puts a run whose first fragment ends now beside another
   * stream; undefined where there is nothing to put it beside.
   */
  place?(fragmentEndTicks: number): number | undefined;
}

export type StreamParts = {
  stream: StreamRole;
  source: CameraSource;
  pool: WorkerPool;
  options: KernelOptions;
  log: Log;
  cameraId: string;
  lastPts90k: number;
  owner: StreamOwner;
  /** What must have ended before the first run: an earlier life of the same stream. */
  after?: Promise<void> | undefined;
};

export class CameraStream {
  readonly live: CameraLive;
  readonly arrivals = new Arrivals();
  readonly #parts: StreamParts;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #timeLine: TimeLine;
  readonly #stopping = new AbortController();
  readonly #done: Promise<void>;
  #source: CameraSource;
  #reconnect = new AbortController();
  /** Ends the wait between two tries. */
  #wake = new AbortController();
  #state: CameraState = "connecting";
  #sinceWallMs: number;
  #reason: Cause | null = null;
  #init: VideoInit | null = null;
  #measure = new StreamMeasure();
  #transcode: string | null = null;
  #tapFd: number | undefined;
  #lastStatusMs = 0;
  restarts = 0;

  constructor(parts: StreamParts) {
    this.#parts = parts;
    this.#source = parts.source;
    this.#clock = parts.options.clock;
    this.#log = parts.log;
    this.#timeLine = new TimeLine(parts.lastPts90k);
    this.#sinceWallMs = this.#clock.wallMs();
    this.live = new CameraLive(parts.pool, parts.stream, this.#log, (run) =>
      parts.options.listener.run(parts.cameraId, run),
    );
    this.#hideCredentials();
    this.#done = this.#loop(parts.after);
  }

  /** Another address or other credentials reconnect; nothing else does. A stream that waits tries at once. */
  update(source: CameraSource): void {
    this.#wake.abort();
    const old = this.#source;
    this.#source = source;
    this.#hideCredentials();
    if (old.url === source.url && old.username === source.username && old.password === source.password) return;
    this.#transcode = null;
    this.reconnect();
  }

  /** Ends the run and begins another one at once. */
  reconnect(): void {
    this.#reconnect.abort();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#reconnect.abort();
    await this.#done;
    await this.live.close();
    this.#become("stopped", null);
  }

  get state(): CameraState {
    return this.#state;
  }

  get status(): StreamStatus {
    const live = this.#state === "live";
    const { fps, gopSeconds, bitrateKbps }: Measured = this.#measure.measured;
    return {
      stream: this.#parts.stream,
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
    };
  }

  /** The end of its newest frame, also of those before it was started; 0 where it never had one. */
  get lastPts90k(): number {
    return this.#timeLine.lastPts90k;
  }

  async #loop(after: Promise<void> | undefined): Promise<void> {
    await after;
    const { owner } = this.#parts;
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
        owner.interrupted("reconnecting", this.#transcode ?? "");
        continue;
      }
      if (this.#reconnect.signal.aborted) {
        owner.interrupted("reconnecting", "The camera's address was changed.");
        this.#become("connecting", null);
        continue;
      }
      if (this.#clock.monotonicNs() - startedNs > BigInt(GOOD_RUN_MS) * 1_000_000n) backoff.reset();
      owner.interrupted(found.code, found.message);
      this.#become("retrying", found);
      this.#wake = new AbortController();
      await this.#clock.sleep(backoff.nextMs(), AbortSignal.any([asked, this.#wake.signal]));
    }
  }

  async #runOnce(signal: AbortSignal): Promise<Cause> {
    const { options, owner } = this.#parts;
    const source = this.#source;
    const run = { runId: randomUUID(), pts90kBase: this.#timeLine.beginRun(this.#clock.wallMs()) };
    let pipe: { readFd: number; writeFd: number } | undefined;
    let writeFdOpen = false;
    try {
      if (source.test === undefined) await checkCameraAddress(source.url, options.allowLoopbackCameras);
      const rtp = await this.live.beginRun(run);
      if (signal.aborted) return cause("ended");
      this.arrivals.forget();
      owner.runBegins(run);
      this.#measure = new StreamMeasure();
      if (owner.wantsTap()) {
        pipe = openPipe();
        writeFdOpen = true;
      }
      let first = true;
      return await runIngest(
        {
          ffmpeg: options.ffmpeg,
          source,
          rtp,
          live: this.#transcode === null ? "copy" : "h264",
          tapWriteFd: pipe?.writeFd,
          clock: this.#clock,
          onSpawned: () => {
            if (!pipe) return;
            closeEnd(pipe.writeFd);
            writeFdOpen = false;
            this.#tapFd = pipe.readFd;
            owner.tapFed(pipe.readFd, owner.place ? null : run.pts90kBase);
          },
          onPart: (part) => {
            const ended = this.#takePart(part, run, first);
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
      this.#tapFd = undefined;
      this.arrivals.forget();
      this.live.endRun();
      await owner.runEnded();
      await owner.tapUnfed();
      if (pipe && writeFdOpen) closeEnd(pipe.writeFd);
      if (pipe) closeEnd(pipe.readFd);
    }
  }

  /** @returns a cause where the run cannot go on like this */
  #takePart(part: Fmp4Part, run: StreamRun, firstFragment: boolean): Cause | undefined {
    const { owner } = this.#parts;
    if (part.kind === "init") {
      this.#init = part.init;
      owner.initCame(part.init);
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
    if (firstFragment) this.#place(run, fragment);
    const endPts90k = fragment.endDts + run.pts90kBase;
    this.#timeLine.reached(endPts90k);
    this.arrivals.took(endPts90k, this.#clock.monotonicNs());
    owner.fragmentCame(fragment, this.#clock.wallMs());
    if (fragment.reordered) {
      const ended = this.#wantTranscode("B-frames are re-encoded for live view.");
      if (ended) return ended;
    }
    if (firstFragment) {
      this.live.runIsLive(fragment.pts[0] ?? 0, run.pts90kBase);
      this.#become("live", null);
    } else if (this.#clock.wallMs() - this.#lastStatusMs > STATUS_EVERY_MS) this.#publish();
    return undefined;
  }

  /** Before its first fragment nobody has seen a time of the run, so its base can still be moved. */
  #place(run: StreamRun, fragment: Fragment): void {
    const { owner } = this.#parts;
    if (!owner.place) return;
    const base = owner.place(fragment.endDts);
    if (base !== undefined) run.pts90kBase = this.#timeLine.placeRun(base);
    if (this.#tapFd !== undefined) owner.tapFed(this.#tapFd, run.pts90kBase);
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
    this.#parts.owner.changed();
  }

  #hideCredentials(): void {
    if (this.#source.password) hideSecret(this.#source.password);
  }
}

/** A name for people; the RFC 6381 string stays in the recordings. */
function codecName(codec: string): string {
  if (codec.startsWith("avc")) return "H.264";
  if (codec.startsWith("hev") || codec.startsWith("hvc")) return "H.265";
  return codec;
}
