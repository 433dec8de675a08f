/**
 * Ruth AI Core as one object: it converges what runs to what VAS stores, shows frames to subscriptions on one shared
 * tick, and reports. It owns every agent, subscription and lane; nothing else creates or ends one.
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Clock } from "@vas/base/clock.ts";
import { errorText, type Log } from "@vas/base/log.ts";
import type { CoreFlight } from "@vas/contracts/flights.ts";
import type { Assignment, CoreMetrics } from "@vas/contracts/http.ts";
import { socketPath } from "@vas/contracts/inference.ts";
import type { Result } from "@vas/contracts/live.ts";
import { Agent } from "./agent.ts";
import { readAssignments } from "./assignments.ts";
import type { Config } from "./config.ts";
import { Lane } from "./dispatch.ts";
import { EventTracker } from "./events.ts";
import { cameraMetrics, modelMetrics, roundOrNull, subscriptionMetrics } from "./metrics.ts";
import { monoMs } from "./mono.ts";
import { reconcile, type SubscriptionSpec } from "./reconcile.ts";
import { Registry } from "./registry.ts";
import { runtimeDir } from "./runtime-dir.ts";
import { RuntimeChannel } from "./runtime-channel.ts";
import { keySource } from "./service-key.ts";
import { Subscription } from "./subscription.ts";
import { Uplink } from "./uplink.ts";

/** Between two looks at the frames; a frame waits half of it on average. */
const TICK_MS = 5;
const METRICS_EVERY_MS = 1000;
const ASSIGNMENTS_DEADLINE_MS = 5000;
/** What each step of the end is given: the reconciliation under way, and VAS to take the last closings. */
const STOP_GRACE_MS = 500;
const SAME_PROBLEM_EVERY_MS = 60_000;

export class Core {
  readonly #config: Config;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #startedMs: number;
  readonly #registry: Registry;
  readonly #events: EventTracker;
  readonly #uplink: Uplink;
  readonly #key: ReturnType<typeof keySource>;
  /** By camera id. */
  readonly #agents = new Map<string, Agent>();
  /** By model id. */
  readonly #lanes = new Map<string, Lane>();
  readonly #stopped = new AbortController();
  readonly #lastLoggedMs = new Map<string, number>();
  #wanted: Assignment[] = [];
  #wake = new AbortController();
  #loops: Promise<unknown> | null = null;
  #isScanned = false;
  #tickTimer: NodeJS.Timeout | null = null;
  #metricsTimer: NodeJS.Timeout | null = null;
  #isReporting = false;

