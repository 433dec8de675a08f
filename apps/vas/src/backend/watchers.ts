/** Who wants to know that something about a caller changed: a session ended, another role, other cameras. */
export class Watchers {
  readonly #byId = new Map<string, Set<() => void>>();

  /**
   * @param id of a user or an API key
   * @param look called after every change; what changed is the watcher's to ask
   * @returns a function that stops watching
   */
  watch(id: string, look: () => void): () => void {
    const watching = this.#byId.get(id) ?? new Set();
    this.#byId.set(id, watching.add(look));
    return () => {
      watching.delete(look);
      if (watching.size === 0 && this.#byId.get(id) === watching) this.#byId.delete(id);
    };
  }

  tell(id: string): void {
    for (const look of this.#byId.get(id) ?? []) look();
  }
}
