import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readSync, writeSync } from "node:fs";
import { test } from "node:test";
import { closeEnd, openPipe } from "./pipe.ts";

test("a pipe is as wide as was asked for and carries bytes from end to end", () => {
  const pipe = openPipe(256 * 1024);
  assert.ok(pipe.sizeBytes >= 256 * 1024, `${pipe.sizeBytes}`);
  writeSync(pipe.writeFd, Buffer.alloc(200_000, 7));
  const read = Buffer.alloc(200_000);
  assert.equal(readSync(pipe.readFd, read), 200_000);
  assert.equal(read[199_999], 7);
  closeEnd(pipe.writeFd);
  assert.equal(readSync(pipe.readFd, read), 0);
  closeEnd(pipe.readFd);
});

test("a child gets no end that its spawn does not name", async () => {
  const pipe = openPipe();
  const child = spawn(
    "/bin/sh",
    ["-c", `test -e /proc/self/fd/${pipe.readFd} || test -e /proc/self/fd/${pipe.writeFd}`],
    {
      stdio: ["ignore", "ignore", "ignore"],
    },
  );
  const [code] = await once(child, "exit");
  assert.equal(code, 1);
  closeEnd(pipe.readFd);
  closeEnd(pipe.writeFd);
});

test("the reader sees the end of the stream once the child that writes is gone", async () => {
  const pipe = openPipe();
  const child = spawn("/bin/sh", ["-c", "printf hello >&3"], { stdio: ["ignore", "ignore", "ignore", pipe.writeFd] });
  closeEnd(pipe.writeFd);
  await once(child, "exit");
  const read = Buffer.alloc(64);
  assert.equal(readSync(pipe.readFd, read), 5);
  assert.equal(readSync(pipe.readFd, read), 0);
  closeEnd(pipe.readFd);
});
