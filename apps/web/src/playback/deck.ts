/** The players of all shown cameras as one: opens a moment on each, and keeps them in step. Times are Unix ms. */
import type { Recordings } from "@vas/contracts/http.ts";
import type { Timeline } from "@vas/contracts/timeline.ts";
import type { Outcome } from "../api/client.ts";
import { playbackText } from "../strings/playback.ts";
import { type PlayerState, RecordingPlayer } from "./player.ts";
import { type Order, steer } from "./steer.ts";
import { nextFootage, readTimeline } from "./summary.ts";

const LOOK_MS = 200;
/** A moment this young may still be on its way into a segment. */
const ARRIVING_MS = 60_000;
const ARRIVING_AGAIN_MS = 3_000;
/** A camera that waits in a gap is opened this long before its footage goes on. */
const SOON_MS = 20_000;
/** Footage is looked for this far ahead. */
const FAR_MS = 1_190 * 86_400_000;

export type PaneState =
  | PlayerState
  /** This camera has no footage at the moment that the others show. */
  | { phase: "gap"; untilMs: number | null };

export type DeckState = {
  /** What is on screen; null where nothing is. */
  playingMs: number | null;
  isPaused: boolean;
  /** Words in place of a picture, where the deck as a whole shows none. */
  words: string | null;
  spreadMs: number | null;
  panes: ReadonlyMap<string, PaneState>;
};

type Source = {
  recordings: (cameraId: string, from: string, to: string) => Promise<Outcome<Recordings>>;
  timeline: (cameraId: string, from: string, to: string) => Promise<Outcome<Timeline>>;
};

type Seat = { cameraId: string; player: RecordingPlayer; phase: PlayerState; order: Order | null };

