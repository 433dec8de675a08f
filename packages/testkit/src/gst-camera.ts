/**
 * A camera whose RTSP server and encoder we did not write: GStreamer's, fed with painted frames or a decoded file.
 * It needs python3-gi, gir1.2-gst-rtsp-server-1.0 and GStreamer's plugins base, good, bad and ugly.
 */
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { feedFrames } from "./feed.ts";
import { createPainter } from "./picture.ts";
import { spawnTied, within } from "./processes.ts";

/** Debian's own interpreter: python3-gi belongs to it and to no other. */
const PYTHON = "/usr/bin/python3";

export type GstCameraOptions = {
  width?: number;
  height?: number;
  /** A whole number. */
  fps?: number;
  /** Frames from key frame to key frame; 2 s where absent. */
  gop?: number;
  text?: string | ((frame: number) => string);
  /** A second stream of the same pictures in this size. */
  sub?: { width: number; height: number };
  /** Digest. */
  auth?: { username: string; password: string };
  /** Plays this file in a loop, at these sizes and rate, instead of painting. */
  video?: string;
};

export type GstCamera = {
  /** Without user name and password. */
  readonly url: string;
  /** Of the second stream; leads nowhere where there is none. */
  readonly subUrl: string;
  readonly pid: number;
  framesSent(): number;
  readonly ended: Promise<string>;
  /** Where the QR code is on frame `n`; undefined with a video file. */
  readonly qrBox: ((frame: number) => [number, number, number, number]) | undefined;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Starts the camera and waits until its server listens. RTP timestamps count frames: a painted frame that was left out
 * is missing in them too.
 *
 * @throws Error with the server's last words where it does not start
 */
export async function startGstCamera(options: GstCameraOptions = {}): Promise<GstCamera> {
  const { width = 1280, height = 720, fps = 15, text = "VAS test camera", auth, video } = options;
  const gop = options.gop ?? 2 * fps;
  const server = spawnTied(PYTHON, [
    fileURLToPath(new URL("./gst_rtsp_server.py", import.meta.url)),
    ...[width, height, fps, gop, options.sub?.width ?? 0, options.sub?.height ?? 0].map(String),
    ...(auth === undefined ? [] : [auth.username, auth.password]),
  ]);
  const words: string[] = [];
  const listen = (chunk: Buffer) => {
    words.push(chunk.toString());
    if (words.length > 20) words.shift();
  };
  server.stderr.on("data", listen);
  // The pipe breaks when the server dies; `ended` says so.
  server.stdin.on("error", () => undefined);
  const ended = once(server, "close").then(([code, signal]) => {
    return `gst_rtsp_server.py ended [code:${code}, signal:${signal}] ${words.join("").trim()}`;
  });

  const painter = video === undefined ? await createPainter({ width, height, fps, format: "i420", text }) : undefined;
  const decoder = video === undefined ? undefined : startDecoder(video, width, height, fps);
  decoder?.stderr.on("data", listen);
  decoder?.stdout.pipe(server.stdin);
  const feed =
    painter === undefined
      ? undefined
      : feedFrames({
          painter,
          fps,
          into: server.stdin,
          onError: (error) => {
            words.push(error.message);
            server.kill("SIGKILL");
          },
        });

  const close = async () => {
    feed?.stop();
    decoder?.kill("SIGKILL");
    server.kill("SIGKILL");
    await ended;
  };
  try {
    const gone = ended.then((text) => Promise.reject(new Error(text)));
    const [line] = (await within("GStreamer's RTSP server", Promise.race([once(server.stdout, "data"), gone]))) as [
      Buffer,
    ];
    return {
      ...(JSON.parse(line.toString()) as { url: string; subUrl: string }),
      pid: server.pid ?? 0,
      framesSent: () => feed?.framesSent() ?? 0,
      ended,
      qrBox: painter?.qrBox.bind(painter),
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

function startDecoder(video: string, width: number, height: number, fps: number) {
  return spawnTied("ffmpeg", [
    ..."-hide_banner -nostdin -loglevel error -re -stream_loop -1 -i".split(" "),
    video,
    ...`-map 0:v:0 -vf scale=${width}:${height} -fps_mode cfr -r ${fps}`.split(" "),
    ..."-pix_fmt yuv420p -f rawvideo pipe:1".split(" "),
  ]);
}
