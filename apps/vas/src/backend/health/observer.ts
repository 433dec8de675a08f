/**
 * Looks at the site every few seconds and keeps what it saw: numbers as history, health words with their since. It only
 * reads, asks nobody, and whatever it cannot read is not known; it raises nothing and mends nothing.
 */
import { availableParallelism, cpus, freemem, loadavg, totalmem } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { readFile, statfs } from "node:fs/promises";
import { errorText } from "@vas/base/log.ts";
import { HISTORY, type SystemHealth } from "@vas/contracts/health.ts";
import type { AiHealth } from "@vas/contracts/http.ts";
import type { Backend } from "../context.ts";
import { limitedWarn } from "../log-limit.ts";
import { pingStore } from "../store/ping.ts";
import { History, MAX_SERIES } from "./history.ts";
import { type ProcessUse, readProcesses } from "./processes.ts";
import { HealthSince } from "./since.ts";

const STORE_MS = 2000;
/** Resolution of the loop's delay: how often its timer looks. */
const LOOP_RESOLUTION_MS = 50;
const NS_PER_MS = 1e6;

export type ObserverParts = {
  backend: Pick<Backend, "config" | "db" | "kernel" | "log" | "clock">;
  /** Of every camera that there is. */
  cameraIds(): Iterable<string>;
  aiHealth(): AiHealth;
};

type Counted = { atMs: number; counts: Map<string, number> };
type Space = { free_bytes: number; total_bytes: number };

export class Observer {
  readonly history = new History();
  readonly since = new HealthSince();
  readonly #parts: ObserverParts;
  readonly #warn: ReturnType<typeof limitedWarn>;
  readonly #loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  readonly #stopped = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #system: SystemHealth | undefined;
  #cpu: { busy: number; all: number } | undefined;
  #processes: { atMs: number; seconds: Map<number, number> } | undefined;
  #counted: Counted = { atMs: 0, counts: new Map() };
  #lastMs: number | undefined;
  #newestWallMs = 0;

  constructor(parts: ObserverParts) {
    this.#parts = parts;
    this.#warn = limitedWarn(parts.backend.log, parts.backend.clock);
  }

  /** Unix time of the newest sample. */
  get newestWallMs(): number {
    return this.#newestWallMs;
  }

  start(): void {
    this.#loop.enable();
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    this.#loop.disable();
  }

