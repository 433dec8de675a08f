/** Choices kept on this device. A browser that refuses storage, or a broken entry, gives the default. */
type Store = Pick<Storage, "getItem" | "setItem">;

/** @param read makes a valid value of what was kept, whatever it is */
export function load<T>(store: Store, key: string, read: (kept: unknown) => T): T {
  try {
    const text = store.getItem(key);
    return read(text === null ? undefined : JSON.parse(text));
  } catch {
    return read(undefined);
  }
}

/** @returns false where the browser keeps nothing */
export function keep(store: Store, key: string, value: unknown): boolean {
  try {
    store.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}
