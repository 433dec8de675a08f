/** What is watched, in the address: the first camera, those beside it, and the moment. */

export const MOST_CAMERAS = 9;

export type Watch = { cameraIds: string[]; atMs: number | null };

export function readWatch(search: URLSearchParams): Watch {
  const at = Date.parse(search.get("at") ?? "");
  const ids = [search.get("camera") ?? "", ...(search.get("with") ?? "").split(",")].filter((id) => id !== "");
  return { cameraIds: [...new Set(ids)].slice(0, MOST_CAMERAS), atMs: Number.isNaN(at) ? null : at };
}

export function watchPath(cameraIds: readonly string[], atMs: number | null): string {
  const [first = "", ...others] = cameraIds;
  const search = new URLSearchParams({ camera: first });
  if (others.length > 0) search.set("with", others.join());
  if (atMs !== null) search.set("at", new Date(atMs).toISOString());
  return `/recordings?${search}`;
}

/** Those that are asked for and are there, in the order asked for; the first of all where none is asked for. */
export function chosenCameras<T extends { id: string }>(all: readonly T[], ids: readonly string[]): T[] {
  if (ids.length === 0) return all.slice(0, 1);
  return ids.flatMap((id) => all.find((camera) => camera.id === id) ?? []);
}
