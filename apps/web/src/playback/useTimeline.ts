/** The timeline's state on a page: what is shown of it, and what is known of the cameras there. */
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { LiveNotice } from "@vas/contracts/live.ts";
import { browserTimers, useNotices, useSite } from "../site.ts";
import { useWhileVisible } from "../ui/hooks.ts";
import { newestFootage, Summaries, type Summary } from "./summary.ts";
import { around, DAY_MS, following, held, lengthOf, type Span } from "./view.ts";

const FIRST_VIEW_MS = DAY_MS;
const NEAR_VIEW_MS = 3_600_000;
const LEAST_FIT_MS = 120_000;
const REFRESH_MS = 2_500;
const LOOK_MS = 5_000;

/** All that a day's summary holds, as near as shows it; the newest day where it holds more. */
export function fitted(summary: Summary, nowMs: number): Span {
  const first = summary.recorded.findIndex((share) => share > 0);
  const last = summary.recorded.findLastIndex((share) => share > 0);
  if (first < 0) return held({ fromMs: nowMs - FIRST_VIEW_MS, toMs: nowMs }, nowMs);
  const at = (bucket: number) => summary.fromMs + bucket * summary.bucketMs;
  const toMs = at(last + 1);
  const length = Math.max(LEAST_FIT_MS, Math.min(FIRST_VIEW_MS, toMs - at(first)));
  return held({ fromMs: toMs - length * 1.04, toMs: toMs + length * 0.06 }, nowMs);
}

export function useTimeline(cameraIds: readonly string[], atMs: number | null, playingMs: number | null) {
  const { vas } = useSite();
  const [summaries] = useState(
    () =>
      new Summaries(
        (id, { fromMs, toMs, bucketMs }, signal) =>
          vas.timeline(
            id,
            { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), bucketMs },
            signal,
          ),
        browserTimers,
        () => Date.now(),
      ),
  );
  const [view, setView] = useState<Span>(() =>
    atMs === null
      ? held({ fromMs: Date.now() - FIRST_VIEW_MS, toMs: Date.now() }, Date.now())
      : around(atMs, NEAR_VIEW_MS, Date.now()),
  );
  const turn = useSyncExternalStore(summaries.subscribe, summaries.turn);
  const ids = cameraIds.join();

  useEffect(() => summaries.want(ids.split(","), view), [summaries, ids, view]);
  useEffect(() => () => summaries.close(), [summaries]);
  const latest = useRef({ ids, view });
  latest.current = { ids, view };
  useWhileVisible(() => summaries.want(latest.current.ids.split(","), latest.current.view), LOOK_MS);

  // An event of now becomes a mark at once, and a hundred of them one request.
  const refreshedMs = useRef(0);
  useNotices(
    useCallback(
      (notice: LiveNotice) => {
        if (notice.notice !== "event" || !latest.current.ids.includes(notice.event.camera_id)) return;
        const isShown = latest.current.view.toMs > Date.parse(notice.event.timestamp);
        if (!isShown || Date.now() - refreshedMs.current < REFRESH_MS) return;
        refreshedMs.current = Date.now();
        summaries.refresh();
      },
      [summaries],
    ),
  );

  // Until a person or an address says otherwise the view is what there is to see.
  const isChosen = useRef(atMs !== null);
  const first = summaries.of(cameraIds[0] ?? "");
  const [newestMs, setNewest] = useState<number | null>(null);
  useEffect(() => {
    if (isChosen.current || !first) return;
    isChosen.current = true;
    setView(fitted(first, Date.now()));
    setNewest(newestFootage(first));
  }, [first]);

  // A moment that is asked for from elsewhere is shown.
  useEffect(() => {
    if (atMs === null) return;
    isChosen.current = true;
    setView((old) =>
      atMs >= old.fromMs && atMs <= old.toMs ? old : around(atMs, Math.min(lengthOf(old), DAY_MS), Date.now()),
    );
  }, [atMs]);

  const beforeMs = useRef<number | null>(null);
  useEffect(() => {
    if (playingMs !== null) setView((old) => following(old, beforeMs.current, playingMs, Date.now()));
    beforeMs.current = playingMs;
  }, [playingMs]);

  const choose = useCallback((next: Span) => {
    isChosen.current = true;
    setView(next);
  }, []);
  const byCamera = useMemo(
    () => new Map(ids.split(",").map((id) => [id, turn >= 0 ? summaries.of(id) : null])),
    [ids, turn, summaries],
  );
  // `newestMs` is told once, where nothing was asked for.
  return { view, setView: choose, byCamera, newestMs, error: summaries.error(), retry: () => summaries.refresh() };
}
