/**
 * One camera's live picture, kept alive. The outer loop tries again; a session fails honestly and ends.
 *
 * | what happens | what follows |
 * | --- | --- |
 * | `stream_ended` | the transport stays; consume again once another run is there |
 * | `transport_closed`, ICE failed | a new session from `capabilities` |
 * | connection lost, VAS restarted | wait until it is open again, then a new session |
 * | camera stopped | wait until it is started |
 * | the sub stream that was wanted ends | a new session, which plays main meanwhile |
 * | it comes back | a new session, which plays it |
 */
import type { CameraStatus, StreamRole } from "@vas/contracts/http.ts";
import type { LiveNotice, LiveResults, Run } from "@vas/contracts/live.ts";
import { type Backoff, createBackoff } from "./backoff.ts";
import type { LiveConnection, LiveError, LiveOutcome, Timers } from "./connection.ts";
import type { LoadDevice, MediaConsumer, MediaReceiver } from "./media.ts";

/** `waiting_run`: the camera sends nothing at the moment. `waiting_key_frame`: packets may come, no picture yet. */
export type ViewerPhase = "connecting" | "waiting_run" | "waiting_key_frame" | "playing" | "stopped" | "retrying";

export type ViewerView<Track> = {
  phase: ViewerPhase;
  /** Why, while `retrying`. */
  error: LiveError | null;
  /** What is played, or was last: main where a sub stream was wanted and is not live. */
  stream: StreamRole;
  track: Track | null;
  run: Run | null;
  /** What the track comes from, for its statistics. */
  consumer: MediaConsumer<Track> | null;
};

export type ViewerOptions<Track> = {
  cameraId: string;
  /** Main where absent. */
  stream?: StreamRole;
  connection: Pick<LiveConnection, "request" | "onNotice" | "onState" | "state" | "epoch">;
  loadDevice: LoadDevice<Track>;
  timers: Timers;
  random: () => number;
  onView: (view: ViewerView<Track>) => void;
};

/** A lost notice must not freeze a tile: what waits for one asks again after this. */
const ASK_AGAIN_MS = 5_000;
/** Packets that never become a picture (a lost transport, a decoder that gave up): start over. */
const NO_PICTURE_MS = 30_000;

type End = "again" | "retry" | "stopped";

