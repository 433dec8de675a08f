/** `/api/v1/health/history` and `/api/v1/health/system`: what the observer has seen. They only read. */
import { CodedError } from "@vas/contracts/errors.ts";
import { HealthHistory, HISTORY, HistoryQuery, MAX_HISTORY_NAMES, SystemHealth } from "@vas/contracts/health.ts";
import type { App } from "../context.ts";
import type { Grants } from "../grants.ts";
import type { Observer } from "../health/observer.ts";
import { isoTime } from "../validation.ts";

const tags = ["health"];

export function registerHealthHistoryRoutes(app: App, observer: Observer): void {
  app.get(
    "/api/v1/health/history",
    {
      config: { access: { need: "view", of: "listed" } },
      schema: { tags, querystring: HistoryQuery, response: { 200: HealthHistory } },
    },
    async ({ query, caller }) => {
      const range = query.range ?? "hour";
      const names = [...new Set(query.series.split(","))];
      if (names.length > MAX_HISTORY_NAMES)
        throw new CodedError("bad_request", `/series: at most ${MAX_HISTORY_NAMES} names [found:${names.length}]`);
      const series = [];
      for (const name of names) {
        const values = isSeen(caller.grants, name) ? observer.history.read(name, range) : undefined;
        if (values) series.push({ name, values });
      }
      return { end: isoTime(observer.newestWallMs), step_ms: HISTORY[range].stepMs, series };
    },
  );
  app.get(
    "/api/v1/health/system",
    { config: { access: { need: "view", of: "everything" } }, schema: { tags, response: { 200: SystemHealth } } },
    () => observer.system(),
  );
}

/** A camera's series are its camera's; those of the machine and of models run over every camera. */
function isSeen(grants: Grants, name: string): boolean {
  if (grants.cameras === "all") return true;
  const [kind, id = ""] = name.split(".");
  return (kind === "camera" || kind === "subscription") && grants.sees(id);
}
