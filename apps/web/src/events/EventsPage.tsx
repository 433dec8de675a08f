import type { AiEvent } from "@vas/contracts/http.ts";
import type { LiveNotice } from "@vas/contracts/live.ts";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { useMay, useMe } from "../people/me.ts";
import { useCameras, useNotices, useOnline, useSite } from "../site.ts";
import { eventsText } from "../strings/events.ts";
import { Dialog } from "../ui/dialog.tsx";
import { navigate, useAddress, useLoad, useTitle } from "../ui/hooks.ts";
import { CloseIcon, EventsIcon } from "../ui/icons.tsx";
import { Empty, Failure, Link, Loading } from "../ui/parts.tsx";
import { useShortcuts } from "../ui/shortcuts.ts";
import { useToast } from "../ui/toast.tsx";
import { EventDetail, showRecording } from "./EventDetail.tsx";
import { EventList } from "./EventList.tsx";
import { EventFeed, NO_EVENTS } from "./feed.ts";
import { FilterBar } from "./FilterBar.tsx";
import { type EventFilters, eventQuery, eventsPath, filtersOf, isFiltered, matches } from "./filters.ts";
import { type WhyEmpty, whyEmpty } from "./why.ts";

/** Within this of the top, the reader sees the head of the list. */
const TOP_PX = 120;
const PAGE = 100;
/** Events of one request that marks them. */
const MARKS = 500;
/** Room for the list and the open event beside each other; events.css has the same. */
const WIDE = "(min-width: 900px)";

