import type { HistoryRange } from "@vas/contracts/health.ts";
import type { AiHealth, ModelMetrics } from "@vas/contracts/http.ts";
import { useState } from "react";
import { healthTone } from "../models/words.ts";
import { healthText as text } from "../strings/health.ts";
import { ago, bytes, duration, rate } from "../ui/format.ts";
import { Badge, Facts } from "../ui/parts.tsx";
import { Charts } from "./Charts.tsx";
import { modelCharts } from "./series.ts";
import { coreWords, sinceWords } from "./words.ts";

export function CorePanel(props: { ai: AiHealth }) {
  const { core } = props.ai;
  return (
    <section className="panel" aria-label={text.core}>
      <div className="row head">
        <h2>{text.core}</h2>
        <Badge tone={healthTone(core.health)}>{core.health}</Badge>
        <span className="quiet">{sinceWords(core.since)}</span>
        <span>{coreWords(core, Date.now())}</span>
      </div>
      {core.connected && (
        <Facts
          wide
          facts={[
            { name: text.runningFor, value: core.uptime_seconds === null ? "-" : duration(core.uptime_seconds) },
            { name: text.resultsDropped, value: core.results_dropped ?? "-" },
          ]}
        />
      )}
    </section>
  );
}

export function ModelsPanel(props: { ai: AiHealth; range: HistoryRange }) {
  const { models } = props.ai;
  return (
    <section className="panel" aria-label={text.modelProcesses}>
      <h2>{text.modelProcesses}</h2>
      {models.length === 0 && <p className="quiet">{text.noModelProcess}</p>}
      <ul className="health-list">
        {models.map((model) => (
          <ModelLine key={model.model_id} model={model} range={props.range} />
        ))}
      </ul>
    </section>
  );
}

function ModelLine(props: { model: ModelMetrics; range: HistoryRange }) {
  const { model, range } = props;
  const [open, setOpen] = useState(false);
  return (
    <li className="stack">
      <div className="row head">
        <h3>{model.model_id}</h3>
        <Badge tone={healthTone(model.health)}>{model.health}</Badge>
        <span className="quiet">{sinceWords(model.since)}</span>
      </div>
      {model.reason && <p className="quiet">{model.reason}</p>}
      <Facts
        wide
        facts={[
          { name: text.heartbeat, value: ago(model.heartbeat_at) },
          { name: text.service, value: rate(model.service_ms ?? null, "ms") },
          { name: text.meanLatency, value: rate(model.avg_latency_ms, "ms") },
          { name: text.memory, value: model.memory_bytes == null ? "-" : bytes(model.memory_bytes) },
          { name: text.requests, value: model.total_requests ?? "-" },
          { name: text.errors, value: model.total_errors ?? "-" },
          { name: text.runningFor, value: model.uptime_seconds === null ? "-" : duration(model.uptime_seconds) },
        ]}
      />
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{text.chartsOf(model.model_id)}</summary>
        {open && <Charts charts={modelCharts(model.model_id)} range={range} />}
      </details>
    </li>
  );
}
