import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { waitFor } from "@vas/testkit/processes.ts";
import { tapOutputArguments } from "./tap-output.ts";
import { liveCamera, makeTap, plainClip, work } from "./tap.testing.ts";

const SECONDS = 10;

test("one camera's hostile stream, another's hang and a third's crash cost a fourth camera neither an exported nor a recorded frame", async (t) => {
  const it = makeTap(t);
  const [hostile, hangs, crashes] = [makeTap(t), makeTap(t), makeTap(t)];
  for (const other of [hangs, crashes]) other.ffmpeg("-re", "-i", plainClip(), ...tapOutputArguments("pipe:3"));
  const camera = liveCamera(it, SECONDS);
  await Promise.all([it, hangs, crashes].map((each) => each.exported(1)));
  const pid = async (each: typeof it) => waitFor("the tap process", () => each.tapPid());
  process.kill(await pid(hangs), "SIGSTOP");
  process.kill(await pid(crashes), "SIGSEGV");
  // Tables and headers of a real stream, so that it reaches the decoder, with noise over most of what is behind them.
  const bytes = readFileSync(plainClip());
  for (let at = 188 * 20; at + 188 < bytes.length; at += 188) if (at % 3 > 0) bytes.set(randomBytes(150), at + 38);
  const path = join(work, "hostile.ts");
  writeFileSync(path, Buffer.concat([bytes, randomBytes(2_000_000), bytes]));
  await hostile.feed(path);
  await camera.ended;
  await it.exported(SECONDS * 15);
  const { framesExported, decodeErrors, restarts } = it.tap.counters();
  assert.deepEqual([framesExported, decodeErrors, restarts], [SECONDS * 15, 0, 0]);
  assert.equal(camera.recordedFrames(), SECONDS * 15);
  await waitFor("the crashed tap to have been started again", () => crashes.tap.counters().restarts > 0, {
    seen: () => crashes.states,
  });
  assert.equal(hangs.tap.counters().restarts, 0);
});
