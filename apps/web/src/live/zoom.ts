/**
 * Digital zoom of a stage. The stage's content is scaled by `scale` and moved by `x` and `y`, which are parts of the
 * stage's own width and height, so that a stage of another size shows the same part of the picture.
 */
export type Zoom = { scale: number; x: number; y: number };
/** Parts of the stage: 0, 0 is its top left corner and 1, 1 the other. */
export type Point = { x: number; y: number };

export const WHOLE: Zoom = { scale: 1, x: 0, y: 0 };
export const MOST_SCALE = 8;
/** Of one press or key. */
export const STEP = 1.5;

/** What lies under the point stays there. */
export function zoomedAt(zoom: Zoom, factor: number, at: Point): Zoom {
  const scale = Math.min(MOST_SCALE, Math.max(1, zoom.scale * factor));
  const grown = scale / zoom.scale;
  return within({ scale, x: at.x - (at.x - zoom.x) * grown, y: at.y - (at.y - zoom.y) * grown });
}

export function panned(zoom: Zoom, by: Point): Zoom {
  return within({ ...zoom, x: zoom.x + by.x, y: zoom.y + by.y });
}

/** Two fingers, before and after: the parts of the picture under them stay under them. */
export function pinched(zoom: Zoom, before: readonly [Point, Point], after: readonly [Point, Point]): Zoom {
  const apart = ([a, b]: readonly [Point, Point]) => Math.hypot(a.x - b.x, a.y - b.y);
  const middle = ([a, b]: readonly [Point, Point]) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
  const [from, to] = [middle(before), middle(after)];
  const factor = apart(before) > 0 ? apart(after) / apart(before) : 1;
  return zoomedAt(panned(zoom, { x: to.x - from.x, y: to.y - from.y }), factor, to);
}

/** For the style of an element whose transform-origin is its top left corner. */
export function transformOf({ scale, x, y }: Zoom): string {
  return scale === 1 ? "none" : `translate(${x * 100}%, ${y * 100}%) scale(${scale})`;
}

/** No edge of the picture comes into the stage. */
function within({ scale, x, y }: Zoom): Zoom {
  const least = 1 - scale;
  return { scale, x: Math.min(0, Math.max(least, x)), y: Math.min(0, Math.max(least, y)) };
}
