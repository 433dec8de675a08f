import type { AiHealth, Health } from "@vas/contracts/http.ts";
import { useEffect, useState } from "react";
import { stateTone, stateWords } from "../cameras/words.ts";
import { healthTone } from "../models/words.ts";
import { useCameras, useSite } from "../site.ts";
import { ago, duration, rate } from "../ui/format.ts";
import { useLoad, useTitle, useWhileVisible } from "../ui/hooks.ts";
import { Badge, Facts, Failure, Link, Loading } from "../ui/parts.tsx";
import { linePoints, type Rates, rateKey, withSample } from "./history.ts";
import { coreWords, latencyWords, siteWords, skippedWords } from "./words.ts";

export function HealthPage() {
  useTitle("Health");
  const { vas } = useSite();
  const site = useLoad("site health", () => vas.health());
  const ai = useLoad("ai health", () => vas.aiHealth());
  const [rates, setRates] = useState<Rates>(new Map());
  useEffect(() => {
    const report = ai.value;
    if (report) setRates((old) => withSample(old, report.subscriptions));
  }, [ai.value]);
  useWhileVisible(() => {
    site.reload();
    ai.reload();
  }, 2_000);
  return (
    <section aria-label="Health" className="stack">
      <h1>Health</h1>
      <Failure error={site.error} retry={site.reload} />
      {site.value ? <SitePanel health={site.value} /> : !site.error && <Loading what="the health of VAS" />}
      <CamerasPanel ai={ai.value} />
      <Failure error={ai.error} retry={ai.reload} />
      {ai.value ? <AiPanels ai={ai.value} rates={rates} /> : !ai.error && <Loading what="the health of the models" />}
    </section>
  );
}

function SitePanel(props: { health: Health }) {
  const { health } = props;
  return (
    <section className="panel" aria-label="VAS">
      <div className="row head">
        <h2>VAS</h2>
        <Badge tone={health.status === "ok" ? "good" : "bad"}>{health.status === "ok" ? "healthy" : "degraded"}</Badge>
        <span>{siteWords(health)}</span>
      </div>
      <Facts
        wide
        facts={[
          { name: "Version", value: health.version },
          { name: "Running for", value: duration(health.uptime_seconds) },
          { name: "Store", value: health.store === "ok" ? "answers" : "does not answer" },
          { name: "Frame export", value: health.frame_export_enabled ? "on" : "off: no model gets frames" },
        ]}
      />
    </section>
  );
}

