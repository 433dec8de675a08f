/** One camera's recording: its picture, its overlay, and words where there is no picture. */
import { type RefObject, useEffect, useRef, useState } from "react";
import { Overlay } from "../overlay/Overlay.tsx";
import { RecordedDirector } from "../overlay/recorded-director.ts";
import type { OverlayReport } from "../overlay/report.ts";
import type { OverlaySettings } from "../overlay/settings.ts";
import { useSite } from "../site.ts";
import { playbackText } from "../strings/playback.ts";
import type { Deck, PaneState } from "./deck.ts";
import { momentWords } from "./lengths.ts";
import { Track } from "./track.ts";

type Props = {
  deck: Deck;
  camera: { id: string; name: string };
  state: PaneState | undefined;
  /** Words of the deck as a whole, in place of the pane's own. */
  words: string | null;
  /** Named only where there are several. */
  isNamed: boolean;
  settings: OverlaySettings;
  onReport: (cameraId: string, report: OverlayReport) => void;
};

export function Pane(props: Props) {
  const { deck, camera, settings } = props;
  const video = useRef<HTMLVideoElement>(null);
  const director = useDirector(deck, camera.id, video);
  const words = props.words ?? paneWords(props.state);
  return (
    <div className="stage" data-phase={props.state?.phase ?? "idle"} data-camera={camera.id}>
      <video
        ref={video}
        muted
        playsInline
        data-testid="recording-video"
        aria-label={camera.name}
        onClick={() => deck.toggle()}
        className={props.state?.phase === "gap" ? "behind" : undefined}
      />
      {settings.on && director && (
        <Overlay
          video={video}
          director={director}
          settings={settings}
          onReport={(report) => props.onReport(camera.id, report)}
        />
      )}
      {words !== null && (
        <p className="stage-words" role="status">
          {words}
        </p>
      )}
      {props.isNamed && <span className="pane-name">{camera.name}</span>}
    </div>
  );
}

/** Takes a seat in the deck for as long as the element is there. */
function useDirector(deck: Deck, cameraId: string, video: RefObject<HTMLVideoElement | null>): RecordedDirector | null {
  const { vas } = useSite();
  const [director, setDirector] = useState<RecordedDirector | null>(null);
  useEffect(() => {
    const element = video.current;
    if (!element) return undefined;
    const { player, leave } = deck.seat(cameraId, element);
    const track = new Track(
      (query, signal) => vas.detections(cameraId, query, signal),
      () => Date.now(),
    );
    setDirector(new RecordedDirector({ frames: player.frames, track, speed: () => element.playbackRate }));
    return leave;
  }, [deck, cameraId, video, vas]);
  return director;
}

function paneWords(state: PaneState | undefined): string | null {
  switch (state?.phase) {
    case "failed":
      return state.message;
    case "loading":
      return playbackText.loading;
    case "ended":
      return playbackText.ended;
    case "gap":
      return playbackText.gapHere(state.untilMs === null ? null : momentWords(state.untilMs));
    default:
      return null;
  }
}
