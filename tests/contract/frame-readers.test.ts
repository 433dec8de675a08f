/**
 * The three readers of exported frames, in TypeScript, Python and C, asked the same questions: those of the test vectors,
 * and of files that were cut, replaced, linked elsewhere or half written. They have to give the same answers.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { HEADER, SLOT, slotRecordOffset } from "@vas/contracts/frames.ts";
import { type TestRing, createTestRing } from "../../packages/runtime-sdk/src/testing/ring.ts";
import { type Answer, type Driver, LANGUAGES, startReader } from "./frame-readers/readers.ts";

type Slot = {
  sequence: number;
  frame_id: number;
  timestamp_ns: string;
  pts90k: number;
  wall_ms: number;
  offset: number;
  full_range: boolean;
};
type Vectors = {
  valid: {
    name: string;
    meta: string;
    data_file_size: number;
    geometry: Record<"width" | "height" | "stride" | "data_size" | "slot_count" | "generation", number>;
    newest: { frame_id: number; slot: number };
    slots: Slot[];
  }[];
  invalid: { name: string; meta: string; data_file_size: number; names: string }[];
};
const VECTORS = JSON.parse(
  readFileSync(new URL("../../packages/contracts/vectors/frame-export.json", import.meta.url), "utf8"),
) as Vectors;

// Sparse files of terabytes are part of the vectors: memory file systems take them.
const shmDir = mkdtempSync("/dev/shm/vas-frame-readers-");
const elsewhere = mkdtempSync("/dev/shm/vas-frame-elsewhere-");
let drivers: Driver[] = [];
before(() => {
  drivers = LANGUAGES.map((language) => startReader(language, shmDir));
});
after(async () => {
  await Promise.all(drivers.map((driver) => driver.end()));
  for (const folder of [shmDir, elsewhere]) rmSync(folder, { recursive: true, force: true });
});

/** The answer that all three give; without their texts, which only have to match. */
async function ask(command: string, text: RegExp = /^/): Promise<Answer> {
  const answers = await Promise.all(drivers.map((driver) => driver.ask(command)));
  const bare = answers.map(({ text: said, ...answer }, at) => {
    if (said !== undefined) assert.match(said, text, drivers[at]?.language);
    assert.ok(!said?.includes(shmDir), `${drivers[at]?.language} tells a path: ${said}`);
    return answer;
  });
  for (const [at, answer] of bare.entries()) assert.deepEqual(answer, bare[0], `${command}: ${drivers[at]?.language}`);
  return bare[0] as Answer;
}

function vectorFiles(meta: string, dataFileSize: number): string {
  const camera = randomUUID();
  mkdirSync(join(shmDir, camera));
  writeFileSync(join(shmDir, camera, "frame.meta"), Buffer.from(meta, "hex"));
  const fd = openSync(join(shmDir, camera, "frame.data"), "w");
  ftruncateSync(fd, dataFileSize);
  closeSync(fd);
  return camera;
}

for (const { name, meta, data_file_size, geometry, newest, slots } of VECTORS.valid)
  test(`every reader reads the vector: ${name}`, async () => {
    const camera = vectorFiles(meta, data_file_size);
    for (const [slot, { sequence, offset, ...record }] of slots.entries()) {
      const answer = await ask(`slot ${camera} ${slot}`);
      if (sequence === 0) assert.deepEqual(answer, { code: "gone" });
      else if (sequence % 2 === 1) assert.deepEqual(answer, { code: "torn" });
      else {
        const { width, height, stride, generation } = geometry;
        assert.deepEqual(answer, {
          ...{ ok: true, width, height, stride, slot, generation, sequence, ...record },
          sum: 0,
        });
        assert.ok(offset + (stride * height * 3) / 2 <= data_file_size);
      }
      if (newest.frame_id === 0)
        assert.deepEqual(await ask(`newest ${camera}`, /no frame was written/), { code: "gone" });
      else if (slot === newest.slot) assert.deepEqual(await ask(`newest ${camera}`), answer);
    }
  });

for (const { name, meta, data_file_size, names } of VECTORS.invalid)
  test(`every reader refuses the vector: ${name}`, async () => {
    // A file of no bytes cannot be mapped, so frame.meta is named before any field of it.
    const camera = vectorFiles(meta, data_file_size);
    assert.deepEqual(await ask(`newest ${camera}`, new RegExp(names)), { code: "invalid" });
  });

