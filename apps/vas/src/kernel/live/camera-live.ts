/**
 * One stream's live view: a router, one explicit PlainTransport that takes RTP from the ingest FFmpeg, and a producer
 * per run. No RTP packet passes through this process.
 *
 * | what ends | what is told to viewers | what is made anew |
 * | --- | --- | --- |
 * | a run | each consumer's `onEnded` | a producer, at the next run |
 * | the worker | each transport's `onClosed` | router and transport on another worker, on the same RTP port |
 * | the stream | each transport's `onClosed` | nothing |
 */
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "@vas/base/log.ts";
import { errorText } from "@vas/base/log.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import type { StreamRole } from "@vas/contracts/http.ts";
import type { Run } from "@vas/contracts/live.ts";
import type { types } from "mediasoup";
import type { ViewerConsumer, ViewerTransport } from "../index.ts";
import type { WorkerPool } from "./workers.ts";

export const PAYLOAD_TYPE = 96;

/**
 * What viewers are offered. Constrained baseline is the profile every WebRTC stack negotiates; the decoder takes the
 * real profile from the stream's own SPS, so a main or high profile camera plays as well.
 */
const H264: types.RtpCodecCapability = {
  kind: "video",
  mimeType: "video/H264",
  clockRate: 90_000,
  preferredPayloadType: PAYLOAD_TYPE,
  parameters: { "packetization-mode": 1, "profile-level-id": "42e01f", "level-asymmetry-allowed": 1 },
};

/** Where the ingest FFmpeg sends a run's RTP. Both ports are on 127.0.0.1; any other source port is refused by the transport. */
export type RtpTarget = { port: number; sourcePort: number; ssrc: number };

type Route = { router: types.Router; plain: types.PlainTransport; webRtcServer: types.WebRtcServer };

export class CameraLive {
  readonly #pool: WorkerPool;
  readonly #stream: StreamRole;
  readonly #log: Log;
  readonly #onRun: (run: Run) => void;
  readonly #transports = new Map<string, () => void>();
  readonly #closing = new AbortController();
  #route: Promise<Route> | undefined;
  #producer: types.Producer | undefined;
  #ports: { port: number | undefined; sourcePort: number } | undefined;
  #run: Run | undefined;
  #ssrc = 0;
  #firstTimestamp: number | undefined;
  #firstStreamPts: number | undefined;
  #announced = false;

  /** @param onRun a run can be consumed, or its RTP base became known */
  constructor(pool: WorkerPool, stream: StreamRole, log: Log, onRun: (run: Run) => void) {
    this.#pool = pool;
    this.#stream = stream;
    this.#log = log;
    this.#onRun = onRun;
  }

  /** Prepares a run before its FFmpeg starts, so that not one packet is lost. */
  async beginRun(run: { runId: string; pts90kBase: number }): Promise<RtpTarget> {
    this.endRun();
    this.#run = { run_id: run.runId, pts90k_base: run.pts90kBase, rtp_base: null, stream: this.#stream };
    this.#ssrc = randomInt(1, 0xffff_ffff);
    this.#firstTimestamp = undefined;
    this.#firstStreamPts = undefined;
    this.#announced = false;
    const route = await this.#getRoute();
    await this.#produce(route);
    return { port: this.#ports?.port as number, sourcePort: this.#ports?.sourcePort as number, ssrc: this.#ssrc };
  }

  /**
   * The run's media is flowing; its first packet has this presentation time in the run's own ticks.
   *
   * @param pts90kBase where the run begins, which may have been found only now
   */
  runIsLive(firstStreamPts: number, pts90kBase: number): void {
    if (!this.#run) return;
    this.#run = { ...this.#run, pts90k_base: pts90kBase };
    this.#firstStreamPts = firstStreamPts;
    this.#announced = true;
    this.#learnRtpBase();
    this.#onRun(this.#run);
  }

  endRun(): void {
    this.#run = undefined;
    this.#announced = false;
    this.#producer?.close();
    this.#producer = undefined;
  }

  get currentRun(): Run | undefined {
    return this.#announced ? this.#run : undefined;
  }

  get viewers(): number {
    return this.#transports.size;
  }

  async rtpCapabilities(): Promise<Record<string, unknown>> {
    return { ...(await this.#getRoute()).router.rtpCapabilities };
  }

  async createTransport(onClosed: () => void): Promise<ViewerTransport> {
    const { router, webRtcServer } = await this.#getRoute();
    const transport = await router.createWebRtcTransport({
      webRtcServer,
      enableUdp: true,
      enableTcp: true,
      preferUdp: true,
      initialAvailableOutgoingBitrate: 2_000_000,
    });
    const closed = () => {
      if (this.#transports.delete(transport.id)) onClosed();
    };
    this.#transports.set(transport.id, closed);
    transport.once("routerclose", closed);
    return {
      id: transport.id,
      iceParameters: { ...transport.iceParameters },
      iceCandidates: transport.iceCandidates.map((candidate) => ({ ...candidate })),
      dtlsParameters: { ...transport.dtlsParameters },
      connect: (dtlsParameters) =>
        this.#asked(() => transport.connect({ dtlsParameters: dtlsParameters as types.DtlsParameters })),
      consume: (rtpCapabilities, onEnded) => this.#consume(router, transport, rtpCapabilities, onEnded),
      close: () => {
        this.#transports.delete(transport.id);
        transport.close();
      },
    };
  }

  async close(): Promise<void> {
    this.endRun();
    this.#closing.abort();
    const route = this.#route;
    this.#route = undefined;
    const made = await route?.catch(() => undefined);
    made?.router.close();
  }

  async #consume(
    router: types.Router,
    transport: types.WebRtcTransport,
    rtpCapabilities: Record<string, unknown>,
    onEnded: () => void,
  ): Promise<ViewerConsumer> {
    const producer = this.#producer;
    const run = this.currentRun;
    if (!producer || !run) throw new CodedError("camera_not_live");
    const capabilities = rtpCapabilities as types.RtpCapabilities;
    const canConsume = await this.#asked(async () =>
      router.canConsume({ producerId: producer.id, rtpCapabilities: capabilities }),
    );
    if (!canConsume) throw new CodedError("codec_unsupported");
    const consumer = await this.#asked(() =>
      transport.consume({ producerId: producer.id, rtpCapabilities: capabilities, paused: true }),
    );
    consumer.once("producerclose", onEnded);
    return {
      id: consumer.id,
      producerId: producer.id,
      rtpParameters: { ...consumer.rtpParameters },
      run,
      resume: () => this.#asked(() => consumer.resume()),
      close: () => consumer.close(),
    };
  }

  /** What a browser sends ends up in mediasoup's own checks; their complaints are the browser's, not ours. */
  async #asked<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof CodedError) throw error;
      throw new CodedError("bad_request", `the media parameters were refused: ${errorText(error)}`);
    }
  }

