import type { StreamRole } from "@vas/contracts/http.ts";
import type { Run } from "@vas/contracts/live.ts";
import { type RefObject, useEffect, useRef, useState } from "react";
import { browserTimers, useSite } from "../site.ts";
import { loadDevice } from "./device.ts";
import { CameraViewer, type ViewerView } from "./viewer.ts";

const FIRST: ViewerView<MediaStreamTrack> = {
  phase: "connecting",
  error: null,
  stream: "main",
  track: null,
  run: null,
  consumer: null,
};

/**
 * Plays a camera's live picture in a video element for as long as the component is shown.
 *
 * @param stream `sub` plays the main stream for as long as the camera has no live sub stream
 * @returns what the viewer does, and the run whose frames the element shows: set with the element's stream, so that no
 *   frame is ever taken for one of another run
 */
export function useViewer(
  cameraId: string,
  video: RefObject<HTMLVideoElement | null>,
  stream: StreamRole = "main",
): { view: ViewerView<MediaStreamTrack>; run: RefObject<Run | null> } {
  const { live } = useSite();
  const [view, setView] = useState(FIRST);
  const run = useRef<Run | null>(null);

  useEffect(() => {
    const element = video.current;
    if (!element) return undefined;
    let track: MediaStreamTrack | null = null;
    let callback = 0;
    const viewer = new CameraViewer<MediaStreamTrack>({
      cameraId,
      stream,
      connection: live,
      loadDevice,
      timers: browserTimers,
      random: Math.random,
      onView: (next) => {
        if (next.track !== track) {
          track = next.track;
          element.srcObject = track ? new MediaStream([track]) : null;
          if (track) void element.play().catch(() => {});
        }
        run.current = next.run;
        setView(next);
      },
    });
    const shown = () => viewer.frameShown();
    // A hidden page gets no frame callbacks, but its element still says that data came.
    element.addEventListener("loadeddata", shown);
    const onFrame = () => {
      shown();
      callback = element.requestVideoFrameCallback(onFrame);
    };
    if ("requestVideoFrameCallback" in element) callback = element.requestVideoFrameCallback(onFrame);
    return () => {
      viewer.close();
      element.removeEventListener("loadeddata", shown);
      if (callback) element.cancelVideoFrameCallback(callback);
      element.srcObject = null;
      run.current = null;
      setView(FIRST);
    };
  }, [cameraId, live, stream, video]);

  return { view, run };
}
