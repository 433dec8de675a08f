import type { AiEvent, Camera } from "@vas/contracts/http.ts";
import type { LiveNotice } from "@vas/contracts/live.ts";
import { useCallback, useEffect, useRef, useState } from "react";
import { snapshotImage } from "../api/vas.ts";
import { useCameras, useNotices, useSite } from "../site.ts";
import { duration, fullTime, percent } from "../ui/format.ts";
import { navigate, useAddress, useLoad, useTitle } from "../ui/hooks.ts";
import { Badge, Empty, Failure, Field, Link, Loading } from "../ui/parts.tsx";
import { momentPath } from "../ui/route.ts";
import { EventFeed, type FeedView } from "./feed.ts";
import {
  type EventFilters,
  eventQuery,
  eventsPath,
  filtersOf,
  isFiltered,
  isoOfField,
  localField,
  matches,
} from "./filters.ts";

const NOTHING: FeedView = { items: [], waiting: [], loading: true, complete: false, error: null };
/** Within this of the top, the reader sees the head of the list. */
const TOP_PX = 120;

export function EventsPage() {
  useTitle("Events");
  const { vas } = useSite();
  const { cameras } = useCameras();
  const address = useAddress();
  const filters = filtersOf(address.searchParams);
  const key = eventsPath(filters);
  const models = useLoad("models", () => vas.models());
  const [view, setView] = useState(NOTHING);
  const feed = useRef<EventFeed | null>(null);

  // The address is the filters: another one is another list.
  useEffect(() => {
    const wanted = filtersOf(new URL(key, location.href).searchParams);
    const made = new EventFeed({
      page: (cursor) => vas.events({ ...eventQuery(wanted), cursor, limit: 40 }),
      matches: (event) => matches(wanted, event),
      onView: setView,
    });
    feed.current = made;
    setView(NOTHING);
    void made.more();
    return () => made.close();
  }, [key, vas]);

  useNotices(
    useCallback((notice: LiveNotice) => {
      if (notice.notice === "event") feed.current?.arrived(notice.event, scrollY < TOP_PX);
    }, []),
  );

  // The line below the list asks for the next page before the reader reaches it.
  const end = useRef<HTMLDivElement>(null);
  const count = view.items.length;
  useEffect(() => {
    const element = end.current;
    if (!element || view.error) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) void feed.current?.more();
      },
      { rootMargin: "600px" },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [count, view.error]);

  const set = (change: Partial<EventFilters>) => navigate(eventsPath({ ...filters, ...change }), true);
  const showWaiting = () => {
    feed.current?.showWaiting();
    scrollTo(0, 0);
  };

  return (
    <section aria-label="Events">
      <div className="toolbar">
        <h1>Events</h1>
        {isFiltered(filters) && (
          <Link to="/events" className="button plain">
            Clear the filters
          </Link>
        )}
      </div>
      <form className="panel filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
        <Field label="Camera">
          <select value={filters.camera} onChange={(event) => set({ camera: event.target.value })}>
            <option value="">All cameras</option>
            {(cameras ?? []).map((camera) => (
              <option key={camera.id} value={camera.id}>
                {camera.name}
              </option>
            ))}
          </select>
        </Field>
        <Field label="Model">
          <select value={filters.model} onChange={(event) => set({ model: event.target.value })}>
            <option value="">All models</option>
            {[...new Set([...(models.value?.items ?? []).map((model) => model.model_id), filters.model])]
              .filter((model) => model !== "")
              .map((model) => (
                <option key={model} value={model}>
                  {model}
                </option>
              ))}
          </select>
        </Field>
        <TypedField
          key={`label ${filters.label}`}
          label="Label"
          type="text"
          value={filters.label}
          onDone={(label) => set({ label })}
        />
        <TypedField
          key={`confidence ${filters.minConfidence}`}
          label="Confidence from (%)"
          type="number"
          value={filters.minConfidence === 0 ? "" : String(Math.round(filters.minConfidence * 100))}
          onDone={(text) => set({ minConfidence: Math.min(100, Math.max(0, Number(text) || 0)) / 100 })}
        />
        <TypedField
          key={`from ${filters.from}`}
          label="From"
          type="datetime-local"
          value={localField(filters.from)}
          onDone={(text) => set({ from: isoOfField(text) })}
        />
        <TypedField
          key={`to ${filters.to}`}
          label="To"
          type="datetime-local"
          value={localField(filters.to)}
          onDone={(text) => set({ to: isoOfField(text) })}
        />
      </form>
      {view.waiting.length > 0 && (
        <div className="arrivals" role="status">
          <button type="button" className="primary" onClick={showWaiting}>
            Show {view.waiting.length} new {view.waiting.length === 1 ? "event" : "events"}
          </button>
        </div>
      )}
      <ul className="events" aria-label="Event list">
        {view.items.map((event) => (
          <EventCard key={event.id} event={event} camera={cameras?.find((one) => one.id === event.camera_id)} />
        ))}
      </ul>
      <Failure error={view.error} retry={() => void feed.current?.more()} />
      {view.loading && <Loading what={count === 0 ? "the events" : "older events"} />}
      {view.complete && count === 0 && view.waiting.length === 0 && <WhyEmpty filtered={isFiltered(filters)} />}
      {view.complete && count > 0 && <p className="quiet end">These are all the events.</p>}
      <div ref={end} />
    </section>
  );
}

