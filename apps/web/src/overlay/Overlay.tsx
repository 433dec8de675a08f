/** A canvas exactly above the picture, drawn again for every displayed frame and every result. */
import type { Run } from "@vas/contracts/live.ts";
import { type RefObject, useEffect, useRef, useState } from "react";
import { followDetections } from "../live/detections.ts";
import { useSite } from "../site.ts";
import { draw } from "./draw.ts";
import { displayedPts90k, pictureRect } from "./geometry.ts";
import { ageWords, type Fresh, NewestResults } from "./newest.ts";
import type { OverlaySettings } from "./settings.ts";

export type OverlayReport = { models: string[]; words: string[]; error: string | null };

type Props = {
  cameraId: string;
  video: RefObject<HTMLVideoElement | null>;
  run: Run | null;
  settings: OverlaySettings;
  fps: number | null;
  onReport: (report: OverlayReport) => void;
};

/** Shown only while overlays are on: mounting it asks VAS for results, unmounting ends that. */
export function Overlay(props: Props) {
  const { live } = useSite();
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const [newest] = useState(() => new NewestResults());
  const redraw = useRef<() => void>(() => {});

  useEffect(() => {
    const video = props.video.current;
    const target = canvas.current;
    const pen = target?.getContext("2d");
    if (!video || !target || !pen) return undefined;
    let rtp: number | null = null;
    let rtpRun: string | null = null;
    let fresh: Fresh[] = [];
    let callback = 0;
    let error: string | null = null;

    const paint = () => {
      const { run, settings } = latest.current;
      const rect = pictureRect(video.clientWidth, video.clientHeight, video.videoWidth, video.videoHeight);
      const scale = devicePixelRatio || 1;
      const width = Math.round(rect.width * scale);
      const height = Math.round(rect.height * scale);
      if (target.width !== width) target.width = width;
      if (target.height !== height) target.height = height;
      Object.assign(target.style, {
        left: `${video.offsetLeft + rect.x}px`,
        top: `${video.offsetTop + rect.y}px`,
        width: `${rect.width}px`,
        height: `${rect.height}px`,
      });
      const pts90k =
        rtp !== null && run !== null && rtpRun === run.run_id ? displayedPts90k(rtp, run, newest.newestPts90k()) : null;
      fresh = newest.fresh(pts90k, performance.now());
      target.dataset.drawn = String(draw(pen, fresh, settings, width, height, scale));
      target.dataset.pts = pts90k === null ? "" : String(pts90k);
      const shown = fresh.filter((one) => !settings.hidden.includes(one.result.model_id));
      target.dataset.resultPts = shown.length === 0 ? "" : String(Math.max(...shown.map((one) => one.result.pts90k)));
    };
    redraw.current = paint;

    const onFrame: VideoFrameRequestCallback = (_now, metadata) => {
      rtp = metadata.rtpTimestamp ?? null;
      rtpRun = latest.current.run?.run_id ?? null;
      paint();
      callback = video.requestVideoFrameCallback(onFrame);
    };
    if ("requestVideoFrameCallback" in video) callback = video.requestVideoFrameCallback(onFrame);

    const stop = followDetections(
      live,
      props.cameraId,
      (result) => {
        newest.push(result, performance.now());
        paint();
      },
      (refused) => {
        error = refused?.message ?? null;
      },
    );
    const observer = new ResizeObserver(paint);
    observer.observe(video);
    video.addEventListener("resize", paint);
    const report = setInterval(() => {
      paint();
      const { fps, settings } = latest.current;
      const visible = fresh.filter((one) => !settings.hidden.includes(one.result.model_id));
      latest.current.onReport({ models: newest.models(), words: visible.map((one) => ageWords(one, fps)), error });
    }, 250);
    return () => {
      stop();
      observer.disconnect();
      clearInterval(report);
      video.removeEventListener("resize", paint);
      if (callback) video.cancelVideoFrameCallback(callback);
    };
  }, [props.cameraId, props.video, live, newest]);

  useEffect(() => redraw.current(), [props.settings, props.run]);

  return (
    <canvas ref={canvas} className="overlay" data-testid="overlay" data-drawn="0" data-pts="" aria-hidden="true" />
  );
}
