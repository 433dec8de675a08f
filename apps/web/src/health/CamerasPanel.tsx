import type { HistoryRange } from "@vas/contracts/health.ts";
import type { AiHealth, Camera } from "@vas/contracts/http.ts";
import { useState } from "react";
import { stateTone, stateWords } from "../cameras/words.ts";
import { useCameras, useSite } from "../site.ts";
import { healthText as text } from "../strings/health.ts";
import { ago, duration, rate } from "../ui/format.ts";
import { useLoad, useWhileVisible } from "../ui/hooks.ts";
import { Badge, Link } from "../ui/parts.tsx";
import { Charts } from "./Charts.tsx";
import { cameraCharts } from "./series.ts";
import { gapsOf, todayOf } from "./gaps.ts";

export function CamerasPanel(props: { ai: AiHealth | null; range: HistoryRange }) {
  const { cameras } = useCameras();
  return (
    <section className="panel" aria-label={text.cameras}>
      <h2>{text.cameras}</h2>
      {cameras?.length === 0 && <p className="quiet">{text.noCameras}</p>}
      {cameras && cameras.length > 0 && (
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">{text.camera}</th>
                <th scope="col">{text.state}</th>
                <th scope="col">{text.stream}</th>
                <th scope="col">{text.recording}</th>
                <th scope="col">{text.gapsToday}</th>
                <th scope="col">{text.viewers}</th>
                <th scope="col">{text.toModels}</th>
              </tr>
            </thead>
            <tbody>
              {cameras.map((camera) => (
                <CameraLine key={camera.id} camera={camera} ai={props.ai} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {cameras?.map((camera) => (
        <CameraCharts key={camera.id} camera={camera} range={props.range} />
      ))}
    </section>
  );
}

/** Asked for only once they are opened: there may be hundreds of cameras. */
function CameraCharts(props: { camera: Camera; range: HistoryRange }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{text.chartsOf(props.camera.name)}</summary>
      {open && <Charts charts={cameraCharts(props.camera.id)} range={props.range} />}
    </details>
  );
}

const GAPS_EVERY_MS = 60_000;

function CameraLine(props: { camera: Camera; ai: AiHealth | null }) {
  const { camera } = props;
  const { status } = camera;
  const { vas } = useSite();
  const agent = props.ai?.cameras.find((one) => one.camera_id === camera.id);
  const timeline = useLoad(`gaps ${camera.id}`, () => {
    const { from, to } = todayOf(new Date());
    return vas.daySums(camera.id, from, to);
  });
  useWhileVisible(timeline.reload, GAPS_EVERY_MS);
  const gaps = timeline.value && gapsOf(timeline.value);
  return (
    <tr>
      <th scope="row">
        <Link to={`/cameras/${camera.id}`}>{camera.name}</Link>
      </th>
      <td className={status.state === "retrying" ? "words" : ""}>
        <Badge tone={stateTone(status.state)}>{status.state}</Badge>{" "}
        <span className="quiet">{text.since(ago(status.since).replace(/ ago$/, ""))}</span>
        {status.state === "retrying" && <div className="quiet">{stateWords(status)}</div>}
      </td>
      <td>
        {status.codec
          ? `${status.codec}, ${rate(status.fps, "fps")}, ${rate(status.bitrate_kbps === null ? null : Math.round(status.bitrate_kbps), "kbit/s")}`
          : "-"}
      </td>
      <td>{status.recording ? text.recordingOn : text.no}</td>
      <td>{gaps ? (gaps.count === 0 ? text.noGaps : text.gaps(gaps.count, duration(gaps.ms / 1000))) : "-"}</td>
      <td>{status.viewers}</td>
      <td>
        {agent
          ? text.lastFrame(rate(agent.frame_fps, "fps"), ago(agent.last_frame_at))
          : (status.frame_export.reason ?? status.frame_export.state ?? "-")}
      </td>
    </tr>
  );
}
