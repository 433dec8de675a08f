import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { ApiError, Outcome } from "../api/client.ts";
import { keep, load } from "./stored.ts";

const listeners = new Set<() => void>();

function notify(): void {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("popstate", listener);
  };
}

/**
 * Goes to another page of the app without loading it anew.
 *
 * @param keepScroll for something that opens on the page that is shown
 */
export function navigate(path: string, replace = false, keepScroll = false): void {
  if (replace) history.replaceState(null, "", path);
  else {
    history.pushState(null, "", path);
    if (!keepScroll) scrollTo(0, 0);
  }
  notify();
}

/** The current address, path and query. */
export function useAddress(): URL {
  const href = useSyncExternalStore(subscribe, () => location.href);
  return new URL(href);
}

export type Loaded<T> = {
  value: T | null;
  error: ApiError | null;
  loading: boolean;
  reload: () => void;
};

/** Loads when the key changes and on `reload`; the last value stays while a reload runs or fails. */
export function useLoad<T>(key: string, load: () => Promise<Outcome<T>>): Loaded<T> {
  const [state, setState] = useState<{ key: string; value: T | null; error: ApiError | null; loading: boolean }>({
    key,
    value: null,
    error: null,
    loading: true,
  });
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  // `turn` is what a reload changes.
  useEffect(() => {
    let current = true;
    setState((old) => ({
      key,
      value: old.key === key ? old.value : null,
      error: old.key === key ? old.error : null,
      loading: true,
    }));
    void latest.current().then((outcome) => {
      if (!current) return;
      setState((old) =>
        outcome.ok
          ? { key, value: outcome.value, error: null, loading: false }
          : { ...old, key, error: outcome.error, loading: false },
      );
    });
    return () => {
      current = false;
    };
  }, [key, turn]);
  const reload = useCallback(() => setTurn((old) => old + 1), []);
  const fresh = state.key === key;
  return { value: fresh ? state.value : null, error: fresh ? state.error : null, loading: state.loading, reload };
}

/** A choice kept on this device. */
export function useStored<T>(key: string, read: (kept: unknown) => T): [T, (value: T) => void] {
  const [value, setValue] = useState(() => load(localStorage, key, read));
  const set = useCallback(
    (next: T) => {
      setValue(next);
      keep(localStorage, key, next);
    },
    [key],
  );
  return [value, set];
}

/** Calls on every interval while the page is visible, and at once when it becomes visible. */
export function useWhileVisible(run: () => void, ms: number): void {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    const tick = () => {
      if (document.visibilityState === "visible") latest.current();
    };
    const timer = setInterval(tick, ms);
    document.addEventListener("visibilitychange", tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", tick);
    };
  }, [ms]);
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} - VAS`;
  }, [title]);
}
