/** The site itself: health, metrics. */
import { errorText } from "@vas/base/log.ts";
import { Health } from "@vas/contracts/http.ts";
import type { Cameras } from "../cameras.ts";
import type { App, Backend } from "../context.ts";
import type { CounterSample } from "../../kernel/index.ts";
import { prometheusText } from "../counters.ts";
import { limitedWarn } from "../log-limit.ts";
import { listCameras } from "../store/cameras.ts";
import packageJson from "../../../package.json" with { type: "json" };

export const VERSION = packageJson.version;
const tags = ["site"];
/** Health has to be told while a database hangs, not only when it has said no. */
const STORE_MS = 5000;

/** @param samples everything that the backend counts itself */
export function registerSiteRoutes(app: App, backend: Backend, cameras: Cameras, samples: () => CounterSample[]): void {
  const warn = limitedWarn(backend.log, backend.clock);
  const startedNs = backend.clock.monotonicNs();
  const uptimeSeconds = () => Number((backend.clock.monotonicNs() - startedNs) / 1_000_000n) / 1000;

  for (const path of ["/health", "/api/v1/health"])
    app.get(path, { config: { access: "public" }, schema: { tags, response: { 200: Health } } }, () => health());

  app.get(
    "/metrics",
    { config: { access: { need: "view", of: "everything", core: true } }, schema: { tags } },
    async (_request, reply) => {
      const text = prometheusText([
        sample("uptime_seconds", "Seconds since VAS started.", uptimeSeconds()),
        sample("resident_memory_bytes", "Resident memory of the VAS process.", process.memoryUsage.rss()),
        ...backend.kernel.counters(),
        ...samples(),
      ]);
      return reply.type("text/plain; version=0.0.4; charset=utf-8").send(text);
    },
  );

  async function health(): Promise<Health> {
    const counts = { total: 0, live: 0, connecting: 0, retrying: 0, stopped: 0 };
    let store: Health["store"] = "ok";
    try {
      await inTime(listCameras(backend.db));
    } catch (error) {
      store = "unavailable";
      warn("the store does not answer", { cause: errorText(error) });
    }
    for (const id of cameras.ids()) {
      counts.total++;
      counts[backend.kernel.status(id).state]++;
    }
    return {
      status: store === "ok" ? "ok" : "degraded",
      version: VERSION,
      uptime_seconds: uptimeSeconds(),
      store,
      cameras: counts,
      frame_export_enabled: backend.config.frameExport.enabled,
    };
  }
}

/** @throws Error where no answer has come in time; the answer is then nobody's */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer [seconds:${STORE_MS / 1000}]`)), STORE_MS);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function sample(name: string, help: string, value: number): CounterSample {
  return { name, help, type: "gauge", labels: {}, value };
}
