import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameIndex } from "./frames.ts";
import { sampleTimes } from "./samples.ts";

function box(type: string, ...parts: (number[] | Uint8Array)[]): Uint8Array {
  const size = 8 + parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(size);
  bytes.set([...u32(size), ...new TextEncoder().encode(type)]);
  let at = 8;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function u32(value: number): number[] {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
}

/** A fragment as FFmpeg writes it: durations of their own and, where given, composition offsets. */
function fragment(decodeTime: number, durations: number[], offsets?: number[]): Uint8Array {
  const flags = 0x1 | 0x100 | 0x200 | (offsets ? 0x800 : 0);
  const samples = durations.flatMap((duration, at) => [
    ...u32(duration),
    ...u32(1000),
    ...(offsets ? u32(offsets[at] as number) : []),
  ]);
  const moof = box(
    "moof",
    box("mfhd", u32(0), u32(1)),
    box(
      "traf",
      box("tfhd", u32(0x20000), u32(1)),
      box("tfdt", u32(0x1000000), u32(Math.floor(decodeTime / 2 ** 32)), u32(decodeTime % 2 ** 32)),
      box("trun", u32(0x1000000 | flags), u32(durations.length), u32(0), samples),
    ),
  );
  const both = new Uint8Array(moof.length + 16);
  both.set(moof);
  both.set(box("mdat", u32(0), u32(0)), moof.length);
  return both;
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

const SEGMENT = { id: "s1", start: "2026-01-02T03:04:05.000Z", start_pts90k: 161_565_699_694_140 };

test("a fragment tells when each of its frames is shown, in the order of showing", () => {
  assert.deepEqual(sampleTimes(fragment(1_000, [3_600, 3_600, 3_601])), {
    pts: [1_000, 4_600, 8_200],
    start: 1_000,
    end: 11_801,
  });
  // I, P, B as they are decoded; the B frame is shown between the others.
  assert.deepEqual(sampleTimes(fragment(0, [3_600, 3_600, 3_600], [3_600, 7_200, 0]))?.pts, [3_600, 7_200, 10_800]);
  assert.deepEqual(sampleTimes(joined(fragment(2 ** 33, [90]), fragment(2 ** 33 + 90, [90])))?.pts, [
    2 ** 33,
    2 ** 33 + 90,
  ]);
});

test("bytes that are no fragment, or whose times make no sense, tell nothing", () => {
  assert.equal(sampleTimes(new Uint8Array([1, 2, 3])), null);
  assert.equal(sampleTimes(box("moof")), null);
  assert.equal(sampleTimes(fragment(0, [0, 0])), null);
  const cut = fragment(0, [90, 90]);
  new DataView(cut.buffer).setUint32(cut.length - 16 - 16 - 8, 4_000_000_000);
  assert.equal(sampleTimes(cut), null);
  for (let length = 0; length < 100; length++) sampleTimes(fragment(5, [90, 90]).subarray(0, length));
});

function indexed(): FrameIndex {
  const index = new FrameIndex();
  index.segments([SEGMENT]);
  // Uneven, as a camera's frames are.
  index.loaded(0, 0, "s1", fragment(500, [3_600, 3_900, 3_300]));
  index.placed(0, 10);
  return index;
}

test("a media time is one frame, whatever hls.js and the browser rounded", () => {
  const index = indexed();
  for (const [ticks, shift] of [
    [0, 0],
    [3_600, 3e-4],
    [7_500, -3e-4],
  ] as const)
    assert.deepEqual(index.at(10 + ticks / 90_000 + shift), {
      pts90k: SEGMENT.start_pts90k + ticks,
      wallMs: Date.parse(SEGMENT.start) + ticks / 90,
    });
  assert.ok(index.worstRoundingTicks < 30);
});

test("a time that no frame has is no frame", () => {
  const index = indexed();
  assert.equal(index.at(10.02), null);
  assert.equal(index.at(9), null);
  assert.equal(index.at(11), null);
});

test("a frame whose segment is not known is not placed, and once it is, it is", () => {
  const index = new FrameIndex();
  index.loaded(0, 0, "s1", fragment(0, [3_600]));
  assert.equal(index.at(0), null, "not placed on the element's time line");
  index.placed(0, 0);
  assert.ok(index.isUnknown("s1"));
  assert.equal(index.at(0), null);
  index.segments([SEGMENT]);
  assert.equal(index.at(0)?.pts90k, SEGMENT.start_pts90k);
});

test("a step goes to the middle of the neighbouring frame, over the edge of a fragment too", () => {
  const index = indexed();
  index.segments([{ ...SEGMENT, id: "s2", start_pts90k: SEGMENT.start_pts90k + 10_800 }]);
  index.loaded(1, 0, "s2", fragment(11_300, [3_600]));
  index.placed(1, 10.12);
  const near = (found: number | null, wanted: number) => assert.ok(Math.abs((found ?? 0) - wanted) < 1e-9, `${found}`);
  near(index.beside(10, 1), 10 + (3_600 + 1_950) / 90_000);
  near(index.beside(10 + 4_000 / 90_000, -1), 10 + 1_800 / 90_000);
  near(index.beside(10 + 7_500 / 90_000, 1), 10.12 + 1_800 / 90_000);
  assert.equal(index.beside(10, -1), null);
  assert.equal(index.beside(10.13, 1), null);
});

test("frames are counted from frame to frame and never guessed", () => {
  const index = indexed();
  const base = SEGMENT.start_pts90k;
  assert.equal(index.framesBetween(base, base + 7_500), 2);
  assert.equal(index.framesBetween(base + 3_600, base + 3_600), 0);
  assert.equal(index.framesBetween(base - 9_000, base), null);
});

test("frames of two runs are not counted as one stretch", () => {
  const index = indexed();
  index.segments([{ ...SEGMENT, id: "s2", start_pts90k: SEGMENT.start_pts90k + 90_000 }]);
  index.loaded(1, 1, "s2", fragment(0, [3_600, 3_600]));
  assert.equal(index.framesBetween(SEGMENT.start_pts90k + 7_500, SEGMENT.start_pts90k + 90_000), null);
});
