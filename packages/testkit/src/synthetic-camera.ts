/**
 * A camera made of nothing: painted pictures (or a video file) through FFmpeg's encoder to our own RTSP server.
 *
 * Paced by the wall clock: frame number `n` is painted at `start + n / fps`. What cannot be done in time is left out,
 * in the picture's own numbering and in the RTP timestamps, so `rtp timestamp = base + n * 90000 / fps` always holds.
 */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { feedFrames } from "./feed.ts";
import { createPainter } from "./picture.ts";
import { spawnTied, within } from "./processes.ts";
import { type Behaviour, type RtspAuth, type RtspServer, startRtspServer } from "./rtsp-server.ts";

export type SyntheticCameraOptions = {
  width?: number;
  height?: number;
  fps?: number;
  /** Frames from key frame to key frame; 2 s where absent. */
  gop?: number;
  codec?: "h264" | "h265";
  bFrames?: number;
  /** What the QR code says. */
  text?: string | ((frame: number) => string);
  /** Bits a second at most; 3 Mbit/s where absent. */
  bitrate?: number;
  auth?: RtspAuth;
  behaviour?: Behaviour;
  /** 0, or absent, for any free port. */
  port?: number;
  /** Plays this file in a loop instead of painting. */
  video?: string;
  ffmpeg?: string;
};

export type SyntheticCamera = {
  /** Without user name and password. */
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** The server, for its misbehaviour and counters. */
  readonly server: RtspServer;
  /** FFmpeg's process id. */
  readonly pid: number;
  /** Frames painted and handed to the encoder; 0 with a video file. */
  framesSent(): number;
  /** Resolves when FFmpeg ended, asked for or not, with what it last said. */
  readonly ended: Promise<string>;
  /** Where the QR code is on frame `n`; undefined with a video file. */
  readonly qrBox: ((frame: number) => [number, number, number, number]) | undefined;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

const DEFAULTS = { width: 1280, height: 720, fps: 15, bitrate: 3_000_000, text: "VAS test camera" };
/** Encoded frames that may be between the encoder's entry and its RTP packets. */
const SLOT_MEMORY = 1024;

/**
 * @param signal closes the camera
 * @throws Error with FFmpeg's last words where it does not start to send
 */
export async function startSyntheticCamera(
  options: SyntheticCameraOptions = {},
  signal?: AbortSignal,
): Promise<SyntheticCamera> {
  const { width = DEFAULTS.width, height = DEFAULTS.height, fps = DEFAULTS.fps, text = DEFAULTS.text } = options;
  const painter =
    options.video === undefined ? await createPainter({ width, height, fps, format: "i420", text }) : undefined;
  const media = await openRtpSocket();
  const control = await openRtpSocket();
  const child = spawnTied(options.ffmpeg ?? "ffmpeg", [
    ..."-hide_banner -nostdin -loglevel error".split(" "),
    ...(options.video === undefined
      ? ["-probesize", "32", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", `${width}x${height}`]
      : ["-re", "-stream_loop", "-1"]),
    ...(options.video === undefined ? ["-framerate", String(fps), "-i", "pipe:0"] : ["-i", options.video]),
    ..."-map 0:v:0 -an -sn -dn".split(" "),
    ...(options.video === undefined ? [] : ["-fps_mode", "cfr", "-r", String(fps), "-pix_fmt", "yuv420p"]),
    ...(options.video !== undefined && options.width !== undefined ? ["-vf", `scale=${width}:${height}`] : []),
    ...encoderArguments({ ...options, fps }),
    ..."-f rtp -payload_type 96".split(" "),
    `rtp://127.0.0.1:${media.address().port}?rtcpport=${control.address().port}&pkt_size=1200`,
  ]);
  const words: string[] = [];
  child.stderr.on("data", (chunk: Buffer) => {
    words.push(chunk.toString());
    if (words.length > 20) words.shift();
  });
  // The pipe breaks when FFmpeg dies; `ended` says so.
  child.stdin.on("error", () => undefined);
  const ended = once(child, "close").then(([code, by]) => {
    return `ffmpeg ended [code:${code}, signal:${by}] ${words.join("").trim()}`;
  });
  await within("ffmpeg to start", once(child, "spawn"));

  let mediaLines: string[] = [];
  let said = "";
  const described = new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (mediaLines.length > 0 || !said.includes("a=fmtp")) return;
      mediaLines = said.split(/\r?\n/).filter((line) => /^a=(rtpmap|fmtp):/.test(line));
      if (said.endsWith("\n")) resolve();
    });
  });

  const server = await startRtspServer({
    port: options.port ?? 0,
    mediaLines: () => mediaLines,
    ...(options.auth === undefined ? {} : { auth: options.auth }),
    ...(options.behaviour === undefined ? {} : { behaviour: options.behaviour }),
  });
  const slots = new SlotClock(fps);
  const firstPacket = new Promise<void>((resolve) => {
    media.on("message", (packet) => {
      if (painter !== undefined) slots.restamp(packet);
      server.send(packet);
      resolve();
    });
  });

  const feed =
    painter === undefined
      ? undefined
      : feedFrames({
          painter,
          fps,
          into: child.stdin,
          onFrame: (slot) => slots.push(slot),
          onError: (error) => {
            words.push(error.message);
            child.kill("SIGKILL");
          },
        });

  const close = async () => {
    feed?.stop();
    child.kill("SIGKILL");
    await ended;
    await server.close();
    for (const socket of [media, control]) await new Promise<void>((resolve) => socket.close(() => resolve()));
  };
  let closing: Promise<void> | undefined;
  const closeOnce = () => {
    closing ??= close();
    return closing;
  };
  signal?.addEventListener("abort", () => void closeOnce(), { once: true });

  try {
    const gone = ended.then((text) => Promise.reject(new Error(text)));
    await within("the first RTP packet of ffmpeg", Promise.race([Promise.all([described, firstPacket]), gone]));
  } catch (thrown) {
    await closeOnce();
    throw thrown;
  }
  return {
    url: server.url,
    username: options.auth?.username,
    password: options.auth?.password,
    server,
    pid: child.pid ?? 0,
    framesSent: () => feed?.framesSent() ?? 0,
    ended,
    qrBox: painter?.qrBox.bind(painter),
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  };
}

