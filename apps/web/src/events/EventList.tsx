/** The list of events: only the rows near the screen exist, so that ten thousand scroll like ten. */
import type { AiEvent } from "@vas/contracts/http.ts";
import { defaultRangeExtractor, type Range, useWindowVirtualizer } from "@tanstack/react-virtual";
import {
  memo,
  type MouseEvent,
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { snapshotImage } from "../api/vas.ts";
import { eventsText } from "../strings/events.ts";
import { CheckIcon } from "../ui/icons.tsx";
import { Badge } from "../ui/parts.tsx";
import { aboutMoment, dayTime, lasted } from "./words.ts";

/** Height of a row with the space below it; events.css has the same. */
const ROW_PX = 92;
/** Rows before and after the screen. */
const OVERSCAN = 6;
/** So many rows before the end the next page is asked for: it is there before the reader is. */
const AHEAD = 40;
/** A row that flies by does not ask for its picture. */
const SETTLED_MS = 100;

type Props = {
  events: readonly AiEvent[];
  complete: boolean;
  /** The open event, or empty. */
  openId: string;
  cameraName: (id: string) => string;
  pathOf: (id: string) => string;
  mayReview: boolean;
  /** What stands above the list; its height is watched. */
  head: RefObject<HTMLElement | null>;
  onOpen: (event: AiEvent) => void;
  /** Enter on the row that is open already. */
  onEnter: (event: AiEvent) => void;
  onReview: (event: AiEvent, reviewed: boolean) => void;
  onNearEnd: () => void;
};

export function EventList(props: Props) {
  const { events, openId, head, onNearEnd } = props;
  const list = useRef<HTMLUListElement>(null);
  const [scrollMargin, setScrollMargin] = useState(0);
  const openIndex = openId === "" ? -1 : events.findIndex((event) => event.id === openId);

  useLayoutEffect(() => {
    const measure = () => {
      if (list.current) setScrollMargin(Math.round(list.current.getBoundingClientRect().top + scrollY));
    };
    measure();
    const observer = new ResizeObserver(measure);
    if (head.current) observer.observe(head.current);
    return () => observer.disconnect();
  }, [head]);

  // The same functions as long as the same events: with new ones every row of the list would be measured anew each frame.
  const getItemKey = useCallback((index: number) => events[index]?.id ?? index, [events]);
  // The open row stays, wherever the list is scrolled to: the focus is on it.
  const rangeExtractor = useCallback(
    (range: Range) => {
      const near = defaultRangeExtractor(range);
      return openIndex < 0 || near.includes(openIndex) ? near : [...near, openIndex].sort((a, b) => a - b);
    },
    [openIndex],
  );
  const rows = useWindowVirtualizer({
    count: events.length,
    estimateSize: rowHeight,
    overscan: OVERSCAN,
    scrollMargin,
    getItemKey,
    rangeExtractor,
  });
  const shown = rows.getVirtualItems();
  const last = shown.findLast((row) => row.index !== openIndex)?.index ?? 0;

  useEffect(() => {
    if (last >= events.length - AHEAD) onNearEnd();
  }, [last, events.length, onNearEnd]);

  // The open row is in sight, and has the focus unless a person is at work in the event itself.
  const before = useRef("");
  useEffect(() => {
    const left = before.current;
    before.current = openId;
    if (left === openId) return undefined;
    if (openIndex >= 0) rows.scrollToIndex(openIndex, { align: "auto" });
    const frame = requestAnimationFrame(() => {
      if (document.activeElement?.closest(".event-pane, [role=dialog]")) return;
      list.current?.querySelector<HTMLElement>(`[data-event="${openId || left}"] a`)?.focus({ preventScroll: true });
    });
    return () => cancelAnimationFrame(frame);
  }, [openId, openIndex, rows]);

  return (
    <ul className="events" aria-label={eventsText.list} ref={list} style={{ height: rows.getTotalSize() }}>
      {shown.map((row) => {
        const event = events[row.index];
        if (!event) return null;
        return (
          <EventRow
            key={event.id}
            event={event}
            index={row.index}
            count={props.complete ? events.length : -1}
            top={row.start - scrollMargin}
            camera={props.cameraName(event.camera_id)}
            path={props.pathOf(event.id)}
            isOpen={event.id === openId}
            mayReview={props.mayReview}
            onOpen={props.onOpen}
            onEnter={props.onEnter}
            onReview={props.onReview}
          />
        );
      })}
    </ul>
  );
}

function rowHeight(): number {
  return ROW_PX;
}

type RowProps = {
  event: AiEvent;
  index: number;
  /** -1 while not all are known. */
  count: number;
  top: number;
  camera: string;
  path: string;
  isOpen: boolean;
  mayReview: boolean;
  onOpen: (event: AiEvent) => void;
  onEnter: (event: AiEvent) => void;
  onReview: (event: AiEvent, reviewed: boolean) => void;
};

const EventRow = memo(function EventRow(props: RowProps) {
  const { event, camera, isOpen } = props;
  const when = dayTime(event.timestamp, new Date());
  const time = lasted(event);
  const about = aboutMoment(event);
  const reviewed = event.review !== null;
  const open = (click: MouseEvent) => {
    if (click.button !== 0 || click.metaKey || click.ctrlKey || click.shiftKey) return;
    click.preventDefault();
    // A press of Enter is a click without a place.
    if (isOpen && click.detail === 0) props.onEnter(event);
    else props.onOpen(event);
  };
  return (
    <li
      className="event-row"
      data-event={event.id}
      data-open={isOpen}
      data-reviewed={reviewed}
      aria-posinset={props.index + 1}
      aria-setsize={props.count}
      style={{ transform: `translateY(${props.top}px)` }}
    >
      <a
        href={props.path}
        onClick={open}
        aria-current={isOpen ? "true" : undefined}
        aria-label={[eventsText.rowLabel(event.label, camera, when), about].filter(Boolean).join(", ")}
      >
        <Thumbnail snapshotId={event.snapshot_id} />
        <span className="event-words">
          <span className="row">
            {!reviewed && <span className="event-dot" title={eventsText.notReviewed} />}
            <b>{event.label}</b>
            {time === null && <Badge tone="warn">{eventsText.goingOn}</Badge>}
          </span>
          <span>{camera}</span>
          <small className="quiet number">{time === null ? when : `${when}, ${time}`}</small>
          {about && (
            <small className="quiet event-about" title={eventsText.aboutMomentWords}>
              {about}
            </small>
          )}
        </span>
      </a>
      {props.mayReview && (
        <button
          type="button"
          className="icon-button"
          aria-pressed={reviewed}
          aria-label={eventsText.mark}
          title={reviewed ? eventsText.unmark : eventsText.mark}
          onClick={() => props.onReview(event, !reviewed)}
        >
          <CheckIcon />
        </button>
      )}
    </li>
  );
});

function Thumbnail(props: { snapshotId: string | null }) {
  const { snapshotId } = props;
  const [settled, setSettled] = useState(false);
  const [broken, setBroken] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(true), SETTLED_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <span className="event-thumb">
      {snapshotId === null || broken ? (
        <small>{broken ? eventsText.pictureGone : eventsText.noPicture}</small>
      ) : (
        settled && (
          <img
            src={snapshotImage(snapshotId)}
            alt=""
            width="128"
            height="72"
            decoding="async"
            onError={() => setBroken(true)}
          />
        )
      )}
    </span>
  );
}
