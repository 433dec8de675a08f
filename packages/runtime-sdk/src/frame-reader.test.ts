import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { HEADER, SLOT, slotRecordOffset } from "@vas/contracts/frames.ts";
import { type FrameProblem, FrameReader, type FrameView } from "./frame-reader.ts";
import { createTestRing, testFolders } from "./testing/ring.ts";

let folders: ReturnType<typeof testFolders>;
let reader: FrameReader;
let nowMs = 0;

beforeEach(() => {
  folders = testFolders();
  nowMs = 0;
  reader = new FrameReader({ shmDir: folders.shmDir, maxRings: 2, idleMs: 1000, nowMs: () => nowMs });
});
afterEach(() => {
  reader.close();
  folders.remove();
});

const nv12 = (width: number, height: number, fill: number) => new Uint8Array(width * height * 1.5).fill(fill);

function opened(found: FrameView | FrameProblem): FrameView {
  if ("code" in found) throw new Error(`${found.code}: ${found.text}`);
  return found;
}

function refused(found: FrameView | FrameProblem, code: FrameProblem["code"], text: RegExp): void {
  if (!("code" in found)) throw new Error("the frame was opened");
  assert.equal(found.code, code, found.text);
  assert.match(found.text, text);
  assert.ok(!found.text.includes(folders.shmDir), `a path is told: ${found.text}`);
}

/** Lines of this process's memory map that belong to the test's rings. */
function mappedLines(): number {
  return readFileSync("/proc/self/maps", "utf8")
    .split("\n")
    .filter((line) => line.includes(folders.shmDir)).length;
}

test("a frame's planes are seen where the writer put them, with its stride", () => {
  const ring = createTestRing(folders.shmDir, { width: 8, height: 4, stride: 16 });
  const pixels = Uint8Array.from({ length: 48 }, (_, at) => at);
  ring.write(nv12(8, 4, 9));
  const metadata = ring.write(pixels);
  const view = opened(reader.open(ring.folder, ring.cameraId, metadata));
  assert.deepEqual([view.width, view.height, view.stride, view.slot], [8, 4, 16, 1]);
  assert.deepEqual([view.y.length, view.uv.length], [64, 32]);
  for (let row = 0; row < 4; row++)
    assert.deepEqual([...view.y.subarray(row * 16, row * 16 + 8)], [...pixels.subarray(row * 8, row * 8 + 8)]);
  for (let row = 0; row < 2; row++)
    assert.deepEqual([...view.uv.subarray(row * 16, row * 16 + 8)], [...pixels.subarray(32 + row * 8, 40 + row * 8)]);
  assert.equal(view.record.pts90k, metadata.pts90k);
  assert.equal(String(view.record.timestampNs), metadata.timestamp_ns);
  assert.ok(view.stillValid());
  view.release();
  assert.ok(!view.stillValid(), "a released frame is not valid");
});

test("views are the memory itself: what the writer writes is seen without another read", () => {
  const ring = createTestRing(folders.shmDir, { width: 8, height: 4, slotCount: 1 });
  const view = opened(reader.open(ring.folder, ring.cameraId, ring.write(nv12(8, 4, 1))));
  assert.equal(view.y[0], 1);
  ring.write(nv12(8, 4, 2));
  assert.equal(view.y[0], 2);
  assert.ok(!view.stillValid(), "the slot was written again");
  view.release();
});

