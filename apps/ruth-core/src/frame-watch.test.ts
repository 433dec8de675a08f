import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { FakeRing } from "@vas/testkit/fake-ring.ts";
import { FrameWatch } from "./frame-watch.ts";

const CAMERA = "aaaaaaaa-0000-4000-8000-000000000000";

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "watch-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A watch with a clock that moves a second at every look, so that files are looked for each time. */
function site(t: TestContext) {
  const dir = folder(t);
  const ring = new FakeRing(dir, CAMERA);
  const watch = new FrameWatch(ring.folder);
  t.after(() => watch.close());
  let nowMs = 0;
  const look = () => watch.look((nowMs += 1000));
  let n = 0;
  const write = (frameId?: number) => {
    n++;
    const frame = { timestampNs: BigInt(n), pts90k: n * 3600, wallMs: n * 40 };
    return ring.write(frameId === undefined ? frame : { ...frame, frameId });
  };
  return { dir, ring, watch, look, write };
}

test("each frame is seen once, as its slot record says", (t) => {
  const { ring, watch, look, write } = site(t);
  assert.equal(look(), null);
  assert.equal(watch.problem, null);
  write();
  const first = look();
  assert.equal(first?.passed, 0);
  assert.deepEqual(first?.frame, {
    sequence: 2,
    frameId: 1,
    timestampNs: 1n,
    pts90k: 3600,
    wallMs: 40,
    offset: ring.geometry.dataSize,
    fullRange: false,
    slot: 1,
    geometry: ring.geometry,
  });
  assert.equal(look(), null);
});

test("frames that came and went between two looks are counted", (t) => {
  const { look, write } = site(t);
  write();
  look();
  for (let n = 0; n < 20; n++) write();
  const seen = look();
  assert.deepEqual([seen?.frameId, seen?.passed], [21, 19]);
});

test("a frame whose slot is being written, or holds another frame, is torn and seen once", (t) => {
  const { ring, look, write } = site(t);
  write();
  look();
  ring.begin(2);
  ring.announce(2, 2, 2n);
  assert.deepEqual(look(), { frameId: 2, passed: 0, frame: null });
  assert.equal(look(), null);
  ring.announce(3, 1, 3n);
  assert.deepEqual(look(), { frameId: 3, passed: 0, frame: null });
  ring.announce(4, 4_000_000, 4n);
  assert.deepEqual(look(), { frameId: 4, passed: 0, frame: null });
});

test("files that were made anew are found, whatever their frame ids", (t) => {
  const { ring, look, write } = site(t);
  write();
  look();
  ring.remake({ width: 128, height: 96 });
  look();
  write();
  const seen = look();
  assert.equal(seen?.frame?.geometry.width, 128);
  assert.equal(seen?.passed, 0);
  ring.remake();
  write(2);
  assert.equal(look(), null);
  assert.equal(look()?.frameId, 2);
  assert.equal(look(), null);
});

test("an export that is removed is a problem in words until it returns", (t) => {
  const { dir, ring, watch, look, write } = site(t);
  write();
  look();
  ring.remove();
  look();
  look();
  assert.match(watch.problem ?? "", /exports no frames/);
  const next = new FakeRing(dir, CAMERA);
  next.write({ timestampNs: 1n, pts90k: 1, wallMs: 1 });
  assert.equal(look()?.frameId, 1);
  next.remove();
});

test("an export that is not what it should be is refused with the reason", (t) => {
  const dir = folder(t);
  const reasons: Record<string, RegExp> = {
    link: /ELOOP|symbolic/,
    folderLink: /not a folder/,
    fifo: /not made of files/,
    short: /too short/,
    long: /too long/,
    garbage: /unsupported version/,
    noData: /exports no frames/,
    shortData: /frame.data is too short/,
  };
  const real = new FakeRing(dir, "real");
  for (const name of Object.keys(reasons)) {
    const camera = join(dir, name);
    if (name === "folderLink") {
      symlinkSync(real.folder, camera);
      continue;
    }
    const ring = new FakeRing(dir, name);
    const meta = join(camera, "frame.meta");
    if (name === "noData") rmSync(join(camera, "frame.data"));
    if (name === "shortData") truncateSync(join(camera, "frame.data"), 10);
    if (name === "short") truncateSync(meta, 100);
    if (name === "long") truncateSync(meta, 1_000_000);
    if (name === "garbage") writeFileSync(meta, Buffer.alloc(576, 7));
    if (name === "link" || name === "fifo") rmSync(meta);
    if (name === "link") symlinkSync(join(real.folder, "frame.meta"), meta);
    if (name === "fifo") execFileSync("mkfifo", [meta]);
    t.after(() => ring.remove());
  }
  for (const [name, reason] of Object.entries(reasons)) {
    const watch = new FrameWatch(join(dir, name));
    assert.equal(watch.look(0), null);
    assert.match(watch.problem ?? "", reason, name);
  }
  mkdirSync(join(dir, "empty"));
  const watch = new FrameWatch(join(dir, "empty"));
  watch.look(0);
  assert.match(watch.problem ?? "", /exports no frames/);
  real.remove();
});

test("a frame.meta that is cut short while it is watched is a problem, not a crash", (t) => {
  const { ring, watch, look, write } = site(t);
  write();
  look();
  truncateSync(join(ring.folder, "frame.meta"), 4);
  look();
  assert.match(watch.problem ?? "", /short/);
});
