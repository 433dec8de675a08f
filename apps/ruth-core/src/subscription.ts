/**
 * One subscription: a camera's frames to one model. At most one request is outstanding and at most one frame, the
 * newest, waits for its turn. Nothing is sent twice; every frame that is not answered has exactly one reason:
 *
 * | reason | the frame |
 * | --- | --- |
 * | cap | came before its place in the schedule of desired_fps |
 * | busy | was still waiting for its turn when a newer one came; or came and went between two looks at the export |
 * | torn | was being overwritten when it was looked at |
 * | no_runtime | came, or waited, while no runtime was connected |
 * | timeout | was sent; no reply came in time |
 * | error | was sent; the reply was an error, not valid, or the connection closed before it |
 * | invalid_assignment | came while the assignment's model is unknown or invalid |
 *
 * `no_new_frame` counts no frames but their absence: one for each second in which the camera showed none. A frame that
 * came and went between two looks while nothing could have been sent anyway has that reason instead of busy. So, without
 * no_new_frame: seen = results + sum(skipped) + outstanding + waiting.
 */
import type { Clock } from "@vas/base/clock.ts";
import { RateWindow, SampleWindow } from "@vas/base/window.ts";
import { SKIP_REASONS, type SkipReason } from "@vas/contracts/http.ts";
import type { Result } from "@vas/contracts/live.ts";
import { type CapState, cap } from "./cap.ts";
import { judgeReply, type Lane, type LaneMember, RequestEncoder } from "./dispatch.ts";
import { type FlightNumber, Flights } from "./flights.ts";
import type { FrameRef } from "./frame-watch.ts";
import { monoMs } from "./mono.ts";
import type { SubscriptionSpec } from "./reconcile.ts";
import type { Channel, ChannelEvents } from "./runtime-channel.ts";

export type SubscriptionOptions = {
  spec: SubscriptionSpec;
  /** The camera's export folder. */
  exportFolder: string;
  lane: Lane;
  clock: Clock;
  connect(events: ChannelEvents): Channel;
  onResult(result: Result): void;
};

const RATE_SECONDS = 10;
const LATENCY_SAMPLES = 256;

