/** What the live grid shows, as it stands in the address: `/?group=…&page=2`, and `/wall?group=…&tiles=9&every=20`. */
import { TILE_CHOICES, type Tiles } from "./grid.ts";

export const WALL_PATH = "/wall";
export const GROUP_KEY = "vas.group";
/** Seconds after which a wall goes on to its next page. */
export const EVERY_CHOICES = [10, 20, 30, 60] as const;
const LEAST_EVERY = 3;
const MOST_EVERY = 3_600;

export type Place = {
  /** null: every camera. undefined: nothing is said, and the device's last choice counts. */
  group: string | null | undefined;
  /** From 0. */
  page: number;
  /** null: the device's own choice. */
  tiles: Tiles | null;
  /** Seconds; null: pages stay. */
  every: number | null;
};

const ALL = "all";

export function readPlace(search: URLSearchParams): Place {
  const group = search.get("group");
  const page = Number(search.get("page") ?? 1);
  const every = Number(search.get("every") ?? Number.NaN);
  return {
    group: group === null ? undefined : group === ALL || group === "" ? null : group.toLowerCase(),
    page: Number.isSafeInteger(page) && page >= 1 ? page - 1 : 0,
    tiles: TILE_CHOICES.find((choice) => String(choice) === search.get("tiles")) ?? null,
    every: every >= LEAST_EVERY && every <= MOST_EVERY ? every : null,
  };
}

/** @param path `/` or the wall's */
export function placePath(path: string, { group, page, tiles, every }: Place): string {
  const search = new URLSearchParams();
  if (group !== undefined) search.set("group", group ?? ALL);
  if (page > 0) search.set("page", String(page + 1));
  if (tiles !== null) search.set("tiles", String(tiles));
  if (every !== null) search.set("every", String(every));
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}

export function readGroup(kept: unknown): string | null {
  return typeof kept === "string" ? kept : null;
}

/** True for the wall's own address, and for any other that ends in `?kiosk`. */
export function isWall(url: URL): boolean {
  return url.pathname === WALL_PATH || (url.pathname === "/" && url.searchParams.has("kiosk"));
}

let left: { path: string; camera: string | null } = { path: "/", camera: null };

/** The grid is left for a camera: it is come back to at the same page, with the focus on that camera's tile. */
export function leaveGrid(path: string, camera: string | null): void {
  left = { path, camera };
}

export function gridLeft(): { path: string; camera: string | null } {
  return left;
}
