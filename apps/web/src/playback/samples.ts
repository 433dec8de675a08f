/**
 * Presentation times of the frames in a recorded fragment, read from its own bytes (ISO/IEC 14496-12: 8.8.7 tfhd, 8.8.8
 * trun, 8.8.12 tfdt). The recordings' time scale is 90,000, so these are ticks.
 */

export type SampleTimes = {
  /** In the order they are shown. */
  pts: number[];
  /** The first shown frame of the first `moof`: what the segment's start refers to. */
  start: number;
  /** The end of the last frame. */
  end: number;
};

/** @returns null where the bytes are no fragments or their times make no sense */
export function sampleTimes(bytes: Uint8Array): SampleTimes | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const all: number[] = [];
  let start: number | null = null;
  let end = 0;
  for (const moof of boxes(view, 0, view.byteLength)) {
    if (moof.type !== "moof") continue;
    for (const traf of boxes(view, moof.from, moof.to)) {
      if (traf.type !== "traf") continue;
      const found = trackTimes(view, traf.from, traf.to);
      if (!found) return null;
      all.push(...found.pts);
      end = Math.max(end, found.end);
      start ??= Math.min(...found.pts);
    }
  }
  if (start === null) return null;
  const pts = all.sort((a, b) => a - b);
  for (let at = 1; at < pts.length; at++) if (pts[at] === pts[at - 1]) return null;
  return { pts, start, end };
}

type Box = { type: string; from: number; to: number };

function* boxes(view: DataView, from: number, to: number): Generator<Box> {
  for (let at = from; at + 8 <= to; ) {
    const size = view.getUint32(at);
    if (size < 8 || at + size > to) return;
    const type = String.fromCharCode(...[4, 5, 6, 7].map((byte) => view.getUint8(at + byte)));
    yield { type, from: at + 8, to: at + size };
    at += size;
  }
}

function trackTimes(view: DataView, from: number, to: number): { pts: number[]; end: number } | null {
  let decodeTime = 0;
  let defaultDuration = 0;
  const pts: number[] = [];
  for (const box of boxes(view, from, to)) {
    const flags = view.getUint32(box.from) & 0xffffff;
    let at = box.from + 4;
    const next = () => {
      at += 4;
      return view.getUint32(at - 4);
    };
    if (box.type === "tfhd") {
      at += 4;
      if (flags & 0x1) at += 8;
      if (flags & 0x2) at += 4;
      if (flags & 0x8) defaultDuration = next();
    } else if (box.type === "tfdt") {
      decodeTime = view.getUint8(box.from) === 1 ? Number(view.getBigUint64(at)) : next();
    } else if (box.type === "trun") {
      const count = next();
      const each = [0x100, 0x200, 0x400, 0x800].filter((flag) => flags & flag).length * 4;
      if (flags & 0x1) at += 4;
      if (flags & 0x4) at += 4;
      if (count * each > box.to - at) return null;
      for (let sample = 0; sample < count; sample++) {
        const duration = flags & 0x100 ? next() : defaultDuration;
        if (flags & 0x200) at += 4;
        if (flags & 0x400) at += 4;
        // Signed in version 1; a negative one in version 0 is what every reader takes it for.
        pts.push(decodeTime + (flags & 0x800 ? next() | 0 : 0));
        decodeTime += duration;
      }
    }
  }
  return pts.length > 0 ? { pts, end: decodeTime } : null;
}
