/** Zones while they are drawn: points in fractions of the picture, always inside of it. Pure; ZoneEditor.tsx only shows. */
import type { Zone } from "@vas/contracts/http.ts";

export type Point = [x: number, y: number];

/** As the contract has them; the browser takes types from it, no code. */
export const MOST_ZONES = 16;
export const MOST_POINTS = 32;
export const FEWEST_POINTS = 3;
/** Steps that a coordinate is kept in: a fifth of a pixel at 1920. */
const STEPS = 10_000;

const inside = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * STEPS) / STEPS;
export const pointAt = (x: number, y: number): Point => [inside(x), inside(y)];

const replaced = <T>(list: readonly T[], at: number, value: T): T[] => list.map((one, n) => (n === at ? value : one));
const changed = (zones: readonly Zone[], at: number, points: Point[]): Zone[] => {
  const zone = zones[at];
  return zone === undefined ? [...zones] : replaced(zones, at, { ...zone, points });
};

/** `Zone 1`, or the first number that is free. */
export function freshName(zones: readonly Zone[], word: string): string {
  for (let n = 1; ; n++) {
    const name = `${word} ${n}`;
    if (!zones.some((zone) => zone.name.trim().toLowerCase() === name.toLowerCase())) return name;
  }
}

export function withZone(zones: readonly Zone[], zone: Zone): Zone[] {
  return zones.length >= MOST_ZONES ? [...zones] : [...zones, zone];
}

export function withoutZone(zones: readonly Zone[], at: number): Zone[] {
  return zones.filter((_, n) => n !== at);
}

export function renamed(zones: readonly Zone[], at: number, name: string): Zone[] {
  const zone = zones[at];
  return zone === undefined ? [...zones] : replaced(zones, at, { ...zone, name });
}

/** Adds a corner after the last one. */
export function withPoint(zones: readonly Zone[], at: number, point: Point): Zone[] {
  const points = zones[at]?.points ?? [];
  return points.length >= MOST_POINTS ? [...zones] : changed(zones, at, [...points, point]);
}

/** Adds a corner in the middle of the edge that begins at `corner`. */
export function withMiddle(zones: readonly Zone[], at: number, corner: number): Zone[] {
  const points = zones[at]?.points ?? [];
  const from = points[corner];
  const to = points[(corner + 1) % points.length];
  if (!from || !to || points.length >= MOST_POINTS) return [...zones];
  const middle = pointAt((from[0] + to[0]) / 2, (from[1] + to[1]) / 2);
  return changed(zones, at, [...points.slice(0, corner + 1), middle, ...points.slice(corner + 1)]);
}

export function withMoved(zones: readonly Zone[], at: number, corner: number, point: Point): Zone[] {
  return changed(zones, at, replaced(zones[at]?.points ?? [], corner, point));
}

/** A zone keeps three corners: with fewer it is none. */
export function withoutPoint(zones: readonly Zone[], at: number, corner: number): Zone[] {
  const points = zones[at]?.points ?? [];
  if (points.length <= FEWEST_POINTS) return [...zones];
  return changed(
    zones,
    at,
    points.filter((_, n) => n !== corner),
  );
}

/** Moves the whole zone as far as the picture allows. */
export function withShifted(zones: readonly Zone[], at: number, dx: number, dy: number): Zone[] {
  const points = zones[at]?.points ?? [];
  if (points.length === 0) return [...zones];
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const x = Math.min(Math.max(dx, -Math.min(...xs)), 1 - Math.max(...xs));
  const y = Math.min(Math.max(dy, -Math.min(...ys)), 1 - Math.max(...ys));
  return changed(
    zones,
    at,
    points.map((point) => pointAt(point[0] + x, point[1] + y)),
  );
}

/** A new zone for whoever has no pointer: the middle of the picture, to be moved and shaped by keys. */
export function middleSquare(): Point[] {
  return [
    [0.3, 0.3],
    [0.7, 0.3],
    [0.7, 0.7],
    [0.3, 0.7],
  ];
}

/** By which much an arrow key moves: a hundredth of the picture, a tenth of that with Shift; null for other keys. */
export function stepOf(key: string, fine: boolean): Point | null {
  const step = fine ? 0.001 : 0.01;
  if (key === "ArrowLeft") return [-step, 0];
  if (key === "ArrowRight") return [step, 0];
  if (key === "ArrowUp") return [0, -step];
  return key === "ArrowDown" ? [0, step] : null;
}

/** What must be put right before zones can be saved: by the zone's place in the list. */
export type ZoneProblem = "unnamed" | "double" | "unfinished";
export function problemsOf(zones: readonly Zone[]): Map<number, ZoneProblem> {
  const problems = new Map<number, ZoneProblem>();
  const names = new Set<string>();
  for (const [at, { name, points }] of zones.entries()) {
    const key = name.trim().toLowerCase();
    if (points.length < FEWEST_POINTS) problems.set(at, "unfinished");
    else if (key === "") problems.set(at, "unnamed");
    else if (names.has(key)) problems.set(at, "double");
    names.add(key);
  }
  return problems;
}
