/**
 * One export, in a process of its own: recorded files in, one MP4 out, by node-av. Either packets are copied, or pictures
 * are decoded, drawn on, and encoded again. Each picture is known by its pts90k all the way, so what is drawn on it is what
 * was computed from it: a drawing is held until its layer's next one, and for two seconds at most.
 *
 * All calls into FFmpeg are made on this thread, which has nothing else to do: node-av's own threads may use a frame's memory
 * after the call that was waited for.
 *
 * Parts of the recording follow each other without a hole: where nothing was recorded, nothing is shown.
 */
import { constants, setPriority } from "node:os";
import { createInterface } from "node:readline";
import {
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_LOG_ERROR,
  AV_PIX_FMT_YUV420P,
  AVERROR_EAGAIN,
  AVERROR_EOF,
  AVMEDIA_TYPE_VIDEO,
  FF_ENCODER_LIBX264,
  type AVPixelFormat,
  SWS_POINT,
} from "node-av/constants";
import {
  Codec,
  CodecContext,
  Dictionary,
  FFmpegError,
  FormatContext,
  Log as FFmpegLog,
  Frame,
  InputFormat,
  Packet,
  Rational,
  SoftwareScaleContext,
  type Stream,
} from "node-av/lib";
import type { Drawing } from "../index.ts";
import { exitNow } from "../frames/libc.ts";
import { Canvas } from "./canvas.ts";
import type { ExportedPart, ExportInput, ExportJob, ExportPiece, ExportReport } from "./export-types.ts";
import { readSegment } from "./pictures.ts";

const TIME_BASE = new Rational(1, 90_000);
const HOLD_TICKS = 2 * 90_000;
/** What the last frame of a part lasts where nothing says otherwise. */
const LEAST_FRAME_TICKS = 90;
/** A hole of more than this in a run is closed up. */
const HOLE_TICKS = 45_000;
const PADDING_BYTES = 4096;
/**
 * What node-av's objects free when they are collected may be freed already: FFmpeg takes dictionaries, closing takes streams.
 * A finaliser that frees twice ends the process (seen as SIGSEGV), so nothing of that kind is collected before its end.
 */
const kept: unknown[] = [];
function keep<T>(object: T): T {
  kept.push(object);
  return object;
}
const PROGRESS_MS = 250;
const ENCODER = { preset: "veryfast", crf: 20, "x264-params": "log-level=none" };

async function run(): Promise<void> {
  FFmpegLog.setLevel(AV_LOG_ERROR);
  const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]();
  const read = async () => {
    const { value, done } = await lines.next();
    return done ? undefined : (JSON.parse(value) as ExportInput);
  };
  const job = (await read()) as ExportJob;
  const drawings = new Drawings(async () => (await read()) as Drawing | undefined);
  const total = job.pieces.reduce((sum, piece) => sum + piece.toPts90k - piece.fromPts90k, 0);
  let before = 0;
  let runId: string | undefined;
  let toldMs = 0;
  const parts = new Parts();
  const work = job.burn ? new Burner(job.out, parts, drawings) : new Copier(job.out, parts);
  for (const piece of job.pieces) {
    await eachPacket(piece, runId === piece.runId, work, async (pts90k) => {
      if (performance.now() - toldMs < PROGRESS_MS) return;
      toldMs = performance.now();
      const done = before + Math.max(0, Math.min(pts90k, piece.toPts90k) - piece.fromPts90k);
      await say({ type: "progress", fraction: Math.min(1, done / Math.max(1, total)) });
    });
    runId = piece.runId;
    before += piece.toPts90k - piece.fromPts90k;
  }
  const frames = await work.end();
  if (frames === 0) throw new Error("nothing is recorded in this range");
  await say({ type: "done", parts: parts.list, frames });
}

interface Work {
  begin(stream: Stream, piece: ExportPiece): Promise<void>;
  /** @param packet its times are on the camera's time line */
  take(packet: Packet, piece: ExportPiece): Promise<void>;
  end(): Promise<number>;
}

/**
 * Reads one file from the key frame at or before the wanted moment on.
 *
 * @param goesOn whether the file before it was of the same run
 */