const nv12 = (fill: number) => Uint8Array.from({ length: 8 * 4 * 1.5 }, (_, at) => (at * 7 + fill) & 0xff);
const ringOf8x4 = (stride = 8, slotCount = 4) => createTestRing(shmDir, { width: 8, height: 4, stride, slotCount });

test("every reader sees the same pixels, with padded rows or without", async () => {
  for (const stride of [8, 64]) {
    const ring = ringOf8x4(stride);
    for (let frame = 1; frame <= 6; frame++) {
      const written = ring.write(nv12(frame));
      const answer = await ask(`newest ${ring.cameraId}`);
      assert.deepEqual(
        [answer.frame_id, answer.slot, answer.stride, answer.timestamp_ns, answer.pts90k, answer.wall_ms],
        [written.frame_id, written.slot, stride, written.timestamp_ns, written.pts90k, written.wall_ms],
      );
      assert.equal(
        answer.sum,
        nv12(frame).reduce((sum, byte) => (Math.imul(sum, 31) + byte) >>> 0, 0),
      );
      assert.deepEqual(await ask("valid"), { valid: true });
    }
    await ask("release");
    assert.deepEqual(await ask("valid"), { valid: false });
  }
});

test("every reader calls a frame torn that is being written or was written again", async () => {
  const ring = ringOf8x4(8, 2);
  const first = ring.write(nv12(1));
  await ask(`newest ${ring.cameraId}`);
  ring.begin(first.slot);
  assert.deepEqual(await ask("valid"), { valid: false });
  assert.deepEqual(await ask(`newest ${ring.cameraId}`, /being written/), { code: "torn" });
  ring.write(nv12(2));
  const held = await ask(`newest ${ring.cameraId}`);
  const { sum } = await ask("sum");
  assert.equal(sum, held.sum);
  ring.write(nv12(3));
  assert.deepEqual(await ask("valid"), { valid: true }, "the other slot was written");
  ring.write(nv12(4));
  assert.deepEqual(await ask("valid"), { valid: false });
  assert.notEqual((await ask("sum")).sum, sum, "what it sees is the memory itself");
});

test("every reader goes on with files made anew, and calls frames of the old ones invalid", async () => {
  const old = ringOf8x4();
  old.write(nv12(1));
  const before = await ask(`newest ${old.cameraId}`);
  const ring = createTestRing(shmDir, { width: 16, height: 8 }, old.cameraId);
  assert.deepEqual(await ask("valid"), { valid: false });
  assert.deepEqual(await ask(`newest ${old.cameraId}`, /no frame was written/), { code: "gone" });
  ring.write(new Uint8Array(16 * 8 * 1.5).fill(9));
  const now = await ask(`newest ${old.cameraId}`);
  assert.deepEqual([now.ok, now.width, now.height], [true, 16, 8]);
  assert.notEqual(now.generation, before.generation);
});

test("every reader notices a camera that goes and comes back", async () => {
  const ring = ringOf8x4();
  ring.write(nv12(1));
  await ask(`newest ${ring.cameraId}`);
  rmSync(ring.folder, { recursive: true });
  assert.deepEqual(await ask("valid"), { valid: false });
  assert.deepEqual(await ask(`newest ${ring.cameraId}`, /exports no frames/), { code: "gone" });
  createTestRing(shmDir, { width: 8, height: 4 }, ring.cameraId).write(nv12(2));
  assert.equal((await ask(`newest ${ring.cameraId}`)).ok, true);
});

type Break = (ring: TestRing) => void;
const inFolder = (ring: TestRing, name: string) => join(ring.folder, name);
const patch =
  (at: number, ...bytes: number[]): Break =>
  (ring) =>
    ring.patchMeta(at, Uint8Array.from(bytes));

