/** The layer's two canvases, inside the stage that holds the video element. */
import { type RefObject, useEffect, useRef } from "react";
import type { Director } from "./director.ts";
import { OverlayLayer } from "./layer.ts";
import type { OverlayReport } from "./report.ts";
import type { OverlaySettings } from "./settings.ts";

type Props = {
  video: RefObject<HTMLVideoElement | null>;
  director: Director;
  settings: OverlaySettings;
  onReport: (report: OverlayReport) => void;
};

/** Shown only while overlays are on: mounting it asks for results, unmounting ends that. */
export function Overlay(props: Props) {
  const picture = useRef<HTMLCanvasElement>(null);
  const boxes = useRef<HTMLCanvasElement>(null);
  const layer = useRef<OverlayLayer | null>(null);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const video = props.video.current;
    if (!video || !picture.current || !boxes.current) return undefined;
    const made = new OverlayLayer({
      video,
      picture: picture.current,
      boxes: boxes.current,
      director: props.director,
      settings: () => latest.current.settings,
      onReport: (report) => latest.current.onReport(report),
    });
    layer.current = made;
    return () => {
      made.close();
      layer.current = null;
    };
  }, [props.video, props.director]);

  useEffect(() => layer.current?.paint(), [props.settings]);

  return (
    <>
      <canvas ref={picture} className="overlay" data-testid="overlay-picture" aria-hidden="true" />
      <canvas ref={boxes} className="overlay" data-testid="overlay" data-drawn="0" data-pts="" aria-hidden="true" />
    </>
  );
}