async function eachPacket(
  piece: ExportPiece,
  goesOn: boolean,
  work: Work,
  onPacket: (pts90k: number) => Promise<void>,
): Promise<void> {
  const { fragments } = await readSegment(piece.file);
  const base = piece.startPts90k - Math.min(...(fragments[0]?.pts ?? [0]));
  const wanted = piece.fromPts90k - base;
  const key = fragments.findLast((fragment) => fragment.key && Math.min(...fragment.pts) <= wanted) ?? fragments[0];
  const firstDts = key?.startDts ?? 0;
  // The file may be growing: what was not there when it was looked at is not taken, so that the reader meets no torn end.
  const endDts = fragments.at(-1)?.endDts ?? 0;
  // Pictures that are shown before the key frame they follow refer to one that is not there, unless it has just been read.
  const firstPts = goesOn ? Number.NEGATIVE_INFINITY : (key?.pts[0] ?? 0);
  const input = keep(new FormatContext());
  input.allocContext();
  check(input.openInputSync(piece.file, keep(InputFormat.findInputFormat("mov"))), "a recorded file cannot be opened");
  const packet = keep(new Packet());
  packet.alloc();
  try {
    const stream = keep(input.streams).find(({ codecpar }) => codecpar.codecType === AVMEDIA_TYPE_VIDEO);
    if (!stream) throw new Error("a recorded file has no video");
    await work.begin(stream, piece);
    for (;;) {
      const read = input.readFrameSync(packet);
      if (read === AVERROR_EOF) return;
      if (read === AVERROR_EAGAIN) continue;
      check(read, "a recorded file cannot be read");
      const [pts, dts] = [Number(packet.pts), Number(packet.dts)];
      const isOver = dts >= endDts || dts + base >= piece.toPts90k;
      const isWanted = packet.streamIndex === stream.index && dts >= firstDts && pts >= firstPts && !isOver;
      if (isWanted) {
        packet.pts = BigInt(pts + base);
        packet.dts = BigInt(dts + base);
        await onPacket(pts + base);
        await work.take(packet, piece);
      }
      packet.unref();
      if (isOver) return;
    }
  } finally {
    input.closeInputSync();
  }
}

/** Puts stretches of the camera's time line one behind the other. */
class Parts {
  readonly list: ExportedPart[] = [];
  #runId: string | undefined;

  /** Frames of a run keep their distances; another run, or a stretch that is missing, follows at once. */
  place(runId: string, pts90k: number, maxHoleTicks: number): number {
    let part = this.list.at(-1);
    if (!part || runId !== this.#runId || pts90k - part.endPts90k > maxHoleTicks) {
      const atTicks = part ? part.atTicks + part.endPts90k - part.startPts90k : 0;
      part = { startPts90k: pts90k, endPts90k: pts90k, atTicks };
      this.list.push(part);
      this.#runId = runId;
    }
    return part.atTicks + pts90k - part.startPts90k;
  }

  extend(endPts90k: number): void {
    const part = this.list.at(-1);
    if (part) part.endPts90k = Math.max(part.endPts90k, endPts90k);
  }
}

/** An MP4 with one video stream, its index first. */
class Output {
  readonly #context = new FormatContext();
  readonly stream: Stream;

