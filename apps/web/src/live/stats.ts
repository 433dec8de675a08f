/** What a browser measures of the stream that it plays, from two of its WebRTC reports. */

/** Of one moment; counters count from the stream's start. */
export type Sample = {
  /** Milliseconds. */
  atMs: number;
  codec: string | null;
  width: number | null;
  height: number | null;
  bytes: number;
  framesDecoded: number;
  framesDropped: number;
  packetsReceived: number;
  packetsLost: number;
  freezes: number | null;
  /** Seconds that all frames together waited, and how many did. */
  bufferSeconds: number;
  buffered: number;
  decodeSeconds: number;
  roundTripMs: number | null;
};

export type Stats = {
  codec: string | null;
  size: string | null;
  kbps: number | null;
  fps: number | null;
  decoded: number;
  dropped: number;
  freezes: number | null;
  lost: number;
  /** 0 to 1, of the packets of the time between the two samples. */
  lostPart: number | null;
  jitterBufferMs: number | null;
  decodeMs: number | null;
  roundTripMs: number | null;
};

type Report = Iterable<[string, Record<string, unknown>]>;

const number = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? value : 0);
const known = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null);

/** @returns null where the report holds no incoming video */
export function sampleOf(report: Report): Sample | null {
  const all = new Map(report);
  const inbound = [...all.values()].find((one) => one.type === "inbound-rtp" && one.kind === "video");
  if (!inbound) return null;
  const codec = all.get(String(inbound.codecId))?.mimeType;
  const pair = [...all.values()].find(
    (one) => one.type === "candidate-pair" && one.state === "succeeded" && one.nominated,
  );
  const roundTrip = known(pair?.currentRoundTripTime);
  return {
    atMs: number(inbound.timestamp),
    codec: typeof codec === "string" ? codec.replace(/^video\//, "") : null,
    width: known(inbound.frameWidth),
    height: known(inbound.frameHeight),
    bytes: number(inbound.bytesReceived),
    framesDecoded: number(inbound.framesDecoded),
    framesDropped: number(inbound.framesDropped),
    packetsReceived: number(inbound.packetsReceived),
    packetsLost: number(inbound.packetsLost),
    freezes: known(inbound.freezeCount),
    bufferSeconds: number(inbound.jitterBufferDelay),
    buffered: number(inbound.jitterBufferEmittedCount),
    decodeSeconds: number(inbound.totalDecodeTime),
    roundTripMs: roundTrip === null ? null : roundTrip * 1_000,
  };
}

/** Rates are of the time between the two samples; null where there is no earlier one, or it is of another stream. */
export function statsOf(now: Sample, before: Sample | null): Stats {
  const isSame =
    before !== null && now.atMs > before.atMs && now.bytes >= before.bytes && now.buffered >= before.buffered;
  const old = isSame ? before : null;
  const seconds = old ? (now.atMs - old.atMs) / 1_000 : 0;
  const each = (sum: number, count: number) => (count > 0 ? sum / count : null);
  const frames = old ? now.framesDecoded - old.framesDecoded : 0;
  const lost = old ? now.packetsLost - old.packetsLost : 0;
  return {
    codec: now.codec,
    size: now.width && now.height ? `${now.width} x ${now.height}` : null,
    kbps: old && ((now.bytes - old.bytes) * 8) / 1_000 / seconds,
    fps: old && frames / seconds,
    decoded: now.framesDecoded,
    dropped: now.framesDropped,
    freezes: now.freezes,
    lost: now.packetsLost,
    lostPart: old && each(Math.max(0, lost), Math.max(0, lost) + now.packetsReceived - old.packetsReceived),
    jitterBufferMs: old && each((now.bufferSeconds - old.bufferSeconds) * 1_000, now.buffered - old.buffered),
    decodeMs: old && each((now.decodeSeconds - old.decodeSeconds) * 1_000, frames),
    roundTripMs: now.roundTripMs,
  };
}
