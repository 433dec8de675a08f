/** The timeline on screen: one canvas, and what a hand does to it. */
import { type KeyboardEvent, type PointerEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { playbackText } from "../strings/playback.ts";
import { momentWords } from "./lengths.ts";
import { markAt, marksOf } from "./marks.ts";
import { heightOf, type Lane, laneAt, paint } from "./paint.ts";
import { momentAt, type Summary } from "./summary.ts";
import type { Thumbnails } from "./thumbs.ts";
import { lengthOf, panned, type Span, timeAt, viewWords, xAt, zoomed } from "./view.ts";

export type Range = { fromMs: number | null; toMs: number | null };

type Props = {
  view: Span;
  onView: (view: Span) => void;
  lanes: { cameraId: string; name: string; summary: Summary | null }[];
  playingMs: number | null;
  range: Range;
  onRange: (range: Range) => void;
  /** A drag chooses a range, without the Shift key. */
  isChoosing: boolean;
  onSeek: (atMs: number) => void;
  thumbnails: Thumbnails;
};

/** A press that moves less than this is a click. */
const CLICK_PX = 5;
const HANDLE_PX = 9;
/** A mark that stands for longer than this is looked at from nearer, not played. */
const COARSE_MARK_MS = 120_000;
const THUMBNAIL_PX = 8;
const POINTED_WIDTH = 224;

type Drag =
  | { kind: "press" | "pan"; startX: number; startY: number; view: Span }
  | { kind: "range"; anchorMs: number; startX: number }
  | { kind: "pinch"; view: Span; middleMs: number; distance: number };

type Pointed = { x: number; y: number };

export function TimelineView(props: Props) {
  const { view, playingMs, range } = props;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const [theme, setTheme] = useState(0);
  const drag = useRef<Drag | null>(null);
  const pointers = useRef(new Map<number, number>());
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    // Colours are read when they are drawn, so another theme is another drawing.
    const themes = new MutationObserver(() => setTheme((old) => old + 1));
    themes.observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
    return () => {
      observer.disconnect();
      themes.disconnect();
    };
  }, []);

  const lanes = useMemo(
    (): Lane[] =>
      props.lanes.map((lane) => ({ ...lane, marks: lane.summary ? marksOf(lane.summary, view, width) : [] })),
    [props.lanes, view, width],
  );
  const hoverMs = pointed === null || drag.current ? null : timeAt(view, pointed.x, width);

  useEffect(() => {
    const element = canvas.current;
    const pen = element?.getContext("2d");
    if (!element || !pen || width === 0) return;
    const scale = devicePixelRatio || 1;
    const height = heightOf(lanes.length);
    element.width = Math.round(width * scale);
    element.height = Math.round(height * scale);
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    const style = getComputedStyle(element);
    const known = new Map<string, string>();
    const colour = (token: string) => {
      let value = known.get(token);
      if (value === undefined) known.set(token, (value = style.getPropertyValue(token).trim()));
      return value;
    };
    paint(pen, { width, view, lanes, playingMs, hoverMs, nowMs: Date.now(), range }, colour);
  }, [width, view, lanes, playingMs, hoverMs, range, theme]);

  // React listens to the wheel passively, and a page that scrolls with every zoom is of no use.
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const { view: now, onView } = latest.current;
      const across = element.clientWidth;
      const pixels = event.deltaMode === 1 ? 16 : 1;
      const [dx, dy] = [event.deltaX * pixels, event.deltaY * pixels];
      const sideways = event.shiftKey ? dx || dy : Math.abs(dx) > Math.abs(dy) ? dx : 0;
      if (sideways !== 0) onView(panned(now, (sideways / across) * lengthOf(now), Date.now()));
      else {
        const x = event.clientX - element.getBoundingClientRect().left;
        onView(zoomed(now, Math.exp(Math.max(-120, Math.min(120, dy)) / 300), timeAt(now, x, across), Date.now()));
      }
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, []);

  const placeOf = (event: PointerEvent): Pointed => {
    const rect = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - rect.left, y: event.clientY - rect.top };
  };

  const edgeNear = (x: number): number | null => {
    const { fromMs, toMs } = range;
    if (fromMs !== null && toMs !== null) {
      if (Math.abs(xAt(view, fromMs, width) - x) <= HANDLE_PX) return toMs;
      if (Math.abs(xAt(view, toMs, width) - x) <= HANDLE_PX) return fromMs;
    }
    return null;
  };

  const onDown = (event: PointerEvent<HTMLDivElement>) => {
    if (event.button !== 0) return;
    const { x, y } = placeOf(event);
    event.currentTarget.setPointerCapture(event.pointerId);
    pointers.current.set(event.pointerId, x);
    if (pointers.current.size === 2) {
      const [a = 0, b = 0] = [...pointers.current.values()];
      drag.current = { kind: "pinch", view, middleMs: timeAt(view, (a + b) / 2, width), distance: Math.abs(a - b) };
      return;
    }
    const other = edgeNear(x);
    const atMs = timeAt(view, x, width);
    if (other !== null) drag.current = { kind: "range", anchorMs: other, startX: x };
    else if (event.shiftKey || props.isChoosing) drag.current = { kind: "range", anchorMs: atMs, startX: x };
    else drag.current = { kind: "press", startX: x, startY: y, view };
  };

  const onMove = (event: PointerEvent<HTMLDivElement>) => {
    const { x, y } = placeOf(event);
    if (event.pointerType !== "touch" || !drag.current) setPointed({ x, y });
    if (pointers.current.has(event.pointerId)) pointers.current.set(event.pointerId, x);
    const now = drag.current;
    if (!now) return;
    if (now.kind === "pinch") {
      const [a = 0, b = 0] = [...pointers.current.values()];
      const factor = now.distance / Math.max(20, Math.abs(a - b));
      const length = lengthOf(now.view) * factor;
      const fromMs = now.middleMs - ((a + b) / 2 / width) * length;
      props.onView(zoomed({ fromMs, toMs: fromMs + length }, 1, now.middleMs, Date.now()));
    } else if (now.kind === "range") {
      if (Math.abs(x - now.startX) < CLICK_PX && props.range.fromMs === null) return;
      const atMs = Math.min(timeAt(view, Math.min(Math.max(x, 0), width), width), Date.now());
      props.onRange({ fromMs: Math.min(now.anchorMs, atMs), toMs: Math.max(now.anchorMs, atMs) });
    } else {
      if (now.kind === "press" && Math.abs(x - now.startX) < CLICK_PX) return;
      now.kind = "pan";
      props.onView(panned(now.view, ((now.startX - x) / width) * lengthOf(now.view), Date.now()));
    }
  };

  const onUp = (event: PointerEvent<HTMLDivElement>) => {
    const ended = drag.current;
    pointers.current.delete(event.pointerId);
    drag.current = null;
    if (event.type === "pointercancel" || !ended) return;
    const { x, y } = placeOf(event);
    const isClick = (ended.kind === "press" || ended.kind === "range") && Math.abs(x - ended.startX) < CLICK_PX;
    if (!isClick) return;
    const at = laneAt(y, lanes.length);
    const mark = at?.isMarks ? markAt(lanes[at.lane]?.marks ?? [], x) : null;
    if (mark && mark.toMs - mark.fromMs > COARSE_MARK_MS) {
      const around = (mark.toMs - mark.fromMs) * 6;
      const middle = (mark.fromMs + mark.toMs) / 2;
      props.onView(zoomed({ fromMs: middle - around / 2, toMs: middle + around / 2 }, 1, middle, Date.now()));
    } else props.onSeek(Math.round(mark ? mark.firstMs : timeAt(view, x, width)));
  };

  const onKey = (event: KeyboardEvent) => {
    const leap = { PageUp: -0.8, PageDown: 0.8 }[event.key];
    if (leap === undefined) return;
    event.preventDefault();
    props.onView(panned(view, leap * lengthOf(view), Date.now()));
  };

  return (
    <div className="timeline">
      <p className="timeline-range number" aria-live="off">
        {viewWords(view)}
      </p>
      <div
        ref={box}
        className="timeline-box"
        role="slider"
        tabIndex={0}
        aria-label={playbackText.timeline}
        aria-description={playbackText.timelineHelp}
        aria-valuemin={view.fromMs}
        aria-valuemax={view.toMs}
        aria-valuenow={playingMs ?? view.fromMs}
        aria-valuetext={playingMs === null ? playbackText.nothingPlays : momentWords(playingMs)}
        data-testid="timeline"
        data-from={Math.round(view.fromMs)}
        data-to={Math.round(view.toMs)}
        data-choosing={props.isChoosing}
        onPointerDown={onDown}
        onPointerMove={onMove}
        onPointerUp={onUp}
        onPointerCancel={onUp}
        onPointerLeave={() => setPointed(null)}
        onKeyDown={onKey}
        style={{ height: heightOf(props.lanes.length) }}
      >
        <canvas ref={canvas} aria-hidden="true" />
      </div>
      {pointed !== null && hoverMs !== null && width > 0 && (
        <PointedCard
          pointed={pointed}
          atMs={hoverMs}
          lanes={lanes}
          view={view}
          width={width}
          thumbnails={props.thumbnails}
        />
      )}
    </div>
  );
}

