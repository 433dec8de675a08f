/** The groups of cameras as the page knows them, kept fresh by notices, and what follows from them. */
import type { Camera, CameraGroup } from "@vas/contracts/http.ts";
import type { LiveNotice } from "@vas/contracts/live.ts";
import type { ApiError, Outcome } from "../api/client.ts";

export type GroupsView = { groups: CameraGroup[] | null; error: ApiError | null };

export class GroupList {
  readonly #load: () => Promise<Outcome<{ items: CameraGroup[] }>>;
  readonly #listeners = new Set<() => void>();
  #view: GroupsView = { groups: null, error: null };
  #running = false;
  #again = false;

  constructor(load: () => Promise<Outcome<{ items: CameraGroup[] }>>) {
    this.#load = load;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** The same object until something changes. */
  readonly view = (): GroupsView => this.#view;

  /** Lists again; calls during a running one are joined into one more. */
  async reload(): Promise<void> {
    this.#again = true;
    if (this.#running) return;
    this.#running = true;
    while (this.#again) {
      this.#again = false;
      const outcome = await this.#load();
      this.#view = outcome.ok
        ? { groups: outcome.value.items.toSorted((a, b) => a.name.localeCompare(b.name)), error: null }
        : { ...this.#view, error: outcome.error };
      for (const listener of this.#listeners) listener();
    }
    this.#running = false;
  }

  notice({ notice }: LiveNotice): void {
    if (notice === "groups_changed" || notice === "cameras_changed" || notice === "access_changed") void this.reload();
  }
}

/**
 * The cameras of a group in its order; every camera where there is no group, or none any more.
 *
 * @param cameras in the order that they have without a group
 */
export function camerasOf<T extends Pick<Camera, "id">>(
  cameras: readonly T[],
  group: CameraGroup | null,
): readonly T[] {
  if (group === null) return cameras;
  const byId = new Map(cameras.map((camera) => [camera.id, camera]));
  return group.camera_ids.flatMap((id) => byId.get(id) ?? []);
}

/** The list with one of its entries at another place; a place beyond an end is that end. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const at = Math.min(Math.max(0, to), list.length - 1);
  const rest = list.toSpliced(from, 1);
  return from in list ? rest.toSpliced(at, 0, list[from] as T) : [...list];
}
