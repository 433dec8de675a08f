/** One camera's picture in full: zoomed by wheel, fingers, presses and keys, stopped and stepped, with its overlay. */
import type { Camera, Zone } from "@vas/contracts/http.ts";
import { type PointerEvent, type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import type { LiveDirector } from "../overlay/live-director.ts";
import { Overlay } from "../overlay/Overlay.tsx";
import type { OverlayReport } from "../overlay/report.ts";
import type { OverlaySettings } from "../overlay/settings.ts";
import { liveText } from "../strings/live.ts";
import { clockTime } from "../ui/format.ts";
import { useShortcuts } from "../ui/shortcuts.ts";
import { TileAction, useShown } from "./Tile.tsx";
import type { ViewerView } from "./viewer.ts";
import { panned, pinched, type Point, STEP, transformOf, WHOLE, type Zoom, zoomedAt } from "./zoom.ts";

const MIDDLE: Point = { x: 0.5, y: 0.5 };
const DOUBLE_CLICK = 2.5;
/** Of the stage's size, per press of an arrow. */
const PAN_STEP = 0.1;

type Props = {
  camera: Camera;
  video: RefObject<HTMLVideoElement | null>;
  stage: RefObject<HTMLDivElement | null>;
  view: ViewerView<unknown>;
  director: LiveDirector;
  settings: OverlaySettings;
  zones: readonly { modelId: string; zones: readonly Zone[] }[];
  onReport: (report: OverlayReport) => void;
};

export function Stage(props: Props) {
  const { camera, video, stage, view, director, settings } = props;
  const shown = useShown(camera, view, video);
  const { zoom, setZoom, bind } = useZoom(stage);
  const pausedAt = usePaused(video, director);
  const toggle = () => {
    if (video.current?.paused) void video.current.play().catch(() => {});
    else video.current?.pause();
  };
  const byKey = (change: (zoom: Zoom) => Zoom) => () => setZoom(change);
  const steps = (by: number) => () => {
    if (pausedAt !== null) director.step(by);
  };
  const isZoomed = zoom.scale > 1;
  useShortcuts(liveText.onThisPage, [
    { keys: ["Space"], words: liveText.keyPause, run: toggle },
    { keys: [","], words: liveText.keyStep, run: steps(-1) },
    { keys: ["."], words: liveText.keyStep, run: steps(1) },
    { keys: ["+", "="], words: liveText.keyZoom, run: byKey((old) => zoomedAt(old, STEP, MIDDLE)) },
    { keys: ["-"], words: liveText.keyZoom, run: byKey((old) => zoomedAt(old, 1 / STEP, MIDDLE)) },
    { keys: ["0"], words: liveText.keyZoomOut, run: byKey(() => WHOLE) },
    ...(isZoomed
      ? [
          { keys: ["ArrowLeft"], words: liveText.keyPan, run: byKey((old) => panned(old, { x: PAN_STEP, y: 0 })) },
          { keys: ["ArrowRight"], words: liveText.keyPan, run: byKey((old) => panned(old, { x: -PAN_STEP, y: 0 })) },
          { keys: ["ArrowUp"], words: liveText.keyPan, run: byKey((old) => panned(old, { x: 0, y: PAN_STEP })) },
          { keys: ["ArrowDown"], words: liveText.keyPan, run: byKey((old) => panned(old, { x: 0, y: -PAN_STEP })) },
        ]
      : []),
  ]);
  return (
    <div className={isZoomed ? "stage zoomed" : "stage"} ref={stage} data-phase={view.phase} {...bind}>
      <div className="stage-content" data-testid="stage-content" style={{ transform: transformOf(zoom) }}>
        <video
          ref={video}
          muted
          playsInline
          autoPlay
          data-testid="live-video"
          className={shown.isOld ? "behind" : ""}
        />
        {settings.on && (
          <Overlay
            video={video}
            director={director}
            settings={settings}
            zoom={zoom.scale}
            zones={props.zones}
            onReport={props.onReport}
          />
        )}
      </div>
      {shown.words !== null && (
        <p className="stage-words" role="status">
          {shown.words}
        </p>
      )}
      <TileAction camera={camera} />
      {pausedAt !== null && <p className="stage-paused">{liveText.pausedAt(clockTime(pausedAt))}</p>}
      <div className="stage-bar">
        <button type="button" aria-pressed={pausedAt !== null} onClick={toggle}>
          {pausedAt === null ? liveText.pause : liveText.play}
        </button>
        <span className="row" role="group" aria-label={liveText.zoomGroup}>
          <Press name={liveText.zoomOut} disabled={!isZoomed} run={byKey((old) => zoomedAt(old, 1 / STEP, MIDDLE))}>
            −
          </Press>
          <Press name={liveText.wholePicture} disabled={!isZoomed} run={byKey(() => WHOLE)}>
            <span className="number" data-testid="zoom">
              {liveText.zoomOf(zoom.scale)}
            </span>
          </Press>
          <Press name={liveText.zoomIn} run={byKey((old) => zoomedAt(old, STEP, MIDDLE))}>
            +
          </Press>
        </span>
      </div>
    </div>
  );
}

function Press(props: { name: string; disabled?: boolean; run: () => void; children: ReactNode }) {
  return (
    <button type="button" aria-label={props.name} disabled={props.disabled} onClick={props.run}>
      {props.children}
    </button>
  );
}

/** When the picture was stopped; null while it plays. The director is told, whoever stopped it. */
function usePaused(video: RefObject<HTMLVideoElement | null>, director: LiveDirector): Date | null {
  const [pausedAt, setPausedAt] = useState<Date | null>(null);
  useEffect(() => {
    const element = video.current;
    if (!element) return undefined;
    const onPause = () => {
      director.pause();
      setPausedAt(new Date());
    };
    const onPlay = () => {
      director.resume();
      setPausedAt(null);
    };
    element.addEventListener("pause", onPause);
    element.addEventListener("play", onPlay);
    return () => {
      element.removeEventListener("pause", onPause);
      element.removeEventListener("play", onPlay);
      director.resume();
    };
  }, [video, director]);
  return pausedAt;
}

/** Zoom by wheel, two fingers, double click and drag. */
function useZoom(stage: RefObject<HTMLDivElement | null>) {
  const [zoom, setZoom] = useState(WHOLE);
  const scale = useRef(1);
  scale.current = zoom.scale;
  const pointers = useRef(new Map<number, Point>());
  const pointOf = (event: { clientX: number; clientY: number }): Point => {
    const box = stage.current?.getBoundingClientRect();
    if (!box || box.width === 0 || box.height === 0) return MIDDLE;
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  };
  const place = useRef(pointOf);
  place.current = pointOf;
  useEffect(() => {
    const element = stage.current;
    if (!element) return undefined;
    // React's own listener is a passive one, which cannot keep the page from scrolling.
    const onWheel = (event: WheelEvent) => {
      if (scale.current === 1 && event.deltaY > 0) return;
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      const factor = Math.exp(-Math.max(-200, Math.min(200, event.deltaY * lines)) * 0.003);
      const at = place.current(event);
      setZoom((old) => zoomedAt(old, factor, at));
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [stage]);
  const isControl = (event: { target: EventTarget }) => (event.target as HTMLElement).closest("button") !== null;
  const end = (event: PointerEvent) => void pointers.current.delete(event.pointerId);
  const bind = {
    onPointerDown: (event: PointerEvent) => {
      if (isControl(event) || event.button !== 0) return;
      pointers.current.set(event.pointerId, pointOf(event));
      if (scale.current > 1 || pointers.current.size === 2) event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerMove: (event: PointerEvent) => {
      const before = [...pointers.current];
      const old = pointers.current.get(event.pointerId);
      if (!old) return;
      const now = pointOf(event);
      pointers.current.set(event.pointerId, now);
      const [first, second] = before;
      const [firstNow, secondNow] = [...pointers.current.values()];
      if (first && second && firstNow && secondNow)
        setZoom((zoom) => pinched(zoom, [first[1], second[1]], [firstNow, secondNow]));
      else setZoom((zoom) => panned(zoom, { x: now.x - old.x, y: now.y - old.y }));
    },
    onPointerUp: end,
    onPointerCancel: end,
    onDoubleClick: (event: { clientX: number; clientY: number; target: EventTarget }) => {
      if (isControl(event)) return;
      const at = pointOf(event);
      setZoom((old) => (old.scale > 1 ? WHOLE : zoomedAt(old, DOUBLE_CLICK, at)));
    },
  };
  return { zoom, setZoom, bind };
}