  #getRoute(): Promise<Route> {
    if (this.#closing.signal.aborted) return Promise.reject(new CodedError("camera_stopped"));
    this.#route ??= this.#makeRoute().catch((error: unknown) => {
      this.#route = undefined;
      throw error;
    });
    return this.#route;
  }

  async #makeRoute(): Promise<Route> {
    const { worker, webRtcServer } = await this.#pool.acquire(this.#closing.signal);
    const router = await worker.createRouter({ mediaCodecs: [H264] });
    this.#ports ??= { port: undefined, sourcePort: await freeUdpPort() };
    const plain = await router.createPlainTransport({
      listenInfo: {
        protocol: "udp",
        ip: "127.0.0.1",
        ...(this.#ports.port === undefined ? {} : { port: this.#ports.port }),
        // A key frame arrives as one burst of packets; the kernel doubles this and caps it at net.core.rmem_max.
        recvBufferSize: 4 * 1024 * 1024,
      },
      rtcpMux: true,
      comedia: false,
    });
    this.#ports.port = plain.tuple.localPort;
    await plain.connect({ ip: "127.0.0.1", port: this.#ports.sourcePort });
    router.once("workerclose", () => {
      if (this.#closing.signal.aborted) return;
      this.#route = undefined;
      this.#producer = undefined;
      for (const closed of [...this.#transports.values()]) closed();
      void this.#recover();
    });
    return { router, plain, webRtcServer };
  }

  /**
   * A worker died in the middle of a run: FFmpeg goes on sending to the same port, where the new worker now listens.
   * Tried again for as long as the run lasts: the port of a worker that was just killed may still be taken.
   */
  async #recover(): Promise<void> {
    const runId = this.#run?.run_id;
    const isDone = () => this.#run === undefined || this.#run.run_id !== runId || this.#producer !== undefined;
    for (let waitMs = 50; !isDone(); waitMs = Math.min(2_000, waitMs * 2)) {
      try {
        const route = await this.#getRoute();
        if (isDone()) return;
        await this.#produce(route);
        if (this.#announced && this.#run) this.#onRun(this.#run);
        return;
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        this.#log.warn("live view could not be rebuilt yet", { error: errorText(error) });
        await delay(waitMs);
      }
    }
  }

  async #produce({ plain }: Route): Promise<void> {
    const producer = await plain.produce({
      kind: "video",
      rtpParameters: {
        codecs: [
          {
            mimeType: H264.mimeType,
            clockRate: H264.clockRate,
            payloadType: PAYLOAD_TYPE,
            parameters: { ...(H264.parameters as Record<string, unknown>) },
          },
        ],
        encodings: [{ ssrc: this.#ssrc }],
      },
    });
    this.#producer = producer;
    if (this.#firstTimestamp !== undefined) return;
    // The first packet of the run carries the RTP timestamp of the run's first presentation time: one trace is enough.
    producer.on("trace", (trace) => {
      if (this.#firstTimestamp !== undefined || this.#producer !== producer) return;
      const timestamp = (trace.info as { rtpPacket?: { timestamp?: number } }).rtpPacket?.timestamp;
      if (timestamp === undefined) return;
      this.#firstTimestamp = timestamp;
      void producer.enableTraceEvent([]);
      this.#learnRtpBase();
      if (this.#announced && this.#run) this.#onRun(this.#run);
    });
    await producer.enableTraceEvent(["rtp"]);
  }

  #learnRtpBase(): void {
    if (!this.#run || this.#firstTimestamp === undefined || this.#firstStreamPts === undefined) return;
    const base = (this.#firstTimestamp - this.#firstStreamPts) >>> 0;
    this.#run = { ...this.#run, rtp_base: base };
  }
}

/** A UDP port of 127.0.0.1 that was free a moment ago. */
async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