export class CameraViewer<Track> {
  readonly #options: ViewerOptions<Track>;
  readonly #backoff: Backoff;
  readonly #unsubscribe: (() => void)[];
  #view: ViewerView<Track> = {
    phase: "connecting",
    error: null,
    stream: "main",
    track: null,
    run: null,
    consumer: null,
  };
  #closed = false;
  #camera: CameraStatus["state"] | null = null;
  /** The newest run heard of, consumed or not. */
  #run: Run | null = null;
  /** Of which stream the session is. */
  #stream: StreamRole = "main";
  /** The stream that is wanted and was not live can be had. */
  #betterCame = false;
  #transportId: string | null = null;
  #transportGone = false;
  #consumerId: string | null = null;
  #consumerEnded = false;
  #waiters = new Set<() => void>();

  constructor(options: ViewerOptions<Track>) {
    this.#options = options;
    this.#backoff = createBackoff(500, 10_000, options.random);
    this.#unsubscribe = [
      options.connection.onNotice((notice) => this.#notice(notice)),
      options.connection.onState(() => this.#changed()),
    ];
    void this.#loop();
  }

  get view(): ViewerView<Track> {
    return this.#view;
  }

  /** The element showed a frame of the current track. */
  frameShown(): void {
    if (this.#view.phase !== "waiting_key_frame") return;
    this.#backoff.reset();
    this.#show({ phase: "playing", error: null });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const stop of this.#unsubscribe) stop();
    if (this.#transportId) void this.#options.connection.request("close", { transport_id: this.#transportId });
    this.#changed();
  }

  async #loop(): Promise<void> {
    while (!this.#closed) {
      await this.#until(() => this.#options.connection.state === "open");
      if (this.#closed) return;
      const end = await this.#session();
      if (this.#closed) return;
      this.#show({ track: null, run: null, consumer: null });
      if (end === "stopped") {
        this.#show({ phase: "stopped", error: null });
        await this.#until(() => this.#camera !== "stopped", ASK_AGAIN_MS);
      } else if (end === "retry") {
        this.#show({ phase: "retrying" });
        const { epoch } = this.#options.connection;
        const run = this.#run;
        await this.#until(() => this.#options.connection.epoch !== epoch || this.#run !== run, this.#backoff.nextMs());
      } else {
        this.#show({ phase: "connecting", error: null });
        // Even a transport that is closed as soon as it is made must not become a storm of requests.
        await this.#until(() => this.#options.connection.state !== "open", this.#backoff.nextMs());
      }
    }
  }

  /** From `capabilities` to the end of the transport. */
  async #session(): Promise<End> {
    const { connection, cameraId } = this.#options;
    const epoch = connection.epoch;
    const over = () =>
      this.#closed ||
      this.#transportGone ||
      this.#betterCame ||
      connection.state !== "open" ||
      connection.epoch !== epoch;
    this.#transportGone = false;
    this.#betterCame = false;
    const wanted = { camera_id: cameraId, ...(this.#options.stream === "sub" ? { stream: "sub" as const } : {}) };
    if (this.#view.phase !== "retrying") this.#show({ phase: "connecting" });

    const capabilities = await connection.request("capabilities", wanted);
    if (!capabilities.ok) return this.#failed(capabilities.error);
    let receiver: MediaReceiver<Track> | null = null;
    try {
      const device = await this.#options.loadDevice(capabilities.result.rtp_capabilities);
      const transport = await connection.request("transport", wanted);
      if (!transport.ok) return this.#failed(transport.error);
      this.#transportId = transport.result.transport_id;
      this.#stream = transport.result.stream ?? "main";
      if (this.#stream === this.#options.stream) this.#betterCame = false;
      // A run of the other stream says nothing of this one.
      if ((this.#run?.stream ?? "main") !== this.#stream) this.#run = null;
      if (this.#closed) {
        void connection.request("close", { transport_id: this.#transportId });
        return "again";
      }
      receiver = this.#receiver(device.receiver.bind(device), transport.result);
      while (!over()) {
        const end = await this.#consume(receiver, device.rtpCapabilities, over);
        if (end) return end;
      }
      return "again";
    } catch (error) {
      // The browser's half refused: its words are all there is.
      const message = error instanceof Error ? error.message : String(error);
      return over()
        ? "again"
        : this.#failed({ code: "browser", message: `This browser cannot play the stream: ${message}` });
    } finally {
      receiver?.close();
      if (this.#transportId && !this.#transportGone && !this.#closed)
        void connection.request("close", { transport_id: this.#transportId });
      this.#transportId = null;
    }
  }

  #receiver(
    make: (
      transport: LiveResults["transport"],
      events: { connect(p: Record<string, unknown>): Promise<void>; failed(): void },
    ) => MediaReceiver<Track>,
    transport: LiveResults["transport"],
  ): MediaReceiver<Track> {
    const id = transport.transport_id;
    return make(transport, {
      connect: async (dtlsParameters) => {
        const reply = await this.#options.connection.request("connect", {
          transport_id: id,
          dtls_parameters: dtlsParameters,
        });
        if (!reply.ok) throw new Error(reply.error.message);
      },
      failed: () => {
        if (this.#transportId !== id) return;
        void this.#options.connection.request("close", { transport_id: id });
        this.#transportGone = true;
        this.#changed();
      },
    });
  }

  /** One run on the transport; null when the next run can be consumed on the same one. */
  async #consume(
    receiver: MediaReceiver<Track>,
    rtpCapabilities: Record<string, unknown>,
    over: () => boolean,
  ): Promise<End | null> {
    const { connection } = this.#options;
    const reply = await connection.request("consume", {
      transport_id: this.#transportId as string,
      rtp_capabilities: rtpCapabilities,
    });
    if (over()) return "again";
    if (!reply.ok) {
      if (reply.error.code !== "camera_not_live") return this.#failed(reply.error);
      if (this.#stream === "sub") return "again";
      this.#show({ phase: "waiting_run", error: null });
      const run = this.#run;
      await this.#until(() => over() || this.#run?.run_id !== run?.run_id || this.#camera === "stopped", ASK_AGAIN_MS);
      return this.#camera === "stopped" ? "stopped" : null;
    }
    const { consumer_id, run } = reply.result;
    // A notice may have told this run's base before the reply arrived.
    const known = this.#run?.run_id === run.run_id && run.rtp_base === null ? this.#run : run;
    this.#run = known;
    this.#consumerId = consumer_id;
    this.#consumerEnded = false;
    let consumer: MediaConsumer<Track> | null = null;
    try {
      consumer = await receiver.consume(reply.result);
      if (over()) return "again";
      this.#show({
        phase: "waiting_key_frame",
        track: consumer.track,
        run: known,
        stream: this.#stream,
        consumer,
        error: null,
      });
      const resumed: LiveOutcome<unknown> = await connection.request("resume", { consumer_id });
      if (!resumed.ok && !over() && !this.#consumerEnded) return this.#failed(resumed.error);
      const ended = () => over() || this.#consumerEnded;
      await this.#until(() => ended() || this.#view.phase === "playing", NO_PICTURE_MS);
      if (!ended() && this.#view.phase !== "playing")
        return this.#failed({ code: "no_picture", message: `No picture arrived within ${NO_PICTURE_MS / 1000} s.` });
      await this.#until(ended);
    } finally {
      consumer?.close();
      this.#consumerId = null;
    }
    if (over() || this.#stream === "sub") return "again";
    this.#show({ phase: "waiting_run", error: null });
    await this.#until(() => over() || this.#run?.run_id !== run.run_id || this.#camera === "stopped", ASK_AGAIN_MS);
    return this.#camera === "stopped" && !over() ? "stopped" : null;
  }

  #failed(error: LiveError): End {
    if (error.code === "offline") return "again";
    if (error.code === "camera_stopped") {
      this.#camera = "stopped";
      return "stopped";
    }
    this.#show({ error });
    return "retry";
  }

  #notice(notice: LiveNotice): void {
    const { cameraId } = this.#options;
    switch (notice.notice) {
      case "camera":
        if (notice.status.camera_id === cameraId) this.#camera = notice.status.state;
        break;
      case "run":
        if (notice.camera_id !== cameraId) return;
        if ((notice.run.stream ?? "main") !== this.#stream) {
          if (notice.run.stream !== "sub" || this.#options.stream !== "sub") return;
          this.#betterCame = true;
          break;
        }
        this.#run = notice.run;
        if (this.#view.run?.run_id === notice.run.run_id) this.#show({ run: notice.run });
        break;
      case "stream_ended":
        if (notice.consumer_id === this.#consumerId) this.#consumerEnded = true;
        break;
      case "transport_closed":
        if (notice.transport_id === this.#transportId) this.#transportGone = true;
        break;
      default:
        return;
    }
    this.#changed();
  }

  /** Resolves when the condition holds, the viewer is closed, or the time is over. */
  #until(condition: () => boolean, ms?: number): Promise<void> {
    return new Promise((resolve) => {
      let timer: unknown = null;
      const finish = () => {
        this.#waiters.delete(check);
        this.#options.timers.clear(timer);
        resolve();
      };
      const check = () => {
        if (this.#closed || condition()) finish();
      };
      this.#waiters.add(check);
      if (ms !== undefined) timer = this.#options.timers.set(finish, ms);
      check();
    });
  }

  #changed(): void {
    for (const check of this.#waiters) check();
  }

  #show(change: Partial<ViewerView<Track>>): void {
    if (this.#closed) return;
    this.#view = { ...this.#view, ...change };
    this.#options.onView(this.#view);
    this.#changed();
  }
}
