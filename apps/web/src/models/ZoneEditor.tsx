import type { Camera, Zone } from "@vas/contracts/http.ts";
import { type KeyboardEvent, type PointerEvent, useEffect, useId, useRef, useState } from "react";
import { cameraPicture } from "../api/vas.ts";
import { assignmentText as text } from "../strings/assignments.ts";
import { percent } from "../ui/format.ts";
import { ZoneNumbers } from "./ZoneNumbers.tsx";
import {
  FEWEST_POINTS,
  freshName,
  middleSquare,
  MOST_POINTS,
  MOST_ZONES,
  type Point,
  pointAt,
  renamed,
  stepOf,
  withMiddle,
  withMoved,
  withoutPoint,
  withoutZone,
  withPoint,
  withShifted,
  withZone,
  type ZoneProblem,
} from "./zones.ts";

const WIDTH = 1000;
const COLOURS = 6;
/** In CSS pixels, however large the picture is shown: a finger finds a corner on a phone. */
const CORNER = 10;
const MIDDLE = 7;
/** A press this near to the first corner closes the zone. */
const CLOSE_WITHIN = 18;

type Drag = { kind: "corner"; corner: number } | { kind: "zone"; from: Point };

type Props = {
  camera: Camera;
  zones: Zone[];
  problems: ReadonlyMap<number, ZoneProblem>;
  onChange: (zones: Zone[]) => void;
};

