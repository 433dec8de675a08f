/**
 * FFmpeg's arguments for one run of a camera. The only text of a user is the address, and it is not an argument: it
 * goes, with its credentials, into a script that FFmpeg reads from a pipe, so that no process list shows them.
 */
import { PAYLOAD_TYPE, type RtpTarget } from "../live/camera-live.ts";
import { parseCameraUrl } from "./address.ts";

/** Descriptors that FFmpeg finds open. */
export const SCRIPT_FD = 0;
export const RECORDING_FD = 3;
export const TAP_FD = 4;

/** Microseconds that FFmpeg waits for one read; deadlines of our own watch over the whole. */
const IO_TIMEOUT_US = 5_000_000;
/** Enough for SPS and PPS; without it FFmpeg buffers 5 s to guess a frame rate that copying does not need. */
const ANALYZE_US = 500_000;
/** Packets that a pipe's writer keeps while its reader is away; then it drops. */
const PIPE_QUEUE_PACKETS = 256;

export type CameraSource = { url: string; username: string | null; password: string | null };

export type LiveCodec = "copy" | "h264";

/** The script for FFmpeg's concat demuxer: one address and the options it is opened with. */
export function inputScript(source: CameraSource): string {
  const url = parseCameraUrl(source.url);
  // Percent-encoding leaves nothing in either that could end the quotes.
  const strict = (text: string) =>
    encodeURIComponent(text).replace(/['!*()]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  const credentials =
    source.username === null && source.password === null
      ? ""
      : `${strict(source.username ?? "")}:${strict(source.password ?? "")}@`;
  const address = `${url.protocol}//${credentials}${url.host}${url.pathname}${url.search}`;
  return [
    "ffconcat version 1.0",
    `file '${address}'`,
    "option rtsp_transport tcp",
    `option timeout ${IO_TIMEOUT_US}`,
    `option analyzeduration ${ANALYZE_US}`,
    "option fpsprobesize 0",
    "",
  ].join("\n");
}

/** Arguments that open the script on standard input. */
export const INPUT_ARGS: readonly string[] = [
  "-protocol_whitelist",
  "pipe,rtsp,rtp,rtsps,tcp,udp,tls,crypto",
  "-analyzeduration",
  String(ANALYZE_US),
  "-fpsprobesize",
  "0",
  "-f",
  "concat",
  "-safe",
  "0",
  "-i",
  `pipe:${SCRIPT_FD}`,
];

/**
 * @param outputs where RTP goes, how live view gets its H.264, and whether a tap listens
 * @returns everything after `ffmpeg`
 */
export function ingestArgs(outputs: { rtp: RtpTarget; live: LiveCodec; tap: boolean }): string[] {
  const { rtp } = outputs;
  return [
    "-hide_banner",
    "-nostdin",
    "-nostats",
    "-loglevel",
    "info",
    ...INPUT_ARGS,
    // Live: RTP to the media worker.
    "-map",
    "0:v:0",
    "-an",
    ...(outputs.live === "copy"
      ? // Late viewers need SPS and PPS with every key frame, wherever the camera sends them.
        ["-c:v", "copy", "-bsf:v", "dump_extra=freq=keyframe"]
      : [
          "-c:v",
          "libx264",
          "-preset",
          "ultrafast",
          "-tune",
          "zerolatency",
          "-pix_fmt",
          "yuv420p",
          "-crf",
          "25",
          "-maxrate",
          "6M",
          "-bufsize",
          "6M",
          "-g",
          "60",
          "-threads",
          "1",
          "-fps_mode",
          "passthrough",
          "-enc_time_base",
          "1:90000",
        ]),
    "-f",
    "rtp",
    "-rtpflags",
    "skip_rtcp",
    "-payload_type",
    String(PAYLOAD_TYPE),
    "-ssrc",
    String(signed(rtp.ssrc)),
    `rtp://127.0.0.1:${rtp.port}?localrtpport=${rtp.sourcePort}&pkt_size=1200`,
    // Recording: fragments of at most a second, flushed as they are complete. The fifo keeps live going should VAS pause.
    "-map",
    "0:v:0",
    "-an",
    "-c:v",
    "copy",
    ...fifo(
      "mp4",
      "movflags=+frag_keyframe+empty_moov+default_base_moof:video_track_timescale=90000:frag_duration=1000000:flush_packets=1",
    ),
    `pipe:${RECORDING_FD}`,
    ...(outputs.tap
      ? [
          "-map",
          "0:v:0",
          "-an",
          "-c:v",
          "copy",
          "-bsf:v",
          "dump_extra=freq=keyframe",
          "-muxdelay",
          "0",
          "-muxpreload",
          "0",
          ...fifo("mpegts", "flush_packets=1"),
          // A tap that died and came back finds the stream where it is.
          "-attempt_recovery",
          "1",
          "-recover_any_error",
          "1",
          "-recovery_wait_time",
          "1",
          `pipe:${TAP_FD}`,
        ]
      : []),
  ];
}

function fifo(format: string, formatOptions: string): string[] {
  return [
    "-f",
    "fifo",
    "-fifo_format",
    format,
    "-format_opts",
    formatOptions,
    "-queue_size",
    String(PIPE_QUEUE_PACKETS),
    "-drop_pkts_on_overflow",
    "1",
  ];
}

/** FFmpeg takes the ssrc as a signed integer. */
function signed(ssrc: number): number {
  return ssrc | 0;
}
