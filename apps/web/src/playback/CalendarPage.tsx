/** Days that have footage, and those with events: choosing one goes there. */
import { type KeyboardEvent, useRef, useState } from "react";
import { useSite } from "../site.ts";
import { playbackText } from "../strings/playback.ts";
import { localDay } from "../ui/format.ts";
import { useLoad } from "../ui/hooks.ts";
import { Failure } from "../ui/parts.tsx";
import { dayBeside, monthBeside, monthOf, monthWords, weeks } from "./calendar.ts";
import type { Span } from "./view.ts";

type Props = {
  cameraIds: readonly string[];
  /** The day of this moment is marked and shown first. */
  atMs: number;
  onDay: (day: Span) => void;
};

export function CalendarPage(props: Props) {
  const { vas } = useSite();
  const [month, setMonth] = useState(() => monthOf(props.atMs));
  const [focused, setFocused] = useState(() => localDay(new Date(props.atMs)));
  const [ofAll, setOfAll] = useState(false);
  const grid = useRef<HTMLTableElement>(null);
  const camera = ofAll ? undefined : props.cameraIds[0];
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const loaded = useLoad(`${month} ${camera ?? "all"}`, () =>
    vas.calendar({ month, zone, ...(camera === undefined ? {} : { camera_id: camera }) }),
  );
  const byDay = new Map(loaded.value?.days.map((day) => [day.day, day]));
  const shown = localDay(new Date(props.atMs));
  const reachable = byDay.has(focused) || focused.startsWith(month) ? focused : `${month}-01`;
  const turn = (by: 1 | -1) => setMonth(monthBeside(month, by));

  const onKey = (event: KeyboardEvent) => {
    const next = dayBeside(reachable, event.key);
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
    setFocused(next);
    setMonth(next.slice(0, 7));
    requestAnimationFrame(() => grid.current?.querySelector<HTMLElement>(`[data-day="${next}"]`)?.focus());
  };

  return (
    <div className="calendar" data-testid="calendar">
      <div className="row">
        <button type="button" aria-label={playbackText.previousMonth} onClick={() => turn(-1)}>
          ‹
        </button>
        <b className="spring calendar-month" aria-live="polite">
          {monthWords(month)}
        </b>
        <button
          type="button"
          aria-label={playbackText.nextMonth}
          disabled={month >= monthOf(Date.now())}
          onClick={() => turn(1)}
        >
          ›
        </button>
      </div>
      <Failure error={loaded.error} retry={loaded.reload} />
      <table ref={grid} onKeyDown={onKey}>
        <thead>
          <tr>
            {playbackText.weekdays.map((day) => (
              <th key={day} scope="col">
                {day}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeks(month).map((week) => (
            <tr key={week.find((day) => day !== null)}>
              {week.map((day, index) => {
                const found = day === null ? undefined : byDay.get(day);
                if (day === null) return <td key={`none ${index}`} />;
                return (
                  <td key={day}>
                    <button
                      type="button"
                      data-day={day}
                      data-recorded={found?.recorded ?? false}
                      data-events={found?.events ?? false}
                      tabIndex={day === reachable ? 0 : -1}
                      aria-current={day === shown ? "date" : undefined}
                      aria-label={playbackText.dayWords(day, found?.recorded ?? false, found?.events ?? false)}
                      disabled={day > localDay(new Date())}
                      onClick={() =>
                        found && props.onDay({ fromMs: Date.parse(found.from), toMs: Date.parse(found.to) })
                      }
                    >
                      {Number(day.slice(-2))}
                    </button>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <label className="row">
        <input type="checkbox" checked={ofAll} onChange={(event) => setOfAll(event.target.checked)} />
        <span>{playbackText.ofAllCameras}</span>
      </label>
    </div>
  );
}
