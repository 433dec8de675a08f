import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { waitFor } from "@vas/testkit/processes.ts";
import { openRing } from "./ring-reader.testing.ts";
import { FrameMemoryError, RingWriter } from "./ring-writer.ts";

const shm = mkdtempSync("/dev/shm/vas-ring-test-");
after(() => rmSync(shm, { recursive: true, force: true }));
let folders = 0;
const newFolder = () => join(shm, `folder-${folders++}`);
const nowMs = 1_790_000_000_000;
const small = { width: 320, height: 240, slotCount: 4, lastFrameId: 1000, nowMs };

/** Fills the next frame with one value and commits it. */
function writeFrame(ring: RingWriter, value: number): number {
  const { planes } = ring.beginFrame();
  planes[0].fill(value);
  planes[1].fill(value + 1);
  return ring.commit({ timestampNs: BigInt(value) * 1_000_000n, pts90k: value * 3000, wallMs: nowMs + value });
}

test("a frame is read back exactly as it was written", () => {
  const folder = newFolder();
  const ring = new RingWriter({ ...small, folder });
  const reader = openRing(folder);
  assert.deepEqual(reader.header(), {
    version: 2,
    headerSize: 64,
    frameId: 0,
    timestampNs: 0n,
    width: 320,
    height: 240,
    pixelFormat: 0,
    stride: 320,
    dataSize: 115_200,
    slotCount: 4,
    newestSlot: 0,
    generation: nowMs * 1000,
  });
  assert.deepEqual(reader.sizes(), { data: 4 * 115_200, meta: 64 + 4 * 64 });
  assert.deepEqual(reader.modes(), { data: 0o640, meta: 0o640 });
  assert.equal(statSync(folder).mode & 0o7777, 0o750);
  for (let value = 1; value <= 6; value++) {
    const frameId = writeFrame(ring, value);
    assert.equal(frameId, 1000 + value);
    const { newestSlot, ...header } = reader.header();
    assert.equal(header.frameId, frameId);
    assert.equal(header.timestampNs, BigInt(value) * 1_000_000n);
    assert.equal(newestSlot, (value - 1) % 4);
    const { sequence, ...record } = reader.slot(newestSlot);
    assert.equal(sequence % 2n, 0n);
    assert.deepEqual(record, {
      frameId,
      timestampNs: BigInt(value) * 1_000_000n,
      pts90k: value * 3000,
      wallMs: nowMs + value,
      offset: newestSlot * 115_200,
      range: 0,
    });
    const pixels = reader.pixels(newestSlot);
    assert.ok(pixels.subarray(0, 76_800).every((byte) => byte === value));
    assert.ok(pixels.subarray(76_800).every((byte) => byte === value + 1));
  }
  reader.close();
  ring.close();
  assert.ok(!existsSync(folder));
});

test("a slot being written has an odd sequence, and no sequence comes twice", () => {
  const folder = newFolder();
  const ring = new RingWriter({ ...small, folder, slotCount: 2 });
  const reader = openRing(folder);
  const seen = new Set<bigint>();
  for (let value = 0; value < 20; value++) {
    ring.beginFrame();
    assert.equal(reader.slot(value % 2).sequence % 2n, 1n);
    ring.beginFrame();
    writeFrame(ring, value);
    const { sequence } = reader.slot(value % 2);
    assert.ok(sequence % 2n === 0n && !seen.has(sequence * 2n + BigInt(value % 2)));
    seen.add(sequence * 2n + BigInt(value % 2));
  }
  reader.close();
  ring.close();
});

test("another size gives new files with another generation, and the old ones hold no complete frame any more", () => {
  const folder = newFolder();
  const first = new RingWriter({ ...small, folder });
  const old = openRing(folder);
  const last = writeFrame(first, 1);
  assert.equal(old.slot(0).sequence % 2n, 0n);
  first.close();
  const second = new RingWriter({ ...small, folder, width: 854, height: 480, lastFrameId: first.frameId });
  for (let slot = 0; slot < 4; slot++) assert.equal(old.slot(slot).sequence % 2n, 1n);
  const reader = openRing(folder);
  assert.notEqual(reader.header().generation, old.header().generation);
  assert.equal(reader.header().stride, 896);
  assert.equal(writeFrame(second, 2), last + 1);
  old.close();
  reader.close();
  second.close();
});