  /** What the machine and the processes took at the last look; looks where there was none yet. */
  async system(): Promise<SystemHealth> {
    return (this.#system ??= await this.#look());
  }

  async #run(): Promise<void> {
    const { clock } = this.#parts.backend;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        await this.sample();
      } catch (error) {
        this.#warn("the site's health could not be sampled", { error: errorText(error) });
      }
      await clock.sleep(HISTORY.hour.stepMs, signal);
    }
  }

  /** Takes one sample. */
  async sample(): Promise<void> {
    const { clock } = this.#parts.backend;
    const system = await this.#look();
    const nowMs = this.#monoMs();
    const passed = this.#lastMs === undefined ? 1 : Math.round((nowMs - this.#lastMs) / HISTORY.hour.stepMs);
    this.#lastMs = nowMs;
    this.#newestWallMs = clock.wallMs();
    this.history.next(passed);
    this.#system = system;
    this.#keepSystem(system);
    this.#keepCameras();
    const health = this.#parts.aiHealth();
    this.#keepAi(health, nowMs);
    this.since.look(statesOf(health), this.#newestWallMs);
  }

  #keepSystem(system: SystemHealth): void {
    const add = (name: string, value: number | null) => this.history.add(`system.${name}`, value);
    const [own, ...children] = system.processes;
    add("cpu", system.cpu_percent);
    add("vas_cpu", own?.cpu_percent ?? null);
    add("memory", system.memory.total_bytes - system.memory.free_bytes);
    add("vas_memory", own?.memory_bytes ?? null);
    add("children_memory", sum(children.map((one) => one.memory_bytes)));
    add("processes", sum(children.map((one) => one.count)));
    add("disk_free", system.disk?.free_bytes ?? null);
    add("shm_used", system.shm && system.shm.total_bytes - system.shm.free_bytes);
    add("store", system.store.answer_ms);
    // The timer's own period is in what it measures.
    add("loop", Math.max(0, this.#loop.max / NS_PER_MS - LOOP_RESOLUTION_MS));
    this.#loop.reset();
  }

  #keepCameras(): void {
    for (const id of this.#parts.cameraIds()) {
      const status = this.#parts.backend.kernel.status(id);
      const add = (name: string, value: number | null) => this.history.add(`camera.${id}.${name}`, value);
      const isLive = status.state === "live";
      add("live", isLive ? 1 : 0);
      add("viewers", status.viewers);
      add("fps", isLive ? status.fps : 0);
      add("bitrate", isLive ? status.bitrate_kbps : 0);
    }
  }

  /** What Core said counts only while it is well: afterwards its last words would be drawn as a straight line. */
  #keepAi({ core, subscriptions, models }: AiHealth, nowMs: number): void {
    const before = this.#counted;
    const counts = new Map<string, number>();
    const seconds = (nowMs - before.atMs) / 1000;
    /** The growth of a count a second; a count that fell began anew. */
    const grew = (name: string, count: number | null) => {
      if (count === null) return;
      counts.set(name, count);
      const last = before.counts.get(name);
      if (last === undefined || count < last || seconds <= 0) return;
      const rate = (count - last) / seconds;
      // A reason that never came up needs no series.
      if (rate > 0 || this.history.has(name)) this.history.add(name, rate);
    };
    this.#counted = { atMs: nowMs, counts };
    if (core.health !== "healthy") return;
    for (const one of subscriptions) {
      const name = `subscription.${one.camera_id}.${one.model_id}`;
      this.history.add(`${name}.wanted`, one.desired_fps);
      this.history.add(`${name}.achieved`, one.achieved_fps);
      this.history.add(`${name}.p50`, one.achieved_fps > 0 ? one.latency_ms.p50 : null);
      this.history.add(`${name}.p95`, one.achieved_fps > 0 ? one.latency_ms.p95 : null);
      this.history.add(`${name}.waiting`, one.queue_depth);
      for (const [reason, count] of Object.entries(one.skipped).slice(0, 16)) grew(`${name}.skipped.${reason}`, count);
    }
    for (const model of models) {
      const name = `model.${model.model_id}`;
      this.history.add(`${name}.latency`, model.avg_latency_ms);
      this.history.add(`${name}.service`, model.service_ms ?? null);
      this.history.add(`${name}.memory`, model.memory_bytes ?? null);
      if (model.heartbeat_at !== null)
        this.history.add(`${name}.heartbeat`, (this.#newestWallMs - Date.parse(model.heartbeat_at)) / 1000);
      grew(`${name}.requests`, model.total_requests);
      grew(`${name}.errors`, model.total_errors);
    }
  }

  async #look(): Promise<SystemHealth> {
    const { config, db, kernel, clock } = this.#parts.backend;
    const [processes, disk, shm, memory, storeMs] = await Promise.all([
      readProcesses(process.pid),
      kernel
        .diskSpace()
        .then(({ freeBytes, totalBytes }) => ({ free_bytes: freeBytes, total_bytes: totalBytes }), none),
      config.frameExport.enabled ? spaceOf(config.frameExport.shmDir) : null,
      machineMemory(),
      this.#storeMs(() => pingStore(db)),
    ]);
    return {
      at: new Date(clock.wallMs()).toISOString(),
      processors: availableParallelism(),
      cpu_percent: this.#cpuPercent(),
      load_1m: Math.round((loadavg()[0] ?? 0) * 100) / 100,
      memory,
      disk,
      shm,
      store: { kind: config.database.dialect, answer_ms: storeMs },
      processes: this.#byName(processes),
      history: { series: this.history.size, max: MAX_SERIES },
    };
  }

  /** Busy part of all processors since the last look. */
  #cpuPercent(): number | null {
    let [busy, all] = [0, 0];
    for (const { times } of cpus()) {
      const total = times.user + times.nice + times.sys + times.idle + times.irq;
      all += total;
      busy += total - times.idle;
    }
    const last = this.#cpu;
    this.#cpu = { busy, all };
    return last === undefined || all <= last.all ? null : percent((busy - last.busy) / (all - last.all));
  }

  #byName(processes: ProcessUse[]): SystemHealth["processes"] {
    const nowMs = this.#monoMs();
    const last = this.#processes;
    const seconds = last === undefined ? 0 : (nowMs - last.atMs) / 1000;
    this.#processes = { atMs: nowMs, seconds: new Map(processes.map((one) => [one.pid, one.cpuSeconds])) };
    const names = new Map<string, SystemHealth["processes"][number]>();
    for (const { pid, name, cpuSeconds, memoryBytes } of processes) {
      const key = pid === process.pid ? "VAS" : wordFor(name);
      const group = names.get(key) ?? { name: key, count: 0, memory_bytes: 0, cpu_percent: seconds > 0 ? 0 : null };
      names.set(key, group);
      group.count++;
      group.memory_bytes += memoryBytes;
      // One that began since the last look has used all of its time since then.
      const used = cpuSeconds - (last?.seconds.get(pid) ?? 0);
      if (group.cpu_percent !== null) group.cpu_percent = percent(group.cpu_percent / 100 + used / seconds);
    }
    return [...names.values()];
  }

  /** null where it does not answer in time; what it answers later is nobody's. */
  async #storeMs(ping: () => Promise<unknown>): Promise<number | null> {
    const startMs = this.#monoMs();
    const { promise: late, resolve } = Promise.withResolvers<false>();
    const timer = setTimeout(resolve, STORE_MS, false);
    const answered = await Promise.race([ping().then(() => true, none), late]);
    clearTimeout(timer);
    return answered ? Math.round((this.#monoMs() - startMs) * 100) / 100 : null;
  }

  #monoMs(): number {
    return Number(this.#parts.backend.clock.monotonicNs()) / NS_PER_MS;
  }
}

