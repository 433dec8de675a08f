/** One list of what is kept: pages by cursor, and news of what is being made. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { ApiError } from "../api/client.ts";
import { useSite } from "../site.ts";
import { useWhileVisible } from "../ui/hooks.ts";
import { appended, clipItem, exportItem, isGoingOn, type KeptItem, merged, snapshotItem } from "./kept.ts";
import type { Kind } from "./routes.ts";

const PAGE = 50;
const QUICK_MS = 1_000;
const IDLE_MS = 10_000;

type State = { key: string; items: KeptItem[] | null; cursor: string | null; error: ApiError | null; loading: boolean };

export function useKept(kind: Kind, cameraId: string | null) {
  const { vas } = useSite();
  const key = `${kind} ${cameraId ?? ""}`;
  const [state, setState] = useState<State>({ key, items: null, cursor: null, error: null, loading: false });
  const latest = useRef(key);
  latest.current = key;
  const busy = useRef(false);

  const ask = useCallback(
    async (cursor: string | null) => {
      const query = { limit: PAGE, cursor, camera_id: cameraId };
      const page =
        kind === "exports"
          ? await vas.exports(query)
          : kind === "clips"
            ? await vas.clips(query)
            : await vas.snapshots(query);
      if (!page.ok) return page;
      const { items, next_cursor } = page.value;
      const rows = items.map((item) =>
        "from" in item ? exportItem(item) : "start" in item ? clipItem(item) : snapshotItem(item),
      );
      return { ok: true as const, value: { rows, next: next_cursor } };
    },
    [vas, kind, cameraId],
  );

  const reload = useCallback(async () => {
    const outcome = await ask(null);
    if (latest.current !== key) return;
    setState((old) => {
      if (!outcome.ok) return { ...old, key, error: outcome.error };
      const { rows, next } = outcome.value;
      const known = old.key === key ? old.items : null;
      // What was loaded further down stays where it is.
      if (known === null || known.length <= PAGE)
        return { key, items: rows, cursor: next, error: null, loading: false };
      return { ...old, items: merged(known, rows), error: null };
    });
  }, [ask, key]);

  useEffect(() => void reload(), [reload]);

  const more = useCallback(async () => {
    if (busy.current || state.key !== key || state.cursor === null) return;
    busy.current = true;
    setState((old) => ({ ...old, loading: true }));
    const outcome = await ask(state.cursor);
    busy.current = false;
    if (latest.current !== key) return;
    setState((old) =>
      outcome.ok
        ? {
            ...old,
            items: appended(old.items ?? [], outcome.value.rows),
            cursor: outcome.value.next,
            error: null,
            loading: false,
          }
        : { ...old, error: outcome.error, loading: false },
    );
  }, [ask, key, state]);

  const fresh = state.key === key;
  const items = fresh ? state.items : null;
  useWhileVisible(() => void reload(), items?.some(isGoingOn) ? QUICK_MS : IDLE_MS);
  const forget = (id: string) =>
    setState((old) => ({ ...old, items: old.items?.filter((item) => item.id !== id) ?? null }));
  const change = (id: string, label: string | null) =>
    setState((old) => ({
      ...old,
      items: old.items?.map((item) => (item.id === id ? { ...item, label } : item)) ?? null,
    }));
  return {
    items,
    error: fresh ? state.error : null,
    hasMore: fresh && state.cursor !== null,
    loading: state.loading,
    more,
    reload,
    forget,
    change,
  };
}