test("a slot that is being written, or was written again, is torn", () => {
  const ring = createTestRing(folders.shmDir, { width: 8, height: 4, slotCount: 2 });
  const first = ring.write(nv12(8, 4, 1));
  const view = opened(reader.open(ring.folder, ring.cameraId, first));
  ring.begin(first.slot);
  assert.ok(!view.stillValid());
  view.release();
  refused(reader.open(ring.folder, ring.cameraId, first), "torn", /being written/);
  ring.write(nv12(8, 4, 2));
  ring.write(nv12(8, 4, 3));
  refused(reader.open(ring.folder, ring.cameraId, first), "torn", /written again \[expected:2, found:/);
});

test("every field of the description is compared with the files", () => {
  const ring = createTestRing(folders.shmDir, { width: 8, height: 4 });
  const good = ring.write(nv12(8, 4, 1));
  for (const [field, value, text] of [
    ["generation", good.generation - 1, /^generation does not match/],
    ["width", 10, /^width/],
    ["height", 6, /^height/],
    ["stride", 10, /^stride/],
    ["data_size", 49, /^data_size/],
    ["slot", 4, /^slot_count/],
    ["sequence", 3, /even sequence/],
    ["frame_id", 7, /^frame_id/],
    ["offset", 48, /^offset/],
  ] as const)
    refused(reader.open(ring.folder, ring.cameraId, { ...good, [field]: value }), "mismatch", text);
  refused(reader.open(ring.folder, ring.cameraId, { ...good, slot: 2 }), "gone", /holds no frame yet/);
  opened(reader.open(ring.folder, ring.cameraId, good)).release();
});

test("files made anew are noticed, and the old generation's memory goes once nobody uses it", () => {
  const old = createTestRing(folders.shmDir, { width: 8, height: 4 });
  const before = old.write(nv12(8, 4, 1));
  const kept = opened(reader.open(old.folder, old.cameraId, before));
  const ring = createTestRing(folders.shmDir, { width: 16, height: 8 }, old.cameraId);
  const metadata = ring.write(nv12(16, 8, 5));
  assert.ok(!kept.stillValid(), "a frame of replaced files is not valid");
  refused(reader.open(ring.folder, ring.cameraId, before), "mismatch", /^generation/);
  const view = opened(reader.open(ring.folder, ring.cameraId, metadata));
  assert.equal(view.width, 16);
  assert.equal(view.y[0], 5);
  assert.equal(kept.y[0], 1, "a frame in use keeps its memory");
  kept.release();
  assert.equal(kept.y.length, 0, "a view that is kept too long is empty, not wild");
  assert.equal(kept.y[0], undefined);
  view.release();
  assert.equal(mappedLines(), 2);
});

test("a removed, an idle and a surplus ring are unmapped", () => {
  const rings = [1, 2, 3].map(() => createTestRing(folders.shmDir, { width: 8, height: 4 }));
  for (const ring of rings) {
    opened(reader.open(ring.folder, ring.cameraId, ring.write(nv12(8, 4, 1)))).release();
    nowMs += 100;
  }
  assert.equal(reader.mapped, 2);
  assert.equal(mappedLines(), 4);
  rmSync((rings[2] as (typeof rings)[0]).folder, { recursive: true });
  reader.sweep();
  assert.equal(reader.mapped, 1);
  nowMs += 1001;
  reader.sweep();
  assert.equal(reader.mapped, 0);
  assert.equal(mappedLines(), 0);
});

test("a thousand generations leave no mapping and no open file behind", () => {
  const openFiles = () => readdirSync("/proc/self/fd").length;
  const first = createTestRing(folders.shmDir, { width: 8, height: 4 });
  const { cameraId } = first;
  first.close();
  const before = openFiles();
  for (let round = 0; round < 1000; round++) {
    const ring = createTestRing(folders.shmDir, { width: 8, height: 4 }, cameraId);
    const view = opened(reader.open(ring.folder, cameraId, ring.write(nv12(8, 4, round & 255))));
    assert.equal(view.y[0], round & 255);
    view.release();
    ring.close();
  }
  reader.close();
  assert.equal(mappedLines(), 0);
  assert.ok(openFiles() < before + 10, `${openFiles()} open files, ${before} before`);
});

test("no path leads outside the export folder or to another camera's frames", () => {
  const ring = createTestRing(folders.shmDir, { width: 8, height: 4 });
  const other = createTestRing(folders.shmDir, { width: 8, height: 4 });
  const outside = createTestRing(folders.socketDir, { width: 8, height: 4 });
  const metadata = ring.write(nv12(8, 4, 1));
  const away = outside.write(nv12(8, 4, 1));
  const id = ring.cameraId;
  for (const reference of [
    "relative",
    id,
    "",
    "/",
    folders.shmDir,
    `${folders.shmDir}/`,
    `${folders.shmDir}/..`,
    `${ring.folder}/..`,
    `${ring.folder}/x`,
    `${folders.shmDir}/../s/${outside.cameraId}`,
    `${ring.folder}\0`,
    "/proc/self/root",
    `/etc/${id}`,
  ])
    refused(reader.open(reference, id, metadata), "outside", /frame_reference/);
  refused(reader.open(outside.folder, outside.cameraId, away), "outside", /not a folder inside/);
  refused(reader.open(other.folder, id, metadata), "outside", /not the folder of this camera/);
  opened(reader.open(`${folders.shmDir}/./${id}/`, id, metadata)).release();
});

test("symbolic links are refused, whether they are the folder or one of its files", () => {
  const outside = createTestRing(folders.socketDir, { width: 8, height: 4 });
  const metadata = outside.write(nv12(8, 4, 1));
  symlinkSync(outside.folder, join(folders.shmDir, outside.cameraId));
  refused(reader.open(join(folders.shmDir, outside.cameraId), outside.cameraId, metadata), "outside", /leads out/);
  for (const file of ["frame.meta", "frame.data"]) {
    const ring = createTestRing(folders.shmDir, { width: 8, height: 4 });
    const good = ring.write(nv12(8, 4, 1));
    renameSync(join(ring.folder, file), join(ring.folder, "real"));
    symlinkSync("real", join(ring.folder, file));
    refused(reader.open(ring.folder, ring.cameraId, good), "outside", new RegExp(`${file} is a symbolic link`));
  }
});

test("truncated, missing and impossible files are refused with the observed values", () => {
  const cases: [(ring: ReturnType<typeof createTestRing>) => void, FrameProblem["code"], RegExp][] = [
    [(r) => truncateSync(join(r.folder, "frame.meta"), 100), "invalid", /too short \[needed:320, found:100\]/],
    [(r) => truncateSync(join(r.folder, "frame.meta"), 10), "invalid", /too short \[bytes:10\]/],
    [(r) => truncateSync(join(r.folder, "frame.meta"), 0), "invalid", /impossible file size/],
    [(r) => truncateSync(join(r.folder, "frame.data"), 191), "invalid", /too short \[needed:192, found:191\]/],
    [(r) => rmSync(join(r.folder, "frame.data")), "gone", /frame.data is not there/],
    [(r) => rmSync(join(r.folder, "frame.meta")), "gone", /frame.meta is not there/],
    [(r) => rmSync(r.folder, { recursive: true }), "gone", /exports no frames/],
    [(r) => r.patchMeta(HEADER.version, Uint8Array.of(1)), "invalid", /version \[expected:2, found:1\]/],
    [(r) => r.patchMeta(HEADER.width, Uint8Array.of(7)), "invalid", /impossible size/],
    [(r) => r.patchMeta(slotRecordOffset(0) + SLOT.offset, Uint8Array.of(150)), "invalid", /leaves frame.data/],
    [
      (r) => {
        rmSync(join(r.folder, "frame.meta"));
        execFileSync("mkfifo", [join(r.folder, "frame.meta")]);
      },
      "invalid",
      /not a regular file/,
    ],
  ];
  for (const [breakIt, code, text] of cases) {
    const ring = createTestRing(folders.shmDir, { width: 8, height: 4 });
    const metadata = ring.write(nv12(8, 4, 1));
    breakIt(ring);
    refused(reader.open(ring.folder, ring.cameraId, metadata), code, text);
  }
  assert.equal(mappedLines(), 2, "only the ring with the broken slot record stays mapped");
});

test("the newest frame can be read without a request", () => {
  const ring = createTestRing(folders.shmDir, { width: 8, height: 4, slotCount: 2 });
  refused(reader.openNewest(ring.cameraId), "gone", /no frame was written yet/);
  for (let frame = 1; frame <= 5; frame++) {
    ring.write(nv12(8, 4, frame));
    const view = opened(reader.openNewest(ring.cameraId));
    assert.deepEqual([view.record.frameId, view.y[0], view.stillValid()], [frame, frame, true]);
    view.release();
  }
});