export class Subscription implements LaneMember {
  readonly #options: SubscriptionOptions;
  readonly #channel: Channel;
  #spec: SubscriptionSpec;
  #encoder: RequestEncoder;
  #capState: CapState | null = null;
  #waiting: { frame: FrameRef; capState: CapState | null; flight: FlightNumber } | null = null;
  #outstanding: { frame: FrameRef; sentMs: number; flight: FlightNumber } | null = null;
  #lastTurnMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  readonly skipped: Record<SkipReason, number>;
  /** What became of the newest frames. */
  readonly flights = new Flights();
  readonly latencies = new SampleWindow(LATENCY_SAMPLES);
  readonly #rate = new RateWindow(RATE_SECONDS);
  #seen = 0;
  #dispatched = 0;
  #results = 0;
  #lastSuccessWallMs: number | null = null;
  #lastError: string | null = null;
  #failing: string | null = null;
  #notReadySinceWallMs: number | null;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.#spec = options.spec;
    this.#encoder = new RequestEncoder(options.spec, options.exportFolder);
    this.skipped = Object.fromEntries(SKIP_REASONS.map((reason) => [reason, 0])) as Record<SkipReason, number>;
    this.#notReadySinceWallMs = options.clock.wallMs();
    this.#channel = options.connect({
      onReply: (reply) => this.#onReply(reply),
      onClosed: (reason) => this.#onClosed(reason),
      onReady: () => {
        this.#notReadySinceWallMs = null;
      },
    });
    options.lane.join(this);
  }

  get spec(): SubscriptionSpec {
    return this.#spec;
  }
  get priority(): number {
    return this.#spec.priority;
  }
  get lastTurnMs(): number {
    return this.#lastTurnMs;
  }
  get hasFrame(): boolean {
    return this.#waiting !== null;
  }
  get wantsTurn(): boolean {
    return this.#waiting !== null && this.#outstanding === null && this.#channel.ready;
  }
  get seen(): number {
    return this.#seen;
  }
  get dispatched(): number {
    return this.#dispatched;
  }
  get results(): number {
    return this.#results;
  }
  /** Requests waiting for a reply: 0 or 1. */
  get queueDepth(): number {
    return this.#outstanding === null ? 0 : 1;
  }
  get lastSuccessWallMs(): number | null {
    return this.#lastSuccessWallMs;
  }
  get lastError(): string | null {
    return this.#lastError;
  }
  /** What went wrong with the newest answered or timed out request; null where it went well. */
  get failing(): string | null {
    return this.#failing;
  }
  /** Since when no runtime is connected, and why; null while one is. */
  get disconnected(): { sinceWallMs: number; problem: string } | null {
    if (this.#channel.ready) return null;
    return { sinceWallMs: this.#notReadySinceWallMs ?? 0, problem: this.#channel.problem ?? "" };
  }

  /** Results a second over the last 10 s. */
  achievedFps(nowMs: number): number {
    return this.#rate.perSecond(nowMs);
  }

  /** Takes another frame rate, priority, parameters or validity; counts go on. */
  update(spec: SubscriptionSpec): void {
    this.#spec = spec;
    this.#encoder = new RequestEncoder(spec, this.#options.exportFolder);
    if (spec.invalid === null) return;
    this.#skipWaiting("invalid_assignment");
    if (this.#outstanding !== null) this.#fail("invalid_assignment", spec.invalid, null);
    this.#drop(spec.invalid);
  }

  /**
   * The camera's newest frame changed; sending is the lane's, once every camera was looked at.
   *
   * @param nowMs monotonic
   */
  frame(frame: FrameRef, nowMs: number): void {
    this.#seen++;
    const blocked = this.#blocked();
    if (blocked !== null) {
      this.flights.seen(frame, blocked, nowMs);
      return this.#skip(blocked);
    }
    const answer = cap(this.#capState, Number(frame.timestampNs), this.#spec.maxFps);
    if (!answer.dispatch) {
      this.#capState = answer.state;
      this.flights.seen(frame, "cap", nowMs);
      return this.#skip("cap");
    }
    this.#skipWaiting("busy");
    const flight = this.flights.seen(frame, "waiting", nowMs);
    this.#waiting = { frame, capState: answer.state, flight };
    this.#options.lane.waits(this);
  }

  /** The camera's newest frame changed but could not be read. */
  torn(frameId: number): void {
    this.#seen++;
    const reason = this.#blocked() ?? "torn";
    this.flights.missed(frameId, 1, reason);
    this.#skip(reason);
  }

  /** So many frames came and went since the last look; `lastId` is the last of them. */
  passed(count: number, lastId: number): void {
    if (count === 0) return;
    this.#seen += count;
    const reason = this.#blocked() ?? "busy";
    this.flights.missed(lastId, count, reason);
    this.skipped[reason] += count;
  }

  /** The camera showed no frame for one more second. */
  silent(): void {
    if (this.#blocked() === null) this.#skip("no_new_frame");
  }

  /** Connects, and gives up a reply that is late. */
  tick(nowMs: number): void {
    if (this.#spec.invalid !== null) return;
    const { timeoutMs } = this.#options.lane;
    if (this.#outstanding !== null && nowMs - this.#outstanding.sentMs >= timeoutMs) {
      const reason = `no reply within ${timeoutMs} ms`;
      this.#fail("timeout", reason, nowMs);
      this.#drop(reason);
    }
    this.#channel.tick(nowMs);
  }

  takeTurn(nowMs: number): void {
    const waiting = this.#waiting;
    if (waiting === null) throw new Error("a turn was given to a subscription that has no frame");
    this.#waiting = null;
    this.#capState = waiting.capState;
    this.#lastTurnMs = nowMs;
    this.#outstanding = { frame: waiting.frame, sentMs: nowMs, flight: waiting.flight };
    this.flights.sent(waiting.flight, nowMs);
    this.#dispatched++;
    this.#channel.send(this.#encoder.encode(waiting.frame, this.#options.clock.wallMs()));
  }

  /** Ends it; a reply that comes later is nobody's. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting = null;
    if (this.#outstanding !== null) this.#options.lane.abandoned();
    this.#outstanding = null;
    this.#channel.drop("the subscription ended");
    this.#options.lane.leave(this);
  }

  #onReply(bytes: Buffer): void {
    const { clock, lane } = this.#options;
    const nowMs = monoMs(clock);
    if (this.#outstanding === null) {
      this.#lastError = "the runtime sent a reply nobody asked for";
      this.#drop(this.#lastError);
      return;
    }
    const { frame, sentMs, flight } = this.#outstanding;
    const judged = judgeReply(bytes, this.#spec, frame.frameId);
    if ("error" in judged) {
      this.#fail("error", judged.error, nowMs);
      if (judged.broken) this.#drop(judged.error);
    } else {
      this.#outstanding = null;
      lane.answered(sentMs, nowMs);
      this.#results++;
      this.flights.answered(flight, nowMs, judged.reply.metadata.inference_ms ?? null);
      this.#rate.add(nowMs);
      this.latencies.add(nowMs - sentMs);
      this.#lastSuccessWallMs = clock.wallMs();
      this.#failing = null;
      this.#options.onResult({
        camera_id: this.#spec.cameraId,
        model_id: this.#spec.modelId,
        frame_id: frame.frameId,
        pts90k: frame.pts90k,
        wall_ms: frame.wallMs,
        width: frame.geometry.width,
        height: frame.geometry.height,
        detections: judged.reply.detections,
        inference_ms: judged.reply.metadata.inference_ms ?? null,
        latency_ms: Math.round((nowMs - sentMs) * 100) / 100,
      });
    }
    lane.give(nowMs);
  }

  #onClosed(reason: string): void {
    const { clock, lane } = this.#options;
    this.#notReadySinceWallMs = clock.wallMs();
    if (this.#outstanding !== null) this.#fail("error", `the connection closed before the reply: ${reason}`, null);
    this.#skipWaiting("no_runtime");
    lane.give(monoMs(clock));
  }

  /** @param nowMs when the answer came or was given up; null where the connection ended without one */
  #fail(reason: SkipReason, message: string, nowMs: number | null): void {
    const outstanding = this.#outstanding;
    if (outstanding === null) return;
    this.#outstanding = null;
    if (nowMs === null) this.#options.lane.abandoned();
    else this.#options.lane.answered(outstanding.sentMs, nowMs);
    this.#lastError = message;
    this.#failing = message;
    this.flights.skipped(outstanding.flight, reason, nowMs ?? monoMs(this.#options.clock));
    this.#skip(reason);
  }

  #drop(reason: string): void {
    if (this.#channel.ready) this.#notReadySinceWallMs = this.#options.clock.wallMs();
    this.#channel.drop(reason);
    this.#skipWaiting("no_runtime");
  }

  #blocked(): SkipReason | null {
    if (this.#spec.invalid !== null) return "invalid_assignment";
    return this.#channel.ready ? null : "no_runtime";
  }

  #skip(reason: SkipReason): void {
    this.skipped[reason]++;
  }

  #skipWaiting(reason: SkipReason): void {
    if (this.#waiting === null) return;
    this.flights.skipped(this.#waiting.flight, reason);
    this.#waiting = null;
    this.#skip(reason);
  }
}
