/**
 * Zones of an assignment: named polygons on the camera's picture. A detection is in a zone where the middle of its box's
 * bottom edge is: where a person stands or a vehicle touches the ground. Pure, and the same in Core and in the browser.
 */

/** `points` are fractions of the frame, 0,0 its top left corner; the last one is joined to the first. */
export type ZoneShape = { name: string; points: readonly (readonly [x: number, y: number])[] };

export const MAX_ZONES = 16;
export const MAX_ZONE_POINTS = 32;
export const MIN_ZONE_POINTS = 3;
/** Of the frame; a smaller polygon is a slip of the hand. */
const LEAST_AREA = 1e-5;

/**
 * Even-odd rule. An edge belongs to the polygon to its right or below it, so of two that share an edge one has the point.
 *
 * @param x,y fractions of the frame
 */
export function isInside({ points }: Pick<ZoneShape, "points">, x: number, y: number): boolean {
  let inside = false;
  for (let at = 0, before = points.length - 1; at < points.length; before = at++) {
    const [xa, ya] = points[at] as readonly [number, number];
    const [xb, yb] = points[before] as readonly [number, number];
    if (ya > y !== yb > y && x < ((xb - xa) * (y - ya)) / (yb - ya) + xa) inside = !inside;
  }
  return inside;
}

/**
 * @param bbox x_min, y_min, x_max, y_max as fractions of the frame
 * @returns names of the zones that the box stands in, in the order of the zones
 */
export function zonesOf(
  zones: readonly ZoneShape[],
  [xMin, , xMax, yMax]: readonly [number, number, number, number],
): string[] {
  const x = (xMin + xMax) / 2;
  // A box that reaches the picture's lower edge stands in it, not below it.
  const y = Math.min(yMax, 1 - 1e-9);
  return zones.filter((zone) => isInside(zone, x, y)).map(({ name }) => name);
}

/** As a fraction of the frame; 0 for points on one line. */
export function areaOf(points: ZoneShape["points"]): number {
  let twice = 0;
  for (let at = 0, before = points.length - 1; at < points.length; before = at++) {
    const [xa, ya] = points[at] as readonly [number, number];
    const [xb, yb] = points[before] as readonly [number, number];
    twice += xb * ya - xa * yb;
  }
  return Math.abs(twice) / 2;
}

/** What the schema cannot say of zones: one sentence and the zone it is about, or null. */
export function zonesProblem(zones: readonly ZoneShape[]): { name: string; message: string } | null {
  const names = new Set<string>();
  for (const { name, points } of zones) {
    const key = name.trim().toLowerCase();
    if (names.has(key)) return { name, message: `There are two zones of the name ${name}.` };
    names.add(key);
    if (areaOf(points) < LEAST_AREA) return { name, message: `The zone ${name} has no area.` };
  }
  return null;
}
