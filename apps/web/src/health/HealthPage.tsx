import type { HistoryRange } from "@vas/contracts/health.ts";
import { useSite } from "../site.ts";
import { healthText as text } from "../strings/health.ts";
import { useLoad, useStored, useTitle, useWhileVisible } from "../ui/hooks.ts";
import { Failure, Loading } from "../ui/parts.tsx";
import { SITE_PATH } from "./address.ts";
import { CamerasPanel } from "./CamerasPanel.tsx";
import "./health.css";
import { HealthTabs } from "./HealthTabs.tsx";
import { CorePanel, ModelsPanel } from "./ModelsPanel.tsx";
import { SubscriptionsPanel } from "./SubscriptionsPanel.tsx";
import { SystemPanel } from "./SystemPanel.tsx";

const RANGES = ["hour", "day"] as const;
const readRange = (kept: unknown): HistoryRange => (kept === "day" ? "day" : "hour");

export function HealthPage() {
  useTitle(text.health);
  const { vas } = useSite();
  const site = useLoad("site health", () => vas.health());
  const ai = useLoad("ai health", () => vas.aiHealth());
  const [range, setRange] = useStored<HistoryRange>("vas.health.range", readRange);
  useWhileVisible(() => {
    site.reload();
    ai.reload();
  }, 2_000);
  return (
    <section aria-label={text.health} className="stack">
      <div className="toolbar">
        <h1>{text.health}</h1>
        <span className="spring" />
        <div className="segmented" role="group" aria-label={text.range}>
          {RANGES.map((one) => (
            <button key={one} type="button" aria-pressed={one === range} onClick={() => setRange(one)}>
              {text.ranges[one]}
            </button>
          ))}
        </div>
      </div>
      <HealthTabs current={SITE_PATH} />
      <Failure error={site.error} retry={site.reload} />
      {site.value ? (
        <SystemPanel health={site.value} range={range} />
      ) : (
        !site.error && <Loading what={text.theHealth} />
      )}
      <CamerasPanel ai={ai.value} range={range} />
      <Failure error={ai.error} retry={ai.reload} />
      {ai.value ? (
        <>
          <CorePanel ai={ai.value} />
          <SubscriptionsPanel ai={ai.value} range={range} onChanged={ai.reload} />
          <ModelsPanel ai={ai.value} range={range} />
        </>
      ) : (
        !ai.error && <Loading what={text.theAiHealth} />
      )}
    </section>
  );
}
