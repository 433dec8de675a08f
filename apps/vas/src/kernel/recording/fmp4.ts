/**
 * Fragmented MP4 as the ingest FFmpeg writes it: `ftyp moov (moof mdat)*`, one video track, time scale 90,000.
 *
 * Only what recording needs is read: where fragments begin and end, and the presentation time of every sample
 * (ISO/IEC 14496-12: 8.8.5 mfhd to 8.8.12 tfdt). Nothing is copied but the bytes that cross a chunk's edge.
 */

export const STREAM_TIME_SCALE = 90_000;
/** A box larger than this is not something a camera's fragment of a second can hold. */
const MAX_BOX_BYTES = 256 * 1024 * 1024;

export type VideoInit = {
  /** ftyp and moov. */
  bytes: Buffer;
  /** RFC 6381, such as `avc1.64001f`. */
  codec: string;
  width: number;
  height: number;
};

export type Fragment = {
  /** moof and mdat. */
  bytes: Buffer;
  /** Decode time of the first sample and of the end of the last, in 90 kHz ticks of the run's own time. */
  startDts: number;
  endDts: number;
  /** Presentation times of the samples, in decode order, same ticks. */
  pts: number[];
  /** Begins with a key frame. */
  key: boolean;
  /** Some sample is shown in another order than it is decoded. */
  reordered: boolean;
};

/** What the splitter finds, in the stream's order. */
export type Fmp4Part = { kind: "init"; init: VideoInit } | { kind: "fragment"; fragment: Fragment };

export class Fmp4Error extends Error {}

/** Cuts a byte stream into its initialisation and its fragments. */
export class Fmp4Splitter {
  #chunks: Buffer[] = [];
  #buffered = 0;
  #ftyp: Buffer | undefined;
  #moof: Buffer | undefined;
  #defaults: TrackDefaults = { duration: 0, flags: 0 };

