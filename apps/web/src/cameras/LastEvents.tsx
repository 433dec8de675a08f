import type { LiveNotice } from "@vas/contracts/live.ts";
import { useCallback } from "react";
import { snapshotImage } from "../api/vas.ts";
import { aboutMoment } from "../events/words.ts";
import { useNotices, useSite } from "../site.ts";
import { camerasText } from "../strings/cameras.ts";
import { eventsText } from "../strings/events.ts";
import { shortTime } from "../ui/format.ts";
import { useLoad } from "../ui/hooks.ts";
import { Failure, Link } from "../ui/parts.tsx";
import { momentPath } from "../ui/route.ts";

const COUNT = 5;

/** What was found on this camera of late, with the way to its moment. */
export function LastEvents(props: { cameraId: string }) {
  const { cameraId } = props;
  const { vas } = useSite();
  const { value, error, reload } = useLoad(`events ${cameraId}`, () =>
    vas.events({ camera_id: cameraId, limit: COUNT }),
  );
  useNotices(
    useCallback(
      (notice: LiveNotice) => {
        if (notice.notice === "event" && notice.event.camera_id === cameraId) reload();
      },
      [cameraId, reload],
    ),
  );
  return (
    <section className="panel" aria-labelledby="last-events">
      <h2 id="last-events">{camerasText.lastEvents}</h2>
      <Failure error={error} retry={reload} />
      {value?.items.length === 0 && <p className="quiet">{camerasText.noEvents}</p>}
      {value && value.items.length > 0 && (
        <ul className="last-events">
          {value.items.map(({ id, label, timestamp, snapshot_id, stream = "main" }) => (
            <li key={id}>
              <Link
                to={momentPath(cameraId, timestamp)}
                label={[label, shortTime(timestamp), aboutMoment({ stream })].filter(Boolean).join(", ")}
              >
                {snapshot_id === null ? (
                  <span className="no-picture" />
                ) : (
                  <img src={snapshotImage(snapshot_id)} alt="" width="72" height="40" loading="lazy" />
                )}
                <span>
                  {label}
                  <small className="quiet" title={eventsText.aboutMomentWords}>
                    {aboutMoment({ stream })}
                  </small>
                </span>
                <time className="quiet number" dateTime={timestamp}>
                  {shortTime(timestamp)}
                </time>
              </Link>
            </li>
          ))}
        </ul>
      )}
      <Link to={`/events?camera=${cameraId}`}>{camerasText.allEvents}</Link>
    </section>
  );
}
