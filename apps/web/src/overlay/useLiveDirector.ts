import type { Camera } from "@vas/contracts/http.ts";
import type { Run } from "@vas/contracts/live.ts";
import { type RefObject, useMemo, useRef } from "react";
import { followDetections } from "../live/detections.ts";
import { useSite } from "../site.ts";
import { LiveDirector } from "./live-director.ts";

/** Says what is to be drawn over a camera's live picture. @param run of the element that shows it (live/useViewer.ts) */
export function useLiveDirector(camera: Camera, run: RefObject<Run | null>): LiveDirector {
  const { live } = useSite();
  const fps = useRef(camera.status.fps);
  fps.current = camera.status.fps;
  return useMemo(
    () =>
      new LiveDirector({
        run: () => run.current,
        fps: () => fps.current,
        follow: (onResult, onError) => followDetections(live, camera.id, onResult, onError),
        nowMs: () => performance.now(),
        unixMs: () => Date.now(),
      }),
    [camera.id, live, run],
  );
}