  /**
   * @param chunk bytes as they arrived; kept by reference until their box is complete
   * @throws Fmp4Error where the bytes are no fragmented MP4 of one video track
   */
  push(chunk: Buffer): Fmp4Part[] {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    const parts: Fmp4Part[] = [];
    for (;;) {
      const box = this.#takeBox();
      if (box === undefined) return parts;
      const type = box.toString("latin1", 4, 8);
      if (type === "ftyp") this.#ftyp = box;
      else if (type === "moov") {
        const moov = parseMoov(box);
        this.#defaults = moov.defaults;
        const bytes = this.#ftyp ? Buffer.concat([this.#ftyp, box]) : box;
        parts.push({ kind: "init", init: { bytes, codec: moov.codec, width: moov.width, height: moov.height } });
      } else if (type === "moof") this.#moof = box;
      else if (type === "mdat" && this.#moof) {
        const fragment = { bytes: Buffer.concat([this.#moof, box]), ...parseMoof(this.#moof, this.#defaults) };
        this.#moof = undefined;
        if (fragment.pts.length > 0) parts.push({ kind: "fragment", fragment });
      }
    }
  }

  /** Bytes taken in that belong to no complete part yet. */
  get pendingBytes(): number {
    return this.#buffered + (this.#moof?.length ?? 0);
  }

  #takeBox(): Buffer | undefined {
    if (this.#buffered < 8) return undefined;
    if ((this.#chunks[0] as Buffer).length < 8) this.#merge();
    const size = (this.#chunks[0] as Buffer).readUInt32BE(0);
    if (size < 8 || size > MAX_BOX_BYTES) throw new Fmp4Error(`impossible box size [bytes:${size}]`);
    if (this.#buffered < size) return undefined;
    const all = this.#merge();
    const rest = all.subarray(size);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#buffered = rest.length;
    return all.subarray(0, size);
  }

  #merge(): Buffer {
    const all = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }
}

type TrackDefaults = { duration: number; flags: number };

/** Calls back for each box between two offsets, with the offsets of its content. */
function eachBox(
  bytes: Buffer,
  from: number,
  to: number,
  visit: (type: string, start: number, end: number) => void,
): void {
  for (let at = from; at + 8 <= to; ) {
    const size = bytes.readUInt32BE(at);
    if (size < 8 || at + size > to) throw new Fmp4Error(`a box leaves its parent [at:${at}, bytes:${size}]`);
    visit(bytes.toString("latin1", at + 4, at + 8), at + 8, at + size);
    at += size;
  }
}

function parseMoov(box: Buffer): { codec: string; width: number; height: number; defaults: TrackDefaults } {
  let timeScale = 0;
  let codec = "";
  let width = 0;
  let height = 0;
  const defaults: TrackDefaults = { duration: 0, flags: 0 };
  const walk = (type: string, start: number, end: number): void => {
    if (["trak", "mdia", "minf", "stbl", "mvex"].includes(type)) eachBox(box, start, end, walk);
    else if (type === "mdhd") timeScale = box.readUInt32BE(start + (box[start] === 1 ? 20 : 12));
    else if (type === "trex") {
      defaults.duration = box.readUInt32BE(start + 12);
      defaults.flags = box.readUInt32BE(start + 20);
    } else if (type === "stsd")
      eachBox(box, start + 8, end, (entry, entryStart, entryEnd) => {
        width = box.readUInt16BE(entryStart + 24);
        height = box.readUInt16BE(entryStart + 26);
        codec = entry;
        eachBox(box, entryStart + 78, entryEnd, (config, at) => {
          if (config === "avcC") codec = avcCodec(entry, box, at);
          else if (config === "hvcC") codec = hevcCodec(entry, box, at);
        });
      });
  };
  eachBox(box, 8, box.length, walk);
  if (timeScale !== STREAM_TIME_SCALE)
    throw new Fmp4Error(`unexpected time scale [expected:${STREAM_TIME_SCALE}, found:${timeScale}]`);
  if (codec === "" || width === 0 || height === 0) throw new Fmp4Error("the moov box describes no video track");
  return { codec, width, height, defaults };
}

/** RFC 6381 section 3.3: profile, constraint flags and level as they stand in avcC. */
function avcCodec(entry: string, box: Buffer, at: number): string {
  return `${entry}.${box.toString("hex", at + 1, at + 4)}`;
}

/** ISO/IEC 14496-15 annex E.3. */
function hevcCodec(entry: string, box: Buffer, at: number): string {
  const first = box[at + 1] as number;
  const space = ["", "A", "B", "C"][first >> 6];
  let compatibility = 0;
  for (let bit = 0, flags = box.readUInt32BE(at + 2); bit < 32; bit++)
    if (flags & (1 << bit)) compatibility = (compatibility | (1 << (31 - bit))) >>> 0;
  const constraints = [...box.subarray(at + 6, at + 12)];
  while (constraints.length > 0 && constraints.at(-1) === 0) constraints.pop();
  const suffix = constraints.map((byte) => `.${byte.toString(16).toUpperCase()}`).join("");
  return `${entry}.${space}${first & 31}.${compatibility.toString(16).toUpperCase()}.${first & 32 ? "H" : "L"}${box[at + 12]}${suffix}`;
}

const SAMPLE_IS_NON_SYNC = 0x10000;

function parseMoof(box: Buffer, track: TrackDefaults): Omit<Fragment, "bytes"> {
  let dts = 0;
  let startDts: number | undefined;
  let key = false;
  let reordered = false;
  const pts: number[] = [];
  eachBox(box, 8, box.length, (type, trafStart, trafEnd) => {
    if (type !== "traf") return;
    let { duration: defaultDuration, flags: defaultFlags } = track;
    eachBox(box, trafStart, trafEnd, (inner, start) => {
      const flags = box.readUInt32BE(start) & 0xffffff;
      let at = start + 4;
      const next = () => {
        const value = box.readUInt32BE(at);
        at += 4;
        return value;
      };
      if (inner === "tfhd") {
        at += 4;
        if (flags & 0x1) at += 8;
        if (flags & 0x2) at += 4;
        if (flags & 0x8) defaultDuration = next();
        if (flags & 0x10) at += 4;
        if (flags & 0x20) defaultFlags = next();
      } else if (inner === "tfdt") {
        dts = box[start] === 1 ? Number(box.readBigUInt64BE(at)) : box.readUInt32BE(at);
      } else if (inner === "trun") {
        const count = next();
        if (flags & 0x1) at += 4;
        const firstFlags = flags & 0x4 ? next() : undefined;
        for (let sample = 0; sample < count; sample++) {
          const duration = flags & 0x100 ? next() : defaultDuration;
          if (flags & 0x200) at += 4;
          let sampleFlags = flags & 0x400 ? next() : defaultFlags;
          if (sample === 0 && firstFlags !== undefined) sampleFlags = firstFlags;
          const offset = flags & 0x800 ? next() | 0 : 0;
          if (startDts === undefined) {
            startDts = dts;
            key = (sampleFlags & SAMPLE_IS_NON_SYNC) === 0;
          }
          const previous = pts.at(-1);
          if (previous !== undefined && dts + offset < previous) reordered = true;
          pts.push(dts + offset);
          dts += duration;
        }
      }
    });
  });
  return { startDts: startDts ?? dts, endDts: dts, pts, key, reordered };
}
