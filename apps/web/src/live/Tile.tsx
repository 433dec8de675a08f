/** One camera of the grid: its picture, what it is called, and how it is. */
import type { Camera, StreamRole } from "@vas/contracts/http.ts";
import { type RefObject, useEffect, useRef, useState } from "react";
import type { ApiError } from "../api/client.ts";
import { Overlay } from "../overlay/Overlay.tsx";
import type { OverlaySettings } from "../overlay/settings.ts";
import { useLiveDirector } from "../overlay/useLiveDirector.ts";
import { May } from "../people/May.tsx";
import { useOnline, useSite } from "../site.ts";
import { liveText } from "../strings/live.ts";
import { Badge, Link } from "../ui/parts.tsx";
import { type Shown, shownOf, Stillness } from "./state.ts";
import { useViewer } from "./useViewer.ts";
import type { ViewerView } from "./viewer.ts";

/** @param props.isWarming not to be seen yet, but to have its picture when it is */
export function Tile(props: { camera: Camera; stream: StreamRole; overlay: OverlaySettings; isWarming?: boolean }) {
  const { camera, stream, overlay } = props;
  const video = useRef<HTMLVideoElement>(null);
  const { view, run } = useViewer(camera.id, video, stream);
  const director = useLiveDirector(camera, run);
  const shown = useShown(camera, view, video);
  return (
    <li
      className={props.isWarming ? "tile-box warming" : "tile-box"}
      aria-hidden={props.isWarming}
      data-camera={camera.id}
      data-phase={view.phase}
    >
      <Link to={`/cameras/${camera.id}`} className="tile" label={liveText.open(camera.name)}>
        <video
          ref={video}
          muted
          playsInline
          autoPlay
          data-testid="live-video"
          className={shown.isOld ? "behind" : ""}
        />
        {overlay.on && <Overlay video={video} director={director} settings={overlay} onReport={ignore} />}
        {shown.words !== null && <span className="tile-words">{shown.words}</span>}
        <span className="tile-name">
          <span className="tile-title">{camera.name}</span> <Badge tone={shown.tone}>{shown.badge}</Badge>
        </span>
      </Link>
      <TileAction camera={camera} />
    </li>
  );
}

function ignore(): void {}

/** Starts a stopped camera, and makes one that waits try at once. */
export function TileAction(props: { camera: Camera }) {
  const { camera } = props;
  const { vas } = useSite();
  const [error, setError] = useState<ApiError | null>(null);
  const { state } = camera.status;
  if (state !== "stopped" && state !== "retrying") return null;
  const start = async () => {
    const outcome = await vas.startCamera(camera.id);
    setError(outcome.ok ? null : outcome.error);
  };
  const isStopped = state === "stopped";
  return (
    <div className="tile-action">
      <May need="operate">
        <button
          type="button"
          className={isStopped ? "primary" : ""}
          onClick={() => void start()}
          aria-label={isStopped ? liveText.startCamera(camera.name) : liveText.tryNowCamera(camera.name)}
        >
          {isStopped ? liveText.start : liveText.tryNow}
        </button>
      </May>
      {error && (
        <span className="bad-text" role="alert">
          {error.message}
        </span>
      )}
    </div>
  );
}

const LOOK_MS = 1_000;

/** What the tile says, looked at again every second: a badge that says live is true by the clock, not by the last message. */
export function useShown(
  camera: Camera,
  view: Pick<ViewerView<unknown>, "phase" | "error">,
  video: RefObject<HTMLVideoElement | null>,
): Shown {
  const online = useOnline();
  const { status } = camera;
  const [stillMs, setStillMs] = useState<number | null>(null);
  const [, setTurn] = useState(0);
  const playing = view.phase === "playing";
  useEffect(() => {
    const stillness = new Stillness();
    const timer = setInterval(() => {
      const element = video.current;
      // A hidden page may decode nothing, and a picture that a person has stopped stands still by right.
      if (!element || document.visibilityState !== "visible" || element.paused) return setStillMs(null);
      const ms = stillness.push(element.getVideoPlaybackQuality().totalVideoFrames, performance.now());
      // Whole seconds, so that a picture that moves renders nothing anew.
      setStillMs(ms === null ? null : Math.floor(ms / 1_000) * 1_000);
      if (!playing) setTurn((turn) => turn + 1);
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [video, playing]);
  return shownOf({ status, view, online, stillMs });
}
