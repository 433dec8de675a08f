/** A kernel in memory, for tests of the backend: it runs nothing, and remembers what it was told. */
import { randomUUID } from "node:crypto";
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CodedError } from "@vas/contracts/errors.ts";
import type { CameraState, CameraStatus, StreamRole } from "@vas/contracts/http.ts";
import type { Run } from "@vas/contracts/live.ts";
import type {
  CameraSpec,
  CounterSample,
  Drawing,
  Exported,
  ExportRequest,
  Kernel,
  Live,
  Moment,
  Picture,
  SegmentRecord,
  ViewerConsumer,
  ViewerTransport,
} from "../../kernel/index.ts";

export const JPEG = Buffer.from("ffd8ffe000104a46494600010100000100010000ffd9", "hex");

export type HeldTransport = ViewerTransport & { cameraId: string; stream: StreamRole; isClosed: boolean; die(): void };

export class MemoryKernel implements Kernel {
  readonly mediaDir: string;
  readonly specs = new Map<string, CameraSpec>();
  readonly open = new Map<string, SegmentRecord>();
  readonly transports: HeldTransport[] = [];
  readonly consumers: (ViewerConsumer & { end(): void; resumed: boolean })[] = [];
  readonly deleted: string[] = [];
  readonly probed: { url: string; username: string | null; password: string | null }[] = [];
  readonly waits: number[] = [];
  disk = { freeBytes: 50, totalBytes: 100 };
  repaired: ((segment: SegmentRecord) => SegmentRecord | undefined) | undefined;
  /** Called when something waits for the recording, so that a test can move it on. */
  onWait: ((cameraId: string, pts90k: number) => void) | undefined;
  probeFailure: Error | undefined;
  isClosed = false;
  /** Of which stream each camera's exported frames are; main where nothing is said. */
  readonly frameStreams = new Map<string, StreamRole>();
  /** Cameras whose sub stream is live. */
  readonly liveSubs = new Set<string>();
  readonly #runs = new Map<string, Run>();

  constructor(mediaDir: string) {
    this.mediaDir = mediaDir;
  }

