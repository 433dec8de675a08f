/**
 * The stream's decoder: one of FFmpeg's, by hardware where that is wished for and works.
 *
 * | it happens | what follows |
 * | --- | --- |
 * | no device answers | software from the first packet |
 * | the device does not take this stream | FFmpeg goes on in software by itself; it shows in the first frame |
 * | `FAILURES` packets in a row give errors and no frame | software from the next key frame, for as long as this process lives |
 *
 * Each of them is said once, through `onDecoder`.
 */
import { AVERROR_EAGAIN, AVERROR_EOF, AVMEDIA_TYPE_VIDEO } from "node-av/constants";
import type { AVPixelFormat } from "node-av/constants";
import { Codec, CodecContext, FFmpegError } from "node-av/lib";
import type { Frame, Packet, Stream } from "node-av/lib";
import { isSurface, openHardware } from "./hardware.ts";
import type { OpenDevice } from "./hardware.ts";
import type { Hardware, HardwareKind } from "./tap-types.ts";

/** One damaged packet proves nothing about the hardware. */
const FAILURES = 5;

/** What can be said of a stream that cannot be decoded at all. */
export class StreamError extends Error {}

export type DecoderListener = {
  /**
   * Called for each picture; it is gone when this returns. `layout` is its format in this machine's own memory: that of the
   * frame, or what a device's surface becomes when it is downloaded. False where the picture could not be used.
   */
  onFrame(frame: Frame, layout: AVPixelFormat): boolean;
  /** A packet was refused or a picture was damaged. */
  onError(): void;
  /** What decodes, where hardware was wished for; null is software, with the reason. */
  onDecoder(hardware: HardwareKind | null, reason: string | null): void;
};

export class Decoder {
  readonly #stream: Stream;
  readonly #codec: Codec;
  readonly #listener: DecoderListener;
  readonly #frame: Frame;
  #context: CodecContext;
  #device: OpenDevice | undefined;
  /** What was said last; undefined before the first frame shows it. */
  #said: HardwareKind | null | undefined;
  #failures = 0;
  #passingOver = false;

  /**
   * @param frame an allocated one, for this decoder's use
   * @throws StreamError where FFmpeg knows no decoder for the stream
   */
  constructor(stream: Stream, frame: Frame, hardware: Hardware | undefined, listener: DecoderListener) {
    const codec = Codec.findDecoder(stream.codecpar.codecId);
    if (codec === null) throw new StreamError(`no decoder for this video [codec_id:${stream.codecpar.codecId}]`);
    this.#stream = stream;
    this.#codec = codec;
    this.#frame = frame;
    this.#listener = listener;
    const device = hardware === undefined ? undefined : openHardware(hardware);
    if (typeof device === "string") this.#say(null, device);
    else this.#device = device;
    this.#context = this.#open();
  }

  static takes(stream: Stream | undefined): stream is Stream {
    return stream?.codecpar.codecType === AVMEDIA_TYPE_VIDEO;
  }

  /** Whether the decoder passes over pictures that no other refers to, from the next packet on. */
  passOver(superfluous: boolean): void {
    if (superfluous === this.#passingOver) return;
    this.#passingOver = superfluous;
    this.#context.setOption("skip_frame", superfluous ? "noref" : "default");
  }

  decode(packet: Packet): void {
    let failed = this.#context.sendPacketSync(packet);
    if (failed === AVERROR_EAGAIN) failed = 0;
    for (;;) {
      const received = this.#context.receiveFrameSync(this.#frame);
      if (received === AVERROR_EAGAIN || received === AVERROR_EOF) break;
      if (received < 0) {
        failed = received;
        break;
      }
      if (this.#listener.onFrame(this.#frame, this.#layout())) this.#failures = 0;
      else failed = -1;
      this.#frame.unref();
    }
    if (failed >= 0) return;
    this.#listener.onError();
    if (this.#device === undefined || this.#said === null || ++this.#failures < FAILURES) return;
    const { kind } = this.#device;
    this.#context.freeContext();
    this.#device = undefined;
    this.#say(null, `${kind} stopped decoding [errors:${this.#failures}]`);
    this.#context = this.#open();
  }

  /** The newest picture's format in memory; says who decoded it, where hardware was wished for. */
  #layout(): AVPixelFormat {
    const format = this.#frame.format as AVPixelFormat;
    if (this.#device === undefined) return format;
    const { kind } = this.#device;
    if (!isSurface(format)) {
      this.#say(null, `${kind} does not decode this stream [codec:${this.#codec.name}]`);
      return format;
    }
    this.#say(kind, null);
    return this.#context.hwFramesCtx?.swFormat ?? format;
  }

  #say(hardware: HardwareKind | null, reason: string | null): void {
    if (hardware === this.#said) return;
    this.#said = hardware;
    this.#listener.onDecoder(hardware, reason);
  }

  #open(): CodecContext {
    const context = new CodecContext();
    context.allocContext3(this.#codec);
    // More threads would decode ahead and hold back as many pictures; one core decodes 1080p at far more than camera rates.
    context.threadCount = 1;
    context.pktTimebase = this.#stream.timeBase;
    if (this.#device !== undefined) context.hwDeviceCtx = this.#device.context;
    const opened = context.open2Sync(this.#codec, null);
    if (opened < 0) throw new StreamError(`the decoder cannot be opened: ${new FFmpegError(opened).message}`);
    this.#passingOver = false;
    return context;
  }
}
