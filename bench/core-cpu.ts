/**
 * What Core itself costs: processor time of a Core process with many cameras and models, synthetic exports and models
 * that answer at once with nothing.
 *
 *   node bench/core-cpu.ts [cameras] [models] [fps of each subscription] [fps of each camera] [windows] [seconds each]
 */
import { MisbehavingRuntime } from "@vas/testkit/misbehaving-runtime.ts";
import { waitFor } from "@vas/testkit/processes.ts";
import { cpuNs, median, sleep, startCoreSite } from "./core-site.ts";

const [cameras = 64, models = 3, maxFps = 5, cameraFps = 25, windows = 5, seconds = 5] = process.argv
  .slice(2)
  .map(Number);
const wishes = Array.from({ length: models }, (_, n) => ({ modelId: `model-${n}`, maxFps }));
const site = await startCoreSite(cameras, cameraFps, wishes);
const runtimes = [];
for (const { modelId } of wishes)
  runtimes.push(await MisbehavingRuntime.start(site.socketDir, modelId, { detect: () => [], keep: 1 }));
await waitFor(
  "results of every subscription",
  () => {
    const subscriptions = site.metrics()?.subscriptions ?? [];
    return subscriptions.length === cameras * models && subscriptions.every((one) => one.results > maxFps);
  },
  { withinMs: 60_000 },
);

const cpu: number[] = [];
const rates: number[] = [];
for (let window = 0; window < windows; window++) {
  const [beforeNs, beforeResults, start] = [cpuNs(site.pid), site.results(), performance.now()];
  await sleep(seconds * 1000);
  const took = (performance.now() - start) / 1000;
  cpu.push((cpuNs(site.pid) - beforeNs) / 1e6 / took);
  rates.push((site.results() - beforeResults) / took);
}
const skipped: Record<string, number> = {};
for (const one of site.metrics()?.subscriptions ?? [])
  for (const [reason, count] of Object.entries(one.skipped)) skipped[reason] = (skipped[reason] ?? 0) + count;
console.log(
  `${cameras} cameras of ${cameraFps} fps, ${models} models, ${maxFps} fps each; medians of ${windows} windows of ${seconds} s`,
);
console.log(`results a second       ${median(rates).toFixed(1)} of ${cameras * models * maxFps}`);
console.log(
  `Core's processor time  ${median(cpu).toFixed(1)} ms per second, ${((median(cpu) * 1000) / median(rates)).toFixed(1)} us a result`,
);
console.log(`frames not sent        ${JSON.stringify(skipped)}`);
await site.stop();
for (const runtime of runtimes) await runtime.stop();
