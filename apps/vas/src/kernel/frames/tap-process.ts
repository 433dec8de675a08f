/**
 * The tap's own process: MPEG-TS from standard input, decoded and converted straight into the camera's ring.
 *
 * Started by tap.ts with one argument, TapProcessOptions as JSON, and an IPC channel; ends as TAP_EXIT says. It ends when
 * its input ends, when it is asked to (SIGTERM, which also comes when its parent dies) and when the channel closes, and
 * takes its files along. It may be killed at any time: nothing but the frames depends on it.
 *
 * The container's own parsers are switched off: FFmpeg's MPEG-TS muxer writes one access unit per PES packet, and a parser
 * would hold every picture back until the next one begins.
 */
import { AVERROR_EAGAIN, AVERROR_EOF, AV_LOG_QUIET, AV_NOPTS_VALUE } from "node-av/constants";
import type { AVPixelFormat } from "node-av/constants";
import { Dictionary, FFmpegError, FormatContext, Frame, InputFormat, Log as FFmpegLog, Packet } from "node-av/lib";
import { Converter, exportedSize, isFullRange } from "./converter.ts";
import { Decoder, StreamError } from "./decoder.ts";
import { createRateCap } from "./frame-rate.ts";
import { endUnlessCalledAgain, exitNow } from "./libc.ts";
import { FrameMemoryError, RingWriter } from "./ring-writer.ts";
import { TAP_EXIT } from "./tap-types.ts";
import type { TapProcessOptions, TapReport } from "./tap-types.ts";
import { createUnwrap } from "./unwrap.ts";

const REPORT_INTERVAL_MS = 1000;
/** An event loop that stood still for so long is a hung process, and nobody may be left to see it. */
const HUNG_AFTER_SECONDS = 60;

const options: TapProcessOptions = JSON.parse(process.argv[2] ?? "");
const unwrap = createUnwrap(options.elapsedTicks);
const unwrapPacket = createUnwrap(options.elapsedTicks);
const rate = createRateCap(options.maxFps);
const counters = { framesExported: 0, decodeErrors: 0, packetsRead: 0, framesOverRate: 0 };
let lastPts90k: number | null = null;
/**
 * A process begins at Unix milliseconds, so it begins higher than every one before it ended: no camera delivers 1000 frames
 * a second. What the parent heard last, and what a killed process left in its files, hold where the clock was set back.
 */
let lastFrameId = Math.max(options.lastFrameId, Date.now());
let ring: RingWriter | undefined;
let converter: Converter | undefined;
let ending = false;

process.on("SIGTERM", () => end(TAP_EXIT.ended));
process.on("disconnect", () => end(TAP_EXIT.ended));
endUnlessCalledAgain(HUNG_AFTER_SECONDS);
setInterval(() => {
  endUnlessCalledAgain(HUNG_AFTER_SECONDS);
  reportCounters();
}, REPORT_INTERVAL_MS);

try {
  await decodeAll();
  end(TAP_EXIT.ended);
} catch (thrown) {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (error instanceof FrameMemoryError) end(TAP_EXIT.noMemory, error);
  else if (error instanceof StreamError) end(TAP_EXIT.noStream, error);
  else end(TAP_EXIT.crashed, error);
}