/** Draws and shapes zones on the camera's picture: by pointer, by keys on every corner, or in numbers. */
export function ZoneEditor(props: Props) {
  const { camera, zones, problems, onChange } = props;
  const { width, height } = camera.status;
  const [selected, setSelected] = useState<number | null>(zones.length > 0 ? 0 : null);
  const [drawing, setDrawing] = useState(false);
  const [ratio, setRatio] = useState(width && height ? height / width : 9 / 16);
  const [hasPicture, setHasPicture] = useState(true);
  const drag = useRef<Drag | null>(null);
  const svg = useRef<SVGSVGElement>(null);
  const id = useId();
  const tall = WIDTH * ratio;
  /** Of the picture's own units in a CSS pixel. */
  const [scale, setScale] = useState(1);
  useEffect(() => {
    const shown = svg.current;
    if (!shown) return undefined;
    const observer = new ResizeObserver(() => setScale(WIDTH / Math.max(1, shown.clientWidth)));
    observer.observe(shown);
    return () => observer.disconnect();
  }, []);
  const zone = selected === null ? undefined : zones[selected];

  const placeOf = (event: PointerEvent): Point => {
    const box = svg.current?.getBoundingClientRect();
    return box ? pointAt((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height) : [0, 0];
  };
  const begin = () => {
    const points: Point[] = [];
    onChange(withZone(zones, { name: freshName(zones, text.zone), points }));
    setSelected(zones.length);
    setDrawing(true);
  };
  const addSquare = () => {
    onChange(withZone(zones, { name: freshName(zones, text.zone), points: middleSquare() }));
    setSelected(zones.length);
    setDrawing(false);
  };
  const remove = (at: number) => {
    onChange(withoutZone(zones, at));
    setDrawing(false);
    setSelected(zones.length > 1 ? 0 : null);
  };
  const isClosing = (point: Point) => {
    const first = zone?.points[0];
    if (!first || zone.points.length < FEWEST_POINTS) return false;
    return Math.hypot(point[0] - first[0], (point[1] - first[1]) * ratio) * WIDTH < CLOSE_WITHIN * scale;
  };
  const press = (event: PointerEvent) => {
    if (!drawing || selected === null || event.button !== 0) return;
    event.preventDefault();
    const point = placeOf(event);
    if (isClosing(point)) setDrawing(false);
    else onChange(withPoint(zones, selected, point));
  };
  const grab = (event: PointerEvent, what: Drag) => {
    if (drawing || event.button !== 0) return;
    event.stopPropagation();
    drag.current = what;
    svg.current?.setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent) => {
    const held = drag.current;
    if (held === null || selected === null) return;
    const point = placeOf(event);
    if (held.kind === "corner") return onChange(withMoved(zones, selected, held.corner, point));
    onChange(withShifted(zones, selected, point[0] - held.from[0], point[1] - held.from[1]));
    drag.current = { kind: "zone", from: point };
  };
  const release = () => {
    drag.current = null;
  };
  const finishByKey = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !drawing || !zone || zone.points.length < FEWEST_POINTS) return;
    event.preventDefault();
    setDrawing(false);
  };
  const keyOnCorner = (event: KeyboardEvent, corner: number) => {
    if (selected === null || !zone) return;
    const step = stepOf(event.key, event.shiftKey);
    const at = zone.points[corner];
    if (step && at) {
      event.preventDefault();
      onChange(withMoved(zones, selected, corner, pointAt(at[0] + step[0], at[1] + step[1])));
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      onChange(withoutPoint(zones, selected, corner));
    }
  };
  const keyOnZone = (event: KeyboardEvent) => {
    const step = stepOf(event.key, event.shiftKey);
    if (selected === null || !step) return;
    event.preventDefault();
    onChange(withShifted(zones, selected, step[0], step[1]));
  };
  const shape = (points: readonly Point[]) => points.map(([x, y]) => `${x * WIDTH},${y * tall}`).join(" ");

  return (
    <fieldset className="zones" onKeyDown={finishByKey}>
      <legend>{text.zones}</legend>
      <p className="quiet">{text.zonesHint}</p>
      <div className="zone-stage" style={{ aspectRatio: `1 / ${ratio}` }}>
        {hasPicture ? (
          <img
            src={cameraPicture(camera.id)}
            alt={text.picture(camera.name)}
            onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
              naturalWidth > 0 && setRatio(naturalHeight / naturalWidth)
            }
            onError={() => setHasPicture(false)}
          />
        ) : (
          <p className="zone-blank">{text.noPicture}</p>
        )}
        <svg
          ref={svg}
          viewBox={`0 0 ${WIDTH} ${tall}`}
          role="group"
          aria-label={text.drawArea(camera.name)}
          data-testid="zone-area"
          className={drawing ? "drawing" : ""}
          onPointerDown={press}
          onPointerMove={move}
          onPointerUp={release}
          onPointerCancel={release}
        >
          {zones.map((one, at) =>
            at === selected ? null : (
              // The list beside it does the same for keys.
              <polygon
                key={at}
                className={`zone-shape colour-${at % COLOURS}`}
                points={shape(one.points)}
                onPointerDown={() => !drawing && setSelected(at)}
              />
            ),
          )}
          {zone && selected !== null && (
            <g className={`zone-selected colour-${selected % COLOURS}`}>
              {drawing ? (
                <polyline className="zone-shape" points={shape(zone.points)} />
              ) : (
                <polygon
                  className="zone-shape"
                  points={shape(zone.points)}
                  tabIndex={0}
                  role="button"
                  aria-label={text.wholeZone(zone.name)}
                  onKeyDown={keyOnZone}
                  onPointerDown={(event) => grab(event, { kind: "zone", from: placeOf(event) })}
                />
              )}
              {!drawing &&
                zone.points.length < MOST_POINTS &&
                zone.points.map((from, corner) => {
                  const to = zone.points[(corner + 1) % zone.points.length] ?? from;
                  const add = () => onChange(withMiddle(zones, selected, corner));
                  return (
                    <circle
                      key={corner}
                      className="zone-middle"
                      cx={((from[0] + to[0]) / 2) * WIDTH}
                      cy={((from[1] + to[1]) / 2) * tall}
                      r={MIDDLE * scale}
                      role="button"
                      tabIndex={0}
                      aria-label={text.addCorner(corner + 1, zone.name)}
                      onPointerDown={(event) => event.stopPropagation()}
                      onClick={add}
                      onKeyDown={(event) => {
                        if (event.key !== "Enter" && event.key !== " ") return;
                        event.preventDefault();
                        add();
                      }}
                    />
                  );
                })}
              {zone.points.map(([x, y], corner) => (
                <circle
                  key={corner}
                  className="zone-corner"
                  cx={x * WIDTH}
                  cy={y * tall}
                  r={CORNER * scale}
                  role="button"
                  tabIndex={0}
                  aria-label={text.corner(corner + 1, zone.name, percent(x), percent(y))}
                  onPointerDown={(event) => grab(event, { kind: "corner", corner })}
                  onKeyDown={(event) => keyOnCorner(event, corner)}
                />
              ))}
            </g>
          )}
        </svg>
      </div>
      {zone && <p className="quiet">{drawing ? text.drawing : text.shaping}</p>}
      <ul className="zone-list">
        {zones.map((one, at) => {
          const problem = problems.get(at);
          return (
            <li key={at} className="zone-line">
              <button
                type="button"
                className={`zone-mark colour-${at % COLOURS}`}
                aria-pressed={at === selected}
                aria-label={text.selectZone(one.name)}
                onClick={() => {
                  setSelected(at);
                  setDrawing(false);
                }}
              />
              <input
                type="text"
                maxLength={64}
                aria-label={text.zoneName}
                aria-invalid={problem !== undefined}
                aria-describedby={problem ? `${id}-${at}` : undefined}
                value={one.name}
                onFocus={() => !drawing && setSelected(at)}
                onChange={(event) => onChange(renamed(zones, at, event.target.value))}
              />
              <button type="button" className="plain" aria-label={text.deleteZone(one.name)} onClick={() => remove(at)}>
                {text.delete}
              </button>
              {problem && (
                <small id={`${id}-${at}`} className="bad-text" role="alert">
                  {text.zoneProblem(problem)}
                </small>
              )}
            </li>
          );
        })}
      </ul>
      <div className="row wrap">
        {drawing ? (
          <button
            type="button"
            className="primary"
            disabled={(zone?.points.length ?? 0) < FEWEST_POINTS}
            onClick={() => setDrawing(false)}
          >
            {text.finish}
          </button>
        ) : (
          <>
            <button type="button" disabled={zones.length >= MOST_ZONES} onClick={begin}>
              {text.addZone}
            </button>
            <button type="button" className="plain" disabled={zones.length >= MOST_ZONES} onClick={addSquare}>
              {text.addSquare}
            </button>
          </>
        )}
      </div>
      {zone && !drawing && (
        <ZoneNumbers
          zone={zone}
          onMove={(corner, point) => selected !== null && onChange(withMoved(zones, selected, corner, point))}
          onRemove={(corner) => selected !== null && onChange(withoutPoint(zones, selected, corner))}
        />
      )}
    </fieldset>
  );
}