/** What is done to a good export of 8x4 in 4 slots, and what every reader then answers to who opens it for the first time. */
const BROKEN: [title: string, breakIt: Break, code: string, text: RegExp][] = [
  ["frame.meta of 100 bytes", (r) => truncateSync(inFolder(r, "frame.meta"), 100), "invalid", /needed:320, found:100/],
  ["frame.meta of 10 bytes", (r) => truncateSync(inFolder(r, "frame.meta"), 10), "invalid", /too short \[bytes:10\]/],
  ["frame.meta of 0 bytes", (r) => truncateSync(inFolder(r, "frame.meta"), 0), "invalid", /impossible file size/],
  ["frame.data a byte short", (r) => truncateSync(inFolder(r, "frame.data"), 191), "invalid", /needed:192, found:191/],
  ["frame.data of 0 bytes", (r) => truncateSync(inFolder(r, "frame.data"), 0), "invalid", /frame\.data/],
  ["no frame.meta", (r) => rmSync(inFolder(r, "frame.meta")), "gone", /frame\.meta is not there/],
  ["no frame.data", (r) => rmSync(inFolder(r, "frame.data")), "gone", /frame\.data is not there/],
  ["no folder", (r) => rmSync(r.folder, { recursive: true }), "gone", /exports no frames/],
  ["another version", patch(HEADER.version, 3), "invalid", /version \[expected:2, found:3\]/],
  ["an odd width", patch(HEADER.width, 7), "invalid", /impossible size \[width:7, height:4\]/],
  ["a stride below the width", patch(HEADER.stride, 6), "invalid", /impossible stride/],
  ["a newest_slot that is none", patch(HEADER.newestSlot, 4), "invalid", /slot_count:4, slot:4/],
  ["a newest_slot of 2^32 - 1", patch(HEADER.newestSlot, 255, 255, 255, 255), "invalid", /slot:4294967295/],
  ["an offset just too large", patch(slotRecordOffset(0) + SLOT.offset, 145), "invalid", /leaves frame\.data/],
  [
    "an offset of 2^64 - 1",
    patch(slotRecordOffset(0) + SLOT.offset, 255, 255, 255, 255, 255, 255, 255, 255),
    "invalid",
    /leaves frame\.data/,
  ],
  ["a slot in the midst of a frame", (r) => r.begin(0), "torn", /being written/],
  ["a slot without a frame", patch(HEADER.newestSlot, 2), "gone", /holds no frame yet/],
  ...(["frame.meta", "frame.data"] as const).flatMap((file): typeof BROKEN => [
    [
      `${file} as a symbolic link to itself moved aside`,
      (r) => {
        renameSync(inFolder(r, file), inFolder(r, "real"));
        symlinkSync("real", inFolder(r, file));
      },
      "outside",
      new RegExp(`${file.replace(".", "\\.")} is a symbolic link`),
    ],
    [
      `${file} as a named pipe`,
      (r) => {
        rmSync(inFolder(r, file));
        execFileSync("mkfifo", [inFolder(r, file)]);
      },
      "invalid",
      /not a regular file/,
    ],
    [
      `${file} as a folder`,
      (r) => {
        rmSync(inFolder(r, file));
        mkdirSync(inFolder(r, file));
      },
      "invalid",
      /not a regular file/,
    ],
  ]),
  [
    "a folder that is a symbolic link to an export elsewhere",
    (r) => {
      renameSync(r.folder, join(elsewhere, r.cameraId));
      symlinkSync(join(elsewhere, r.cameraId), r.folder);
    },
    "outside",
    /symbolic link|leads out/,
  ],
];

const HEADER_ONLY = new Set(["another version", "an odd width", "a stride below the width"]);

for (const [title, breakIt, code, text] of BROKEN)
  test(`every reader answers the same to ${title}, opened like that or having it mapped`, async () => {
    const ring = ringOf8x4();
    ring.write(nv12(1));
    breakIt(ring);
    assert.deepEqual(await ask(`newest ${ring.cameraId}`, text), { code });

    const mapped = ringOf8x4();
    mapped.write(nv12(1));
    assert.equal((await ask(`newest ${mapped.cameraId}`)).ok, true);
    breakIt(mapped);
    const now = await ask(`newest ${mapped.cameraId}`);
    // A header is checked once per mapping, for no writer ever changes it; names, sizes and slots at every frame.
    if (HEADER_ONLY.has(title)) assert.equal(now.ok, true);
    else assert.deepEqual(now, { code });
  });

test("every reader keeps to the export folder, whatever a camera id looks like", async () => {
  const outside = createTestRing(elsewhere, { width: 8, height: 4 });
  outside.write(nv12(1));
  const up = elsewhere.slice(elsewhere.lastIndexOf("/") + 1);
  for (const id of [".", "..", `../${up}/${outside.cameraId}`, "/etc", `${randomUUID()}/..`, "/"])
    assert.deepEqual(await ask(`newest ${id}`), { code: "outside" }, id);
  assert.deepEqual(await ask(`newest ${"x".repeat(200)}`), { code: "gone" });
});