  startCamera(spec: CameraSpec): void {
    this.specs.set(spec.id, spec);
    if (!this.#runs.has(spec.id)) this.#runs.set(spec.id, { run_id: randomUUID(), pts90k_base: 90, rtp_base: 7 });
  }

  async stopCamera(cameraId: string): Promise<void> {
    this.specs.delete(cameraId);
    this.#runs.delete(cameraId);
    for (const transport of this.transports) if (transport.cameraId === cameraId) transport.die();
  }

  status(cameraId: string): CameraStatus {
    const state: CameraState = this.specs.has(cameraId) ? "live" : "stopped";
    return {
      camera_id: cameraId,
      state,
      since: new Date(0).toISOString(),
      reason: null,
      codec: null,
      width: null,
      height: null,
      fps: null,
      gop_seconds: null,
      bitrate_kbps: null,
      live_transcoded: null,
      viewers: 0,
      recording: this.open.has(cameraId),
      frame_export: { enabled: false, state: null, reason: null },
    };
  }

  async probe(target: { url: string; username: string | null; password: string | null }) {
    this.probed.push(target);
    if (this.probeFailure) throw this.probeFailure;
    return {
      codec: "h264",
      profile: "High",
      width: 640,
      height: 360,
      fps: 25,
      gop_seconds: 1,
      b_frames: false,
      has_audio: false,
      picture: null,
      warnings: [],
    };
  }

  async checkAddress(url: string): Promise<void> {
    if (new URL(url).hostname === "127.0.0.1") throw new CodedError("camera_address_refused");
  }

  openSegment(cameraId: string): SegmentRecord | undefined {
    return this.open.get(cameraId);
  }

  newestPts90k(cameraId: string): number | undefined {
    return this.open.get(cameraId)?.endPts90k;
  }

  streamOfFrame(cameraId: string): StreamRole {
    return this.frameStreams.get(cameraId) ?? "main";
  }

  async pictureNow(cameraId: string): Promise<Picture> {
    if (!this.specs.has(cameraId)) throw new CodedError("camera_not_live");
    return { jpeg: JPEG, width: 640, height: 360, pts90k: 900, wallMs: Date.now() };
  }

  async recordedUpTo(cameraId: string, pts90k: number): Promise<boolean> {
    this.waits.push(pts90k);
    this.onWait?.(cameraId, pts90k);
    return (this.open.get(cameraId)?.endPts90k ?? 0) >= pts90k;
  }

  async pictureOf(segment: SegmentRecord, moment: Moment): Promise<Picture> {
    const pts90k = "pts90k" in moment ? moment.pts90k : segment.startPts90k;
    return { jpeg: JPEG, width: segment.width, height: segment.height, pts90k, wallMs: segment.startWallMs };
  }

  readonly thumbnails: { segmentId: string; moment: Moment; height: number }[] = [];
  /** Called for each small picture before it is there. */
  onThumbnail: (signal: AbortSignal) => Promise<void> = async () => undefined;

  async thumbnailOf(segment: SegmentRecord, moment: Moment, height: number, signal: AbortSignal): Promise<Picture> {
    this.thumbnails.push({ segmentId: segment.id, moment, height });
    await this.onThumbnail(signal);
    signal.throwIfAborted();
    return { jpeg: JPEG, width: 256, height, pts90k: segment.startPts90k, wallMs: segment.startWallMs };
  }

  async writeClip(segments: SegmentRecord[], range: { fromWallMs: number; toWallMs: number }, path: string) {
    const file = join(this.mediaDir, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, segments.map((segment) => segment.id).join("\n"));
    const startWallMs = segments[0]?.startWallMs ?? range.fromWallMs;
    return { startWallMs, endWallMs: range.toWallMs, sizeBytes: (await stat(file)).size };
  }

  /** Called for each export; what it gives is the export's end. */
  onExport: (request: ExportRequest) => Promise<void> = async () => undefined;

  async writeExport(request: ExportRequest): Promise<Exported> {
    const file = join(this.mediaDir, request.path);
    await mkdir(dirname(file), { recursive: true });
    const drawings: Drawing[] = [];
    for await (const drawing of request.drawings ?? []) drawings.push(drawing);
    request.signal.throwIfAborted();
    await this.onExport(request);
    await writeFile(file, JSON.stringify(drawings));
    const [first] = request.segments as [SegmentRecord];
    const last = request.segments.at(-1) as SegmentRecord;
    const parts = [{ startPts90k: first.startPts90k, endPts90k: last.endPts90k, atTicks: 0 }];
    return { parts, frames: 1, sizeBytes: (await stat(file)).size };
  }

  async repairSegment(segment: SegmentRecord): Promise<SegmentRecord | undefined> {
    return this.repaired ? this.repaired(segment) : { ...segment, open: false };
  }

  async deleteFiles(paths: string[]): Promise<void> {
    this.deleted.push(...paths);
    for (const path of paths) await rm(join(this.mediaDir, path), { force: true });
  }

  async diskSpace() {
    return this.disk;
  }

  counters(): CounterSample[] {
    return [{ name: "cameras", help: "Cameras.", type: "gauge", labels: { state: 'a"b' }, value: this.specs.size }];
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  live: Live = {
    rtpCapabilities: async (cameraId) => {
      if (!this.specs.has(cameraId)) throw new CodedError("camera_stopped");
      return { codecs: [] };
    },
    createTransport: async (cameraId, onClosed, stream = "main") => {
      if (!this.specs.has(cameraId)) throw new CodedError("camera_stopped");
      const transport: HeldTransport = {
        id: randomUUID(),
        cameraId,
        stream,
        iceParameters: {},
        iceCandidates: [],
        dtlsParameters: {},
        isClosed: false,
        connect: async (parameters) => {
          if (!Array.isArray(parameters["fingerprints"])) throw new TypeError("missing fingerprints");
        },
        consume: async (_capabilities, onEnded) => this.#consume(cameraId, onEnded),
        close: () => {
          transport.isClosed = true;
        },
        die: () => {
          if (!transport.isClosed) onClosed();
          transport.isClosed = true;
        },
      };
      this.transports.push(transport);
      return transport;
    },
    run: (cameraId, stream = "main") => {
      const run = this.#runs.get(cameraId);
      if (stream === "main") return run;
      return run && this.liveSubs.has(cameraId) ? { ...run, run_id: randomUUID(), stream } : undefined;
    },
  };

  #consume(cameraId: string, onEnded: () => void): ViewerConsumer {
    const run = this.#runs.get(cameraId);
    if (!run) throw new CodedError("camera_not_live");
    const consumer = {
      id: randomUUID(),
      producerId: randomUUID(),
      rtpParameters: {},
      run,
      resumed: false,
      resume: async () => {
        consumer.resumed = true;
      },
      close: () => {},
      end: onEnded,
    };
    this.consumers.push(consumer);
    return consumer;
  }
}
