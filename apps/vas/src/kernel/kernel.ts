/** Puts the media plane together: media workers, cameras, pictures and clips. */
import { mkdir, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { CodedError } from "@vas/contracts/errors.ts";
import type { CameraStatus } from "@vas/contracts/http.ts";
import { checkCameraAddress } from "./camera/address.ts";
import { Camera } from "./camera/camera.ts";
import { probeStream } from "./camera/probe.ts";
import { checkExportDir, removeLeftExports } from "./frames/export-folder.ts";
import type { CameraSpec, CounterSample, Kernel, KernelOptions } from "./index.ts";
import { WorkerPool } from "./live/workers.ts";
import { writeClip } from "./recording/clips.ts";
import { writeExport } from "./recording/exports.ts";
import { newestAtOrBefore, Pictures, repairSegmentFile } from "./recording/pictures.ts";

/** @throws Error where a media worker cannot start, or frames are to be exported and cannot be */
export async function createKernel(options: KernelOptions): Promise<Kernel> {
  const { ffmpeg, mediaDir, log } = options;
  if (options.frameExport.enabled) {
    const problem = checkExportDir(options.frameExport.shmDir);
    if (problem) throw new Error(problem);
    const { removed, left } = removeLeftExports(options.frameExport.shmDir);
    if (removed.length > 0) log.info("removed what an earlier VAS left in shared memory", { cameras: removed });
    if (left.length > 0) log.warn("left in shared memory", { left });
  }
  await mkdir(mediaDir, { recursive: true, mode: 0o750 });
  const workers = new WorkerPool({
    workerBin: options.mediasoupWorkerBin,
    count: options.mediaWorkers,
    rtcPort: options.rtcPort,
    listenIp: options.rtcListenIp,
    announcedAddress: options.announcedAddress,
    log,
  });
  await workers.start();
  const pictures = new Pictures(ffmpeg);
  const cameras = new Map<string, Camera>();
  const stops = new Map<string, Promise<void>>();
  const stoppedAtMs = new Map<string, number>();
  /** Of cameras that were stopped: a clock may be set back before they start again. */
  const lastPts90k = new Map<string, number>();
  const kernelStartMs = options.clock.wallMs();

  const started = (cameraId: string): Camera => {
    const camera = cameras.get(cameraId);
    if (!camera) throw new CodedError("camera_stopped");
    return camera;
  };

  const startCamera = (spec: CameraSpec): void => {
    const running = cameras.get(spec.id);
    if (running) return running.update(spec);
    stoppedAtMs.delete(spec.id);
    const last = Math.max(spec.lastPts90k ?? 0, lastPts90k.get(spec.id) ?? 0);
    cameras.set(spec.id, new Camera({ ...spec, lastPts90k: last }, workers, options, stops.get(spec.id)));
  };

  const stopCamera = async (cameraId: string): Promise<void> => {
    const camera = cameras.get(cameraId);
    if (!camera) return stops.get(cameraId);
    cameras.delete(cameraId);
    stoppedAtMs.set(cameraId, options.clock.wallMs());
    lastPts90k.set(cameraId, camera.lastPts90k);
    const stopped = camera.stop().finally(() => stops.delete(cameraId));
    stops.set(cameraId, stopped);
    await stopped;
  };

  return {
    startCamera,
    stopCamera,
    status: (cameraId) =>
      cameras.get(cameraId)?.status ??
      stoppedStatus(cameraId, stoppedAtMs.get(cameraId) ?? kernelStartMs, options.frameExport.enabled),
    async probe(target, signal) {
      await checkCameraAddress(target.url, options.allowLoopbackCameras);
      return probeStream(ffmpeg, target, pictures, signal);
    },
    checkAddress: (url) => checkCameraAddress(url, options.allowLoopbackCameras),
    openSegment: (cameraId) => cameras.get(cameraId)?.recorder.openSegment,
    newestPts90k: (cameraId) => cameras.get(cameraId)?.recorder.newestPts90k,
    streamOfFrame: (cameraId, frameId) => cameras.get(cameraId)?.streamOfFrame(frameId) ?? "main",
    async pictureNow(cameraId) {
      const group = started(cameraId).recorder.newestGroup;
      if (!group) throw new CodedError("camera_not_live");
      const pts = newestAtOrBefore(group.fragments, Number.POSITIVE_INFINITY);
      const picture = await pictures.decode(group.init, group.fragments, pts);
      return { ...picture, pts90k: pts + group.run.pts90kBase, wallMs: group.wallMsOf(pts) };
    },
    recordedUpTo: async (cameraId, pts90k, signal) => cameras.get(cameraId)?.recorder.reaches(pts90k, signal) ?? false,
    pictureOf: (segment, moment) => pictures.ofSegment(join(mediaDir, segment.path), segment, moment),
    thumbnailOf: (segment, moment, height, signal) =>
      pictures.thumbnail(join(mediaDir, segment.path), segment, { moment, height, signal }),
    writeClip: (segments, range, path, signal) => writeClip({ ffmpeg, mediaDir, segments, ...range, path, signal }),
    writeExport: (request) => writeExport(mediaDir, request),
    repairSegment: (segment) => repairSegmentFile(join(mediaDir, segment.path), segment),
    async deleteFiles(paths) {
      for (const path of paths) await rm(join(mediaDir, path), { force: true });
    },
    async diskSpace() {
      const { bsize, bavail, blocks } = await statfs(mediaDir);
      return { freeBytes: bsize * bavail, totalBytes: bsize * blocks };
    },
    live: {
      rtpCapabilities: async (cameraId, stream = "main") => started(cameraId).live(stream).rtpCapabilities(),
      createTransport: async (cameraId, onClosed, stream = "main") =>
        started(cameraId).live(stream).createTransport(onClosed),
      run(cameraId, stream = "main") {
        const camera = cameras.get(cameraId);
        return camera?.hasStream(stream) ? camera.live(stream).currentRun : undefined;
      },
    },
    counters: () => counters(workers, cameras),
    async close() {
      await Promise.all([...cameras.keys()].map(stopCamera));
      await Promise.all(stops.values());
      await workers.close();
    },
  };
}

function stoppedStatus(cameraId: string, sinceWallMs: number, exportEnabled: boolean): CameraStatus {
  return {
    camera_id: cameraId,
    state: "stopped",
    since: new Date(sinceWallMs).toISOString(),
    reason: null,
    codec: null,
    width: null,
    height: null,
    fps: null,
    gop_seconds: null,
    bitrate_kbps: null,
    live_transcoded: null,
    viewers: 0,
    recording: false,
    frame_export: { enabled: exportEnabled, state: exportEnabled ? "stopped" : null, reason: null },
    streams: [],
  };
}

function counters(workers: WorkerPool, cameras: ReadonlyMap<string, Camera>): CounterSample[] {
  const samples: CounterSample[] = [];
  const add = (
    type: CounterSample["type"],
    name: string,
    help: string,
    value: number,
    labels: Record<string, string> = {},
  ) => samples.push({ type, name, help, value, labels });
  add("gauge", "media_workers", "Media workers alive.", workers.alive);
  add("counter", "media_worker_deaths_total", "Media workers that died and were replaced.", workers.deaths);
  for (const [camera, { status, streams, restarts, recorder, tapCounters }] of cameras) {
    for (const { status: one, restarts: tries } of streams) {
      const labels = { camera, stream: one.stream };
      add("gauge", "stream_live", "1 while media of the stream is advancing.", one.state === "live" ? 1 : 0, labels);
      add("counter", "stream_reconnects_total", "Runs of the stream that ended and were tried again.", tries, labels);
    }
    add("gauge", "camera_live", "1 while media of the camera is advancing.", status.state === "live" ? 1 : 0, {
      camera,
    });
    add("counter", "camera_reconnects_total", "Runs that ended and were tried again.", restarts, { camera });
    add("gauge", "camera_viewers", "WebRTC transports of the camera.", status.viewers, { camera });
    add("counter", "recording_fragments_dropped_total", "Fragments the disk did not take.", recorder.droppedFragments, {
      camera,
    });
    if (!tapCounters) continue;
    const { framesExported, framesOverRate, decodeErrors, restarts: tapRestarts, hardware } = tapCounters;
    add("counter", "frames_exported_total", "Frames written to shared memory in this run.", framesExported, { camera });
    add(
      "counter",
      "frame_decode_errors_total",
      "Packets or pictures the tap could not decode in this run.",
      decodeErrors,
      { camera },
    );
    add(
      "counter",
      "frames_over_rate_total",
      "Decoded frames that the camera's export rate left out in this run.",
      framesOverRate,
      {
        camera,
      },
    );
    add("gauge", "frames_decoded_by_hardware", "1 while hardware decodes what is exported.", hardware ? 1 : 0, {
      camera,
    });
    add("counter", "tap_restarts_total", "Times the tap was started again in this run.", tapRestarts, { camera });
  }
  return samples;
}
