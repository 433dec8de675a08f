/** The backend's own counts, and Prometheus' text form of any. */
import type { CounterSample } from "../kernel/index.ts";

const HELP = {
  http_requests_total: "HTTP requests answered, by status class.",
  notices_dropped_total: "Notices that a slow browser's WebSocket did not get.",
  live_connections: "Open live WebSockets.",
  audit_failures_total: "Changes that could not be written to the audit list.",
  record_failures_total: "Segments and gaps that could not be written to the store.",
  record_waiting_rows: "Segments and gaps that wait for the store.",
  retention_deleted_total: "Segments deleted, by reason.",
  retention_deleted_bytes_total: "Bytes of segments deleted, by reason.",
} as const;
type Name = keyof typeof HELP;

export class Counters {
  readonly #samples = new Map<string, CounterSample>();

  add(name: Name, amount = 1, labels: Record<string, string> = {}): void {
    const key = `${name} ${JSON.stringify(labels)}`;
    const sample = this.#samples.get(key);
    if (sample) {
      sample.value += amount;
      return;
    }
    const type = name.endsWith("_total") ? "counter" : "gauge";
    this.#samples.set(key, { name, help: HELP[name], type, labels, value: amount });
  }

  samples(): CounterSample[] {
    return [...this.#samples.values()];
  }
}

/** Samples as Prometheus reads them; names get the prefix `vas_`. */
export function prometheusText(samples: CounterSample[]): string {
  const families = new Map<string, CounterSample[]>();
  for (const sample of samples) {
    const family = families.get(sample.name);
    if (family) family.push(sample);
    else families.set(sample.name, [sample]);
  }
  let text = "";
  for (const [name, family] of families) {
    const [{ help, type }] = family as [CounterSample];
    text += `# HELP vas_${name} ${help.replace(/[\\\n]/g, " ")}\n# TYPE vas_${name} ${type}\n`;
    for (const { labels, value } of family) text += `vas_${name}${labelText(labels)} ${value}\n`;
  }
  return text;
}

function labelText(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    const escaped = value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
    return `${name}="${escaped}"`;
  });
  return pairs.length > 0 ? `{${pairs.join(",")}}` : "";
}