function CamerasPanel(props: { ai: AiHealth | null }) {
  const { cameras } = useCameras();
  return (
    <section className="panel" aria-label="Cameras">
      <h2>Cameras</h2>
      {cameras?.length === 0 && <p className="quiet">No cameras yet.</p>}
      {cameras && cameras.length > 0 && (
        <div className="scroll" tabIndex={0} role="group" aria-label="Table">
          <table>
            <thead>
              <tr>
                <th>Camera</th>
                <th>State</th>
                <th>Stream</th>
                <th>Recording</th>
                <th>Viewers</th>
                <th>Frames to models</th>
              </tr>
            </thead>
            <tbody>
              {cameras.map((camera) => {
                const { status } = camera;
                const agent = props.ai?.cameras.find((one) => one.camera_id === camera.id);
                return (
                  <tr key={camera.id}>
                    <th scope="row">
                      <Link to={`/cameras/${camera.id}`}>{camera.name}</Link>
                    </th>
                    <td className={status.state === "retrying" ? "words" : ""}>
                      <Badge tone={stateTone(status.state)}>{status.state}</Badge>
                      {status.state === "retrying" && <div className="quiet">{stateWords(status)}</div>}
                    </td>
                    <td>
                      {status.codec
                        ? `${status.codec}, ${rate(status.fps, "fps")}, ${rate(status.bitrate_kbps === null ? null : Math.round(status.bitrate_kbps), "kbit/s")}`
                        : "-"}
                    </td>
                    <td>{status.recording ? "running" : "no"}</td>
                    <td>{status.viewers}</td>
                    <td>
                      {agent
                        ? `${rate(agent.frame_fps, "fps")}, last ${ago(agent.last_frame_at)}`
                        : (status.frame_export.reason ?? status.frame_export.state ?? "off")}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

const LINE = { width: 120, height: 22 };

function AiPanels(props: { ai: AiHealth; rates: Rates }) {
  const { ai, rates } = props;
  const { cameras } = useCameras();
  const nameOf = (id: string) => cameras?.find((camera) => camera.id === id)?.name ?? "a camera that is gone";
  return (
    <>
      <section className="panel" aria-label="Ruth Core">
        <div className="row head">
          <h2>Ruth Core</h2>
          <Badge tone={healthTone(ai.core.health)}>{ai.core.health}</Badge>
          <span>{coreWords(ai.core, Date.now())}</span>
        </div>
        {ai.core.connected && (
          <Facts
            wide
            facts={[
              { name: "Running for", value: ai.core.uptime_seconds === null ? "-" : duration(ai.core.uptime_seconds) },
              { name: "Results dropped", value: ai.core.results_dropped ?? "-" },
            ]}
          />
        )}
      </section>
      <section className="panel" aria-label="Subscriptions">
        <h2>What models do on cameras</h2>
        {ai.subscriptions.length === 0 ? (
          <p className="quiet">
            Nothing runs. <Link to="/models">Assign a model to a camera</Link> to begin.
          </p>
        ) : (
          <div className="scroll" tabIndex={0} role="group" aria-label="Table">
            <table>
              <thead>
                <tr>
                  <th>Camera and model</th>
                  <th>Health</th>
                  <th>Rate, of wanted</th>
                  <th>Results</th>
                  <th>Latency p50 / p95</th>
                  <th>Waiting</th>
                  <th>Skipped</th>
                  <th>Last success</th>
                </tr>
              </thead>
              <tbody>
                {ai.subscriptions.map((one) => (
                  <tr key={`${one.camera_id} ${one.model_id}`}>
                    <th scope="row">
                      {nameOf(one.camera_id)}
                      <div className="quiet">{one.model_id}</div>
                    </th>
                    <td className={one.reason || ("last_error" in one && one.last_error) ? "words" : ""}>
                      <Badge tone={healthTone(one.health)}>{one.health}</Badge>
                      {one.reason && <div className="quiet">{one.reason}</div>}
                      {one.last_error && <div className="quiet">Last error: {one.last_error}</div>}
                    </td>
                    <td>
                      {rate(one.achieved_fps)} of {rate(one.desired_fps, "fps")}
                      <svg
                        className="rate-line"
                        viewBox={`0 -1 ${LINE.width} ${LINE.height + 2}`}
                        role="img"
                        aria-label="Rate of the last five minutes"
                      >
                        <polyline
                          points={linePoints(rates.get(rateKey(one)) ?? [], one.desired_fps, LINE.width, LINE.height)}
                        />
                      </svg>
                    </td>
                    <td>
                      {one.results} of {one.dispatched}
                    </td>
                    <td>{latencyWords(one.latency_ms)}</td>
                    <td>{one.queue_depth}</td>
                    <td className="words">{skippedWords(one.skipped)}</td>
                    <td>{ago(one.last_success_at)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
      <section className="panel" aria-label="Model processes">
        <h2>Model processes</h2>
        {ai.models.length === 0 ? (
          <p className="quiet">No model process was reported.</p>
        ) : (
          <div className="scroll" tabIndex={0} role="group" aria-label="Table">
            <table>
              <thead>
                <tr>
                  <th>Model</th>
                  <th>Health</th>
                  <th>Heartbeat</th>
                  <th>Requests</th>
                  <th>Errors</th>
                  <th>Mean latency</th>
                  <th>Running for</th>
                </tr>
              </thead>
              <tbody>
                {ai.models.map((one) => (
                  <tr key={one.model_id}>
                    <th scope="row">{one.model_id}</th>
                    <td className={one.reason || ("last_error" in one && one.last_error) ? "words" : ""}>
                      <Badge tone={healthTone(one.health)}>{one.health}</Badge>
                      {one.reason && <div className="quiet">{one.reason}</div>}
                    </td>
                    <td>{ago(one.heartbeat_at)}</td>
                    <td>{one.total_requests ?? "-"}</td>
                    <td>{one.total_errors ?? "-"}</td>
                    <td>{rate(one.avg_latency_ms, "ms")}</td>
                    <td>{one.uptime_seconds === null ? "-" : duration(one.uptime_seconds)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
    </>
  );
}