function* statesOf({ core, subscriptions, models }: AiHealth) {
  yield ["core", core.health] as const;
  for (const one of subscriptions) yield [sinceKey(one), one.health] as const;
  for (const one of models) yield [sinceKey(one), one.health] as const;
}

/** Of a subscription, or of a model where there is no camera. */
export function sinceKey({ camera_id, model_id }: { camera_id?: string; model_id: string }): string {
  return camera_id === undefined ? `model ${model_id}` : `subscription ${camera_id} ${model_id}`;
}

/** Names of programs as people know them; the tap and exports run our own code. */
function wordFor(name: string): string {
  if (name.startsWith("mediasoup")) return "media workers";
  if (name.startsWith("ffmpeg") || name.startsWith("ffprobe")) return "FFmpeg";
  return /^(node|MainThread)/.test(name) ? "frame export and exports" : name;
}

async function spaceOf(folder: string): Promise<Space | null> {
  return statfs(folder).then(
    ({ bsize, blocks, bavail }) => ({ free_bytes: bavail * bsize, total_bytes: blocks * bsize }),
    none,
  );
}

/** What programs could still have: caches that would be given up count as free. */
async function machineMemory(): Promise<Space> {
  const text = await readFile("/proc/meminfo", "utf8").catch(() => "");
  const available = /^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1];
  return { free_bytes: available === undefined ? freemem() : Number(available) * 1024, total_bytes: totalmem() };
}

function none(): null {
  return null;
}

function percent(fraction: number): number {
  return Math.round(fraction * 1000) / 10;
}

function sum(values: number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
