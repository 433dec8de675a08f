/** Which cameras a grid shows, and how the keyboard moves in it. */
import type { Camera, StreamRole } from "@vas/contracts/http.ts";

export const TILE_CHOICES = [1, 4, 9, 16] as const;
export type Tiles = (typeof TILE_CHOICES)[number];

export const TILES_KEY = "vas.tiles";

/** @returns null where nobody chose yet */
export function readTiles(kept: unknown): Tiles | null {
  return TILE_CHOICES.find((choice) => choice === kept) ?? null;
}

/** What a grid has until somebody chooses: one camera fills it. */
export function tilesFor(cameras: number): Tiles {
  return cameras === 1 ? 1 : 4;
}

export type GridPage<T> = { shown: T[]; page: number; pages: number };

/** @param page from 0; one that does not exist any more is the last */
export function gridPage<T>(items: readonly T[], tiles: Tiles, page: number): GridPage<T> {
  const pages = Math.max(1, Math.ceil(items.length / tiles));
  const at = Math.min(Math.max(0, page), pages - 1);
  return { shown: items.slice(at * tiles, (at + 1) * tiles), page: at, pages };
}

/**
 * Which stream of a camera a tile plays: the small one in a small tile. With overlays the one that models see, since a box
 * is exact on the frames that it was found in only.
 */
export function tileStream(camera: Camera, tiles: Tiles, hasOverlay: boolean): StreamRole {
  if (!camera.has_sub) return "main";
  const { enabled, stream } = camera.status.frame_export;
  if (hasOverlay && enabled) return stream ?? "main";
  return tiles === 1 ? "main" : "sub";
}

/** Columns of a grid that is not on a phone. */
export function columnsOf(tiles: Tiles): number {
  return Math.sqrt(tiles);
}

/** The tile that a key moves to, or null where the key means nothing here. */
export function tileAfter(key: string, at: number, count: number, columns: number): number | null {
  if (/^[1-9]$/.test(key)) return Number(key) <= count ? Number(key) - 1 : null;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key];
  if (step === undefined) return null;
  const next = at + step;
  return next >= 0 && next < count ? next : at;
}
