/** The site itself: health, metrics. */
import { Health } from "@vas/contracts/http.ts";
import type { App, Backend } from "../context.ts";
import type { CounterSample } from "../../kernel/index.ts";
import { prometheusText } from "../counters.ts";
import { listCameras } from "../store/cameras.ts";
import packageJson from "../../../package.json" with { type: "json" };

export const VERSION = packageJson.version;
const tags = ["site"];

/** @param samples everything that the backend counts itself */
export function registerSiteRoutes(app: App, backend: Backend, samples: () => CounterSample[]): void {
  const startedNs = backend.clock.monotonicNs();
  const uptimeSeconds = () => Number((backend.clock.monotonicNs() - startedNs) / 1_000_000n) / 1000;

  for (const path of ["/health", "/api/v1/health"])
    app.get(path, { config: { access: "public" }, schema: { tags, response: { 200: Health } } }, () => health());

  app.get("/metrics", { config: { access: "session-or-service" }, schema: { tags } }, async (_request, reply) => {
    const text = prometheusText([
      sample("uptime_seconds", "Seconds since VAS started.", uptimeSeconds()),
      sample("resident_memory_bytes", "Resident memory of the VAS process.", process.memoryUsage.rss()),
      ...backend.kernel.counters(),
      ...samples(),
    ]);
    return reply.type("text/plain; version=0.0.4; charset=utf-8").send(text);
  });

  async function health(): Promise<Health> {
    const cameras = { total: 0, live: 0, connecting: 0, retrying: 0, stopped: 0 };
    let store: Health["store"] = "ok";
    try {
      for (const { id } of await listCameras(backend.db)) {
        cameras.total++;
        cameras[backend.kernel.status(id).state]++;
      }
    } catch (error) {
      store = "unavailable";
      backend.log.error("the store does not answer", { error });
    }
    return {
      status: store === "ok" ? "ok" : "degraded",
      version: VERSION,
      uptime_seconds: uptimeSeconds(),
      store,
      cameras,
      frame_export_enabled: backend.config.frameExport.enabled,
    };
  }
}

function sample(name: string, help: string, value: number): CounterSample {
  return { name, help, type: "gauge", labels: {}, value };
}
