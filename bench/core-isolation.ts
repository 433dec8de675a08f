/**
 * Core beside runtimes that do everything wrong, for as long as it is asked: the good ones' subscriptions must show nothing
 * of it, and neither Core nor the SDK's runtime may grow.
 *
 *   node bench/core-isolation.ts [minutes, 3 where absent]      60 for the hour
 *
 * One more model vanishes and comes back every few seconds. Exit code 1 where a good subscription shows an error or a
 * timeout that the machine does not explain (the bench itself, which is the cameras, got no processor then), has fewer
 * than nine tenths of the results that its frame rate allows on a machine that had a processor to give, where what Core
 * holds after full collections grows by more than 4 MiB, or the runtime by more than 16.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { SubscriptionMetrics } from "@vas/contracts/http.ts";
import { BEHAVIOURS, MisbehavingRuntime } from "@vas/testkit/misbehaving-runtime.ts";
import { waitFor } from "@vas/testkit/processes.ts";
import { REPOSITORY } from "@vas/testkit/site.ts";
import { median, ownBytes, sleep, startCoreSite } from "./core-site.ts";

const CAMERAS = 4;
const CAMERA_FPS = 25;
const MAX_FPS = 10;
const SAMPLE_MS = 1000;
const VANISH_EVERY = 5;
const MAX_GROWTH_BYTES = 16 * 1024 * 1024;
const MAX_LIVE_GROWTH_BYTES = 4 * 1024 * 1024;
const LEAST_SHARE = 0.9;
/** A process that gets no processor for so long misses deadlines of 1 s, whoever else does what. */
const STILL_MS = 300;
const AFTER_STILL_MS = 5000;
const MIB = 1024 * 1024;

const minutes = Number(process.argv[2] ?? 3);
const bad = BEHAVIOURS.filter((behaviour) => behaviour !== "ok");
const good = ["good-sdk", "good-plain"];
const wishes = [...good, ...bad, "vanishes"].map((modelId) => ({ modelId, maxFps: MAX_FPS }));
const site = await startCoreSite(CAMERAS, CAMERA_FPS, wishes);
const sdk: ChildProcess = spawn(
  process.execPath,
  [join(REPOSITORY, "packages/runtime-sdk/src/main.ts"), site.modelDir("good-sdk")],
  {
    stdio: ["pipe", "ignore", "inherit"],
    env: {
      PATH: process.env.PATH ?? "",
      RUTH_SOCKET_DIR: site.socketDir,
      VAS_SHM_DIR: site.shmDir,
      RUTH_EXIT_WITH_STDIN: "1",
    },
  },
);
const runtimes: MisbehavingRuntime[] = [];
for (const behaviour of bad)
  runtimes.push(await MisbehavingRuntime.start(site.socketDir, behaviour, { behaviour, keep: 1, lateMs: 300 }));
runtimes.push(await MisbehavingRuntime.start(site.socketDir, "good-plain", { keep: 1 }));
const vanishing = await MisbehavingRuntime.start(site.socketDir, "vanishes", { keep: 1 });
const isGood = (one: SubscriptionMetrics) => good.includes(one.model_id);
const subscriptions = () => site.metrics()?.subscriptions ?? [];
await waitFor(
  "results of every good subscription",
  () =>
    subscriptions()
      .filter(isGood)
      .filter((one) => one.results > 0).length ===
    CAMERAS * good.length,
  { withinMs: 60_000 },
);

/** When this process, which is the cameras and most runtimes, last did nothing for longer than a reply may take. */
let stillMs = Number.NEGATIVE_INFINITY;
const stills: number[] = [];
let tickMs = performance.now();
setInterval(() => {
  const now = performance.now();
  if (now - tickMs > STILL_MS) {
    stills.push(now - tickMs);
    stillMs = now;
  }
  tickMs = now;
}, 50).unref();

const failuresOf = (all: SubscriptionMetrics[]) =>
  all.reduce((total, { skipped }) => total + (skipped.error ?? 0) + (skipped.timeout ?? 0), 0);
const resultsOf = (all: SubscriptionMetrics[]) => all.reduce((total, one) => total + one.results, 0);
const before = resultsOf(subscriptions().filter(isGood));
const startMs = performance.now();
const core: number[] = [];
const runtime: number[] = [];
const rates: number[] = [];
let failures = 0;
let unexplained = 0;
const samples = Math.max(20, Math.round((minutes * 60_000) / SAMPLE_MS));
for (let sample = 0; sample < samples; sample++) {
  await sleep(SAMPLE_MS);
  core.push(ownBytes(site.pid));
  runtime.push(ownBytes(sdk.pid as number));
  // The rate is that of the last 10 s.
  if (sample >= 12)
    rates.push(
      Math.min(
        ...subscriptions()
          .filter(isGood)
          .map((one) => one.achieved_fps),
      ),
    );
  const failed = failuresOf(subscriptions().filter(isGood));
  if (failed > failures && performance.now() - stillMs > AFTER_STILL_MS) unexplained += failed - failures;
  failures = failed;
  if (sample % VANISH_EVERY === 0) await (sample % (2 * VANISH_EVERY) === 0 ? vanishing.stop() : vanishing.listen());
}