test("a writer killed in the middle of a frame leaves that slot torn and the others whole", async () => {
  const folder = newFolder();
  const child = spawn(
    process.execPath,
    [
      "--input-type=module-typescript",
      "-e",
      `import { RingWriter } from ${JSON.stringify(join(import.meta.dirname, "ring-writer.ts"))};
       const ring = new RingWriter(${JSON.stringify({ ...small, folder })});
       for (let i = 0; i < 2; i++) { ring.beginFrame(); ring.commit({ timestampNs: 1n, pts90k: 0, wallMs: 0 }); }
       ring.beginFrame().planes[0].fill(9);
       process.stdout.write("writing"); setInterval(() => undefined, 1000);`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  const reader = openRing(folder);
  assert.deepEqual(
    [0, 1, 2, 3].map((slot) => reader.slot(slot).sequence),
    [2n, 2n, 1n, 0n],
  );
  const { frameId } = reader.header();

  // Ids go on from the files even where nobody else remembers them, and the old files offer nothing.
  const next = new RingWriter({ ...small, folder, lastFrameId: 0 });
  assert.equal(writeFrame(next, 1), frameId + 1);
  for (let slot = 0; slot < 4; slot++) assert.equal(reader.slot(slot).sequence % 2n, 1n);
  reader.close();
  next.close();
});

test("a reader that is lapped while it holds a frame finds another sequence, and pixels of one frame are never taken for another's", async () => {
  const folder = newFolder();
  const ring = new RingWriter({ ...small, folder, slotCount: 2 });
  writeFrame(ring, 1);
  // Takes whatever the header names, as fast as it can: a frame whose sequence held is one value all over.
  const reader = spawn(
    process.execPath,
    [
      "--input-type=module-typescript",
      "-e",
      `import { openSync, fstatSync } from "node:fs";
       import { mapFile } from ${JSON.stringify(join(import.meta.dirname, "libc.ts"))};
       const map = (name) => { const fd = openSync(${JSON.stringify(folder)} + name, "r"); return mapFile(fd, fstatSync(fd).size, "read").buffer; };
       const words = new BigUint64Array(map("/frame.meta"));
       const halves = new Uint32Array(words.buffer);
       const pixels = Buffer.from(map("/frame.data"));
       let [whole, torn, mixed] = [0, 0, 0];
       while (whole < 3000 || torn < 3) {
         const slot = Atomics.load(halves, 13);
         const record = (64 + 64 * slot) / 8;
         const before = Atomics.load(words, record);
         const frame = pixels.subarray(slot * 115200, slot * 115200 + 76800);
         const same = frame.subarray(0, -1).equals(frame.subarray(1));
         if (before % 2n === 1n || Atomics.load(words, record) !== before) torn++;
         else if (same) whole++;
         else mixed++;
       }
       console.log(JSON.stringify({ mixed }));`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let said = "";
  reader.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  let value = 0;
  await waitFor(
    "the reader to see enough of both",
    () => {
      for (let frame = 0; frame < 20; frame++) writeFrame(ring, value++ % 200);
      return reader.exitCode !== null;
    },
    { everyMs: 1, withinMs: 60_000 },
  );
  assert.equal(said.trim(), JSON.stringify({ mixed: 0 }));
  ring.close();
});

test("memory that is not there is refused with what is needed and what there is, and nothing is left", () => {
  const folder = newFolder();
  const { slots, bytes } = { slots: 256, bytes: 256 * (16_384 * 16_384 * 1.5 + 64) + 64 };
  assert.throws(
    () => new RingWriter({ ...small, folder, width: 16_384, height: 16_384, slotCount: slots }),
    (error) => error instanceof FrameMemoryError && error.message.includes(`needed:${bytes}, available:`),
  );
  assert.ok(!existsSync(folder));
});

test("a full file system is an error of the allocation and never a signal at a later write", () => {
  // Where this user may mount nothing, the real shared memory takes the small tmpfs's place and only the refusal is seen.
  const mayMount = spawnSync("unshare", ["--mount", "--map-root-user", "true"]).status === 0;
  const folder = mkdtempSync(join(shm, "small-"));
  const fits = { ...small, width: 1280, height: 720, slotCount: 8, folder: join(folder, "camera") };
  const tooLarge = mayMount ? { ...fits, slotCount: 13 } : { ...fits, width: 16_384, height: 16_384, slotCount: 256 };
  const script = `
    import { openSync } from "node:fs";
    import { allocateFile } from ${JSON.stringify(join(import.meta.dirname, "libc.ts"))};
    import { RingWriter } from ${JSON.stringify(join(import.meta.dirname, "ring-writer.ts"))};
    const said = [];
    const attempt = (what) => { try { what(); said.push("made"); } catch (error) { said.push(error.code ?? error.name); } };
    attempt(() => new RingWriter(${JSON.stringify(tooLarge)}));
    attempt(() => {
      const ring = new RingWriter(${JSON.stringify(fits)});
      for (let frame = 0; frame < 9; frame++) {
        ring.beginFrame().planes[0].fill(1);
        ring.commit({ timestampNs: 1n, pts90k: 0, wallMs: 0 });
      }
      ring.close();
    });
    if (${mayMount}) attempt(() => allocateFile(openSync(${JSON.stringify(join(folder, "large"))}, "w"), 32 * 1024 * 1024));
    console.log(said.join(" "));`;
  const node = [process.execPath, "--input-type=module-typescript", "-e", script];
  const mounted = [
    "--mount",
    "--map-root-user",
    "/bin/sh",
    "-c",
    `mount -t tmpfs -o size=16m none ${folder} && exec "$@"`,
  ];
  const said = mayMount
    ? execFileSync("unshare", [...mounted, "sh", ...node], { encoding: "utf8" })
    : execFileSync(process.execPath, node.slice(1), { encoding: "utf8" });
  assert.equal(said.trim(), mayMount ? "FrameMemoryError made ENOSPC" : "FrameMemoryError made");
});

test("a large ring begins where a huge page can, and leaves no address space behind", () => {
  const mappings = () => readFileSync("/proc/self/maps", "utf8").split("\n");
  const folder = newFolder();
  // koffi's own memory and the first ring's are there before the count.
  new RingWriter({ ...small, width: 1280, height: 720, folder }).close();
  const before = mappings().length;
  for (let round = 0; round < 20; round++) {
    const ring = new RingWriter({ ...small, width: 1280, height: 720, folder });
    const line = mappings().find((each) => each.endsWith(`${folder}/frame.data`)) ?? "";
    assert.equal(Number.parseInt(line, 16) % (2 * 1024 * 1024), 0, line);
    writeFrame(ring, round);
    ring.close();
  }
  assert.ok(mappings().length < before + 20, `${mappings().length} mappings, ${before} before`);
});
