import type { HistoryRange } from "@vas/contracts/health.ts";
import type { AiHealth, Assignment, SubscriptionMetrics } from "@vas/contracts/http.ts";
import { useState } from "react";
import { healthTone } from "../models/words.ts";
import { May } from "../people/May.tsx";
import { useCameras, useSite } from "../site.ts";
import { healthText as text } from "../strings/health.ts";
import { ago, rate } from "../ui/format.ts";
import { useLoad, useWhileVisible } from "../ui/hooks.ts";
import { Badge, Facts, Link } from "../ui/parts.tsx";
import { framesPath } from "./address.ts";
import { Charts } from "./Charts.tsx";
import { PauseButton, ResumeButton } from "./PauseButton.tsx";
import { subscriptionCharts } from "./series.ts";
import { latencyWords, sinceWords, skippedWords } from "./words.ts";

/** More than so many draw their charts only when they are opened. */
const OPEN_AT_MOST = 4;

type Props = { ai: AiHealth; range: HistoryRange; onChanged: () => void };

/** What models do on cameras; also what a person has paused, so that it can be resumed where it was paused. */
export function SubscriptionsPanel(props: Props) {
  const { ai, range, onChanged } = props;
  const { vas } = useSite();
  const { cameras } = useCameras();
  const assignments = useLoad("assignments", () => vas.assignments());
  useWhileVisible(assignments.reload, 5_000);
  const nameOf = (id: string) => cameras?.find((camera) => camera.id === id)?.name ?? text.goneCamera;
  const changed = () => {
    assignments.reload();
    onChanged();
  };
  const isPaused = (one: { camera_id: string; model_id: string }) =>
    assignments.value?.some(
      (other) => other.camera_id === one.camera_id && other.model_id === one.model_id && !other.enabled,
    ) === true;
  const running = ai.subscriptions.filter((one) => !isPaused(one));
  const paused = assignments.value?.filter((one) => !one.enabled) ?? [];
  return (
    <section className="panel" aria-label={text.whatModelsDo}>
      <h2>{text.whatModelsDo}</h2>
      {running.length === 0 && paused.length === 0 && (
        <p className="quiet">
          {text.nothingRuns} <Link to="/models">{text.assign}</Link> {text.toBegin}
        </p>
      )}
      <ul className="health-list">
        {running.map((one) => (
          <Running
            key={`${one.camera_id} ${one.model_id}`}
            one={one}
            camera={nameOf(one.camera_id)}
            range={range}
            isOpen={running.length <= OPEN_AT_MOST}
            onChanged={changed}
          />
        ))}
        {paused.map((one) => (
          <Paused
            key={`${one.camera_id} ${one.model_id}`}
            assignment={one}
            camera={nameOf(one.camera_id)}
            onChanged={changed}
          />
        ))}
      </ul>
    </section>
  );
}

type RunningProps = {
  one: SubscriptionMetrics;
  camera: string;
  range: HistoryRange;
  isOpen: boolean;
  onChanged: () => void;
};

function Running(props: RunningProps) {
  const { one, camera, range } = props;
  const [open, setOpen] = useState(props.isOpen);
  return (
    <li className="stack" data-subscription={`${one.camera_id} ${one.model_id}`}>
      <div className="row head">
        <h3>{text.pair(one.model_id, camera)}</h3>
        <Badge tone={healthTone(one.health)}>{one.health}</Badge>
        <span className="quiet">{sinceWords(one.since)}</span>
        <span className="spring" />
        <Link
          to={framesPath(one.camera_id, one.model_id)}
          className="button plain"
          label={text.framesOf(one.model_id, camera)}
        >
          {text.frames}
        </Link>
        <May need="operate">
          <PauseButton cameraId={one.camera_id} modelId={one.model_id} camera={camera} onChanged={props.onChanged} />
        </May>
      </div>
      {one.reason && <p className="quiet">{one.reason}</p>}
      <Facts
        wide
        facts={[
          { name: text.rateOf, value: text.ofWanted(rate(one.achieved_fps), rate(one.desired_fps, "fps")) },
          { name: text.latency, value: latencyWords(one.latency_ms) },
          { name: text.results, value: text.resultsOf(one.results, one.dispatched) },
          { name: text.waiting, value: one.queue_depth },
          { name: text.lastSuccess, value: ago(one.last_success_at) },
          { name: text.lastError, value: one.last_error ?? text.none },
          { name: text.skipped, value: skippedWords(one.skipped) },
        ]}
      />
      <details open={props.isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{text.chartsOf(text.pair(one.model_id, camera))}</summary>
        {open && <Charts charts={subscriptionCharts(one.camera_id, one.model_id)} range={range} />}
      </details>
    </li>
  );
}

function Paused(props: { assignment: Assignment; camera: string; onChanged: () => void }) {
  const { assignment, camera } = props;
  const { model_id, camera_id } = assignment;
  return (
    <li className="stack" data-subscription={`${camera_id} ${model_id}`}>
      <div className="row head">
        <h3>{text.pair(model_id, camera)}</h3>
        <Badge tone="plain">{text.paused}</Badge>
        <span className="quiet">{text.pausedWords}</span>
        <span className="spring" />
        <May need="operate">
          <ResumeButton cameraId={camera_id} modelId={model_id} camera={camera} onChanged={props.onChanged} />
        </May>
      </div>
    </li>
  );
}
