/** The layer's two canvases, inside the stage that holds the video element. */
import { type RefObject, useEffect, useRef } from "react";
import type { Director } from "./director.ts";
import type { ModelZones } from "./draw.ts";
import { OverlayLayer } from "./layer.ts";
import type { OverlayReport } from "./report.ts";
import type { OverlaySettings } from "./settings.ts";
import { loadSkeletons, NO_SKELETONS } from "./skeletons.ts";
import { useSite } from "../site.ts";

const NO_ZONES: readonly ModelZones[] = [];

type Props = {
  video: RefObject<HTMLVideoElement | null>;
  director: Director;
  settings: OverlaySettings;
  /** 1 where absent. */
  zoom?: number;
  /** None where absent. */
  zones?: readonly ModelZones[];
  onReport: (report: OverlayReport) => void;
};

/** Shown only while overlays are on: mounting it asks for results, unmounting ends that. */
export function Overlay(props: Props) {
  const picture = useRef<HTMLCanvasElement>(null);
  const boxes = useRef<HTMLCanvasElement>(null);
  const layer = useRef<OverlayLayer | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const { vas } = useSite();
  const skeletons = useRef(NO_SKELETONS);

  useEffect(() => {
    let current = true;
    void loadSkeletons(vas, Date.now()).then((found) => {
      if (!current) return;
      skeletons.current = found;
      layer.current?.paint();
    });
    return () => {
      current = false;
    };
  }, [vas]);

  useEffect(() => {
    const video = props.video.current;
    if (!video || !picture.current || !boxes.current) return undefined;
    const made = new OverlayLayer({
      video,
      picture: picture.current,
      boxes: boxes.current,
      director: props.director,
      settings: () => latest.current.settings,
      zoom: () => latest.current.zoom ?? 1,
      zones: () => latest.current.zones ?? NO_ZONES,
      skeletons: () => skeletons.current,
      onReport: (report) => latest.current.onReport(report),
    });
    layer.current = made;
    return () => {
      made.close();
      layer.current = null;
    };
  }, [props.video, props.director]);

  useEffect(() => layer.current?.paint(), [props.settings, props.zoom, props.zones]);

  return (
    <>
      <canvas ref={picture} className="overlay" data-testid="overlay-picture" aria-hidden="true" />
      <canvas ref={boxes} className="overlay" data-testid="overlay" data-drawn="0" data-pts="" aria-hidden="true" />
    </>
  );
}
