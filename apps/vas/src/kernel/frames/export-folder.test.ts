import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { checkExportDir, exportFolder, removeExport, removeLeftExports } from "./export-folder.ts";

const shm = mkdtempSync("/dev/shm/vas-export-test-");
const disk = mkdtempSync(join(tmpdir(), "vas-export-test-"));
after(() => {
  for (const folder of [shm, disk]) rmSync(folder, { recursive: true, force: true });
});

test("the export folder is made for its owner and group only", () => {
  const dir = join(shm, "made");
  assert.equal(checkExportDir(dir), undefined);
  assert.equal(statSync(dir).mode & 0o7777, 0o750);
  assert.equal(checkExportDir(dir), undefined);
});

test("a folder that is not in memory, no folder, or everybody's folder is refused in words", () => {
  assert.match(checkExportDir(disk) ?? "", /not in memory/);
  writeFileSync(join(shm, "file"), "");
  assert.match(checkExportDir(join(shm, "file")) ?? "", /cannot be used|not a folder/);
  symlinkSync(disk, join(shm, "link"));
  assert.match(checkExportDir(join(shm, "link")) ?? "", /not a folder/);
  mkdirSync(join(shm, "open"));
  chmodSync(join(shm, "open"), 0o777);
  assert.match(checkExportDir(join(shm, "open")) ?? "", /everybody/);
});

test("only a camera id names an export folder", () => {
  for (const id of ["", "..", "../etc", `${randomUUID()}/x`]) assert.throws(() => exportFolder(shm, id), RangeError);
});

test("what a killed process left is removed, and nothing else is", async () => {
  const dir = join(shm, "cameras");
  const [left, strange, living] = [randomUUID(), randomUUID(), randomUUID()];
  for (const id of [left, strange, "not-a-camera"]) mkdirSync(join(dir, id), { recursive: true });
  for (const id of [left, strange]) {
    writeFileSync(join(dir, id, "frame.data"), "half made");
    writeFileSync(join(dir, id, "frame.meta.new"), "half made");
  }
  writeFileSync(join(dir, strange, "notes.txt"), "somebody's");
  const options = { folder: join(dir, living), width: 64, height: 64, slotCount: 2, lastFrameId: 0, nowMs: Date.now() };
  const child = spawn(
    process.execPath,
    [
      "--input-type=module-typescript",
      "-e",
      `import { RingWriter } from ${JSON.stringify(join(import.meta.dirname, "ring-writer.ts"))};
       const ring = new RingWriter(${JSON.stringify(options)});
       process.stdout.write("made"); setInterval(() => ring.frameId, 1000);`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await once(child.stdout, "data");
  const found = removeLeftExports(dir);
  assert.deepEqual(found.removed, [left]);
  assert.deepEqual(found.left.map((entry) => entry.cameraId).sort(), [strange, living].sort());
  assert.match(found.left.find((entry) => entry.cameraId === living)?.reason ?? "", new RegExp(`pid:${child.pid}\\b`));
  assert.ok(existsSync(join(dir, "not-a-camera")) && existsSync(join(dir, strange, "notes.txt")));

  child.kill("SIGKILL");
  await once(child, "exit");
  assert.deepEqual(removeLeftExports(dir).removed, [living]);
  assert.ok(!existsSync(join(dir, living)));
  removeExport(dir, left);
});
