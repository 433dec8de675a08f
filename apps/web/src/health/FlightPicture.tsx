import type { Camera } from "@vas/contracts/http.ts";
import { useMemo, useRef } from "react";
import { useViewer } from "../live/useViewer.ts";
import { Overlay } from "../overlay/Overlay.tsx";
import { readOverlaySettings } from "../overlay/settings.ts";
import { useLiveDirector } from "../overlay/useLiveDirector.ts";
import { healthText as text } from "../strings/health.ts";

const ignore = () => undefined;

/** The camera's live picture with every result on its own frame, so that this browser's part of the way is there too. */
export function FlightPicture(props: { camera: Camera }) {
  const { camera } = props;
  const video = useRef<HTMLVideoElement>(null);
  const { run } = useViewer(camera.id, video);
  const director = useLiveDirector(camera, run);
  const settings = useMemo(() => ({ ...readOverlaySettings(null), on: true }), []);
  return (
    <div className="flight-picture">
      <video
        ref={video}
        autoPlay
        muted
        playsInline
        aria-label={text.pictureOf(camera.name)}
        data-testid="flight-video"
      />
      <Overlay video={video} director={director} settings={settings} onReport={ignore} />
    </div>
  );
}
