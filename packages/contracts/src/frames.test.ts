import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  HEADER,
  metaSize,
  nv12Size,
  readGeometry,
  readNewest,
  readSlotRecord,
  slotRecordOffset,
  writeHeader,
} from "./frames.ts";

type Vectors = {
  valid: {
    name: string;
    meta: string;
    data_file_size: number;
    geometry: Record<"width" | "height" | "stride" | "data_size" | "slot_count" | "generation", number>;
    newest: { frame_id: number; slot: number; timestamp_ns: string };
    slots: {
      sequence: number;
      frame_id: number;
      timestamp_ns: string;
      pts90k: number;
      wall_ms: number;
      offset: number;
      full_range: boolean;
    }[];
  }[];
  invalid: { name: string; meta: string; data_file_size: number; names: string }[];
};

const vectors = JSON.parse(readFileSync(new URL("../vectors/frame-export.json", import.meta.url), "utf8")) as Vectors;

function viewOf(hex: string): DataView<ArrayBuffer> {
  return new DataView(new Uint8Array(Buffer.from(hex, "hex")).buffer);
}

for (const { name, meta, data_file_size, geometry, newest, slots } of vectors.valid)
  test(`frame.meta is read as the vector says: ${name}`, () => {
    const view = viewOf(meta);
    assert.deepEqual(readGeometry(view, data_file_size), {
      width: geometry.width,
      height: geometry.height,
      stride: geometry.stride,
      dataSize: geometry.data_size,
      slotCount: geometry.slot_count,
      generation: geometry.generation,
    });
    assert.deepEqual(readNewest(view), { frameId: newest.frame_id, slot: newest.slot });
    assert.equal(String(view.getBigUint64(HEADER.timestampNs, true)), newest.timestamp_ns);
    for (const [slot, expected] of slots.entries())
      assert.deepEqual(readSlotRecord(view, slot), {
        sequence: expected.sequence,
        frameId: expected.frame_id,
        timestampNs: BigInt(expected.timestamp_ns),
        pts90k: expected.pts90k,
        wallMs: expected.wall_ms,
        offset: expected.offset,
        fullRange: expected.full_range,
      });
  });

for (const { name, meta, data_file_size, names } of vectors.invalid)
  test(`frame.meta is refused: ${name}`, () => {
    const refused = readGeometry(viewOf(meta), data_file_size);
    assert.equal(typeof refused, "string");
    assert.ok((refused as string).includes(names), `${JSON.stringify(refused)} does not name ${names}`);
  });

test("a written header is the vector's, but for what changes with every frame", () => {
  for (const { meta, data_file_size } of vectors.valid) {
    const expected = viewOf(meta);
    const geometry = readGeometry(expected, data_file_size);
    assert.ok(typeof geometry === "object");
    expected.setBigUint64(HEADER.frameId, 0n, true);
    expected.setBigUint64(HEADER.timestampNs, 0n, true);
    expected.setUint32(HEADER.newestSlot, 0, true);
    const written = new DataView(new ArrayBuffer(64));
    writeHeader(written, geometry);
    assert.deepEqual(new Uint8Array(written.buffer), new Uint8Array(expected.buffer, 0, 64));
  }
});

test("any 64 bytes of a header, and any cut, are answered and never throw", () => {
  let seed = 7;
  const next = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed;
  };
  const good = viewOf((vectors.valid[0] as Vectors["valid"][0]).meta);
  for (let round = 0; round < 20_000; round++) {
    const bytes = new Uint8Array(good.buffer.slice(0, next() % (good.byteLength + 1)));
    for (let change = 0; change <= round % 4 && bytes.length > 0; change++)
      bytes[next() % bytes.length] = next() >>> 24;
    const size = next() % 8_000_000;
    const geometry = readGeometry(new DataView(bytes.buffer), size);
    if (typeof geometry === "string") continue;
    assert.ok(geometry.dataSize * geometry.slotCount <= size, "what was accepted lies inside frame.data");
    assert.ok(nv12Size(geometry.stride, geometry.height) <= geometry.dataSize);
    assert.ok(metaSize(geometry.slotCount) <= bytes.length);
  }
});

test("slot records follow the header, 64 bytes each", () => {
  assert.equal(slotRecordOffset(0), 64);
  assert.equal(slotRecordOffset(7), 64 + 7 * 64);
  assert.equal(metaSize(8), 576);
  assert.equal(nv12Size(1920, 1080), 3_110_400);
});
