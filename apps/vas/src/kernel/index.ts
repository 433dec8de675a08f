/**
 * The media plane's whole public face. The backend imports nothing else of the kernel.
 *
 * The kernel knows no HTTP and no SQL: it is told which cameras to run, and it tells its listener what became true.
 * Paths in records are relative to `mediaDir`. A `pts90k` here is always on the camera's unbroken time line
 * (docs/design/decisions/0003-time-line.md): it grows over runs and restarts, and near enough is Unix time in 90 kHz ticks.
 */
import type { CameraStatus, ProbeReply, StreamRole } from "@vas/contracts/http.ts";
import type { Run } from "@vas/contracts/live.ts";
import type { Clock } from "@vas/base/clock.ts";
import type { Log } from "@vas/base/log.ts";
import type { Hardware } from "./frames/tap-types.ts";

export { createKernel } from "./kernel.ts";

export type KernelOptions = {
  ffmpeg: string;
  mediasoupWorkerBin: string;
  mediaWorkers: number;
  /** Workers listen for viewers on this UDP and TCP port and the ones after it, one per worker. */
  rtcPort: number;
  rtcListenIp: string;
  announcedAddress: string | undefined;
  /** Absolute; holds `recordings/`, `snapshots/` and `clips/`. */
  mediaDir: string;
  frameExport: { enabled: boolean; shmDir: string; slotCount: number; hardware?: Hardware | undefined };
  /** Loopback and link-local camera addresses are refused unless set. */
  allowLoopbackCameras: boolean;
  log: Log;
  clock: Clock;
  listener: KernelListener;
};

/** What the kernel says; each call returns at once and must not throw. */
export interface KernelListener {
  cameraStatus(status: CameraStatus): void;
  /** A run can be consumed, or its RTP base became known. */
  run(cameraId: string, run: Run): void;
  /** The first bytes of a segment are on disk. Ends any gap of the camera. */
  segmentOpened(segment: SegmentRecord): void;
  /** No byte of this segment will change any more. */
  segmentClosed(segment: SegmentRecord): void;
  /**
   * Nothing is recorded of this camera from `startWallMs` until its next segment opens. While a gap goes on another
   * call says that its reason changed: the first gap ends where the second begins.
   */
  gapOpened(gap: { cameraId: string; startWallMs: number; reason: string; message: string }): void;
}

export type CameraSpec = {
  id: string;
  /** rtsp or rtsps, without name and password. */
  url: string;
  username: string | null;
  password: string | null;
  /** A second stream of the same camera, never recorded; absent or null where there is none. */
  sub?: { url: string; username: string | null; password: string | null } | null;
  /** The streams are made here and the addresses are empty: a camera without hardware. */
  test?: boolean;
  record: boolean;
  /** Of this camera, where KernelOptions exports frames at all; every frame of main at full size where absent. */
  frameExport?: { enabled: boolean; maxFps: number | null; height: number | null; stream?: StreamRole };
  /** The end of what an earlier VAS recorded of it; its time line goes on above. Read when the camera is started. */
  lastPts90k?: number;
};

/** One recorded file: a self-contained fragmented MP4. Times are Unix milliseconds, sizes bytes. */
export type SegmentRecord = {
  id: string;
  cameraId: string;
  runId: string;
  path: string;
  startWallMs: number;
  endWallMs: number;
  startPts90k: number;
  endPts90k: number;
  sizeBytes: number;
  /** Bytes of ftyp and moov at the file's start; the media fragments follow. */
  initBytes: number;
  /** RFC 6381, such as `avc1.64001f`. */
  codec: string;
  width: number;
  height: number;
  open: boolean;
};

/** A moment: either wall time, or a frame by its presentation time. */
export type Moment = { wallMs: number } | { pts90k: number };

/** What is drawn on one frame for one layer, such as a model. Every coordinate is a fraction of the frame. */
export type Drawing = { pts90k: number; layer: string; shapes: Shape[] };

export type Shape = {
  box: [xMin: number, yMin: number, xMax: number, yMax: number];
  /** Drawn above the box; empty for none. */
  label: string;
  /** Any number; the same one is always the same colour. */
  colour: number;
  /** x, y, confidence. */
  keypoints?: [number, number, number][];
  polygon?: [number, number][];
  /** As contracts/mask.ts has it. */
  mask?: unknown;
};

export type ExportRequest = {
  /** Consecutive segments of one camera. */
  segments: SegmentRecord[];
  fromWallMs: number;
  toWallMs: number;
  /** Where to write, relative to mediaDir. */
  path: string;
  /** In ascending order of pts90k; where absent the video is copied without re-encoding. */
  drawings?: AsyncIterable<Drawing>;
  /** @param fraction 0 to 1 */
  onProgress(fraction: number): void;
  signal: AbortSignal;
};

export type Exported = {
  /** Stretches of the camera's time line, and where each is: `time in the file = atTicks + pts90k - startPts90k`. */
  parts: { startPts90k: number; endPts90k: number; atTicks: number }[];
  frames: number;
  sizeBytes: number;
};

export type Picture = { jpeg: Buffer; width: number; height: number; pts90k: number; wallMs: number };

