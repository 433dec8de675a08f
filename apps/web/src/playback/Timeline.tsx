import type { AiEvent, Gap } from "@vas/contracts/http.ts";
import { type KeyboardEvent, type MouseEvent, useState } from "react";
import { clockTime } from "../ui/format.ts";
import { gapSpan, momentWords, place, type Span, ticks } from "./timeline.ts";

type Props = {
  view: Span;
  spans: Span[];
  gaps: Gap[];
  events: AiEvent[];
  playingMs: number | null;
  marks: { fromMs: number | null; toMs: number | null };
  onSeek: (atMs: number) => void;
};

export function Timeline(props: Props) {
  const { view, spans, gaps, events, playingMs, marks, onSeek } = props;
  const [pointed, setPointed] = useState<number | null>(null);
  const nowMs = Date.now();

  const momentOf = (event: MouseEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return Math.round(view.fromMs + share * (view.toMs - view.fromMs));
  };
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -10_000, ArrowRight: 10_000, PageUp: -600_000, PageDown: 600_000 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    onSeek((playingMs ?? view.fromMs) + step);
  };
  const moment = (atMs: number | null) => (atMs === null ? null : place({ fromMs: atMs, toMs: atMs + 1 }, view));
  const cursor = moment(playingMs);
  const from = moment(marks.fromMs);
  const to = moment(marks.toMs);
  const cut =
    marks.fromMs !== null && marks.toMs !== null ? place({ fromMs: marks.fromMs, toMs: marks.toMs }, view) : null;

  return (
    <div className="timeline">
      <svg
        role="slider"
        tabIndex={0}
        aria-label="Timeline"
        aria-valuemin={view.fromMs}
        aria-valuemax={view.toMs}
        aria-valuenow={playingMs ?? view.fromMs}
        aria-valuetext={playingMs === null ? "nothing is playing" : clockTime(new Date(playingMs))}
        data-testid="timeline"
        onClick={(event) => onSeek(momentOf(event))}
        onPointerMove={(event) => setPointed(momentOf(event))}
        onPointerLeave={() => setPointed(null)}
        onKeyDown={onKey}
      >
        {gaps.map((gap) => {
          const at = place(gapSpan(gap, nowMs), view);
          return (
            at && <rect key={gap.start} className="gap" x={`${at.left}%`} width={`${at.width}%`} y="12" height="32" />
          );
        })}
        {spans.map((span) => {
          const at = place(span, view);
          return (
            at && (
              <rect key={span.fromMs} className="footage" x={`${at.left}%`} width={`${at.width}%`} y="12" height="32" />
            )
          );
        })}
        {cut && <rect className="cut" x={`${cut.left}%`} width={`${cut.width}%`} y="8" height="40" />}
        {events.map((event) => {
          const at = moment(Date.parse(event.timestamp));
          return at && <rect key={event.id} className="event" x={`${at.left}%`} width="2" y="0" height="10" />;
        })}
        {[from, to].map(
          (mark, index) =>
            mark && (
              <rect
                key={index === 0 ? "from" : "to"}
                className="mark"
                x={`${mark.left}%`}
                width="2"
                y="4"
                height="48"
              />
            ),
        )}
        {cursor && <rect className="cursor" x={`${cursor.left}%`} width="2" y="6" height="44" />}
      </svg>
      <div className="ticks" aria-hidden="true">
        {ticks(view, 8).map((tick) => {
          const share = ((tick.atMs - view.fromMs) / (view.toMs - view.fromMs)) * 100;
          return (
            <span
              key={tick.atMs}
              style={{ left: `${share}%` }}
              className={share < 3 ? "first" : share > 97 ? "last" : ""}
            >
              {tick.words}
            </span>
          );
        })}
      </div>
      <p className="quiet pointed">
        {pointed === null
          ? "Point at the timeline to read what is there; click to play from it. Marks on top are events."
          : momentWords(pointed, spans, gaps, nowMs)}
      </p>
    </div>
  );
}
