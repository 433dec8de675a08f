import type { ReactNode } from "react";
import { clipVideo, snapshotImage } from "../api/vas.ts";
import { useSite } from "../site.ts";
import { bytes, duration, fullTime } from "../ui/format.ts";
import { useLoad } from "../ui/hooks.ts";
import { Failure, Link, Loading } from "../ui/parts.tsx";
import { momentPath } from "../ui/route.ts";

const SHOWN = 50;

/** The camera's newest clips and snapshots. `turn` changes when one was made. */
export function MediaLists(props: { cameraId: string; turn: number }) {
  const { cameraId, turn } = props;
  const { vas } = useSite();
  const clips = useLoad(`clips ${cameraId} ${turn}`, () => vas.clips({ camera_id: cameraId, limit: SHOWN }));
  const snapshots = useLoad(`snapshots ${cameraId} ${turn}`, () =>
    vas.snapshots({ camera_id: cameraId, limit: SHOWN }),
  );
  return (
    <>
      <section className="panel stack" aria-label="Clips">
        <h2>Clips</h2>
        <Failure error={clips.error} retry={clips.reload} />
        {clips.value === null && !clips.error && <Loading what="the clips" />}
        {clips.value?.items.length === 0 && <p className="quiet">No clips of this camera yet.</p>}
        <ul className="media">
          {clips.value?.items.map((clip) => (
            <Row
              key={clip.id}
              title={clip.label ?? (clip.event_id ? "Of an event" : "Without a label")}
              facts={`${fullTime(clip.start)}, ${duration((Date.parse(clip.end) - Date.parse(clip.start)) / 1000)}, ${bytes(clip.size_bytes)}`}
            >
              <Link to={momentPath(cameraId, clip.start)}>Show</Link>
              <a href={clipVideo(clip.id)} download>
                Download
              </a>
            </Row>
          ))}
        </ul>
      </section>
      <section className="panel stack" aria-label="Snapshots">
        <h2>Snapshots</h2>
        <Failure error={snapshots.error} retry={snapshots.reload} />
        {snapshots.value === null && !snapshots.error && <Loading what="the snapshots" />}
        {snapshots.value?.items.length === 0 && <p className="quiet">No snapshots of this camera yet.</p>}
        <ul className="media">
          {snapshots.value?.items.map((snapshot) => (
            <Row
              key={snapshot.id}
              title={fullTime(snapshot.timestamp)}
              facts={`${snapshot.width} x ${snapshot.height}, ${bytes(snapshot.size_bytes)}${snapshot.event_id ? ", of an event" : ""}`}
            >
              <Link to={momentPath(cameraId, snapshot.timestamp)}>Show</Link>
              <a href={snapshotImage(snapshot.id)} download>
                Download
              </a>
            </Row>
          ))}
        </ul>
      </section>
    </>
  );
}

function Row(props: { title: string; facts: string; children: ReactNode }) {
  return (
    <li>
      <span>
        <b>{props.title}</b>
        <br />
        <small className="quiet">{props.facts}</small>
      </span>
      <span className="row">{props.children}</span>
    </li>
  );
}
