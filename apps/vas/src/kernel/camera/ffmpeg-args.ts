/**
 * FFmpeg's arguments for one run of a camera. The only text of a user is the address, and it is not an argument: it
 * goes, with its credentials, into a script that FFmpeg reads from a pipe, so that no process list shows them.
 */
import type { StreamRole } from "@vas/contracts/http.ts";
import { tapOutputArguments } from "../frames/tap-output.ts";
import { PAYLOAD_TYPE, type RtpTarget } from "../live/camera-live.ts";
import { parseCameraUrl } from "./address.ts";

/** Descriptors that FFmpeg finds open. */
export const SCRIPT_FD = 0;
export const RECORDING_FD = 3;
export const TAP_FD = 4;

/** How long FFmpeg waits for one read; deadlines of our own watch over the whole. When it bites, FFmpeg does not say so. */
export const IO_TIMEOUT_MS = 5_000;
/** Enough for SPS and PPS; without it FFmpeg buffers 5 s to guess a frame rate that copying does not need. */
const ANALYZE_US = 500_000;
/** Packets that a pipe's writer keeps while its reader is away; then it drops. */
const PIPE_QUEUE_PACKETS = 256;

export type CameraSource = {
  /** rtsp or rtsps, without name and password; empty for a test picture. */
  url: string;
  username: string | null;
  password: string | null;
  /** The picture is made here: the one of this stream. */
  test?: StreamRole | undefined;
};

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
    `option timeout ${IO_TIMEOUT_MS * 1000}`,
    `option analyzeduration ${ANALYZE_US}`,
    "option fpsprobesize 0",
    "",
  ].join("\n");
}

/**
 * Arguments that open the script on standard input.
 *
 * | option | without it |
 * | --- | --- |
 * | copytb 1 | an output behind the fifo muxer gets 1 / frame rate as its time base, and every time is rounded to it |
 * | itsoffset 1 | the first decode times of a stream with B-frames are negative, which MP4 cannot carry |
 */
export const INPUT_ARGS: readonly string[] = words(`
  -copytb 1 -itsoffset 1
  -protocol_whitelist pipe,rtsp,rtp,rtsps,tcp,udp,tls,crypto
  -analyzeduration ${ANALYZE_US} -fpsprobesize 0
  -f concat -safe 0 -i pipe:${SCRIPT_FD}
`);

/** The same for the test picture, which comes on standard input itself. MPEG-TS has a tag for H.264 that MP4 would refuse. */
export const TEST_INPUT_ARGS: readonly string[] = words(`
  -copytb 1 -itsoffset 1 -protocol_whitelist pipe
  -analyzeduration ${ANALYZE_US} -fpsprobesize 0
  -f mpegts -tag:v 0 -i pipe:${SCRIPT_FD}
`);

/**
 * How recordings are muxed: fragments of at most a second, flushed as they are complete, their times left as they are.
 * With `avoid_negative_ts` and the edit list as they are by default, the first sample is moved to 0, away from where RTP
 * and the tap have it: a stream that is joined in the middle of a group of pictures begins later.
 */
export const RECORDING_OPTIONS: Readonly<Record<string, string>> = {
  movflags: "+frag_keyframe+empty_moov+default_base_moof+frag_discont",
  use_editlist: "0",
  avoid_negative_ts: "disabled",
  video_track_timescale: "90000",
  frag_duration: "1000000",
  flush_packets: "1",
};

/** H.264 that every browser decodes, each frame with the time it came with. */
const TRANSCODE = `
  -c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -crf 25 -maxrate 6M -bufsize 6M -g 60 -threads 1
  -fps_mode passthrough -enc_time_base 1:90000
`;
/** Late viewers need SPS and PPS with every key frame, wherever the camera sends them. */
const COPY = "-c:v copy -bsf:v dump_extra=freq=keyframe";

/**
 * @param outputs whether the picture is the test one, where RTP goes, how live view gets its H.264, and whether a tap listens
 * @returns everything after `ffmpeg`
 */
export function ingestArgs(outputs: { test?: boolean; rtp: RtpTarget; live: LiveCodec; tap: boolean }): string[] {
  const { rtp } = outputs;
  const recording = Object.entries(RECORDING_OPTIONS).map(([name, value]) => `${name}=${value}`);
  return [
    ...words("-hide_banner -nostdin -nostats -loglevel info"),
    ...(outputs.test ? TEST_INPUT_ARGS : INPUT_ARGS),
    // FFmpeg takes the ssrc as a signed integer.
    ...words(`
      -map 0:v:0 ${outputs.live === "copy" ? COPY : TRANSCODE}
      -f rtp -rtpflags skip_rtcp -payload_type ${PAYLOAD_TYPE} -ssrc ${rtp.ssrc | 0}
      rtp://127.0.0.1:${rtp.port}?localrtpport=${rtp.sourcePort}&pkt_size=1200
    `),
    // The fifo muxer keeps live view going should VAS pause: it drops what the pipe does not take.
    ...words(`
      -map 0:v:0 -c:v copy
      -f fifo -fifo_format mp4 -format_opts ${recording.join(":")}
      -queue_size ${PIPE_QUEUE_PACKETS} -drop_pkts_on_overflow 1
      pipe:${RECORDING_FD}
    `),
    ...(outputs.tap ? tapOutputArguments(`pipe:${TAP_FD}`) : []),
  ];
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