export interface Kernel {
  /**
   * Starts a camera, or applies a changed spec to it: a change of a stream's address or credentials reconnects that stream,
   * switching frame export on or off reconnects both, nothing else does.
   */
  startCamera(spec: CameraSpec): void;
  /** Resolves when no process, port or shared memory of the camera is left. */
  stopCamera(cameraId: string): Promise<void>;
  /** Status of a camera that was started, or of a stopped one. */
  status(cameraId: string): CameraStatus;
  /**
   * Reads a stream for a few seconds in a session of its own.
   * @throws CodedError probe_* or camera_address_refused, with the cause in words
   */
  probe(
    target: { url: string; username: string | null; password: string | null },
    signal: AbortSignal,
  ): Promise<ProbeReply>;
  /** @throws CodedError camera_address_refused where the address is not one that a camera may have */
  checkAddress(url: string, signal?: AbortSignal): Promise<void>;

  /** The segment being written, with what is readable of it now. */
  openSegment(cameraId: string): SegmentRecord | undefined;
  /** The newest presentation time that the camera has shown since it was started; undefined before the first. */
  newestPts90k(cameraId: string): number | undefined;
  /** Of which stream an exported frame was; main where that is not known. */
  streamOfFrame(cameraId: string, frameId: number): StreamRole;
  /**
   * The newest picture, decoded from the newest key frame on.
   * @throws CodedError camera_not_live or snapshot_failed
   */
  pictureNow(cameraId: string): Promise<Picture>;
  /**
   * Resolves once recorded media of the camera reaches this presentation time, or its run ends, or the signal aborts.
   * @returns whether it was reached
   */
  recordedUpTo(cameraId: string, pts90k: number, signal: AbortSignal): Promise<boolean>;
  /**
   * Decodes one frame of a segment: the frame with exactly this pts90k, or the last one at or before the moment.
   * @throws CodedError snapshot_failed
   */
  pictureOf(segment: SegmentRecord, moment: Moment): Promise<Picture>;
  /**
   * A small picture of the key frame at or before the moment; the segment's first one where all are later.
   * @param height of the picture in pixels; a smaller stream is not enlarged
   * @throws CodedError snapshot_failed, or the signal's reason
   */
  thumbnailOf(segment: SegmentRecord, moment: Moment, height: number, signal: AbortSignal): Promise<Picture>;
  /**
   * Cuts one MP4 without re-encoding from consecutive segments, from the key frame at or before `fromWallMs`.
   * @param path where to write, relative to mediaDir
   * @throws CodedError clip_failed
   */
  writeClip(
    segments: SegmentRecord[],
    range: { fromWallMs: number; toWallMs: number },
    path: string,
    signal?: AbortSignal,
  ): Promise<{ startWallMs: number; endWallMs: number; sizeBytes: number }>;
  /**
   * Makes one MP4 of a range, in a process of its own. Copied, it begins with the key frame at or before `fromWallMs`; with
   * drawings it holds exactly the frames of the range, each with its layers' newest drawings that are at most 2 s old.
   *
   * @throws CodedError export_failed, or the signal's reason
   */
  writeExport(request: ExportRequest): Promise<Exported>;
  /** Cuts a file that a killed VAS left open back to its last complete fragment; undefined where nothing playable is left. */
  repairSegment(segment: SegmentRecord): Promise<SegmentRecord | undefined>;
  /** Deletes files below mediaDir; one that is gone already is no error. */
  deleteFiles(paths: string[]): Promise<void>;
  /** Bytes free and in all on the disk of mediaDir. */
  diskSpace(): Promise<{ freeBytes: number; totalBytes: number }>;

  live: Live;
  /** Counters since the start, by Prometheus name without prefix; one value per label set. */
  counters(): CounterSample[];
  /** Ends every child; resolves when none is left. */
  close(): Promise<void>;
}

export type CounterSample = {
  name: string;
  help: string;
  type: "counter" | "gauge";
  labels: Record<string, string>;
  value: number;
};

/** Viewers. mediasoup's own parameter objects pass through untouched. A stream is `main` where none is named. */
export interface Live {
  /** @throws CodedError camera_stopped, camera_not_live where there is no such stream, media_unavailable */
  rtpCapabilities(cameraId: string, stream?: StreamRole): Promise<Record<string, unknown>>;
  /**
   * A receive-only transport on the stream's router.
   * @param onClosed called once when it is gone without having been asked: the worker died or the stream stopped
   * @throws as `rtpCapabilities`
   */
  createTransport(cameraId: string, onClosed: () => void, stream?: StreamRole): Promise<ViewerTransport>;
  /** The stream's current run, or undefined where none can be consumed. */
  run(cameraId: string, stream?: StreamRole): Run | undefined;
}

export interface ViewerTransport {
  id: string;
  iceParameters: Record<string, unknown>;
  iceCandidates: Record<string, unknown>[];
  dtlsParameters: Record<string, unknown>;
  connect(dtlsParameters: Record<string, unknown>): Promise<void>;
  /**
   * A paused consumer of the current run.
   * @param onEnded called once when the run has ended
   * @throws CodedError camera_not_live, codec_unsupported
   */
  consume(rtpCapabilities: Record<string, unknown>, onEnded: () => void): Promise<ViewerConsumer>;
  close(): void;
}

export interface ViewerConsumer {
  id: string;
  producerId: string;
  rtpParameters: Record<string, unknown>;
  run: Run;
  resume(): Promise<void>;
  close(): void;
}