export function EventsPage() {
  useTitle(eventsText.title);
  const { vas } = useSite();
  const { cameras } = useCameras();
  const toast = useToast();
  const online = useOnline();
  const mayReview = useMay("operate");
  const userId = useMe().id;
  const wide = useMedia(WIDE);
  const address = useAddress();
  const openId = address.searchParams.get("event") ?? "";
  const filters = filtersOf(address.searchParams);
  const key = eventsPath(filters);
  const models = useLoad("models", () => vas.models());
  const [view, setView] = useState(NO_EVENTS);
  const feed = useRef<EventFeed | null>(null);
  const head = useRef<HTMLDivElement>(null);

  // The address is the filters: another one is another list.
  useEffect(() => {
    const wanted = filtersOf(new URL(key, location.href).searchParams);
    const query = eventQuery(wanted, new Date());
    const made = new EventFeed({
      page: (cursor) => vas.events({ ...query, cursor, limit: PAGE }),
      matches: (event) => matches(wanted, event, new Date()),
      onView: setView,
    });
    feed.current = made;
    setView(NO_EVENTS);
    void made.more();
    return () => made.close();
  }, [key, vas]);

  // An event of a link may be far down the list, or not fit the filters: it is asked for by itself.
  const listed = view.items.find((event) => event.id === openId);
  const isStranger = openId !== "" && listed === undefined && !view.loading;
  const stranger = useLoad<AiEvent | null>(isStranger ? `event ${openId}` : "no event", async () =>
    isStranger ? vas.event(openId) : { ok: true as const, value: null },
  );
  const shown = listed ?? (isStranger ? stranger.value : null);
  const reloadStranger = useRef(stranger.reload);
  reloadStranger.current = stranger.reload;

  const atTop = () => scrollY < TOP_PX && openId === "";
  const latestAtTop = useRef(atTop);
  latestAtTop.current = atTop;
  useNotices(
    useCallback((notice: LiveNotice) => {
      if (notice.notice === "event") feed.current?.arrived(notice.event, latestAtTop.current());
      else if (notice.notice === "events_reviewed") {
        feed.current?.reviewed(notice.event_ids, notice.review);
        reloadStranger.current();
      }
    }, []),
  );
  const wasOffline = useRef(false);
  useEffect(() => {
    if (online && wasOffline.current) void feed.current?.catchUp(latestAtTop.current());
    wasOffline.current = !online;
  }, [online]);

  const set = (change: Partial<EventFilters>) => navigate(eventsPath({ ...filters, ...change }), true);
  const latestFilters = useRef(filters);
  latestFilters.current = filters;
  const pathOf = useCallback((id: string) => eventsPath(latestFilters.current, id), []);
  const isOpen = openId !== "";
  const open = useCallback(
    (event: AiEvent) => {
      // Opening is a step that "back" undoes; going from one event to the next is none.
      navigate(pathOf(event.id), isOpen, true);
    },
    [pathOf, isOpen],
  );
  const close = () => navigate(key, true);
  const index = view.items.findIndex((event) => event.id === openId);
  const step = (by: number): (() => void) | undefined => {
    const next = index < 0 ? (isOpen ? undefined : view.items[by > 0 ? 0 : -1]) : view.items[index + by];
    return next && (() => open(next));
  };

  const review = useCallback(
    async (ids: readonly string[], reviewed: boolean): Promise<string[]> => {
      const changed: string[] = [];
      for (let at = 0; at < ids.length; at += MARKS) {
        const outcome = await vas.reviewEvents(ids.slice(at, at + MARKS), reviewed);
        if (!outcome.ok) {
          toast({ words: outcome.error.message, tone: "bad" });
          break;
        }
        changed.push(...outcome.value.event_ids);
        feed.current?.reviewed(outcome.value.event_ids, outcome.value.review);
      }
      reloadStranger.current();
      return changed;
    },
    [vas, toast],
  );
  const reviewOne = useCallback((event: AiEvent, reviewed: boolean) => void review([event.id], reviewed), [review]);
  const unreviewed = useMemo(() => view.items.filter((event) => event.review === null), [view.items]);
  const reviewAll = async () => {
    const changed = await review(
      unreviewed.map((event) => event.id),
      true,
    );
    if (changed.length === 0) return;
    const undo = { words: eventsText.undo, run: () => void review(changed, false) };
    toast({ words: eventsText.markedAll(changed.length), action: undo });
  };

  const { keys } = eventsText;
  useShortcuts(eventsText.title, [
    { keys: ["j", "ArrowDown"], words: keys.next, run: step(1) ?? ignore },
    { keys: ["k", "ArrowUp"], words: keys.previous, run: step(-1) ?? ignore },
    ...(shown && mayReview
      ? [{ keys: ["r"], words: keys.review, run: () => reviewOne(shown, shown.review === null) }]
      : []),
    ...(shown
      ? [
          { keys: ["Enter"], words: keys.open, run: () => showRecording(shown, userId) },
          { keys: ["Escape"], words: keys.close, run: close },
        ]
      : []),
    { keys: ["/"], words: keys.search, run: () => document.getElementById("event-search")?.focus() },
  ]);

  const names = useMemo(() => new Map((cameras ?? []).map((camera) => [camera.id, camera.name])), [cameras]);
  const cameraName = useCallback((id: string) => names.get(id) ?? eventsText.goneCamera, [names]);
  const known = useMemo(
    () => (models.value?.items ?? []).map((model) => ({ id: model.model_id, name: model.name ?? model.model_id })),
    [models.value],
  );
  const findable = useMemo(
    () =>
      [...new Set((models.value?.items ?? []).filter((one) => one.enabled).flatMap((one) => one.class_names))].sort(),
    [models.value],
  );
  const seen = useMemo(() => [...new Set(view.items.map((event) => event.label))].sort(), [view.items]);

  const showWaiting = () => {
    feed.current?.showWaiting();
    scrollTo(0, 0);
  };
  const more = useCallback(() => void feed.current?.more(), []);
  const count = view.items.length;
  const detail = shown && (
    <EventDetail
      event={shown}
      cameraName={names.get(shown.camera_id) ?? null}
      modelName={known.find((model) => model.id === shown.model_id)?.name ?? shown.model_id}
      onNewer={step(-1)}
      onOlder={step(1)}
      onReview={(reviewed) => reviewOne(shown, reviewed)}
    />
  );
  const missing = isStranger && stranger.error !== null && (
    <Empty title={eventsText.missing}>
      <button type="button" onClick={close}>
        {eventsText.backToList}
      </button>
    </Empty>
  );

  return (
    <section aria-label={eventsText.title} className="events-page">
      <div ref={head}>
        <div className="toolbar">
          <h1>{eventsText.title}</h1>
          {count > 0 && (
            <span className="quiet number" role="status">
              {eventsText.count(count, !view.complete)}
            </span>
          )}
          {isFiltered(filters) && (
            <Link to="/events" className="button plain">
              {eventsText.clear}
            </Link>
          )}
          <span className="spring" />
          {mayReview && unreviewed.length > 0 && (
            <button type="button" onClick={() => void reviewAll()}>
              {eventsText.markAll(unreviewed.length)}
            </button>
          )}
        </div>
        <FilterBar
          filters={filters}
          cameras={cameras ?? []}
          models={known}
          seen={seen}
          findable={findable}
          wide={wide}
          onChange={set}
        />
      </div>
      {view.waiting.length > 0 && (
        <div className="arrivals" role="status">
          <button type="button" className="primary" onClick={showWaiting}>
            {eventsText.arrived(view.waiting.length)}
          </button>
        </div>
      )}
      <div className="events-split">
        <div>
          <EventList
            events={view.items}
            complete={view.complete}
            openId={openId}
            cameraName={cameraName}
            pathOf={pathOf}
            mayReview={mayReview}
            head={head}
            onOpen={open}
            onEnter={(event) => showRecording(event, userId)}
            onReview={reviewOne}
            onNearEnd={more}
          />
          <Failure error={view.error} retry={more} />
          {view.loading && <Loading what={count === 0 ? eventsText.loading : eventsText.loadingOlder} />}
          {view.complete && count === 0 && view.waiting.length === 0 && <NoEvents filters={filters} onChange={set} />}
          {view.complete && count > 0 && <p className="quiet end">{eventsText.end}</p>}
          {view.full && <p className="quiet end">{eventsText.full(count)}</p>}
        </div>
        {wide && (
          <aside className="panel event-pane" aria-label={eventsText.detail}>
            {detail ? (
              <>
                <div className="row">
                  <h2>{shown.label}</h2>
                  <span className="spring" />
                  <button type="button" className="icon-button" aria-label={eventsText.close} onClick={close}>
                    <CloseIcon />
                  </button>
                </div>
                {detail}
              </>
            ) : (
              missing || (
                <div className="empty">
                  <p>{eventsText.choose}</p>
                  <small>{eventsText.chooseKeys}</small>
                </div>
              )
            )}
          </aside>
        )}
      </div>
      {!wide && (
        <Dialog open={Boolean(detail || missing)} onClose={close} title={shown?.label ?? eventsText.detail} size="wide">
          {detail || missing}
        </Dialog>
      )}
    </section>
  );
}

