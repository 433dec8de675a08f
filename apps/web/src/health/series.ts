/** Which series a chart shows, under which names VAS keeps them, and what is read out of them. Pure. */
import type { HealthHistory } from "@vas/contracts/health.ts";
import { healthText as text } from "../strings/health.ts";
import { bytes, rate } from "../ui/format.ts";

export type Unit = "plain" | "bytes";
export type Line = { series: string; label: string };
export type ChartSpec = { id: keyof typeof text.chart; unit: Unit; lines: Line[] };

const line = (series: string, label: string): Line => ({ series, label });
const chart = (id: ChartSpec["id"], unit: Unit, ...lines: Line[]): ChartSpec => ({ id, unit, lines });
const SKIPS = ["cap", "busy", "no_runtime", "timeout", "error", "torn"];

export const SYSTEM_CHARTS: readonly ChartSpec[] = [
  chart("system_cpu", "plain", line("system.cpu", text.line.machine), line("system.vas_cpu", text.line.vas)),
  chart(
    "system_memory",
    "bytes",
    line("system.memory", text.line.machine),
    line("system.vas_memory", text.line.vas),
    line("system.children_memory", text.line.children),
  ),
  chart("system_answer", "plain", line("system.store", text.line.store), line("system.loop", text.line.loop)),
  chart("system_disk", "bytes", line("system.disk_free", text.line.free)),
  chart("system_shm", "bytes", line("system.shm_used", text.line.used)),
];

export function cameraCharts(cameraId: string): ChartSpec[] {
  return [
    chart("camera_bitrate", "plain", line(`camera.${cameraId}.bitrate`, text.line.bitrate)),
    chart("camera_fps", "plain", line(`camera.${cameraId}.fps`, text.line.fps)),
  ];
}

export function subscriptionCharts(cameraId: string, modelId: string): ChartSpec[] {
  const name = `subscription.${cameraId}.${modelId}`;
  return [
    chart("rate", "plain", line(`${name}.achieved`, text.line.achieved), line(`${name}.wanted`, text.line.wanted)),
    chart("latency", "plain", line(`${name}.p50`, text.line.p50), line(`${name}.p95`, text.line.p95)),
    chart("skipped", "plain", ...SKIPS.map((reason) => line(`${name}.skipped.${reason}`, text.skippedFor(reason)))),
    chart("waiting", "plain", line(`${name}.waiting`, text.line.waiting)),
  ];
}

export function modelCharts(modelId: string): ChartSpec[] {
  const name = `model.${modelId}`;
  return [
    chart(
      "model_latency",
      "plain",
      line(`${name}.latency`, text.line.latency),
      line(`${name}.service`, text.line.service),
    ),
    chart("model_memory", "bytes", line(`${name}.memory`, text.line.memory)),
    chart(
      "model_requests",
      "plain",
      line(`${name}.requests`, text.line.requests),
      line(`${name}.errors`, text.line.errors),
    ),
    chart("model_heartbeat", "plain", line(`${name}.heartbeat`, text.line.heartbeat)),
  ];
}

export function namesOf(charts: readonly ChartSpec[]): string[] {
  return charts.flatMap(({ lines }) => lines.map(({ series }) => series));
}

/** A chart's lines that VAS has, with Unix seconds for the abscissa. */
export type ChartData = { seconds: number[]; lines: { label: string; values: (number | null)[] }[] };

export function dataOf(spec: ChartSpec, history: HealthHistory): ChartData {
  const lines = spec.lines.flatMap(({ series, label }) => {
    const found = history.series.find(({ name }) => name === series);
    return found?.values.some((value) => value !== null) ? [{ label, values: found.values }] : [];
  });
  const count = lines[0]?.values.length ?? 0;
  const endMs = Date.parse(history.end);
  const seconds = Array.from({ length: count }, (_, at) => (endMs - (count - 1 - at) * history.step_ms) / 1000);
  return { seconds, lines };
}

export function shown(value: number | null, unit: Unit): string {
  if (value === null) return "-";
  if (unit === "bytes") return bytes(value);
  return Math.abs(value) >= 100 ? String(Math.round(value)) : rate(value);
}

/** The newest value that was measured, and the range, for whoever does not see the chart. */
export function wordsOf(spec: ChartSpec, data: ChartData): string {
  if (data.lines.length === 0) return text.noValues;
  const words = data.lines.map(({ label, values }) => {
    const known = values.filter((value) => value !== null);
    const least = known.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    const most = known.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const now = values.at(-1) ?? null;
    return text.lineWords(label, shown(now, spec.unit), shown(least, spec.unit), shown(most, spec.unit));
  });
  return text.chartWords(text.chart[spec.id], words.join(" "));
}

/** At most so many rows of a table, newest first, evenly spaced; rows in which nothing was measured are left out. */
export function rowsOf(data: ChartData, most: number): { seconds: number; values: (number | null)[] }[] {
  const known = data.seconds.flatMap((seconds, at) => {
    const values = data.lines.map((one) => one.values[at] ?? null);
    return values.every((value) => value === null) ? [] : [{ seconds, values }];
  });
  const step = Math.max(1, Math.ceil(known.length / most));
  return known.toReversed().filter((_, at) => at % step === 0);
}
