import type { HistoryRange, SystemHealth } from "@vas/contracts/health.ts";
import type { Health } from "@vas/contracts/http.ts";
import { useMe } from "../people/me.ts";
import { useSite } from "../site.ts";
import { healthText as text } from "../strings/health.ts";
import { bytes, duration, rate } from "../ui/format.ts";
import { useLoad, useWhileVisible } from "../ui/hooks.ts";
import { Badge, Facts } from "../ui/parts.tsx";
import { Charts } from "./Charts.tsx";
import { SYSTEM_CHARTS } from "./series.ts";
import { siteWords } from "./words.ts";

export function SystemPanel(props: { health: Health; range: HistoryRange }) {
  const { health, range } = props;
  const seesAll = useMe().all_cameras;
  return (
    <section className="panel" aria-label={text.vas}>
      <div className="row head">
        <h2>{text.vas}</h2>
        <Badge tone={health.status === "ok" ? "good" : "bad"}>{text.statuses[health.status]}</Badge>
        <span>{siteWords(health)}</span>
      </div>
      <Facts
        wide
        facts={[
          { name: text.version, value: health.version },
          { name: text.runningFor, value: duration(health.uptime_seconds) },
          // Who sees the machine sees below how fast it answers.
          ...(seesAll
            ? []
            : [{ name: text.store, value: health.store === "ok" ? text.storeAnswers : text.storeSilent }]),
          { name: text.frameExport, value: health.frame_export_enabled ? text.on : text.exportOff },
        ]}
      />
      {seesAll && <Machine range={range} exportsFrames={health.frame_export_enabled} />}
    </section>
  );
}

const EVERY_MS = 5_000;
const WITHOUT_FRAMES = SYSTEM_CHARTS.filter(({ id }) => id !== "system_shm");

/** What the machine has and what VAS's processes take of it. */
function Machine(props: { range: HistoryRange; exportsFrames: boolean }) {
  const { vas } = useSite();
  const system = useLoad("system health", () => vas.systemHealth());
  useWhileVisible(system.reload, EVERY_MS);
  const { value } = system;
  return (
    <>
      {value && <Facts wide facts={factsOf(value)} />}
      {value && (
        <details>
          <summary>{text.processes}</summary>
          <div className="scroll">
            <table>
              <thead>
                <tr>
                  <th scope="col">{text.process}</th>
                  <th scope="col">{text.count}</th>
                  <th scope="col">{text.memoryUse}</th>
                  <th scope="col">{text.processorUse}</th>
                </tr>
              </thead>
              <tbody>
                {value.processes.map((one) => (
                  <tr key={one.name}>
                    <th scope="row">{one.name}</th>
                    <td>{one.count}</td>
                    <td>{bytes(one.memory_bytes)}</td>
                    <td>{rate(one.cpu_percent, "%")}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      )}
      <Charts charts={props.exportsFrames ? SYSTEM_CHARTS : WITHOUT_FRAMES} range={props.range} />
    </>
  );
}

function factsOf(system: SystemHealth) {
  const space = (one: SystemHealth["disk"]) =>
    one === null ? text.notKnown : text.freeOf(bytes(one.free_bytes), bytes(one.total_bytes));
  return [
    {
      name: text.processor,
      value: `${text.processors(system.processors)}, ${text.busy(rate(system.cpu_percent, "%"))}`,
    },
    { name: text.memory, value: space(system.memory) },
    { name: text.disk, value: space(system.disk) },
    ...(system.shm === null ? [] : [{ name: text.shm, value: space(system.shm) }]),
    {
      name: text.store,
      value: system.store.answer_ms === null ? text.storeSilent : text.storeMs(rate(system.store.answer_ms, "ms")),
    },
  ];
}
