/** The file that says this runtime lives: written anew every 5 s and put in place by rename. */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import type { Clock } from "@vas/base/clock.ts";
import { errorText, type Log } from "@vas/base/log.ts";
import { HEARTBEAT_INTERVAL_MS, type Heartbeat as HeartbeatFile, heartbeatPath } from "@vas/contracts/inference.ts";

export type HeartbeatOptions = {
  socketDir: string;
  modelId: string;
  clock: Clock;
  log: Log;
  metrics(): HeartbeatFile["metrics"];
  status(): string;
};

export class Heartbeat implements AsyncDisposable {
  readonly #options: HeartbeatOptions;
  readonly #stop = new AbortController();
  readonly #path: string;
  #running: Promise<void> | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#path = heartbeatPath(options.socketDir, options.modelId);
  }

  /** Writes the first heartbeat before it returns. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the writing and removes the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    rmSync(this.#path, { force: true });
  }

  async #run(): Promise<void> {
    const { clock, log, modelId } = this.#options;
    let told = false;
    while (!this.#stop.signal.aborted) {
      const heartbeat: HeartbeatFile = {
        model_id: modelId,
        timestamp: new Date(clock.wallMs()).toISOString(),
        status: this.#options.status(),
        metrics: this.#options.metrics(),
      };
      const fresh = `${this.#path}.${process.pid}`;
      try {
        // Made anew each time (wx): the folder may be /tmp, where somebody could have put a link in its place.
        rmSync(fresh, { force: true });
        writeFileSync(fresh, JSON.stringify(heartbeat), { mode: 0o600, flag: "wx" });
        renameSync(fresh, this.#path);
        told = false;
      } catch (error) {
        // The file grows old, which is what a reader takes for degraded; the inference itself goes on.
        if (!told) log.warn("the heartbeat cannot be written", { error: errorText(error) });
        told = true;
      }
      await clock.sleep(HEARTBEAT_INTERVAL_MS, this.#stop.signal);
    }
  }
}
