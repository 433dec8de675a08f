/**
 * The mediasoup workers: one per core, each with one WebRTC server on a UDP and TCP port of its own. A worker that dies
 * is replaced on the same port; whoever had a router on it asks for another one.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "@vas/base/log.ts";
import { errorText } from "@vas/base/log.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import * as mediasoup from "mediasoup";
import type { types } from "mediasoup";

export type WorkerPoolOptions = {
  workerBin: string;
  count: number;
  /** Worker n listens for viewers on `rtcPort + n`. */
  rtcPort: number;
  listenIp: string;
  announcedAddress: string | undefined;
  log: Log;
};

/** A living worker with its WebRTC server. */
export type MediaWorker = { worker: types.Worker; webRtcServer: types.WebRtcServer; index: number };

const FIRST_RESPAWN_MS = 100;
const MAX_RESPAWN_MS = 5_000;

export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #workers: (MediaWorker | undefined)[];
  readonly #waiting = new Set<() => void>();
  #closed = false;
  deaths = 0;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#workers = Array.from({ length: options.count });
  }

  /** Starts every worker. @throws where one cannot start, such as on a port that is taken */
  async start(): Promise<void> {
    for (let index = 0; index < this.#options.count; index++) this.#workers[index] = await this.#spawn(index);
  }

  /**
   * The living worker with the fewest routers; waits for one where all are being replaced.
   * @throws CodedError media_unavailable where the signal aborts or the pool is closed before there is one
   */
  async acquire(signal: AbortSignal): Promise<MediaWorker> {
    while (!this.#closed && !signal.aborted) {
      // A worker that died is closed before its `died` event reaches this pool.
      const alive = this.#workers.filter((entry) => entry !== undefined && !entry.worker.closed) as MediaWorker[];
      const least = alive.sort((a, b) => routerCount(a.worker) - routerCount(b.worker))[0];
      if (least) return least;
      await this.#change(signal);
    }
    throw new CodedError("media_unavailable");
  }

  /** Resolves when a worker was replaced, the pool is closed, or the signal aborts. */
  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener("abort", done, { once: true });
    });
  }

  get alive(): number {
    return this.#workers.filter((entry) => entry !== undefined).length;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const done of this.#waiting) done();
    const running = this.#workers.filter(
      (entry) => entry !== undefined && !entry.worker.subprocessClosed,
    ) as MediaWorker[];
    const ended = running.map(({ worker }) => new Promise<void>((resolve) => worker.once("subprocessclose", resolve)));
    for (const { worker } of running) worker.close();
    await Promise.all(ended);
  }

  async #spawn(index: number): Promise<MediaWorker> {
    const { workerBin, rtcPort, listenIp, announcedAddress, log } = this.#options;
    const worker = await mediasoup.createWorker({ workerBin, logLevel: "warn" });
    try {
      const listen = { ip: listenIp, port: rtcPort + index, ...(announcedAddress ? { announcedAddress } : {}) };
      const webRtcServer = await worker.createWebRtcServer({
        listenInfos: [
          { protocol: "udp", ...listen },
          { protocol: "tcp", ...listen },
        ],
      });
      routers.set(worker, 0);
      worker.observer.on("newrouter", (router) => {
        routers.set(worker, routerCount(worker) + 1);
        router.observer.once("close", () => routers.set(worker, routerCount(worker) - 1));
      });
      worker.once("died", () => {
        this.deaths++;
        this.#workers[index] = undefined;
        log.error("a media worker died and is being replaced", { worker: index, pid: worker.pid });
        void this.#respawn(index);
      });
      return { worker, webRtcServer, index };
    } catch (error) {
      worker.close();
      throw new Error(`media worker ${index} could not listen on port ${rtcPort + index}: ${errorText(error)}`, {
        cause: error,
      });
    }
  }

  async #respawn(index: number): Promise<void> {
    for (let waitMs = FIRST_RESPAWN_MS; !this.#closed; waitMs = Math.min(MAX_RESPAWN_MS, waitMs * 2)) {
      try {
        const entry = await this.#spawn(index);
        if (this.#closed) return entry.worker.close();
        this.#workers[index] = entry;
        this.#options.log.info("a media worker was replaced", { worker: index, pid: entry.worker.pid });
        for (const done of this.#waiting) done();
        return;
      } catch (error) {
        this.#options.log.warn("a media worker could not be replaced yet", { worker: index, error: errorText(error) });
        await delay(waitMs);
      }
    }
  }
}

const routers = new WeakMap<types.Worker, number>();
const routerCount = (worker: types.Worker): number => routers.get(worker) ?? 0;
