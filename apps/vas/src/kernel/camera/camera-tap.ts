/**
 * Which of a camera's streams is decoded and exported: one tap at a time, on the pipe of the chosen stream. The choice and
 * the runs come and go independently; each change is carried out after the one before, and no ingest waits for it.
 *
 * | the chosen stream | what follows |
 * | --- | --- |
 * | has a run | a tap on its pipe; the other stream's pipe is drained |
 * | has none | no tap, and the reason says so |
 * | is another one now | the tap ends with its files, then a new one begins on the other pipe |
 */
import type { Log } from "@vas/base/log.ts";
import type { StreamRole } from "@vas/contracts/http.ts";
import { startTap, type Tap } from "../frames/tap.ts";
import type { TapCounters, TapOptions, TapState } from "../frames/tap-types.ts";
import { type Drain, drainPipe } from "./drain.ts";

export type TapChoice = { stream: StreamRole; maxFps: number | null; height: number | null };

export type TapParts = {
  cameraId: string;
  shmDir: string;
  slotCount: number;
  hardware: TapOptions["hardware"];
  log: Log;
  onChange(): void;
};

/** What a run's FFmpeg writes for a tap. */
export type TapInput = { fd: number; pts90kBase: number };

type Current = { stream: StreamRole; input: TapInput; choice: TapChoice; state: TapState; tap: Tap };

/** Changes of stream that are remembered; results of frames before them are long gone. */
const MAX_CHANGES = 16;

export class CameraTap {
  readonly #parts: TapParts;
  readonly #inputs = new Map<StreamRole, { fd: number; input: TapInput | null }>();
  readonly #drains = new Map<StreamRole, { fd: number; drain: Drain }>();
  readonly #streams: { afterFrameId: number; stream: StreamRole }[] = [];
  #choice: TapChoice;
  #current: Current | null = null;
  #lastFrameId = 0;
  #change: Promise<void> = Promise.resolve();

  constructor(parts: TapParts, choice: TapChoice) {
    this.#parts = parts;
    this.#choice = choice;
  }

  choose(choice: TapChoice): void {
    const { stream, maxFps, height } = this.#choice;
    if (choice.stream === stream && choice.maxFps === maxFps && choice.height === height) return;
    this.#choice = choice;
    void this.#settle();
  }

  /**
   * A run writes to this pipe. Until its place on the time line is known nothing of it is exported.
   *
   * @param pts90kBase null where it is not known yet
   */
  feed(stream: StreamRole, fd: number, pts90kBase: number | null): void {
    this.#inputs.set(stream, { fd, input: pts90kBase === null ? null : { fd, pts90kBase } });
    void this.#settle();
  }

  /** The run has ended. Resolves when nothing reads its pipe any more. */
  unfeed(stream: StreamRole): Promise<void> {
    this.#inputs.delete(stream);
    return this.#settle();
  }

  get state(): TapState {
    if (this.#current) return this.#current.state;
    const isSub = this.#choice.stream === "sub";
    return { state: "stopped", reason: isSub ? "the sub stream is not live" : null };
  }

  get counters(): TapCounters | undefined {
    return this.#current?.tap.counters();
  }

  /** Of which stream an exported frame was. */
  streamOf(frameId: number): StreamRole {
    const found = this.#streams.findLast(({ afterFrameId }) => afterFrameId < frameId) ?? this.#streams[0];
    return found?.stream ?? this.#choice.stream;
  }

  #settle(): Promise<void> {
    this.#change = this.#change.then(() => this.#apply());
    return this.#change;
  }

  async #apply(): Promise<void> {
    const choice = this.#choice;
    const wanted = this.#inputs.get(choice.stream)?.input ?? null;
    const current = this.#current;
    if (current && (current.input !== wanted || current.choice !== choice)) {
      await current.tap.stop();
      this.#lastFrameId = Math.max(this.#lastFrameId, current.tap.counters().lastFrameId);
      this.#current = null;
      this.#parts.onChange();
    }
    for (const [stream, { fd, drain }] of this.#drains) {
      if (this.#inputs.get(stream)?.fd === fd && !(wanted && stream === choice.stream)) continue;
      this.#drains.delete(stream);
      await drain.stop();
    }
    for (const [stream, { fd }] of this.#inputs) {
      if (this.#drains.has(stream) || (wanted && stream === choice.stream)) continue;
      this.#drains.set(stream, { fd, drain: drainPipe(fd) });
    }
    if (wanted && !this.#current) this.#start(choice, wanted);
  }

  #start(choice: TapChoice, input: TapInput): void {
    const { cameraId, shmDir, slotCount, hardware, log, onChange } = this.#parts;
    if (this.#streams.at(-1)?.stream !== choice.stream)
      this.#streams.push({ afterFrameId: this.#lastFrameId, stream: choice.stream });
    if (this.#streams.length > MAX_CHANGES) this.#streams.shift();
    let entry: Current | undefined;
    const tap = startTap({
      cameraId,
      shmDir,
      slotCount,
      hardware,
      inputFd: input.fd,
      pts90kBase: input.pts90kBase,
      maxFps: choice.maxFps ?? undefined,
      height: choice.height ?? undefined,
      lastFrameId: this.#lastFrameId,
      log,
      onState: (state) => {
        if (!entry) return;
        entry.state = state;
        if (state.reason) log.warn("frame export", { state: state.state, reason: state.reason });
        if (this.#current === entry) onChange();
      },
    });
    entry = { stream: choice.stream, input, choice, state: { state: "starting", reason: null }, tap };
    this.#current = entry;
    onChange();
  }
}