/** A text field that acts when it is left or Enter is pressed, not on every letter. */
function TypedField(props: { label: string; type: string; value: string; onDone: (text: string) => void }) {
  const [text, setText] = useState(props.value);
  const done = () => {
    if (text !== props.value) props.onDone(text.trim());
  };
  return (
    <Field label={props.label}>
      <input
        type={props.type}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={done}
        onKeyDown={(event) => {
          if (event.key === "Enter") done();
        }}
      />
    </Field>
  );
}

function EventCard(props: { event: AiEvent; camera: Camera | undefined }) {
  const { event, camera } = props;
  const [broken, setBroken] = useState(false);
  const seconds = event.ended_at === null ? null : (Date.parse(event.ended_at) - Date.parse(event.timestamp)) / 1000;
  const name = camera?.name ?? "a camera that is gone";
  return (
    <li data-event={event.id}>
      <Link
        to={momentPath(event.camera_id, event.timestamp)}
        className="event-card"
        label={`${event.label} at ${name}, ${fullTime(event.timestamp)}: show the recording`}
      >
        <span className="event-picture">
          {event.snapshot_id && !broken ? (
            <img src={snapshotImage(event.snapshot_id)} alt="" loading="lazy" onError={() => setBroken(true)} />
          ) : (
            <span>{broken ? "The picture is gone" : "No picture"}</span>
          )}
        </span>
        <span className="event-words">
          <span className="row">
            <b>{event.label}</b>
            <span className="number">{percent(event.best_confidence ?? event.confidence)}</span>
            {seconds === null && <Badge tone="warn">going on</Badge>}
          </span>
          <span>{name}</span>
          <small className="quiet">
            {fullTime(event.timestamp)}
            {seconds === null ? "" : `, ${duration(seconds)}`}
          </small>
          <small className="quiet">{event.model_id}</small>
        </span>
      </Link>
    </li>
  );
}

/** Says which of the usual causes it is, as far as it can be seen from here. */
function WhyEmpty(props: { filtered: boolean }) {
  const { vas } = useSite();
  const assignments = useLoad("assignments", () => vas.assignments());
  const health = useLoad("ai health", () => vas.aiHealth());
  if (props.filtered)
    return (
      <Empty title="No event fits these filters">
        <p>Widen the time or lower the confidence, or clear the filters.</p>
      </Empty>
    );
  const assigned = assignments.value?.filter((one) => one.enabled).length ?? null;
  const connected = health.value?.core.connected ?? null;
  return (
    <Empty title="No events yet">
      <p>
        {assigned === 0
          ? "No model is assigned to a camera, so nothing is looked for."
          : connected === false
            ? "Ruth Core is not connected to VAS, so no frames are looked at."
            : "Models are assigned, but none has found anything so far."}
      </p>
      <Link to={assigned === 0 ? "/models" : "/site"} className="button">
        {assigned === 0 ? "Assign a model" : "Look at the health page"}
      </Link>
    </Empty>
  );
}