export class Deck {
  readonly #source: Source;
  readonly #listeners = new Set<() => void>();
  readonly #timer: ReturnType<typeof setInterval>;
  #seats: Seat[] = [];
  #at: { atMs: number; leader: number } | null = null;
  #isPaused = true;
  #speed = 1;
  #words: string | null = playbackText.clickToPlay;
  #turn = 0;
  #again: ReturnType<typeof setTimeout> | null = null;
  #state: DeckState = {
    playingMs: null,
    isPaused: true,
    words: playbackText.clickToPlay,
    spreadMs: null,
    panes: new Map(),
  };

  constructor(source: Source) {
    this.#source = source;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  readonly state = (): DeckState => this.#state;

  /** Gives a camera its element. @returns what takes it away again */
  seat(cameraId: string, video: HTMLVideoElement): { player: RecordingPlayer; leave: () => void } {
    const seat: Seat = {
      cameraId,
      phase: { phase: "idle" },
      order: null,
      player: new RecordingPlayer(video, {
        cameraId,
        recordings: this.#source.recordings,
        onState: (phase) => {
          seat.phase = phase;
          this.#tell();
        },
        onWindowEnd: (atMs) => void this.#goOn(seat, atMs),
      }),
    };
    const user = () => this.#byHand(seat);
    video.addEventListener("play", user);
    video.addEventListener("pause", user);
    this.#seats.push(seat);
    if (this.#at && this.#seats.length > 1) void this.#join(seat, this.#at.atMs);
    return {
      player: seat.player,
      leave: () => {
        video.removeEventListener("play", user);
        video.removeEventListener("pause", user);
        seat.player.close();
        const leader = this.#at && this.#seats[this.#at.leader];
        this.#seats = this.#seats.filter((one) => one !== seat);
        if (this.#at) this.#at.leader = Math.max(0, leader ? this.#seats.indexOf(leader) : 0);
        this.#tell();
      },
    };
  }

  /** Shows a moment, or the next after it that any of the cameras has. */
  async open(atMs: number, play = true): Promise<void> {
    const turn = ++this.#turn;
    if (this.#again) clearTimeout(this.#again);
    this.#isPaused = !play;
    if (this.#seats.length > 0 && this.#seats.every(({ player }) => player.holds(atMs))) return this.#show(atMs, atMs);
    this.#words = playbackText.looking;
    this.#tell();
    const found = await Promise.all(this.#seats.map((seat) => this.#find(seat, atMs)));
    if (turn !== this.#turn) return;
    const failed = found.find((one) => typeof one === "string");
    const moments = found.filter((one) => typeof one === "number");
    if (moments.length > 0) return this.#show(Math.min(...moments), atMs);
    for (const { player } of this.#seats) player.clear();
    this.#at = null;
    const isArriving = Date.now() - atMs < ARRIVING_MS;
    if (isArriving) this.#again = setTimeout(() => void this.open(atMs, !this.#isPaused), ARRIVING_AGAIN_MS);
    this.#words = failed ?? (isArriving ? playbackText.arriving : playbackText.nothingAfter);
    this.#tell();
  }

  pause(): void {
    this.#isPaused = true;
    for (const { player } of this.#seats) player.video.pause();
    this.#look();
  }

  play(): void {
    this.#isPaused = false;
    this.#leader()?.player.play();
    this.#look();
  }

  toggle(): void {
    if (this.#isPaused) this.play();
    else this.pause();
  }

  setSpeed(speed: number): void {
    this.#speed = speed;
    for (const { player } of this.#seats) player.video.playbackRate = speed;
  }

  step(direction: 1 | -1): void {
    this.#isPaused = true;
    this.#leader()?.player.step(direction);
    for (const seat of this.#seats) if (seat !== this.#leader()) seat.player.video.pause();
  }

  close(): void {
    this.#turn += 1;
    clearInterval(this.#timer);
    if (this.#again) clearTimeout(this.#again);
    for (const { player } of this.#seats) player.close();
    this.#seats = [];
  }

  #leader(): Seat | undefined {
    return this.#at ? this.#seats[this.#at.leader] : undefined;
  }

  /** The element's own controls, a browser that pauses what is hidden, or a script. */
  #byHand(seat: Seat): void {
    if (seat !== this.#leader() || seat.phase.phase !== "ready" || seat.player.video.ended) return;
    this.#isPaused = seat.player.video.paused;
    this.#tell();
  }

  /** The moment on this camera, its next, null, or what went wrong. */
  async #find({ player, cameraId }: Seat, atMs: number): Promise<number | null | string> {
    const near = await player.locate(atMs);
    if ("error" in near) return near.error.message;
    if (near.atMs !== null) return near.atMs;
    const toMs = Math.min(Date.now(), atMs + FAR_MS);
    if (toMs - atMs < ARRIVING_MS) return null;
    const outcome = await this.#source.timeline(cameraId, new Date(atMs).toISOString(), new Date(toMs).toISOString());
    return outcome.ok ? nextFootage(readTimeline(outcome.value), atMs) : outcome.error.message;
  }

  /** @param fromMs the first moment that any camera has; @param askedMs what was asked for */
  #show(fromMs: number, askedMs: number): void {
    this.#words = null;
    const atMs = Math.max(fromMs, askedMs);
    const leader = Math.max(
      0,
      this.#seats.findIndex(({ player }) => player.holds(atMs)),
    );
    this.#at = { atMs, leader };
    for (const seat of this.#seats) void this.#join(seat, atMs);
    this.#tell();
  }

  /** Opens a camera at the moment that is shown, or stays dark until its footage goes on. */
  async #join(seat: Seat, atMs: number): Promise<void> {
    const turn = this.#turn;
    if (!seat.player.holds(atMs)) {
      const found = await this.#find(seat, atMs);
      if (turn !== this.#turn || !this.#seats.includes(seat)) return;
      if (typeof found !== "number" || found - atMs > SOON_MS) {
        seat.player.clear();
        seat.order = { do: "wait", untilMs: typeof found === "number" ? found : null };
        if (typeof found === "string") seat.phase = { phase: "failed", message: found };
        return this.#tell();
      }
      seat.order = null;
      await seat.player.open(found, !this.#isPaused);
    } else await seat.player.open(atMs, !this.#isPaused);
    seat.player.video.playbackRate = this.#speed;
  }

  /** What was loaded of a camera is played to its end. */
  async #goOn(seat: Seat, atMs: number): Promise<void> {
    if (seat === this.#leader() || this.#seats.every(({ player }) => player.video.ended || !player.isOpen))
      await this.open(atMs, !this.#isPaused);
    else await this.#join(seat, atMs);
  }

  #look(): void {
    const at = this.#at;
    if (!at || this.#seats.length === 0) return;
    const members = this.#seats.map(({ player }) => ({
      playingMs: player.playingMs(),
      footage: player.footage,
      isPaused: player.video.paused,
      isStalled: player.video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA,
    }));
    if (this.#seats.length === 1) {
      const [playingMs = null] = members.map((member) => member.playingMs);
      if (playingMs !== null) this.#at = { atMs: playingMs, leader: 0 };
      return this.#tell();
    }
    const steering = steer(members, at, { speed: this.#speed, isPaused: this.#isPaused });
    this.#at = { atMs: steering.atMs, leader: steering.leader };
    for (const [index, order] of steering.orders.entries()) this.#obey(this.#seats[index] as Seat, order);
    this.#tell(steering.spreadMs);
  }

  #obey(seat: Seat, order: Order): void {
    const { player } = seat;
    if (!player.isOpen) {
      const due = seat.order?.do === "wait" ? seat.order.untilMs : null;
      if (due !== null && this.#at && due - this.#at.atMs < SOON_MS) void this.#join(seat, this.#at.atMs);
      return;
    }
    if (seat.phase.phase !== "ready") return;
    seat.order = order;
    if (order.do === "play") {
      if (Math.abs(player.video.playbackRate - order.rate) > 0.001) player.video.playbackRate = order.rate;
      player.play();
    } else if (order.do === "hold") player.video.pause();
    else if (order.do === "move") {
      if (!player.video.seeking) player.move(order.toMs);
      if (order.play) player.play();
    } else {
      player.video.pause();
      // It stands at the first picture of its next footage, so that it is there in time.
      const nowMs = player.playingMs();
      if (order.untilMs !== null && nowMs !== null && Math.abs(nowMs - order.untilMs) > 500 && !player.video.seeking)
        player.move(order.untilMs);
    }
  }

  #tell(spreadMs: number | null = this.#state.spreadMs): void {
    const panes = new Map<string, PaneState>();
    for (const { cameraId, phase, order } of this.#seats)
      panes.set(
        cameraId,
        order?.do === "wait" && phase.phase !== "failed" ? { phase: "gap", untilMs: order.untilMs } : phase,
      );
    this.#state = {
      playingMs: this.#leader()?.player.playingMs() ?? null,
      isPaused: this.#isPaused,
      words: this.#words,
      spreadMs: this.#seats.length > 1 ? spreadMs : null,
      panes,
    };
    for (const listener of this.#listeners) listener();
  }
}
