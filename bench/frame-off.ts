/**
 * What frame export costs that is switched off: three VAS at once record the same camera. Two are as shipped with the flag
 * off, the third is the same build with every module of kernel/frames taken out (native/without-frames.ts). The two alike
 * say how much of a difference is chance.
 *
 *   MEDIASOUP_WORKER_BIN=... node bench/frame-off.ts [windows] [seconds per window] [rounds]
 */
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Camera } from "@vas/contracts/http.ts";
import { descendants, waitFor } from "@vas/testkit/processes.ts";
import { startSite } from "@vas/testkit/site.ts";
import { startSyntheticCamera } from "@vas/testkit/synthetic-camera.ts";
import { cpuMs, median } from "./native/stats.ts";

const windows = Number(process.argv[2] ?? 7);
const seconds = Number(process.argv[3] ?? 10);
const rounds = Number(process.argv[4] ?? 3);
const WITHOUT = `--import=${join(import.meta.dirname, "native/without-frames.ts")}`;

await using camera = await startSyntheticCamera({ width: 1280, height: 720, fps: 25, gop: 50, bitrate: 3_000_000 });

async function startVas(name: string, nodeOptions?: string) {
  const site = await startSite({
    start: { core: false, runtimes: false },
    vasEnv: nodeOptions === undefined ? {} : { NODE_OPTIONS: nodeOptions },
  });
  const api = await site.api();
  const { id } = await api.post<Camera>("cameras", { name: "Off", rtsp_url: camera.url });
  await waitFor("the camera to be live", async () => (await api.get<Camera>(`cameras/${id}`)).status.state === "live");
  const pids = () => [site.vas.pid(), ...descendants(site.vas.pid()).map(({ pid }) => pid)];
  return { name, site, pids };
}

const KINDS: [string, string?][] = [["flag off"], ["flag off, a second one"], ["no such code", WITHOUT]];
type Seen = Record<"processes" | "threads" | "descriptors" | "libraries", string[]> & { sharedMemory: number };
const used: number[][] = [];
let seen: Seen[] = [];
for (let round = 0; round < rounds; round++) {
  const all: Awaited<ReturnType<typeof startVas>>[] = [];
  // Who starts later meets a fuller machine: they take turns.
  for (let turn = 0; turn < KINDS.length; turn++) {
    const at = (turn + round) % KINDS.length;
    all[at] = await startVas(...(KINDS[at] ?? ["flag off"]));
  }
  await pause(5000);
  for (let window = 0; window < windows; window++) {
    const before = all.map(({ pids }) => cpuMs(pids()));
    const start = performance.now();
    await pause(seconds * 1000);
    const over = (performance.now() - start) / 1000;
    used.push(all.map(({ pids }, at) => (cpuMs(pids()) - (before[at] as number)) / over));
  }
  seen = all.map(({ site, pids }) => ({
    processes: pids().map(program).sort(),
    threads: pids().flatMap(threads).sort(),
    descriptors: pids().flatMap(descriptors).sort(),
    libraries: [...new Set(pids().flatMap(libraries))].sort(),
    sharedMemory: readdirSync(site.shmDir).length,
  }));
  for (const [
    at,
    { processes, threads: running, descriptors: open, libraries: mapped, sharedMemory },
  ] of seen.entries())
    console.log(
      `${(KINDS[at]?.[0] ?? "").padEnd(24)} ${processes.length} processes, ${running.length} threads, ${open.length} descriptors, ${mapped.length} libraries, ${sharedMemory} in shared memory`,
    );
  for (const what of ["processes", "threads", "descriptors", "libraries"] as const)
    for (const [one, other, text] of [
      [0, 2, "off has and the build without has not"],
      [2, 0, "the build without has and off has not"],
    ] as const) {
      const left = less(seen[one]?.[what] ?? [], seen[other]?.[what] ?? []);
      if (left.length > 0) console.log(`${what} that ${text}: ${left.join(", ")}`);
    }
  for (const { site } of all) await site.stop();
}
const ratio = (a: number, b: number) => median(used.map((row) => (row[a] as number) / (row[b] as number))).toFixed(3);
console.log(
  `processor ms a second: ${KINDS.map(([name], at) => `${name} ${median(used.map((row) => row[at] as number)).toFixed(2)}`).join(", ")}`,
);
console.log(
  `medians of ${used.length} windows of ${seconds} s: off / without ${ratio(0, 2)}, the second off / without ${ratio(1, 2)}, off / off ${ratio(0, 1)}`,
);
process.exit(0);

/** What is in one list more often than in the other. */
function less(one: readonly string[], other: readonly string[]): string[] {
  const rest = [...other];
  return one.filter((each) => {
    const at = rest.indexOf(each);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

function program(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, "latin1").trim();
}

function threads(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/comm`, "latin1").trim(),
  );
}

/** By what they lead to; numbers and names that every start makes anew are left out. */
function descriptors(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const to = readlinkSync(`/proc/${pid}/fd/${fd}`);
      return [`${program(pid)} ${to.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|vas-test-\w+|\d+/g, "#")}`];
    } catch (error) {
      // The descriptor that lists the folder is gone by now.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  });
}

function libraries(pid: number): string[] {
  return readFileSync(`/proc/${pid}/maps`, "latin1").match(/[^/ ]+[.](node|so[.\d]*)$/gm) ?? [];
}