console.log(
  `${minutes} minutes, ${CAMERAS} cameras of ${CAMERA_FPS} fps, ${wishes.length} models of ${MAX_FPS} fps each, sums over the cameras\n`,
);
console.log("model          sent  results   cap    busy  no_runtime  timeout  error  no_new  p95 ms  last error");
for (const { modelId } of wishes) {
  const all = subscriptions().filter((one) => one.model_id === modelId);
  const sum = (pick: (one: SubscriptionMetrics) => number | undefined) =>
    all.reduce((total, one) => total + (pick(one) ?? 0), 0);
  const p95 = Math.max(...all.map((one) => one.latency_ms.p95 ?? 0));
  console.log(
    [
      modelId.padEnd(12),
      ...[
        [sum((one) => one.dispatched), 7],
        [sum((one) => one.results), 9],
        [sum((one) => one.skipped.cap), 6],
        [sum((one) => one.skipped.busy), 8],
        [sum((one) => one.skipped.no_runtime), 12],
        [sum((one) => one.skipped.timeout), 9],
        [sum((one) => one.skipped.error), 7],
        [sum((one) => one.skipped.no_new_frame), 8],
        [p95.toFixed(1), 8],
      ].map(([value, width]) => String(value).padStart(width as number)),
      `  ${(all.find((one) => one.last_error)?.last_error ?? "").slice(0, 60)}`,
    ].join(""),
  );
}

/** The median of a quarter at the beginning, once things have settled, and of the last quarter. */
function growth(name: string, bytes: number[]): number {
  const quarter = Math.ceil(bytes.length / 4);
  const early = Math.min(quarter, 60);
  const first = median(bytes.slice(early, early * 2));
  const last = median(bytes.slice(-early));
  const grown = last - first;
  console.log(
    `${name.padEnd(14)} own memory ${(first / MIB).toFixed(1)} MiB early, ${(last / MIB).toFixed(1)} MiB at the end, most ${(Math.max(...bytes) / MIB).toFixed(1)}, grown by ${(grown / MIB).toFixed(1)}`,
  );
  return grown;
}
console.log();
const grown = [growth("Core", core), growth("SDK runtime", runtime)];
const goodOnes = subscriptions().filter(isGood);
const possible = (goodOnes.length * MAX_FPS * (performance.now() - startMs)) / 1000;
const share = (resultsOf(goodOnes) - before) / possible;
console.log(
  `good ones      ${failures} errors and timeouts, ${(share * 100).toFixed(1)} % of the results that ${MAX_FPS} fps allow, least in any 10 s ${Math.min(...rates).toFixed(2)} a second`,
);

console.log(
  `this process stood still for more than ${STILL_MS} ms ${stills.length} times, ${(Math.max(0, ...stills) / 1000).toFixed(1)} s at most; ${unexplained} of the errors and timeouts did not come within ${AFTER_STILL_MS / 1000} s of that`,
);
const live = site.live();
const part = Math.ceil(live.length / 4);
const [earlyLive, lateLive] = [median(live.slice(part, part * 2)), median(live.slice(-part))];
console.log(
  `Core's heap    ${(earlyLive / MIB).toFixed(1)} MiB live in the second quarter, ${(lateLive / MIB).toFixed(1)} in the last, ${live.length} full collections`,
);

// What Core holds, not what V8 has asked the system for: that swings by tens of MiB between full collections.
const [, runtimeGrown = 0] = grown;
const isStarved = stills.length > 0 && share < LEAST_SHARE;
const isBad =
  unexplained > 0 ||
  (share < LEAST_SHARE && !isStarved) ||
  lateLive - earlyLive > MAX_LIVE_GROWTH_BYTES ||
  runtimeGrown > MAX_GROWTH_BYTES;
if (isStarved) console.log("too little was answered to judge rates by: the machine had no processor to give");
console.log(isBad ? "NOT ISOLATED" : "isolated");
const ended = once(sdk, "exit");
sdk.kill("SIGTERM");
await ended;
await site.stop();
for (const one of [...runtimes, vanishing]) await one.stop();
process.exit(isBad ? 1 : 0);