/** What is at the pointer: the picture, the moment, whether it is recorded, and what happened. */
function PointedCard(props: {
  pointed: Pointed;
  atMs: number;
  lanes: Lane[];
  view: Span;
  width: number;
  thumbnails: Thumbnails;
}) {
  const { pointed, atMs, lanes, view, width, thumbnails } = props;
  const place = laneAt(pointed.y, lanes.length);
  const lane = lanes[place?.lane ?? 0];
  const at = lane?.summary ? momentAt(lane.summary, atMs) : null;
  const coarseMs = (THUMBNAIL_PX / width) * lengthOf(view);
  const key = at === "recorded" && lane ? thumbnails.key(lane.cameraId, atMs, coarseMs) : null;
  const picture = usePicture(thumbnails, key);
  const mark = lane ? markAt(lane.marks, pointed.x) : null;
  const left = Math.min(Math.max(pointed.x, POINTED_WIDTH / 2), Math.max(POINTED_WIDTH / 2, width - POINTED_WIDTH / 2));
  return (
    <div className="pointed" style={{ left }} data-testid="pointed" aria-hidden="true">
      {picture && <img src={picture} alt="" />}
      <b className="number">{momentWords(atMs)}</b>
      {lanes.length > 1 && <span className="quiet">{lane?.name}</span>}
      <span>{at === null ? playbackText.unknownHere : at === "recorded" ? playbackText.recorded : at.message}</span>
      {mark && <span className="quiet">{playbackText.eventsHere(mark.labels.slice(0, 4))}</span>}
    </div>
  );
}

/** The picture of a key; the one before stays until the next is there. */
function usePicture(thumbnails: Thumbnails, key: string | null): string | null {
  const [shown, setShown] = useState<{ key: string; url: string | null } | null>(null);
  const want = useCallback(async () => {
    if (key === null) return;
    const url = await thumbnails.want(key);
    if (url !== undefined) setShown({ key, url });
  }, [thumbnails, key]);
  useEffect(() => {
    if (key === null) {
      thumbnails.cancel();
      return undefined;
    }
    // A pointer on its way somewhere wants no picture of what it passes.
    const timer = setTimeout(() => void want(), thumbnails.known(key) === undefined ? 60 : 0);
    return () => clearTimeout(timer);
  }, [thumbnails, key, want]);
  return key === null ? null : (shown?.url ?? null);
}
