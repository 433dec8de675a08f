/**
 * One stream agent per camera, known by the camera's id: a plain object that shows the newest frame's reference to the
 * camera's subscriptions. It has no thread and no timer, and holds no frame.
 */
import { RateWindow } from "@vas/base/window.ts";
import { FrameWatch } from "./frame-watch.ts";
import type { Subscription } from "./subscription.ts";

export type AgentState = "created" | "running" | "stopped";

const RATE_SECONDS = 10;
const SILENCE_MS = 1000;

export class Agent {
  readonly cameraId: string;
  /** By model id. */
  readonly subscriptions = new Map<string, Subscription>();
  readonly #watch: FrameWatch;
  readonly #rate = new RateWindow(RATE_SECONDS);
  #framesSeen = 0;
  #lastFrameWallMs: number | null = null;
  /** When a frame was last seen, or the last counted second of silence ended. */
  #lastMs: number;

  /**
   * @param exportFolder the camera's export folder
   * @param nowMs monotonic
   */
  constructor(cameraId: string, exportFolder: string, nowMs: number) {
    this.cameraId = cameraId;
    this.#watch = new FrameWatch(exportFolder);
    this.#lastMs = nowMs;
  }

  get exportFolder(): string {
    return this.#watch.folder;
  }
  get framesSeen(): number {
    return this.#framesSeen;
  }
  get lastFrameWallMs(): number | null {
    return this.#lastFrameWallMs;
  }
  /** Why no frames can be seen; null while the export is open. */
  get problem(): string | null {
    return this.#watch.problem;
  }
  /** created until the first frame, stopped while the export is gone after it. */
  get state(): AgentState {
    if (this.#framesSeen === 0) return "created";
    return this.#watch.problem === null ? "running" : "stopped";
  }

  frameFps(nowMs: number): number {
    return this.#rate.perSecond(nowMs);
  }

  /**
   * Looks once and tells the subscriptions.
   *
   * @param nowMs monotonic
   * @param wallMs Unix time
   */
  tick(nowMs: number, wallMs: number): void {
    for (const subscription of this.subscriptions.values()) subscription.tick(nowMs);
    const look = this.#watch.look(nowMs);
    if (look === null) {
      if (nowMs - this.#lastMs < SILENCE_MS) return;
      this.#lastMs += SILENCE_MS;
      for (const subscription of this.subscriptions.values()) subscription.silent();
      return;
    }
    this.#framesSeen += look.passed + 1;
    this.#rate.add(nowMs, look.passed + 1);
    this.#lastMs = nowMs;
    this.#lastFrameWallMs = wallMs;
    for (const subscription of this.subscriptions.values()) {
      subscription.passed(look.passed, look.frameId - 1);
      if (look.frame === null) subscription.torn(look.frameId);
      else subscription.frame(look.frame, nowMs);
    }
  }

  close(): void {
    for (const subscription of this.subscriptions.values()) subscription.close();
    this.subscriptions.clear();
    this.#watch.close();
  }
}