function encoderArguments(options: SyntheticCameraOptions & { fps: number }): string[] {
  const { fps, codec = "h264", bFrames = 0, bitrate = DEFAULTS.bitrate } = options;
  const gop = options.gop ?? Math.round(2 * fps);
  const common = [
    ...`-g ${gop} -bf ${bFrames} -maxrate ${bitrate} -bufsize ${bitrate}`.split(" "),
    // Parameter sets go into the description and in front of every key frame, as cameras do.
    ..."-flags:v +global_header -bsf:v dump_extra=freq=keyframe".split(" "),
  ];
  if (codec === "h265")
    return [
      ..."-c:v libx265 -preset ultrafast -x265-params".split(" "),
      `log-level=error:scenecut=0:keyint=${gop}:min-keyint=${gop}:bframes=${bFrames}:rc-lookahead=0:pools=1:frame-threads=1`,
      ...common,
    ];
  return [
    ..."-c:v libx264 -preset ultrafast -tune zerolatency -threads 1 -crf 24".split(" "),
    ...`-keyint_min ${gop} -sc_threshold 0`.split(" "),
    ...common,
  ];
}

async function openRtpSocket(): Promise<UdpSocket> {
  const socket = createSocket({ type: "udp4", recvBufferSize: 4 * 1024 * 1024 });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}

/**
 * Turns FFmpeg's RTP timestamps, which count the frames it got, into those of the frames' slots on the wall clock.
 * The n-th frame in presentation order is the n-th that was pushed.
 */
class SlotClock {
  readonly #fps: number;
  readonly #slots = new Int32Array(SLOT_MEMORY);
  readonly #base = Math.floor(Math.random() * 2 ** 32);
  #pushed = 0;
  #last: number | undefined;
  /** Ticks since the first packet, not wrapped. */
  #ticks = 0;

  constructor(fps: number) {
    this.#fps = fps;
  }

  push(slot: number): void {
    this.#slots[this.#pushed++ % SLOT_MEMORY] = slot;
  }

  /** Writes the new timestamp into the packet. */
  restamp(packet: Buffer): void {
    const stamp = packet.readUInt32BE(4);
    if (this.#last !== undefined) this.#ticks += (stamp - this.#last) | 0;
    this.#last = stamp;
    const index = Math.round((this.#ticks * this.#fps) / 90_000);
    const slot = this.#slots[index % SLOT_MEMORY] ?? 0;
    packet.writeUInt32BE((this.#base + Math.round((slot * 90_000) / this.#fps)) % 2 ** 32, 4);
  }
}
