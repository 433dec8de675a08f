/** The cameras of this site as the page knows them: the list, kept fresh by notices. */
import type { Camera } from "@vas/contracts/http.ts";
import type { LiveNotice } from "@vas/contracts/live.ts";
import type { ApiError, Outcome } from "../api/client.ts";

export type CamerasView = { cameras: Camera[] | null; error: ApiError | null };

export class CameraList {
  readonly #load: () => Promise<Outcome<{ items: Camera[] }>>;
  readonly #listeners = new Set<() => void>();
  #view: CamerasView = { cameras: null, error: null };
  #running = false;
  #again = false;

  constructor(load: () => Promise<Outcome<{ items: Camera[] }>>) {
    this.#load = load;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** The same object until something changes. */
  readonly view = (): CamerasView => this.#view;

  /** Lists again; calls during a running one are joined into one more. */
  async reload(): Promise<void> {
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    do {
      this.#again = false;
      const outcome = await this.#load();
      this.#show(
        outcome.ok
          ? { cameras: [...outcome.value.items].sort((a, b) => a.name.localeCompare(b.name)), error: null }
          : { cameras: this.#view.cameras, error: outcome.error },
      );
    } while (this.#again);
    this.#running = false;
  }

  notice(notice: LiveNotice): void {
    if (notice.notice === "cameras_changed") void this.reload();
    if (notice.notice !== "camera" || !this.#view.cameras) return;
    const { status } = notice;
    if (!this.#view.cameras.some((camera) => camera.id === status.camera_id)) {
      void this.reload();
      return;
    }
    this.#show({
      ...this.#view,
      cameras: this.#view.cameras.map((camera) => (camera.id === status.camera_id ? { ...camera, status } : camera)),
    });
  }

  #show(view: CamerasView): void {
    this.#view = view;
    for (const listener of this.#listeners) listener();
  }
}