function ignore(): void {}

function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const list = matchMedia(query);
      list.addEventListener("change", listener);
      return () => list.removeEventListener("change", listener);
    },
    () => matchMedia(query).matches,
  );
}

/** Says which of the usual causes it is, as far as it can be seen from here. */
function NoEvents(props: { filters: EventFilters; onChange: (change: Partial<EventFilters>) => void }) {
  const { vas } = useSite();
  const assignments = useLoad("assignments", () => vas.assignments());
  const models = useLoad("models", () => vas.models());
  const health = useLoad("ai health", () => vas.aiHealth());
  const asking = [assignments, models, health].some((one) => one.loading && one.value === null);
  if (asking) return <Loading what={eventsText.loading} />;
  const why = whyEmpty(props.filters, {
    assignments: assignments.value,
    models: models.value?.items ?? null,
    coreConnected: health.value?.core.connected ?? null,
  });
  const { title, words } = eventsText.why[why];
  return (
    <Empty title={title} icon={<EventsIcon />}>
      <p>{words}</p>
      <WayOut why={why} onChange={props.onChange} />
    </Empty>
  );
}

function WayOut(props: { why: WhyEmpty; onChange: (change: Partial<EventFilters>) => void }) {
  switch (props.why) {
    case "no_model":
    case "no_model_here":
    case "never_found":
      return (
        <Link to="/models" className="button">
          {eventsText.toModels}
        </Link>
      );
    case "all_reviewed":
      return (
        <button type="button" onClick={() => props.onChange({ reviewed: "any" })}>
          {eventsText.showOlder}
        </button>
      );
    case "filters":
      return (
        <Link to="/events" className="button">
          {eventsText.clear}
        </Link>
      );
    default:
      return (
        <Link to="/site" className="button">
          {eventsText.toHealth}
        </Link>
      );
  }
}