async function decodeAll(): Promise<void> {
  FFmpegLog.setLevel(AV_LOG_QUIET);
  const input = new FormatContext();
  input.allocContext();
  const opened = await input.openInput(
    "pipe:0",
    InputFormat.findInputFormat("mpegts"),
    Dictionary.fromObject({ fflags: "+nobuffer+noparse+nofillin+discardcorrupt", probesize: 8_000_000 }),
  );
  if (ending || opened === AVERROR_EOF) return;
  if (opened < 0) throw new StreamError(`the stream cannot be opened: ${new FFmpegError(opened).message}`);
  const packet = new Packet();
  packet.alloc();
  const frame = new Frame();
  frame.alloc();
  let streamIndex = -1;
  let decoder: Decoder | undefined;
  for (;;) {
    const read = await input.readFrame(packet);
    if (ending || read === AVERROR_EOF) return;
    if (read === AVERROR_EAGAIN) continue;
    if (read < 0) throw new StreamError(`the stream cannot be read: ${new FFmpegError(read).message}`);
    const stream = input.streams[packet.streamIndex];
    // Whatever else the stream carries is passed over.
    if (decoder === undefined && Decoder.takes(stream)) {
      decoder = new Decoder(stream, frame, options.hardware, {
        onFrame: takeFrame,
        onError: () => counters.decodeErrors++,
        onDecoder: (hardware, reason) => report({ type: "decoder", hardware, reason }),
      });
      streamIndex = packet.streamIndex;
    }
    if (decoder !== undefined && packet.streamIndex === streamIndex) {
      counters.packetsRead++;
      // A frame that nothing refers to and that the rate will not take need not be decoded; every other has to be.
      if (packet.pts !== AV_NOPTS_VALUE) decoder.passOver(rate.isSuperfluous(unwrapPacket(Number(packet.pts))));
      decoder.decode(packet);
    }
    packet.unref();
  }
}

/** @returns false where the picture is damaged or could not be put into its slot */
function takeFrame(frame: Frame, layout: AVPixelFormat): boolean {
  const timestampNs = process.hrtime.bigint();
  const pts = frame.pts === AV_NOPTS_VALUE ? frame.bestEffortTimestamp : frame.pts;
  if (frame.decodeErrorFlags !== 0 || pts === AV_NOPTS_VALUE) return false;
  const ticks = unwrap(Number(pts));
  if (!rate.take(ticks)) {
    counters.framesOverRate++;
    return true;
  }
  const { width, height } = exportedSize(options, frame.width, frame.height);
  const target = ringFor(width, height);
  const converts = (converter ??= new Converter(
    target.geometry,
    target.slots.map(({ pixels }) => pixels),
  ));
  if (!converts.convert(frame, layout, target.beginFrame().index)) return false;
  lastPts90k = options.pts90kBase + ticks;
  const stamp = { timestampNs, pts90k: lastPts90k, wallMs: Date.now() };
  lastFrameId = target.commit({ ...stamp, fullRange: isFullRange(frame, layout) });
  if (counters.framesExported++ === 0) reportCounters();
  return true;
}

/** The ring of this size; a camera that changes its size gets new files, the old ones first making room for them. */
function ringFor(width: number, height: number): RingWriter {
  if (ring?.geometry.width === width && ring.geometry.height === height) return ring;
  closeRing();
  ring = new RingWriter({
    folder: options.folder,
    width,
    height,
    slotCount: options.slotCount,
    lastFrameId,
    nowMs: Date.now(),
  });
  lastFrameId = ring.frameId;
  report({ type: "size", width, height, generation: ring.geometry.generation });
  return ring;
}

/** The converter's frames lie over the ring's memory, so they go first. */
function closeRing(): void {
  converter?.free();
  converter = undefined;
  ring?.close();
  ring = undefined;
}

function reportCounters(): void {
  report({ type: "counters", ...counters, lastFrameId, lastPts90k });
}

function report(message: TapReport): void {
  // A parent that is gone closes the channel, which ends this process; there is nobody to tell.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

/** Takes the files away, says the last word, and ends. Asked again, it goes on only where nobody listens any more. */
function end(code: number, error?: Error): void {
  if (!ending) {
    ending = true;
    closeRing();
    if (process.connected) {
      reportCounters();
      process.send?.(lastWord(code, error), undefined, undefined, () => exitNow(code));
      return;
    }
  }
  if (!process.connected) exitNow(code);
}

/** The reason is for people and names no path; a system error's message would. */
function lastWord(code: number, error: Error | undefined): TapReport {
  if (error === undefined) return { type: "ended" };
  const kind = (error as NodeJS.ErrnoException).code ?? error.name;
  const reason = code === TAP_EXIT.crashed ? `the tap process failed [error:${kind}]` : error.message;
  return { type: "failed", reason, stack: error.stack ?? error.message };
}
