/** Small pictures of recorded moments under the pointer: only the newest wish is fetched, and so many are kept. */

export type LoadThumbnail = (cameraId: string, at: string, signal: AbortSignal) => Promise<Blob | null>;

/** The server's own grid: moments this near show the same key frame. */
export const GRID_MS = 1_000;
const MOST_KEPT = 120;

type Urls = { make(blob: Blob): string; free(url: string): void };

export class Thumbnails {
  readonly #load: LoadThumbnail;
  readonly #urls: Urls;
  readonly #kept = new Map<string, string | null>();
  #running: { key: string; abort: AbortController } | null = null;

  constructor(load: LoadThumbnail, urls: Urls) {
    this.#load = load;
    this.#urls = urls;
  }

  /** @param coarseMs moments this near are one, so that a wide timeline asks for few */
  key(cameraId: string, atMs: number, coarseMs: number): string {
    const grid = Math.max(GRID_MS, coarseMs);
    return `${cameraId} ${Math.floor(atMs / grid) * grid}`;
  }

  /** The picture's address, null where there is none, undefined where it is not known yet. */
  known(key: string): string | null | undefined {
    return this.#kept.get(key);
  }

  /**
   * Fetches a picture unless it is known; what was being fetched is given up.
   *
   * @returns its address; null where there is none; undefined where a newer wish replaced this one
   */
  async want(key: string): Promise<string | null | undefined> {
    if (this.#kept.has(key)) return this.#kept.get(key);
    if (this.#running?.key === key) return undefined;
    this.#running?.abort.abort();
    const abort = new AbortController();
    this.#running = { key, abort };
    const [cameraId = "", at = ""] = key.split(" ");
    const blob = await this.#load(cameraId, new Date(Number(at)).toISOString(), abort.signal);
    if (abort.signal.aborted) return undefined;
    this.#running = null;
    const url = blob && this.#urls.make(blob);
    this.#kept.set(key, url);
    for (const [old, freed] of this.#kept) {
      if (this.#kept.size <= MOST_KEPT) break;
      this.#kept.delete(old);
      if (freed) this.#urls.free(freed);
    }
    return url;
  }

  /** Nothing is wanted any more. */
  cancel(): void {
    this.#running?.abort.abort();
    this.#running = null;
  }

  close(): void {
    this.cancel();
    for (const url of this.#kept.values()) if (url) this.#urls.free(url);
    this.#kept.clear();
  }
}