  constructor(config: Config, log: Log, clock: Clock) {
    this.#config = config;
    this.#log = log;
    this.#clock = clock;
    this.#startedMs = monoMs(clock);
    this.#registry = new Registry(config.modelsDirs);
    this.#events = new EventTracker(config.eventGapMs, randomUUID);
    this.#key = keySource(config.serviceKey, config.serviceKeyFile);
    this.#uplink = new Uplink({
      vasUrl: config.vasUrl,
      key: this.#key,
      log,
      nowMs: () => monoMs(clock),
      models: () => this.#registry.models,
      onAssignmentsChanged: () => this.#wake.abort(),
      flights: (cameraId, modelId) => this.#flights(cameraId, modelId),
      // What changed while there was no connection was told to nobody.
      onConnected: () => this.#wake.abort(),
    });
  }

  start(): void {
    this.#uplink.start();
    this.#loops = Promise.all([this.#watchModels(), this.#converge()]);
    this.#metricsTimer = setInterval(() => void this.#report(), METRICS_EVERY_MS);
  }

  /** Ends everything Core started; VAS gets the closings of what was open. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#wake.abort();
    if (this.#metricsTimer) clearInterval(this.#metricsTimer);
    // Hashing large weights may be under way; it changes nothing any more and is not waited for.
    await Promise.race([this.#loops, this.#clock.sleep(STOP_GRACE_MS)]);
    for (const spec of this.running) this.#remove(spec.cameraId, spec.modelId);
    await this.#uplink.stop(STOP_GRACE_MS);
  }

  /** Looks at every camera once, then gives turns: so that priority decides among the cameras of one look. */
  #tick(): void {
    const nowMs = monoMs(this.#clock);
    const wallMs = this.#clock.wallMs();
    for (const agent of this.#agents.values()) agent.tick(nowMs, wallMs);
    for (const lane of this.#lanes.values()) lane.give(nowMs);
  }

  /** Looks at the model folders again and again; hashing large weights takes minutes and holds up nothing else. */
  async #watchModels(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const areChanged = await this.#registry.scan();
      if (signal.aborted) return;
      this.#isScanned = true;
      for (const [dir, reason] of this.#registry.unreadable)
        this.#warn(`models ${dir}`, `the folder of models ${dir} cannot be listed [${reason}]`);
      if (areChanged) {
        const { models } = this.#registry;
        this.#log.info("the registry changed", { models: models.length, valid: models.filter((m) => m.valid).length });
        for (const { folder, reason } of models) if (reason) this.#log.warn("invalid model", { folder, ...reason });
        this.#uplink.modelsChanged();
      }
      this.#apply();
      await this.#clock.sleep(this.#config.reconcileIntervalMs, signal);
    }
  }

  async #converge(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      // Renewed before the reading: a notice that comes while it goes on leads to another one.
      this.#wake = new AbortController();
      const answer = await readAssignments(this.#config.vasUrl, this.#key, ASSIGNMENTS_DEADLINE_MS, signal);
      if (signal.aborted) return;
      if ("problem" in answer) this.#warn("assignments", answer.problem, { kept: this.#wanted.length });
      else {
        this.#wanted = answer.assignments;
        this.#apply();
      }
      await this.#clock.sleep(this.#config.reconcileIntervalMs, this.#wake.signal);
    }
  }

  #apply(): void {
    // Before the first look at the folders every model would count as unknown.
    if (!this.#isScanned) return;
    for (const [modelId, lane] of this.#lanes) lane.setLimits(...this.#limits(modelId));
    const changes = reconcile(this.#wanted, this.running, this.#registry.models);
    for (const { cameraId, modelId } of changes.remove) {
      this.#remove(cameraId, modelId);
      this.#log.info("subscription removed", { camera_id: cameraId, model_id: modelId });
    }
    for (const spec of changes.update) {
      this.#agents.get(spec.cameraId)?.subscriptions.get(spec.modelId)?.update(spec);
      this.#log.info("subscription changed", logged(spec));
    }
    for (const spec of changes.add) {
      this.#add(spec);
      this.#log.info("subscription added", logged(spec));
    }
  }

  /** What a reply of the model may take, and how many requests it may have at once. */
  #limits(modelId: string): [timeoutMs: number, maxInFlight: number | undefined] {
    const model = this.#registry.models.find((one) => one.model_id === modelId);
    return [model?.reply_timeout_ms ?? this.#config.replyTimeoutMs, model?.max_in_flight ?? undefined];
  }

  /** What every subscription runs with at this moment. */
  get running(): SubscriptionSpec[] {
    return [...this.#agents.values()].flatMap((agent) => [...agent.subscriptions.values()].map((one) => one.spec));
  }

  #add(spec: SubscriptionSpec): void {
    const { shmDir, socketDir } = this.#config;
    let agent = this.#agents.get(spec.cameraId);
    if (agent === undefined) {
      agent = new Agent(spec.cameraId, join(shmDir, spec.cameraId), monoMs(this.#clock));
      this.#agents.set(spec.cameraId, agent);
    }
    let lane = this.#lanes.get(spec.modelId);
    if (lane === undefined) {
      lane = new Lane(...this.#limits(spec.modelId));
      this.#lanes.set(spec.modelId, lane);
    }
    const subscription: Subscription = new Subscription({
      spec,
      exportFolder: agent.exportFolder,
      lane,
      clock: this.#clock,
      connect: (events) =>
        new RuntimeChannel(() => socketPath(runtimeDir(socketDir, spec.modelId), spec.modelId), events),
      onResult: (result) => this.#onResult(result, subscription.spec),
    });
    agent.subscriptions.set(spec.modelId, subscription);
    this.#tickTimer ??= setInterval(() => this.#tick(), TICK_MS);
  }

  #remove(cameraId: string, modelId: string): void {
    const agent = this.#agents.get(cameraId);
    agent?.subscriptions.get(modelId)?.close();
    agent?.subscriptions.delete(modelId);
    if (agent?.subscriptions.size === 0) {
      agent.close();
      this.#agents.delete(cameraId);
    }
    if (this.#lanes.get(modelId)?.size === 0) this.#lanes.delete(modelId);
    this.#uplink.events({ opened: [], closed: this.#events.end(cameraId, modelId) });
    if (this.#agents.size > 0 || this.#tickTimer === null) return;
    clearInterval(this.#tickTimer);
    this.#tickTimer = null;
  }

  #onResult(result: Result, spec: SubscriptionSpec): void {
    this.#uplink.result(result);
    this.#uplink.events(this.#events.add(result, monoMs(this.#clock), spec.zones));
  }

  #flights(cameraId: string, modelId: string): CoreFlight[] {
    const subscription = this.#agents.get(cameraId)?.subscriptions.get(modelId);
    return subscription?.flights.list(this.#clock.wallMs() - monoMs(this.#clock)) ?? [];
  }

  async #report(): Promise<void> {
    this.#uplink.events({ opened: [], closed: this.#events.sweep(monoMs(this.#clock)) });
    if (this.#isReporting || !this.#uplink.isConnected) return;
    this.#isReporting = true;
    try {
      this.#uplink.metrics(await this.#metrics());
    } finally {
      this.#isReporting = false;
    }
  }

  async #metrics(): Promise<CoreMetrics> {
    const { socketDir } = this.#config;
    const wallMs = this.#clock.wallMs();
    const valid = this.#registry.models.filter((model) => model.valid);
    const models = await Promise.all(
      valid.map(async ({ model_id }) => ({
        ...(await modelMetrics(socketDir, model_id, wallMs)),
        service_ms: roundOrNull(this.#lanes.get(model_id)?.serviceMs ?? null),
      })),
    );
    const nowMs = monoMs(this.#clock);
    const agents = [...this.#agents.values()];
    return {
      uptime_seconds: Math.round((nowMs - this.#startedMs) / 1000),
      results_dropped: this.#uplink.resultsDropped + this.#uplink.eventsDropped,
      cameras: agents.map((agent) => cameraMetrics(agent, nowMs)),
      subscriptions: agents.flatMap((agent) =>
        [...agent.subscriptions.values()].map((one) => subscriptionMetrics(agent, one, socketDir, nowMs, wallMs)),
      ),
      models,
    };
  }

  /** One subject is spoken of at most once a minute. */
  #warn(subject: string, text: string, fields: Record<string, unknown> = {}): void {
    const nowMs = monoMs(this.#clock);
    const lastMs = this.#lastLoggedMs.get(subject);
    if (lastMs !== undefined && nowMs - lastMs < SAME_PROBLEM_EVERY_MS) return;
    this.#lastLoggedMs.set(subject, nowMs);
    this.#log.warn(errorText(text), fields);
  }
}

function logged(spec: SubscriptionSpec): Record<string, unknown> {
  return {
    camera_id: spec.cameraId,
    model_id: spec.modelId,
    max_fps: spec.maxFps,
    priority: spec.priority,
    zones: spec.zones.map(({ name }) => name),
    invalid: spec.invalid,
  };
}
