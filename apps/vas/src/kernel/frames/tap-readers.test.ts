import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { waitFor } from "@vas/testkit/processes.ts";
import { tapOutputArguments } from "./tap-output.ts";
import { encode, framesIn, liveCamera, makeTap, source, x264 } from "./tap.testing.ts";

const SECONDS = 8;
const FRAMES = SECONDS * 15;

/** A program that has both files of an export open and does something to them; it has the right to, as their owner has. */
function startReader(t: TestContext, folder: string, does: string) {
  const script = `
    import { closeSync, ftruncateSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
    import { randomFillSync } from "node:crypto";
    const [meta, data] = ["frame.meta", "frame.data"].map((name) => openSync(${JSON.stringify(folder)} + "/" + name, "r+"));
    ${does}`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  return { child, ready: once(child.stdout, "data") };
}

test("readers that are stopped, killed or scribble over everything cost no exported and no recorded frame", async (t) => {
  const it = makeTap(t);
  const camera = liveCamera(it, SECONDS);
  await it.exported(1);
  const hold = `readSync(data, Buffer.alloc(1000)); console.log("holding"); setInterval(() => undefined, 1000);`;
  const stopped = startReader(t, it.folder, hold);
  const killed = startReader(t, it.folder, hold);
  const scribbles = startReader(
    t,
    it.folder,
    `const noise = Buffer.alloc(65536);
     console.log("scribbling");
     for (;;) for (const fd of [meta, data]) {
       randomFillSync(noise);
       const { size } = fstatSync(fd);
       const at = Math.floor(Math.random() * size);
       writeSync(fd, noise, 0, Math.min(noise.length, size - at), at);
     }`,
  );
  await Promise.all([stopped.ready, killed.ready, scribbles.ready]);
  stopped.child.kill("SIGSTOP");
  killed.child.kill("SIGKILL");
  await camera.ended;
  await it.exported(FRAMES);
  const { framesExported, decodeErrors, restarts } = it.tap.counters();
  assert.deepEqual([framesExported, decodeErrors, restarts], [FRAMES, 0, 0]);
  assert.equal(camera.recordedFrames(), FRAMES);
  // What was scribbled over is no frame; with new files everything is right again.
  scribbles.child.kill("SIGKILL");
  it.ffmpeg("-i", encode("after.ts", ...source("640x480", 1), ...x264(0)), ...tapOutputArguments("pipe:3"));
  await it.exported(FRAMES + 15);
  const { header, frames } = framesIn(it.folder);
  assert.deepEqual([header.width, header.height, frames.length], [640, 480, 15]);
});

test("a reader that cuts the files off under the writer ends the tap and nothing else, and the tap comes back", async (t) => {
  const it = makeTap(t);
  const camera = liveCamera(it, 60);
  await it.exported(1);
  const cuts = startReader(t, it.folder, `ftruncateSync(data, 0); console.log("cut"); closeSync(meta);`);
  await cuts.ready;
  await waitFor("the tap to run again", () => it.tap.counters().restarts > 0 && it.states.at(-1)?.state === "running", {
    seen: () => ({ states: it.states, counters: it.tap.counters() }),
  });
  assert.ok(
    it.states.some(({ reason }) => /SIGBUS/.test(reason ?? "")),
    JSON.stringify(it.states),
  );
  // FFmpeg ends as it does when it is asked to.
  camera.child.kill("SIGINT");
  await camera.ended;
  assert.ok(camera.recordedFrames() > 15);
});
