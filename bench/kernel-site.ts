/** The kernel alone, in the bench's own process, with cameras of this machine allowed and nobody listening. */
import { systemClock } from "@vas/base/clock.ts";
import { createLog } from "@vas/base/log.ts";
import { freePorts } from "@vas/testkit/processes.ts";
import { createKernel } from "../apps/vas/src/kernel/index.ts";

/** @param shmDir where frames are exported; absent, none are */
export async function startKernel(mediaDir: string, shmDir?: string) {
  return createKernel({
    ffmpeg: "ffmpeg",
    mediasoupWorkerBin: process.env.MEDIASOUP_WORKER_BIN ?? "",
    mediaWorkers: 1,
    rtcPort: await freePorts(1),
    rtcListenIp: "127.0.0.1",
    announcedAddress: undefined,
    mediaDir,
    frameExport: { enabled: shmDir !== undefined, shmDir: shmDir ?? "", slotCount: 8 },
    allowLoopbackCameras: true,
    log: createLog(() => undefined),
    clock: systemClock,
    listener: {
      cameraStatus: () => undefined,
      run: () => undefined,
      segmentOpened: () => undefined,
      segmentClosed: () => undefined,
      gapOpened: () => undefined,
    },
  });
}