  constructor(path: string, describe: (stream: Stream) => void) {
    check(this.#context.allocOutputContext2(null, "mp4", path), "the output cannot be made");
    this.stream = keep(this.#context.newStream(null));
    keep(this.#context);
    describe(this.stream);
    this.stream.timeBase = TIME_BASE;
    check(this.#context.openOutputSync(), "the output cannot be opened");
    const options = keep(Dictionary.fromObject({ movflags: "+faststart", video_track_timescale: TIME_BASE.den }));
    check(this.#context.writeHeaderSync(options), "the output cannot be begun");
  }

  async write(packet: Packet): Promise<void> {
    packet.streamIndex = 0;
    packet.rescaleTs(TIME_BASE, this.stream.timeBase);
    check(this.#context.interleavedWriteFrameSync(packet), "the output cannot be written");
  }

  async end(): Promise<void> {
    check(this.#context.writeTrailerSync(), "the output cannot be finished");
    this.#context.closeOutputSync();
  }
}

class Copier implements Work {
  readonly #path: string;
  readonly #parts: Parts;
  #output: Output | undefined;
  #extradata: Buffer | null = null;
  #lastDts = Number.NEGATIVE_INFINITY;
  #frames = 0;

  constructor(path: string, parts: Parts) {
    this.#path = path;
    this.#parts = parts;
  }

  async begin(stream: Stream): Promise<void> {
    const codecpar = keep(stream.codecpar);
    if (this.#output) {
      const isSame =
        this.#extradata === null || codecpar.extradata === null || this.#extradata.equals(codecpar.extradata);
      if (!isSame)
        throw new Error("the camera's format changes within this range; ask for a shorter one, or for boxes");
      return;
    }
    this.#extradata = codecpar.extradata && Buffer.from(codecpar.extradata);
    this.#output = new Output(this.#path, (out) => {
      check(codecpar.copy(out.codecpar), "the output cannot be described");
      out.codecpar.codecTag = 0;
    });
  }

  async take(packet: Packet, piece: ExportPiece): Promise<void> {
    const [pts90k, dts90k] = [Number(packet.pts), Number(packet.dts)];
    const duration = Math.max(LEAST_FRAME_TICKS, Number(packet.duration));
    const at = this.#parts.place(piece.runId, pts90k, HOLE_TICKS);
    this.#parts.extend(pts90k + duration);
    // Decoding times must grow, also where one run ends and the next begins with pictures out of order.
    const dts = Math.max(at - (pts90k - dts90k), this.#lastDts + 1);
    this.#lastDts = dts;
    packet.pts = BigInt(Math.max(at, dts));
    packet.dts = BigInt(dts);
    this.#frames += 1;
    await this.#output?.write(packet);
  }

  async end(): Promise<number> {
    if (this.#frames > 0) await this.#output?.end();
    return this.#frames;
  }
}

class Burner implements Work {
  readonly #path: string;
  readonly #parts: Parts;
  readonly #drawings: Drawings;
  readonly #frame = new Frame();
  readonly #encoded = new Packet();
  #decoder: CodecContext | undefined;
  #runId: string | undefined;
  #piece: ExportPiece | undefined;
  #picture: Picture | undefined;
  #encoder: CodecContext | undefined;
  #output: Output | undefined;
  /** Of the pictures that are being encoded, by their time in the file. */
  readonly #durations = new Map<bigint, bigint>();
  #lastTicks = Number.NEGATIVE_INFINITY;
  #frames = 0;

  constructor(path: string, parts: Parts, drawings: Drawings) {
    this.#path = path;
    this.#parts = parts;
    this.#drawings = drawings;
    this.#frame.alloc();
    this.#encoded.alloc();
  }

  async begin(stream: Stream, piece: ExportPiece): Promise<void> {
    if (this.#decoder && this.#runId === piece.runId) {
      this.#piece = this.#piece && { ...this.#piece, toPts90k: piece.toPts90k };
      return;
    }
    await this.#drain();
    const codec = keep(Codec.findDecoder(stream.codecpar.codecId));
    if (!codec) throw new Error("there is no decoder for this video");
    const decoder = keep(new CodecContext());
    decoder.allocContext3(codec);
    check(decoder.parametersToContext(keep(stream.codecpar)), "the decoder does not take this video");
    decoder.threadCount = 1;
    decoder.pktTimebase = TIME_BASE;
    check(decoder.open2Sync(codec, null), "the decoder cannot be opened");
    this.#decoder = decoder;
    this.#runId = piece.runId;
    this.#piece = piece;
  }

  async take(packet: Packet): Promise<void> {
    const decoder = this.#decoder as CodecContext;
    // A picture that cannot be decoded is not shown; those after it are.
    decoder.sendPacketSync(packet);
    await this.#takeFrames(decoder);
  }

  async end(): Promise<number> {
    await this.#drain();
    if (this.#encoder) {
      check(this.#encoder.sendFrameSync(null), "the encoder cannot be ended");
      await this.#takeEncoded(this.#encoder);
      await this.#output?.end();
    }
    return this.#frames;
  }

  async #drain(): Promise<void> {
    if (!this.#decoder) return;
    this.#decoder.sendPacketSync(null);
    await this.#takeFrames(this.#decoder);
    this.#decoder = undefined;
  }

  async #takeFrames(decoder: CodecContext): Promise<void> {
    const piece = this.#piece as ExportPiece;
    while (decoder.receiveFrameSync(this.#frame) >= 0) {
      const pts90k = Number(this.#frame.pts);
      if (pts90k >= piece.fromPts90k && pts90k < piece.toPts90k) await this.#show(this.#frame, pts90k, piece.runId);
      this.#frame.unref();
    }
  }

  async #show(frame: Frame, pts90k: number, runId: string): Promise<void> {
    this.#picture ??= new Picture(frame.width & ~1, frame.height & ~1);
    const picture = this.#picture;
    picture.take(frame);
    for (const { shapes } of await this.#drawings.at(pts90k)) for (const shape of shapes) picture.canvas.shape(shape);
    const ticks = Math.max(this.#parts.place(runId, pts90k, HOLE_TICKS), this.#lastTicks + 1);
    const duration = Math.max(LEAST_FRAME_TICKS, Number(frame.duration));
    this.#parts.extend(pts90k + duration);
    this.#lastTicks = ticks;
    this.#frames += 1;
    this.#encoder ??= this.#openEncoder(picture, frame);
    picture.frame.pts = BigInt(ticks);
    this.#durations.set(BigInt(ticks), BigInt(duration));
    check(this.#encoder.sendFrameSync(picture.frame), "a picture cannot be encoded");
    await this.#takeEncoded(this.#encoder);
  }

  #openEncoder({ canvas }: Picture, frame: Frame): CodecContext {
    const codec = keep(Codec.findEncoderByName(FF_ENCODER_LIBX264));
    if (!codec) throw new Error("this build of node-av has no H.264 encoder");
    const encoder = keep(new CodecContext());
    encoder.allocContext3(codec);
    encoder.width = canvas.width;
    encoder.height = canvas.height;
    encoder.pixelFormat = AV_PIX_FMT_YUV420P;
    encoder.timeBase = TIME_BASE;
    encoder.gopSize = 60;
    encoder.threadCount = 1;
    encoder.sampleAspectRatio = frame.sampleAspectRatio;
    encoder.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    check(encoder.open2Sync(codec, keep(Dictionary.fromObject(ENCODER))), "the encoder cannot be opened");
    this.#output = new Output(this.#path, (stream) => {
      check(stream.codecpar.fromContext(encoder), "the output cannot be described");
    });
    return encoder;
  }

  async #takeEncoded(encoder: CodecContext): Promise<void> {
    while (encoder.receivePacketSync(this.#encoded) >= 0) {
      // The encoder forgets how long a picture lasts; without it players leave the last one out.
      const { pts } = this.#encoded;
      this.#encoded.duration = this.#durations.get(pts) ?? 0n;
      this.#durations.delete(pts);
      await this.#output?.write(this.#encoded);
      this.#encoded.unref();
    }
  }
}

/** One picture in memory of ours, of one size for the whole export. */
class Picture {
  /** Its planes are the memory that the canvas draws in; one frame for the whole export, since node-av does not survive many. */
  readonly frame: Frame;
  readonly canvas: Canvas;
  #scaler: SoftwareScaleContext | undefined;
  #scalerFor = "";

  constructor(width: number, height: number) {
    const luma = width * height;
    // The frame that the encoder is given points into this memory; scaler and encoder may read a little beyond a row's end.
    const whole = Buffer.alloc(PADDING_BYTES + (luma * 3) / 2 + PADDING_BYTES);
    const bytes = whole.subarray(PADDING_BYTES, whole.length - PADDING_BYTES);
    const planes = [bytes.subarray(0, luma), bytes.subarray(luma, luma + luma / 4), bytes.subarray(luma + luma / 4)];
    this.canvas = new Canvas(planes, [width, width / 2, width / 2], width, height);
    this.frame = new Frame();
    this.frame.alloc();
    this.frame.format = AV_PIX_FMT_YUV420P;
    this.frame.width = 2;
    this.frame.height = 2;
    check(this.frame.getBuffer(1), "no memory for a picture");
    this.frame.width = width;
    this.frame.height = height;
    check(this.frame.fromBuffer(bytes), "no memory for a picture");
  }

  take(frame: Frame): void {
    const key = `${frame.width} ${frame.height} ${frame.format}`;
    if (!this.#scaler || key !== this.#scalerFor) {
      this.#scaler?.freeContext();
      this.#scaler = new SoftwareScaleContext();
      const { width, height } = this.canvas;
      // Sizes differ where the camera was set to another one, or by an odd last row or column.
      const from = frame.format as AVPixelFormat;
      this.#scaler.getContext(frame.width, frame.height, from, width, height, AV_PIX_FMT_YUV420P, SWS_POINT);
      this.#scalerFor = key;
    }
    check(this.#scaler.scaleFrameSync(this.frame, frame), "a picture cannot be converted");
  }
}

/** What is to be seen on a frame: of each layer the newest drawing at or before it, while it is held. */
class Drawings {
  readonly #read: () => Promise<Drawing | undefined>;
  readonly #shown = new Map<string, Drawing>();
  #next: Drawing | undefined;
  #isOver = false;

  constructor(read: () => Promise<Drawing | undefined>) {
    this.#read = read;
  }

  /** @param pts90k never less than the time before, within a run and over runs */
  async at(pts90k: number): Promise<Drawing[]> {
    for (;;) {
      if (!this.#next && !this.#isOver) {
        this.#next = await this.#read();
        this.#isOver = this.#next === undefined;
      }
      if (!this.#next || this.#next.pts90k > pts90k) break;
      this.#shown.set(this.#next.layer, this.#next);
      this.#next = undefined;
    }
    for (const [layer, drawing] of this.#shown) if (pts90k - drawing.pts90k > HOLD_TICKS) this.#shown.delete(layer);
    return [...this.#shown.values()];
  }
}

function check(code: number, what: string): void {
  if (code < 0) throw new Error(`${what}: ${new FFmpegError(code).message}`);
}

/** Resolves when VAS has it. Progress that waits for a busy VAS holds the export back, and nothing else. */
function say(report: ExportReport): Promise<void> {
  return new Promise((resolve) => {
    if (!process.send) return resolve();
    process.send(report, undefined, undefined, () => resolve());
  });
}

setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
process.on("disconnect", () => process.exit(1));
try {
  await run();
} catch (thrown) {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  await say({ type: "failed", reason: error.message, stack: error.stack ?? "" });
}
exitNow(0);
