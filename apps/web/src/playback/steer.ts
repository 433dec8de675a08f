/**
 * Several recordings in step: one leads, the others are held, hurried, slowed or moved so that they show its moment. Where
 * a camera has no footage at the moment it waits for the next that it has, while the others play on. Times are Unix ms.
 */
import type { Span } from "./view.ts";

/** One camera as it is now. */
export type Member = {
  /** What it shows; null where it shows nothing yet. */
  playingMs: number | null;
  /** Its footage around the moment, in order. */
  footage: readonly Span[];
  isPaused: boolean;
  /** It cannot go on before more is loaded. */
  isStalled: boolean;
};

export type Order =
  /** Shows its moment and goes on at this rate. */
  | { do: "play"; rate: number }
  /** Stands still: it is ahead, or a person has paused. */
  | { do: "hold" }
  /** Shows another moment, playing or not. */
  | { do: "move"; toMs: number; play: boolean }
  /** There is no footage at the moment; the next begins then, or is not known. */
  | { do: "wait"; untilMs: number | null };

export type Steering = {
  /** The moment that all should show. */
  atMs: number;
  leader: number;
  orders: Order[];
  /** The greatest distance between two cameras that show the moment; null where fewer than two do. */
  spreadMs: number | null;
};

/** Pictures this far apart are of one frame at 25 frames a second. */
const SAME_FRAME_MS = 40;
/** Nearer than this a slight change of the rate is enough, and nobody sees it. */
const NEAR_MS = 15;
const FAR_MS = 1_200;
const AHEAD_MS = 350;
/** A camera that has no footage for longer than this is in a gap. */
const GAP_MS = 700;
/** Beyond this between two looks the leader has jumped over a gap, and did not just play on. */
const JUMP_MS = 1_500;

/** The moment itself where there is footage, else where the next begins, else null. */
export function playableFrom(footage: readonly Span[], atMs: number): number | null {
  for (const span of footage) if (atMs < span.toMs) return Math.max(atMs, span.fromMs);
  return null;
}

const shows = (member: Member, atMs: number): boolean => {
  const from = playableFrom(member.footage, atMs);
  return from !== null && from - atMs <= GAP_MS;
};

/**
 * @param before what was said the last time; null right after an opening
 * @param speed 1 is the camera's own
 */
export function steer(
  members: readonly Member[],
  before: { atMs: number; leader: number },
  { speed, isPaused }: { speed: number; isPaused: boolean },
): Steering {
  const led = lead(members, before, speed);
  const { atMs, leader } = led;
  const orders = members.map((member, index): Order => {
    if (index === leader) return isPaused ? { do: "hold" } : { do: "play", rate: speed };
    return follow(member, atMs, speed, isPaused);
  });
  const shown = members.flatMap(({ playingMs }, index) =>
    playingMs !== null && orders[index]?.do !== "wait" ? [playingMs] : [],
  );
  const spreadMs = shown.length < 2 ? null : Math.max(...shown) - Math.min(...shown);
  return { atMs, leader, orders, spreadMs };
}

/** True where nobody could tell the pictures apart by their time. */
export const isInStep = (spreadMs: number): boolean => spreadMs <= SAME_FRAME_MS;

function lead(
  members: readonly Member[],
  before: { atMs: number; leader: number },
  speed: number,
): { atMs: number; leader: number } {
  const leading = members[before.leader];
  const playing = leading?.playingMs ?? null;
  if (leading && playing !== null) {
    const jumped = playing - before.atMs > JUMP_MS * Math.max(1, speed);
    if (!jumped) return { atMs: playing, leader: before.leader };
    // It jumped over a gap of its own: another one that has footage there leads through it.
    const endMs = leading.footage.find(({ fromMs, toMs }) => before.atMs >= fromMs && before.atMs < toMs)?.toMs;
    const other = earliest(members, endMs ?? before.atMs, before.leader);
    if (other && other.fromMs < playing - GAP_MS) return { atMs: other.fromMs, leader: other.index };
    return { atMs: playing, leader: before.leader };
  }
  const other = members.findIndex((member) => member.playingMs !== null && shows(member, before.atMs));
  return other < 0 ? before : { atMs: members[other]?.playingMs ?? before.atMs, leader: other };
}

function earliest(
  members: readonly Member[],
  atMs: number,
  except: number,
): { index: number; fromMs: number } | undefined {
  return members
    .flatMap((member, index) => {
      const fromMs = index === except || member.playingMs === null ? null : playableFrom(member.footage, atMs);
      return fromMs === null ? [] : [{ index, fromMs }];
    })
    .sort((a, b) => a.fromMs - b.fromMs)[0];
}

function follow(member: Member, atMs: number, speed: number, isPaused: boolean): Order {
  const fromMs = playableFrom(member.footage, atMs);
  if (fromMs === null || fromMs - atMs > GAP_MS) return { do: "wait", untilMs: fromMs };
  if (member.playingMs === null) return { do: "hold" };
  const aheadMs = member.playingMs - fromMs;
  if (isPaused)
    return Math.abs(aheadMs) > SAME_FRAME_MS / 2 ? { do: "move", toMs: fromMs, play: false } : { do: "hold" };
  if (Math.abs(aheadMs) > FAR_MS * Math.max(1, speed)) return { do: "move", toMs: fromMs, play: true };
  if (aheadMs > AHEAD_MS * Math.max(1, speed)) return { do: "hold" };
  if (Math.abs(aheadMs) <= NEAR_MS) return { do: "play", rate: speed };
  const change = Math.min(0.25, Math.abs(aheadMs) / 800);
  return { do: "play", rate: Math.min(16, Math.max(0.1, speed * (aheadMs > 0 ? 1 - change : 1 + change))) };
}
