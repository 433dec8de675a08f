/**
 * The built-in test camera: FFmpeg's own moving test picture, with a QR code that wanders over it, encoded as a camera would
 * and handed to the ingest as MPEG-TS. From there on it is a camera like any other.
 *
 * Nothing here comes from a user: sizes, rates and the picture of the code are ours.
 */
import { fileURLToPath } from "node:url";
import type { StreamRole } from "@vas/contracts/http.ts";
import { Child } from "./child.ts";

const CODE = fileURLToPath(new URL("./test-code.pgm", import.meta.url));

/** Small enough to cost a few percent of a core. */
const PICTURES = {
  main: { width: 1280, height: 720, fps: 15, codeScale: 6 },
  sub: { width: 640, height: 360, fps: 10, codeScale: 3 },
} as const;

/** Its standard output is the stream, in real time, until it is ended. */
export function startTestPicture(ffmpeg: string, stream: StreamRole): Child {
  const { width, height, fps, codeScale } = PICTURES[stream];
  const graph =
    `[1:v]format=gray,scale=iw*${codeScale}:ih*${codeScale}:flags=neighbor,format=yuv420p[code];` +
    "[0:v][code]overlay=x='(W-w)*(0.5+0.45*sin(t/5))':y='(H-h)*(0.5+0.4*cos(t/7))':eval=frame,format=yuv420p";
  return new Child(
    ffmpeg,
    [
      ..."-hide_banner -nostdin -nostats -loglevel error -threads 1 -re -f lavfi -i".split(" "),
      `testsrc2=size=${width}x${height}:rate=${fps}`,
      ...`-loop 1 -framerate ${fps} -i`.split(" "),
      CODE,
      "-filter_complex",
      graph,
      ...`-c:v libx264 -preset ultrafast -tune zerolatency -profile:v baseline -crf 26 -g ${2 * fps} -threads 1`.split(
        " ",
      ),
      ..."-muxdelay 0 -muxpreload 0 -flush_packets 1 -f mpegts pipe:1".split(" "),
    ],
    ["ignore", "pipe", "pipe"],
  );
}
